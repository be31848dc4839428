#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <string>

#include "schemas/events/decimal.h"

namespace millrace::cli {

// A sum of decimals that neither rounds nor overflows. Memory follows the digits, of which exponents within 400 give at
// most some thousands.
class ExactSum {
 public:
  void add(schemas::Decimal value);
  void add_product(schemas::Decimal a, schemas::Decimal b);

  // Plain decimal without trailing zeros: "621209.2440875", "0", "-3".
  std::string text() const;

 private:
  using Integer = boost::multiprecision::cpp_int;
  void add(Integer mantissa, std::int32_t exponent);

  Integer mantissa_ = 0;
  std::int32_t exponent_ = 0;  // the smallest so far
};

}  // namespace millrace::cli
