#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::schemas {

// An exact decimal number: mantissa * 10^exponent. Two spellings of one value ("1.0", "1.00") are different Decimals;
// compare with `equal_value`.
struct Decimal {
  std::int64_t mantissa = 0;
  // Negative for decimals ("1.50" is 150, -2). What `parse_decimal` gives lies in -400..400; decoders refuse anything
  // beyond.
  std::int32_t exponent = 0;

  friend bool operator==(const Decimal&, const Decimal&) = default;
};

// A decimal that may be wider than 64 bits: volumes, fees, balances, averages.
struct WideDecimal {
  Decimal value;     // valid if `text` is empty
  std::string text;  // else the exact number as the venue wrote it

  friend bool operator==(const WideDecimal&, const WideDecimal&) = default;
};

// Reads "-12.340", "1e-05", "4E+2"; keeps trailing zeros as digits ("1.50" is 150e-2). Whole text or nothing: nullopt
// for anything else, and if the mantissa does not fit 64 bits or |exponent| exceeds 400.
std::optional<Decimal> parse_decimal(std::string_view text) noexcept;

// The same, but a well-formed number whose mantissa does not fit is kept as text.
std::optional<WideDecimal> parse_wide_decimal(std::string_view text);

// Without trailing zeros in the mantissa; zero is 0e0. Two Decimals of the same value have the same reduced form, so it
// is what to compare, hash or use as a key.
Decimal reduced(Decimal value) noexcept;

// The mantissa of `value` at exactly `exponent`; nullopt if that would round or overflow. Never rounds: a caller that
// gets nullopt must lower its exponent or refuse the number.
std::optional<std::int64_t> rescaled(Decimal value, std::int32_t exponent) noexcept;

// Are the two the same number?
bool equal_value(Decimal a, Decimal b) noexcept;

// Plain decimal text, no exponent. `to_text` keeps the digits that the exponent gives ("1.50"), `to_plain` drops
// trailing zeros ("1.5", "0", "-3"). Beyond |exponent| 400, which no venue sends, the form is "15e900", so that a few
// bytes of wire cannot become gigabytes of text.
std::string to_text(Decimal value);
std::string to_plain(Decimal value);
void append_plain(Decimal value, std::string& out);

}  // namespace millrace::schemas
