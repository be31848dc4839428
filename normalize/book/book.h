#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "schemas/events/market.h"

namespace millrace::normalize {

using schemas::Level;

// One side of a book as a paged tick ladder: pages of 64 neighbouring prices with a bitmap, found by a hash of the page
// number, so that the dense middle and far lonely levels cost the same few nanoseconds. Prices are mantissas at the
// book's exponent: any tick size works, also none. Not thread-safe.
class LadderSide {
 public:
  enum class Kind : bool { kBid, kAsk };
  explicit LadderSide(Kind kind);

  // Sets the absolute quantity at a price; 0 removes. Returns the quantity that stood there before.
  std::int64_t set(std::int64_t price, std::int64_t quantity);
  std::int64_t quantity_at(std::int64_t price) const noexcept;

  std::size_t size() const noexcept;  // levels
  bool empty() const noexcept { return size() == 0; }
  std::optional<Level> best() const noexcept;
  std::optional<Level> worst() const noexcept;

  // Up to `count` best levels, best first; returns how many.
  std::size_t top(std::size_t count, Level* out) const noexcept;
  // Appends all levels, best first.
  void append_all(std::vector<Level>& out) const;

  void clear();
  // Multiplies every price (or quantity) by `factor`: the exponent went down. False, unchanged, on overflow.
  bool scale_prices(std::int64_t factor);
  bool scale_quantities(std::int64_t factor);
};

// The book of one instrument: two sides at common exponents. What a venue's rules say about sync, gaps and validity
// lives in the venue; this only holds levels.
class Book {
 public:
  LadderSide bids{LadderSide::Kind::kBid};
  LadderSide asks{LadderSide::Kind::kAsk};
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;

  void clear();
  bool crossed() const noexcept;  // best bid >= best ask
  schemas::Bbo bbo() const noexcept;
  // Makes room for finer numbers: lowers the exponents and rescales what is held. False if it would overflow.
  bool refine(std::int32_t price_exponent, std::int32_t quantity_exponent);
};

}  // namespace millrace::normalize
