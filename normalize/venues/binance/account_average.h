#pragma once

#include <optional>

#include "schemas/events/decimal.h"

namespace millrace::normalize::binance {

// a / b where that is a decimal number of 64 bits, with as few decimals as it takes: an average price out of quote and
// base quantity. Absent where it would have to be rounded, or b is not positive.
std::optional<schemas::WideDecimal> exact_quotient(const schemas::WideDecimal& a, const schemas::WideDecimal& b);

}  // namespace millrace::normalize::binance
