#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "normalize/book/book.h"
#include "normalize/venues/kraken/checksum.h"
#include "normalize/venues/kraken/precision.h"

namespace millrace::normalize::kraken {

// The smallest depth that the venue offers and that holds `levels`; 0 if none does. 10, 25, 100, 500 and 1000 are
// offered (docs.kraken.com, websocket-v2/book).
int offered_depth(std::size_t levels) noexcept;
// Does the venue offer this depth?
bool is_offered_depth(std::int64_t depth) noexcept;

// One book by the venue's rules: rows in order, cut to the depth after each message, then the checksum of the ten best.
// Knows nothing of connections and events. Not thread-safe.
class DepthBook {
 public:
  enum class State : std::uint8_t {
    kEmpty,    // no snapshot yet
    kLive,     // every message so far agreed with its checksum
    kInvalid,  // wrong or interrupted, until the next snapshot
  };

  // Begins anew from a snapshot's rows, in any order, at `precision` decimals and at most `depth` levels a side. False,
  // and then invalid, if its checksum disagrees: the levels stay, for people to look at, but nothing may be published.
  bool load(const RowLevels& rows, const Precision& precision, int depth, std::uint32_t checksum);

  // Makes room for numbers as fine as `precision`; false if that would overflow (nothing changes). Linear in the levels
  // when it does something, which is rare.
  bool refine(const Precision& precision);

  // Applies an update's rows and appends to them a removal for each level that the depth pushed out, so that they tell
  // all that changed. False, and then invalid, if the checksum disagrees. REQUIRES kLive and a refined book.
  bool apply(RowLevels& rows, std::uint32_t checksum);

  void invalidate() noexcept {
    if (state_ != State::kEmpty) state_ = State::kInvalid;
  }
  // Forgets the book; what comes next must be a snapshot.
  void reset() noexcept;

  State state() const noexcept { return state_; }
  const Book& book() const noexcept { return book_; }
  int depth() const noexcept { return depth_; }
  // Counts from the next update on.
  void set_depth(int depth) noexcept { depth_ = depth; }
  std::uint32_t checksum() const noexcept { return checksum_value_; }  // as the venue sent it last, right or wrong
  // Are all levels proven by a snapshot, or only those that the checksum covers?
  bool fresh() const noexcept { return fresh_; }

 private:
  Book book_;
  BookChecksum checksum_;
  State state_ = State::kEmpty;
  int depth_ = 0;
  std::uint32_t checksum_value_ = 0;  // the venue's last one
  bool fresh_ = false;
  bool rescaled_ = false;  // every mantissa changed since the last checksum
};

}  // namespace millrace::normalize::kraken
