#include "normalize/json/decimal_scan.h"

#include <algorithm>

#include "schemas/events/decimal.h"

namespace millrace::normalize {
namespace {

// Without the zeros that end a fraction: they may be more than 64 bits hold and say nothing.
std::string_view without_trailing_zeros(std::string_view text) noexcept {
  const auto point = text.find('.');
  if (point == std::string_view::npos || text.find_first_of("eE") != std::string_view::npos) return text;
  std::size_t end = text.size();
  while (end > point + 2 && text[end - 1] == '0') --end;
  return text.substr(0, end);
}

// Is it written like a number? Tells one that does not fit from one that is none.
bool looks_like_number(std::string_view text) noexcept {
  static constexpr std::string_view kDigits = "0123456789";
  const auto skip_digits = [&text] {
    const auto count = std::min(text.find_first_not_of(kDigits), text.size());
    text.remove_prefix(count);
    return count != 0;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (!skip_digits()) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  return text.empty();
}

}  // namespace

// Reduces before it compares, so that "1.500000000000000000000000" fits where "1.5" does.
Scan scan_decimal_slow(std::string_view text, int decimals, std::int64_t& mantissa) noexcept {
  const auto number = schemas::parse_decimal(without_trailing_zeros(text));
  if (!number) return looks_like_number(text) ? Scan::kTooLarge : Scan::kBad;
  const schemas::Decimal value = schemas::reduced(*number);
  if (-value.exponent > decimals) return -value.exponent > kMaxDecimals ? Scan::kTooLarge : Scan::kFiner;
  const auto scaled = schemas::rescaled(value, -decimals);
  if (!scaled) return Scan::kTooLarge;
  mantissa = *scaled;
  return Scan::kOk;
}

// "1.50" needs one: trailing zeros are not precision here. Where a venue's checksum counts them, the venue does.
int decimals_of(std::string_view text) noexcept {
  const auto number = schemas::parse_decimal(without_trailing_zeros(text));
  if (!number) return -1;
  const std::int32_t exponent = schemas::reduced(*number).exponent;
  return exponent < -kMaxDecimals ? -1 : std::max(0, -exponent);
}

}  // namespace millrace::normalize
