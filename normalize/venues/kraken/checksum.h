#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "normalize/book/book.h"

namespace millrace::normalize::kraken {

// How many levels a side the venue's checksum covers, whatever the depth (docs.kraken.com, guides/spot-ws-book-v2).
inline constexpr std::size_t kCheckedLevels = 10;

// The text of one side's ten best levels as the checksum wants it: price and quantity of each level without point and
// leading zeros, which are the digits of its mantissas when the book's exponents are the venue's precisions. An update
// changes one or two levels, so the digits of the others are copied from the last text.
class SideText {
 public:
  // Makes the text that of `side`; false if it is what it was. The side's exponents must not have changed since the
  // last call without a change of every mantissa: levels are compared as numbers.
  bool follow(const LadderSide& side) noexcept;
  // Can setting these levels change the text? No, if it has ten and all are behind them. (Removals of levels count by
  // their price too: what is not among the ten does not move them.)
  bool is_touched_by(std::span<const Level> changed, LadderSide::Kind kind) const noexcept;
  // Valid until the next follow().
  std::string_view view() const noexcept { return {texts_[current_].chars.data(), texts_[current_].ends[count_]}; }

 private:
  static constexpr std::size_t kLevelChars = 40;  // two numbers of up to 20 digits
  // Two of them take turns: the new text is put together from pieces of the old one.
  struct Text {
    std::array<char, (kCheckedLevels + 1) * kLevelChars> chars{};  // one more: copies overshoot
    std::array<std::size_t, kCheckedLevels + 1> ends{};            // ends[i + 1]: behind level i
  };
  void append(Text& text, std::size_t at, const Level& level) const noexcept;
  void copy(const Text& from, std::size_t from_at, Text& to, std::size_t to_at) const noexcept;

  // The levels that the current text was made of; the first count_ count.
  std::array<Level, kCheckedLevels> levels_{};
  std::size_t count_ = 0;
  std::array<Text, 2> texts_;  // the current one and the one before
  std::size_t current_ = 0;
};

// CRC32 (IEEE) over asks, then bids. One per book; no allocation.
class BookChecksum {
 public:
  // The checksum of `book`, whose exponents must be the negative precisions: the sum is over price_precision and
  // qty_precision decimals, although JSON may drop trailing zeros.
  std::uint32_t of(const Book& book) noexcept { return of(book, true, true); }
  // The same where only these levels were set or removed since the last call. A list that lacks a change gives a wrong
  // sum, which looks like a lost frame.
  std::uint32_t of(const Book& book, std::span<const Level> bids, std::span<const Level> asks) noexcept {
    return of(book, bids_.is_touched_by(bids, LadderSide::Kind::kBid),
              asks_.is_touched_by(asks, LadderSide::Kind::kAsk));
  }

 private:
  std::uint32_t of(const Book& book, bool bids_changed, bool asks_changed) noexcept;

  SideText bids_;
  SideText asks_;
  std::uint32_t asks_crc_ = 0;  // the sum after the asks: where the bids' part begins
  std::uint32_t crc_ = 0;
};

}  // namespace millrace::normalize::kraken
