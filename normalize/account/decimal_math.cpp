#include "normalize/account/decimal_math.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cctype>
#include <charconv>
#include <limits>

namespace millrace::normalize {
namespace {

using boost::multiprecision::cpp_int;
using schemas::WideDecimal;

// mantissa * 10^exponent of any size.
struct Number {
  cpp_int mantissa;
  std::int32_t exponent = 0;
};

// The text was checked when the WideDecimal was made: sign, digits, a point, an exponent.
Number from_text(std::string_view text) {
  Number number;
  bool negative = false;
  bool in_fraction = false;
  std::int32_t decimals = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '-') negative = true;
    if (text[at] == '.') in_fraction = true;
    if (text[at] < '0' || text[at] > '9') continue;
    number.mantissa = number.mantissa * 10 + (text[at] - '0');
    decimals += in_fraction ? 1 : 0;
  }
  if (at < text.size()) {
    const bool plus = at + 1 < text.size() && text[at + 1] == '+';
    std::from_chars(text.data() + at + 1 + (plus ? 1 : 0), text.data() + text.size(), number.exponent);
  }
  number.exponent -= decimals;
  if (negative) number.mantissa = -number.mantissa;
  return number;
}

Number number_of(const WideDecimal& value) {
  if (!value.text.empty()) return from_text(value.text);
  return {value.value.mantissa, value.value.exponent};
}

void scale_to(Number& number, std::int32_t exponent) {
  number.mantissa *= boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(number.exponent - exponent));
  number.exponent = exponent;
}

void align(Number& a, Number& b) {
  const std::int32_t exponent = std::min(a.exponent, b.exponent);
  scale_to(a, exponent);
  scale_to(b, exponent);
}

void drop_trailing_zeros(Number& number) {
  while (number.mantissa != 0 && number.mantissa % 10 == 0) {
    number.mantissa /= 10;
    ++number.exponent;
  }
  if (number.mantissa == 0) number.exponent = 0;
}

// Digits with a point; `exponent` <= 0.
std::string digits_of(const Number& number) {
  std::string text = cpp_int(abs(number.mantissa)).str();
  const auto decimals = static_cast<std::size_t>(-number.exponent);
  if (decimals > 0) {
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    text.insert(text.size() - decimals, 1, '.');
  }
  return number.mantissa < 0 ? "-" + text : text;
}

// Keeps the exponent where the mantissa fits, so that 1.50 + 1.50 is 3.00.
WideDecimal to_wide(Number number) {
  const auto fits = [](const cpp_int& value) {
    return value >= std::numeric_limits<std::int64_t>::min() && value <= std::numeric_limits<std::int64_t>::max();
  };
  if (!fits(number.mantissa)) drop_trailing_zeros(number);
  if (fits(number.mantissa)) return {{static_cast<std::int64_t>(number.mantissa), number.exponent}, {}};
  if (number.exponent > 0) scale_to(number, 0);
  return {{}, digits_of(number)};
}

}  // namespace

WideDecimal add(const WideDecimal& a, const WideDecimal& b) {
  Number left = number_of(a);
  Number right = number_of(b);
  align(left, right);
  return to_wide({left.mantissa + right.mantissa, left.exponent});
}

WideDecimal subtract(const WideDecimal& a, const WideDecimal& b) {
  Number left = number_of(a);
  Number right = number_of(b);
  align(left, right);
  return to_wide({left.mantissa - right.mantissa, left.exponent});
}

WideDecimal multiply(const WideDecimal& a, const WideDecimal& b) {
  const Number left = number_of(a);
  const Number right = number_of(b);
  return to_wide({left.mantissa * right.mantissa, left.exponent + right.exponent});
}

int compare(const WideDecimal& a, const WideDecimal& b) {
  Number left = number_of(a);
  Number right = number_of(b);
  align(left, right);
  return left.mantissa.compare(right.mantissa);
}

int sign(const WideDecimal& value) { return number_of(value).mantissa.sign(); }

std::string plain_text(const WideDecimal& value) {
  Number number = number_of(value);
  drop_trailing_zeros(number);
  if (number.exponent > 0) scale_to(number, 0);
  return digits_of(number);
}

}  // namespace millrace::normalize
