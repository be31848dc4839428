#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "normalize/book/book.h"

namespace millrace::normalize::binance {

// How many best levels of a side are known to be all there are. A snapshot that was cut at its limit, or a book that is
// kept at a limit, says nothing about what lies behind the last level; updates there are true but not complete.
class ProvenSide {
 public:
  explicit ProvenSide(LadderSide::Kind kind) noexcept : kind_(kind) {}

  // The side is complete to any depth.
  void all() noexcept { boundary_.reset(); }
  // Nothing is known beyond `boundary`; `levels` stand up to it. A boundary outside one that holds already changes
  // nothing: knowledge does not come back.
  void limit(std::int64_t boundary, std::size_t levels) noexcept;
  // A level was set.
  void changed(std::int64_t price, std::int64_t before, std::int64_t after) noexcept {
    if (boundary_ && inside(price)) levels_ += (after != 0 ? 1 : 0) - (before != 0 ? 1 : 0);
  }
  // Prices were multiplied.
  void scale(std::int64_t factor) noexcept;
  // Levels that are proven; absent = all of them.
  std::optional<std::int64_t> depth() const noexcept;

 private:
  bool inside(std::int64_t price) const noexcept {
    return kind_ == LadderSide::Kind::kBid ? price >= *boundary_ : price <= *boundary_;
  }

  LadderSide::Kind kind_;
  std::optional<std::int64_t> boundary_;
  std::int64_t levels_ = 0;
};

// Cuts a side to its best `most` levels (0 = no limit) and appends what fell out to `deleted` as rows of quantity 0, if
// that is not null. True if something was cut.
bool limit_side(LadderSide& side, ProvenSide& proven, std::size_t most, std::vector<Level>* deleted);

}  // namespace millrace::normalize::binance
