#include "normalize/book/book.h"

#include <algorithm>
#include <array>

namespace millrace::normalize {
namespace {

constexpr auto kPowersOfTen = [] {
  std::array<std::int64_t, 19> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// 10^(from - to), 0 if that does not fit.
// Both are exponents of prices or quantities; `to` is never above `from` here.
std::int64_t factor_between(std::int32_t from, std::int32_t to) noexcept {
  const std::int64_t steps = std::int64_t{from} - to;
  return steps < static_cast<std::int64_t>(kPowersOfTen.size()) ? kPowersOfTen[static_cast<std::size_t>(steps)] : 0;
}

}  // namespace

void Book::clear() noexcept {
  bids.clear();
  asks.clear();
}

bool Book::crossed() const noexcept {
  const auto bid = bids.best();
  const auto ask = asks.best();
  return bid && ask && bid->price >= ask->price;
}

schemas::Bbo Book::bbo() const noexcept { return {price_exponent, quantity_exponent, bids.best(), asks.best()}; }

// Exponents only go down: going up would round, and a consumer may still hold a delta at the finer one.
bool Book::refine(std::int32_t new_price_exponent, std::int32_t new_quantity_exponent) {
  if (new_price_exponent >= price_exponent && new_quantity_exponent >= quantity_exponent) return true;
  const std::int32_t to_price = std::min(price_exponent, new_price_exponent);
  const std::int32_t to_quantity = std::min(quantity_exponent, new_quantity_exponent);
  const std::int64_t price_factor = factor_between(price_exponent, to_price);
  const std::int64_t quantity_factor = factor_between(quantity_exponent, to_quantity);
  if (!bids.empty() || !asks.empty()) {
    if (price_factor == 0 || quantity_factor == 0) return false;
    if (!bids.can_scale(price_factor, quantity_factor) || !asks.can_scale(price_factor, quantity_factor)) return false;
    bids.scale(price_factor, quantity_factor);
    asks.scale(price_factor, quantity_factor);
  }
  price_exponent = to_price;
  quantity_exponent = to_quantity;
  return true;
}

}  // namespace millrace::normalize
