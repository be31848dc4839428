#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Exact decimals of the simulator: an integer mantissa and a known number of decimals. Written apart from what the
// product uses, so that a common mistake cannot hide.
namespace millrace::sim {

// For sums of price x quantity.
__extension__ typedef __int128 Wide;

// 10^exponent for 0..18.
std::int64_t power_of_ten(int exponent) noexcept;

// Appends `mantissa` as plain text with `decimals` decimals, then zeros up to `shown` decimals: (5, 1, 3) is "0.500".
void append_fixed(std::string& out, std::int64_t mantissa, int decimals, int shown = 0);
std::string fixed(std::int64_t mantissa, int decimals, int shown = 0);

// "12.340" -> 3; "1e-08" -> 8; "5" -> 0.
int decimals_in(std::string_view text) noexcept;

// The mantissa of plain or exponent text at `decimals`; nullopt if it is no number or would be rounded.
std::optional<std::int64_t> parse_fixed(std::string_view text, int decimals) noexcept;

// Appends 2023-10-06T17:35:55.219022Z with `digits` (6 or 9) digits of the second.
void append_rfc3339(std::string& out, std::int64_t unix_ns, int digits = 6);

}  // namespace millrace::sim
