#pragma once

#include <cstdint>
#include <optional>
#include <string>

// Exact numbers of `millrace verify`, on purpose not those of schemas/.
namespace millrace::cli {

// mantissa * 10^exponent without trailing zeros, so that equal numbers are equal structs.
struct Exact {
  std::int64_t mantissa = 0;
  std::int32_t exponent = 0;

  friend bool operator==(const Exact&, const Exact&) = default;
};
Exact exact(std::int64_t mantissa, std::int32_t exponent) noexcept;
std::string text_of(const Exact& number);

// `mantissa * 10^exponent` as a mantissa at exponent `wanted`; nullopt if it would round or overflow.
std::optional<std::int64_t> at_exponent(std::int64_t mantissa, std::int32_t exponent, std::int32_t wanted) noexcept;

// The best bid and offer with their quantities; absent = that side is empty.
struct BestPrices {
  struct Side {
    Exact price, quantity;
    friend bool operator==(const Side&, const Side&) = default;
  };
  std::optional<Side> bid, ask;

  friend bool operator==(const BestPrices&, const BestPrices&) = default;
};
std::string text_of(const BestPrices& best);

}  // namespace millrace::cli
