#include "cli/verify/account/amount.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace millrace::cli {
namespace {

using boost::multiprecision::cpp_int;

constexpr std::int32_t kMostExponent = 1'000;
constexpr std::size_t kMostDigits = 1'000;

cpp_int shifted(const Amount& number, std::int32_t exponent) {
  const auto zeros = static_cast<unsigned>(number.exponent - exponent);
  return number.mantissa * boost::multiprecision::pow(cpp_int(10), zeros);
}

// a + sign * b.
Amount add(const Amount& a, const Amount& b, int sign) {
  const std::int32_t exponent = std::min(a.exponent, b.exponent);
  return {shifted(a, exponent) + sign * shifted(b, exponent), exponent};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The whole text as a number, with or without a "+".
std::optional<std::int32_t> parse_exponent(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Amount> make_amount(std::int64_t mantissa, std::int32_t exponent) {
  if (exponent > kMostExponent || exponent < -kMostExponent) return std::nullopt;
  return Amount{mantissa, exponent};
}

std::optional<Amount> parse_amount(std::string_view text) {
  if (text.size() > kMostDigits) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t mark = text.find_first_of("eE");
  std::int32_t exponent = 0;
  if (mark != std::string_view::npos) {
    const auto told = parse_exponent(text.substr(mark + 1));
    if (!told || *told > kMostExponent || *told < -kMostExponent) return std::nullopt;
    exponent = *told;
    text = text.substr(0, mark);
  }
  std::string digits(text);
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    digits.erase(point, 1);
    exponent -= static_cast<std::int32_t>(digits.size() - point);
  }
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  Amount number{0, exponent};
  for (const char digit : digits) number.mantissa = number.mantissa * 10 + (digit - '0');
  if (negative) number.mantissa = -number.mantissa;
  return number;
}

Amount sum(const Amount& a, const Amount& b) { return add(a, b, 1); }
Amount difference(const Amount& a, const Amount& b) { return add(a, b, -1); }
int compare(const Amount& a, const Amount& b) { return difference(a, b).mantissa.sign(); }
bool is_zero(const Amount& number) { return number.mantissa.is_zero(); }
bool is_negative(const Amount& number) { return number.mantissa.sign() < 0; }

std::string text_of(const Amount& number) {
  const cpp_int plain = number.exponent > 0 ? shifted(number, 0) : number.mantissa;
  std::string digits = cpp_int(abs(plain)).str();
  const auto decimals = static_cast<std::size_t>(std::max(0, -number.exponent));
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) {
    digits.insert(digits.size() - decimals, 1, '.');
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return plain.sign() < 0 ? "-" + digits : digits;
}

std::string text_of(const std::optional<Amount>& number) { return number ? text_of(*number) : std::string(); }

}  // namespace millrace::cli
