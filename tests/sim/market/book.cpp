#include "tests/sim/market/book.h"

#include <algorithm>

namespace millrace::sim {

std::vector<Level>::const_iterator Ladder::position(std::int64_t price) const noexcept {
  return std::lower_bound(levels_.begin(), levels_.end(), price,
                          [this](const Level& level, std::int64_t wanted) { return better(wanted, level.price); });
}

void Ladder::set(std::int64_t price, std::int64_t quantity) {
  const auto at = levels_.begin() + (position(price) - levels_.begin());
  const bool present = at != levels_.end() && at->price == price;
  if (quantity == 0) {
    if (present) levels_.erase(at);
  } else if (present) {
    at->quantity = quantity;
  } else {
    levels_.insert(at, Level{price, quantity});
  }
}

std::size_t Ladder::rank(std::int64_t price) const noexcept {
  const auto at = position(price);
  const auto behind = static_cast<std::size_t>(levels_.end() - at);
  return at != levels_.end() && at->price == price ? behind - 1 : behind;
}

std::int64_t Ladder::quantity_at(std::int64_t price) const noexcept {
  const auto at = position(price);
  return at != levels_.end() && at->price == price ? at->quantity : 0;
}

std::optional<Level> Book::best(Side where) const noexcept {
  const Ladder& ladder = side(where);
  if (ladder.size() == 0) return std::nullopt;
  return ladder.at(0);
}

}  // namespace millrace::sim
