#include "cli/verify/exact.h"

#include <fmt/format.h>

namespace millrace::cli {

Exact exact(std::int64_t mantissa, std::int32_t exponent) noexcept {
  if (mantissa == 0) return {};
  for (; mantissa % 10 == 0; mantissa /= 10) ++exponent;
  return {mantissa, exponent};
}

std::string text_of(const Exact& number) {
  if (number.exponent >= 0 || number.exponent < -30) {
    return number.exponent == 0 ? fmt::format("{}", number.mantissa)
                                : fmt::format("{}e{}", number.mantissa, number.exponent);
  }
  std::string digits = fmt::format("{}", number.mantissa);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  const auto decimals = static_cast<std::size_t>(-number.exponent);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - decimals, ".");
  return negative ? "-" + digits : digits;
}

std::optional<std::int64_t> at_exponent(std::int64_t mantissa, std::int32_t exponent, std::int32_t wanted) noexcept {
  if (mantissa == 0) return 0;
  for (std::int64_t shift = static_cast<std::int64_t>(exponent) - wanted; shift != 0;) {
    if (shift > 0) {
      if (__builtin_mul_overflow(mantissa, 10, &mantissa)) return std::nullopt;
      --shift;
    } else {
      if (mantissa % 10 != 0) return std::nullopt;
      mantissa /= 10;
      ++shift;
    }
  }
  return mantissa;
}

std::string text_of(const BestPrices& best) {
  const auto side = [](const std::optional<BestPrices::Side>& one) {
    return one ? text_of(one->price) + " x " + text_of(one->quantity) : std::string("none");
  };
  return fmt::format("bid {}, ask {}", side(best.bid), side(best.ask));
}

}  // namespace millrace::cli
