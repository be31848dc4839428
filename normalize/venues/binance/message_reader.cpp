#include "normalize/venues/binance/message_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::normalize::binance {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kNanosPerMicro = 1'000;
constexpr std::int64_t kMaxMillis = 100'000'000'000'000;    // the year 5138; above it, microseconds
constexpr std::int64_t kMaxMicros = 9'000'000'000'000'000;  // the year 2255: what ns in 64 bits hold

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

std::optional<schemas::UnixNanos> nanos_from_wire(std::int64_t time) noexcept {
  if (time <= 0 || time > kMaxMicros) return std::nullopt;
  if (time > kMaxMillis) return time * kNanosPerMicro;
  if (time > kMaxMicros / kNanosPerMicro) return std::nullopt;
  return time * kNanosPerMilli;
}

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

bool MessageReader::read_symbol(od::value& value, Header& header, std::string_view key) {
  const char* text = nullptr;
  if (!read_text(value, key, text)) return false;
  header.symbol = text_to_quote(text);
  header.instrument = decoder.table_.find(header.symbol);
  return true;
}

void MessageReader::read_time(od::value& value, Header& header, std::optional<schemas::UnixNanos>& out) {
  std::int64_t time = 0;
  if (value.get_int64().get(time) == simdjson::SUCCESS) out = nanos_from_wire(time);
  header.bad_time |= !out;
}

bool MessageReader::read_common(const char* key, od::value& value, Header& header) {
  switch (key[0]) {
    case 'E':
      read_time(value, header, header.sent);
      return true;
    case 'T':
      read_time(value, header, header.happened);
      return true;
    case 's':
      return read_symbol(value, header);
    default:
      return true;
  }
}

Decimals MessageReader::first_decimals(const Header& header) const noexcept {
  if (!header.instrument) return {};
  const InstrumentInfo& info = decoder.table_[*header.instrument];
  return {std::max(0, info.price_decimals), std::max(0, info.quantity_decimals)};
}

// Reads all numbers at the same decimals. A finer one than the instrument had so far starts over with more.
bool MessageReader::scan(std::span<const NumberField> fields, Decimals& decimals) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const NumberField& field = fields[i];
    int& at = field.is_price ? decimals.price : decimals.quantity;
    const Scan got = scan_quoted(field.text, at, *field.mantissa);
    if (got == Scan::kOk) continue;
    if (got != Scan::kFiner) return fail(Errc::kBadNumber, field.key);
    at = decimals_of(text_to_quote(field.text));
    i = static_cast<std::size_t>(-1);
  }
  return true;
}

bool MessageReader::scan_cell(od::value& value, bool is_price, std::vector<schemas::Level>& side,
                              std::vector<schemas::Level>& other, Decimals& decimals, std::int64_t& out, Errc& error) {
  od::raw_json_string raw;
  if (const auto code = value.get_raw_json_string().get(raw)) {
    error = errc_of(code);
    return false;
  }
  int& at = is_price ? decimals.price : decimals.quantity;
  Scan got = scan_quoted(raw.raw(), at, out);
  if (got == Scan::kFiner) {
    // The rows read so far move to the finer decimals.
    const int finer = decimals_of(text_to_quote(raw.raw()));
    const auto raise_rows = is_price ? raise_prices : raise_quantities;
    const bool fits = raise_rows(side, finer - at) && raise_rows(other, finer - at);
    at = finer;
    got = fits ? scan_quoted(raw.raw(), at, out) : Scan::kTooLarge;
  }
  error = Errc::kBadNumber;
  return got == Scan::kOk && (is_price || out >= 0);
}

std::optional<schemas::WideDecimal> MessageReader::wide(od::value& value, std::string_view key) {
  const char* text = nullptr;
  if (!read_text(value, key, text)) return std::nullopt;
  auto number = schemas::parse_wide_decimal(text_to_quote(text));
  if (!number) fail(Errc::kBadNumber, key);
  return number;
}

}  // namespace millrace::normalize::binance
