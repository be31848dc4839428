#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::sim {

enum class Side : std::uint8_t { kBid, kAsk };

struct Level {
  std::int64_t price = 0;     // mantissa at the instrument's price decimals
  std::int64_t quantity = 0;  // mantissa at the instrument's quantity decimals

  friend bool operator==(const Level&, const Level&) = default;
};

// One side of a book: a sorted array with the best level at the back, where most changes are. Not thread-safe.
class Ladder {
 public:
  explicit Ladder(Side side) noexcept : side_(side) {}

  // Sets the absolute quantity; 0 removes the level.
  void set(std::int64_t price, std::int64_t quantity);
  void clear() noexcept { levels_.clear(); }
  std::size_t size() const noexcept { return levels_.size(); }
  // The k-th best level, from 0; k < size().
  const Level& at(std::size_t k) const noexcept { return levels_[levels_.size() - 1 - k]; }
  // How many levels are strictly better than `price`.
  std::size_t rank(std::int64_t price) const noexcept;
  // Quantity at `price`, 0 if there is none.
  std::int64_t quantity_at(std::int64_t price) const noexcept;
  // Is `a` nearer to the other side than `b`?
  bool better(std::int64_t a, std::int64_t b) const noexcept { return side_ == Side::kBid ? a > b : a < b; }

 private:
  std::vector<Level>::const_iterator position(std::int64_t price) const noexcept;

  Side side_;
  std::vector<Level> levels_;  // worst first
};

// The simulator's own order book. Knows nothing of venues.
class Book {
 public:
  Ladder& side(Side side) noexcept { return side == Side::kBid ? bids_ : asks_; }
  const Ladder& side(Side side) const noexcept { return side == Side::kBid ? bids_ : asks_; }
  void set(Side where, std::int64_t price, std::int64_t quantity) { side(where).set(price, quantity); }
  std::optional<Level> best(Side where) const noexcept;

 private:
  Ladder bids_{Side::kBid};
  Ladder asks_{Side::kAsk};
};

}  // namespace millrace::sim
