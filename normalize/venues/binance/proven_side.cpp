#include "normalize/venues/binance/proven_side.h"

namespace millrace::normalize::binance {

void ProvenSide::limit(std::int64_t boundary, std::size_t levels) noexcept {
  if (boundary_ && !inside(boundary)) return;
  boundary_ = boundary;
  levels_ = static_cast<std::int64_t>(levels);
}

// A boundary that overflows proves nothing any more: depth 0 is the honest answer.
void ProvenSide::scale(std::int64_t factor) noexcept {
  if (boundary_ && __builtin_mul_overflow(*boundary_, factor, &*boundary_)) {
    boundary_ = 0;
    levels_ = 0;
  }
}

std::optional<std::int64_t> ProvenSide::depth() const noexcept {
  return boundary_ ? std::optional(levels_) : std::nullopt;
}

bool limit_side(LadderSide& side, ProvenSide& proven, std::size_t most, std::vector<Level>* deleted) {
  if (most == 0 || side.size() <= most) return false;
  while (side.size() > most) {
    const std::int64_t price = side.worst()->price;
    proven.changed(price, side.set(price, 0), 0);
    if (deleted != nullptr) deleted->push_back({price, 0});
  }
  proven.limit(side.worst()->price, side.size());
  return true;
}

}  // namespace millrace::normalize::binance
