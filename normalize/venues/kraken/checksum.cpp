#include "normalize/venues/kraken/checksum.h"

#include <libdeflate.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace millrace::normalize::kraken {

namespace {

// The digits of a number > 0; nothing of 0, whose every digit is a leading zero.
char* append_digits(char* at, char* end, std::int64_t mantissa) noexcept {
  return mantissa == 0 ? at : std::to_chars(at, end, mantissa).ptr;
}

}  // namespace

// New digits, where a level is new or its quantity has changed.
void SideText::append(Text& text, std::size_t at, const Level& level) const noexcept {
  char* const begin = text.chars.data() + text.ends[at];
  char* end = append_digits(begin, begin + kLevelChars, level.price);
  end = append_digits(end, begin + kLevelChars, level.quantity);
  text.ends[at + 1] = static_cast<std::size_t>(end - text.chars.data());
}

void SideText::copy(const Text& from, std::size_t from_at, Text& to, std::size_t to_at) const noexcept {
  const std::size_t begin = from.ends[from_at];
  const std::size_t size = from.ends[from_at + 1] - begin;
  // A fixed size is a few vector moves; what is beyond the level is overwritten by the next one.
  std::memcpy(to.chars.data() + to.ends[to_at], from.chars.data() + begin, kLevelChars);
  to.ends[to_at + 1] = to.ends[to_at] + size;
}

// Builds the new text beside the old one, so that levels that moved can be copied from where they stood. An update in
// the ten of a deep book costs one or two numbers to print instead of twenty.
bool SideText::follow(const LadderSide& side) noexcept {
  std::array<Level, kCheckedLevels> now{};
  const std::size_t count = side.top(kCheckedLevels, now.data());
  if (count == count_ && std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(count), levels_.begin())) {
    return false;
  }
  const Text& before = texts_[current_];
  Text& after = texts_[1 - current_];
  std::size_t old = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // Levels keep their order, so the old one with this price, if any, is not before the last one found.
    std::size_t match = old;
    while (match < count_ && levels_[match].price != now[i].price) ++match;
    if (match < count_ && levels_[match] == now[i]) {
      copy(before, match, after, i);
    } else {
      append(after, i, now[i]);
    }
    if (match < count_) old = match + 1;
  }
  levels_ = now;
  count_ = count;
  current_ = 1 - current_;
  return true;
}

// Behind the tenth is behind it for removals too: they bring nothing up.
bool SideText::is_touched_by(std::span<const Level> changed, LadderSide::Kind kind) const noexcept {
  if (count_ < kCheckedLevels) return !changed.empty();
  const std::int64_t last = levels_[kCheckedLevels - 1].price;
  return std::any_of(changed.begin(), changed.end(), [kind, last](const Level& level) {
    return kind == LadderSide::Kind::kBid ? level.price >= last : level.price <= last;
  });
}

// The sum runs over asks, then bids: with the sum behind the asks kept, a change of bids costs only theirs.
std::uint32_t BookChecksum::of(const Book& book, bool bids_changed, bool asks_changed) noexcept {
  const bool new_asks = asks_changed && asks_.follow(book.asks);
  const bool new_bids = bids_changed && bids_.follow(book.bids);
  if (new_asks) asks_crc_ = libdeflate_crc32(0, asks_.view().data(), asks_.view().size());
  if (new_asks || new_bids) crc_ = libdeflate_crc32(asks_crc_, bids_.view().data(), bids_.view().size());
  return crc_;
}

}  // namespace millrace::normalize::kraken
