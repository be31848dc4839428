#include "cli/normalize/exact_sum.h"

#include <utility>

namespace millrace::cli {
namespace {

using Integer = boost::multiprecision::cpp_int;

Integer power_of_ten(std::int32_t exponent) {
  return boost::multiprecision::pow(Integer{10}, static_cast<unsigned>(exponent));
}

}  // namespace

// The exponent only falls, so earlier summands are scaled at most a few times in a run.
void ExactSum::add(Integer mantissa, std::int32_t exponent) {
  if (exponent < exponent_) {
    mantissa_ *= power_of_ten(exponent_ - exponent);
    exponent_ = exponent;
  }
  mantissa_ += mantissa * power_of_ten(exponent - exponent_);
}

void ExactSum::add(schemas::Decimal value) { add(Integer{value.mantissa}, value.exponent); }

void ExactSum::add_product(schemas::Decimal a, schemas::Decimal b) {
  add(Integer{a.mantissa} * b.mantissa, a.exponent + b.exponent);
}

std::string ExactSum::text() const {
  // The exponent never rises above 0, so there are only fraction digits to cut off.
  std::string digits = Integer{boost::multiprecision::abs(mantissa_)}.str();
  const auto fraction = static_cast<std::size_t>(-exponent_);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (fraction > 0) {
    digits.insert(digits.size() - fraction, ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return mantissa_ < 0 ? '-' + digits : digits;
}

}  // namespace millrace::cli
