#include "normalize/venues/binance/account_average.h"

#include <numeric>

namespace millrace::normalize::binance {

// After cancelling, a quotient is a decimal number exactly if nothing but twos and fives is left below the line: each
// of them is moved up by multiplying with its partner in ten.
std::optional<schemas::WideDecimal> exact_quotient(const schemas::WideDecimal& a, const schemas::WideDecimal& b) {
  if (!a.text.empty() || !b.text.empty() || a.value.mantissa <= 0 || b.value.mantissa <= 0) return std::nullopt;
  const std::int64_t common = std::gcd(a.value.mantissa, b.value.mantissa);
  std::int64_t above = a.value.mantissa / common;
  std::int64_t below = b.value.mantissa / common;
  std::int32_t exponent = a.value.exponent - b.value.exponent;
  for (; below % 10 == 0; below /= 10) --exponent;
  for (const auto& [factor, partner] : {std::pair{2, 5}, std::pair{5, 2}}) {
    for (; below % factor == 0; below /= factor) {
      if (__builtin_mul_overflow(above, partner, &above)) return std::nullopt;
      --exponent;
    }
  }
  if (below != 1) return std::nullopt;
  return schemas::WideDecimal{schemas::reduced({above, exponent}), {}};
}

}  // namespace millrace::normalize::binance
