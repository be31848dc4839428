#pragma once

#include <optional>

#include "schemas/events/decimal.h"

// Exact arithmetic on what venues send: sums of fills, differences of cumulative quantities, fees from rates. No result
// is ever rounded; what exceeds 64 bits is kept as text, as everywhere.
namespace millrace::normalize {

schemas::WideDecimal add(const schemas::WideDecimal& a, const schemas::WideDecimal& b);
schemas::WideDecimal subtract(const schemas::WideDecimal& a, const schemas::WideDecimal& b);
schemas::WideDecimal multiply(const schemas::WideDecimal& a, const schemas::WideDecimal& b);
// Below 0: a < b; 0: the same number in any spelling; above 0: a > b.
int compare(const schemas::WideDecimal& a, const schemas::WideDecimal& b);
// Also where both are absent.
inline bool same_number(const std::optional<schemas::WideDecimal>& a, const std::optional<schemas::WideDecimal>& b) {
  return a && b ? compare(*a, *b) == 0 : !a && !b;
}
// 0 is no sign.
int sign(const schemas::WideDecimal& value);
// Plain digits without trailing zeros, equal for equal numbers: for ids and keys.
std::string plain_text(const schemas::WideDecimal& value);

}  // namespace millrace::normalize
