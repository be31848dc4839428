#include "normalize/venues/binance/message_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::normalize::binance {
namespace {

// 0 if it does not fit.
std::int64_t power_of_ten(int steps) noexcept {
  std::int64_t power = 1;
  for (int i = 0; i < steps; ++i) {
    if (__builtin_mul_overflow(power, 10, &power)) return 0;
  }
  return power;
}

bool raise(std::vector<schemas::Level>& rows, int steps, std::int64_t schemas::Level::*number) noexcept {
  const std::int64_t factor = power_of_ten(steps);
  return std::all_of(rows.begin(), rows.end(), [=](schemas::Level& row) {
    return (factor != 0 || row.*number == 0) && !__builtin_mul_overflow(row.*number, factor, &(row.*number));
  });
}

}  // namespace

bool raise_prices(std::vector<schemas::Level>& rows, int steps) noexcept {
  return raise(rows, steps, &schemas::Level::price);
}

bool raise_quantities(std::vector<schemas::Level>& rows, int steps) noexcept {
  return raise(rows, steps, &schemas::Level::quantity);
}

bool MessageReader::fail(Errc code, std::string_view key) {
  decoder.error_ = Error{code, fmt::format("{}{}", prefix, key)};
  return false;
}

bool MessageReader::fail_integer(od::value& value, std::string_view key) {
  od::json_type type;
  const bool number = value.type().get(type) == simdjson::SUCCESS && type == od::json_type::number;
  return fail(number ? Errc::kBadNumber : Errc::kWrongType, key);
}

// The parser keeps the unescaped text until the next frame.
bool MessageReader::read_escaped_symbol(od::value& value, Header& header) {
  if (const auto code = value.get_string().get(header.symbol)) return fail(code, "s");
  header.instrument = decoder.table_.find(header.symbol);
  return true;
}

// Begins anew when a number needs more decimals, so that all stand at the same; each round has more than the one
// before.
bool MessageReader::scan_finer(std::span<const NumberField> fields, Decimals& decimals) {
  for (std::size_t i = 0; i < fields.size();) {
    const NumberField& field = fields[i];
    int& at = field.is_price ? decimals.price : decimals.quantity;
    const Scan got = scan_quoted(field.text, at, *field.mantissa);
    if (got != Scan::kOk && got != Scan::kFiner) return fail(Errc::kBadNumber, field.key);
    if (got == Scan::kFiner) at = decimals_of(text_to_quote(field.text));
    i = got == Scan::kFiner ? 0 : i + 1;
  }
  return true;
}

Scan MessageReader::scan_finer_cell(const char* text, bool is_price, std::vector<schemas::Level>& side,
                                    std::vector<schemas::Level>& other, Decimals& decimals, std::int64_t& out) {
  int& at = is_price ? decimals.price : decimals.quantity;
  const int finer = decimals_of(text_to_quote(text));
  const auto raise_rows = is_price ? raise_prices : raise_quantities;
  const bool fits = raise_rows(side, finer - at) && raise_rows(other, finer - at);
  at = finer;
  return fits ? scan_quoted(text, at, out) : Scan::kTooLarge;
}

std::optional<schemas::WideDecimal> MessageReader::wide(od::value& value, std::string_view key) {
  const char* text = nullptr;
  if (!read_text(value, key, text)) return std::nullopt;
  auto number = schemas::parse_wide_decimal(text_to_quote(text));
  if (!number) fail(Errc::kBadNumber, key);
  return number;
}

}  // namespace millrace::normalize::binance
