#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::cli {

// An exact number of any size, mantissa * 10^exponent: what accounts hold has up to 25 digits. On purpose not the
// arithmetic of normalize/, whose sums are what is checked here.
struct Amount {
  boost::multiprecision::cpp_int mantissa;
  std::int32_t exponent = 0;
};

// Nullopt: beyond any number that a venue sends, so that it is refused rather than computed with.
std::optional<Amount> make_amount(std::int64_t mantissa, std::int32_t exponent);
// "-12.50", "3e-7". Nullopt also if it is no number.
std::optional<Amount> parse_amount(std::string_view text);

Amount sum(const Amount& a, const Amount& b);
Amount difference(const Amount& a, const Amount& b);
// Below 0: a < b; 0: the same number; above 0: a > b.
int compare(const Amount& a, const Amount& b);
bool is_zero(const Amount& number);
bool is_negative(const Amount& number);
// Plain digits, equal for equal numbers; "" for none.
std::string text_of(const Amount& number);
std::string text_of(const std::optional<Amount>& number);

}  // namespace millrace::cli
