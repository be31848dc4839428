#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "schemas/events/market.h"

namespace millrace::normalize {

using schemas::Level;

// One side of a book as a paged tick ladder: pages of neighbouring prices with a bitmap, found by a hash of the page
// number, so that the dense middle and far lonely levels cost the same few nanoseconds. Prices are mantissas at the
// book's exponent: any int64 is a price, any tick size works, also none. Memory follows the number of levels. Not
// thread-safe, reading included: the order of the pages is made up when somebody first asks for it.
class LadderSide {
 public:
  // Which end is the best: the highest bid, the lowest ask.
  enum class Kind : bool { kBid, kAsk };
  explicit LadderSide(Kind kind);

  // Sets the absolute quantity at a price; 0 removes, also what is not there. Returns the quantity that stood there
  // before. Amortized constant time; only the removal of the last level of the best page looks for the next page.
  // Quantities must not be negative: the venue's decoder refuses those.
  std::int64_t set(std::int64_t price, std::int64_t quantity);
  // Asks for the memory that set() will touch for these levels, so that they wait for it together and not one after the
  // other. Changes nothing.
  void expect(std::span<const Level> levels) const noexcept;
  std::int64_t quantity_at(std::int64_t price) const noexcept;  // 0 if there is no level

  std::size_t size() const noexcept { return size_; }  // levels
  bool empty() const noexcept { return size_ == 0; }
  // Nullopt on an empty side. best() is constant time; worst() may have to put new pages in order first.
  std::optional<Level> best() const noexcept;
  std::optional<Level> worst() const noexcept;

  // Up to `count` best levels, best first; returns how many. `out` has room for `count`. Allocates nothing but the
  // order of the pages, when new ones came since the last call.
  std::size_t top(std::size_t count, Level* out) const noexcept;
  // Appends all levels, best first.
  void append_all(std::vector<Level>& out) const;

  // Removes every level; keeps the memory for the next book.
  void clear() noexcept;
  // The same, then holds `levels` (in any order, a later one at the same price wins) and makes room for as many pages
  // again: a book that keeps its size does not allocate any more.
  void load(std::span<const Level> levels);
  // Do all numbers fit 64 bits once multiplied by these factors (> 0)?
  bool can_scale(std::int64_t price_factor, std::int64_t quantity_factor) const noexcept;
  // Multiplies every price and quantity: the exponents went down. Finer prices are a book built anew, finer quantities
  // are not. REQUIRES can_scale.
  void scale(std::int64_t price_factor, std::int64_t quantity_factor);

  // Bytes held, for the memory bounds of tests and metrics. Capacity, not use; the scratch of sorting is left out.
  std::size_t memory() const noexcept;

 private:
  // 16 prices a page: of 16, 32 and 64 the smallest is as fast in dense books and a quarter of the size in sparse ones.
  static constexpr int kPageBits = 4;
  static constexpr std::size_t kPageSize = std::size_t{1} << kPageBits;
  static constexpr std::uint32_t kNone = 0xffffffff;  // no page: a side has fewer than 2^32 - 1

  // kPageSize neighbouring prices. Quantity 0 and a cleared bit say the same thing.
  struct Page {
    std::int64_t quantities[kPageSize];
    std::int64_t key;  // price >> kPageBits
    std::uint32_t bits;
  };
  // Of the hash; the key stands here too, so that passing over a slot touches no page.
  struct Slot {
    std::int64_t key;
    std::uint32_t page;  // kNone = free
  };
  // Of the order; key is copied, so that sorting does not touch the pages.
  struct Entry {
    std::int64_t key;
    std::uint32_t page;
  };

  static std::int64_t key_of(std::int64_t price) noexcept { return price >> kPageBits; }
  static std::uint32_t offset_of(std::int64_t price) noexcept {
    return static_cast<std::uint32_t>(price) & (kPageSize - 1);
  }
  static std::int64_t price_of(const Page& page, std::uint32_t offset) noexcept {
    return page.key * static_cast<std::int64_t>(kPageSize) + offset;
  }
  bool better(std::int64_t a, std::int64_t b) const noexcept { return kind_ == Kind::kBid ? a > b : a < b; }
  std::size_t home(std::int64_t key) const noexcept {
    return static_cast<std::size_t>((static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15ULL) >> shift_);
  }
  // The page of a key, kNone if there is none. A page found may be empty.
  std::uint32_t find(std::int64_t key) const noexcept;
  std::uint32_t add_page(std::int64_t key);
  void link(std::int64_t key, std::uint32_t page) noexcept;
  void drop_empty_pages();
  void rehash(std::size_t slots);
  void after_insert(std::uint32_t page, std::uint32_t offset, std::int64_t price) noexcept;
  void after_remove(std::uint32_t page, std::uint32_t offset, std::int64_t price) noexcept;
  std::uint32_t best_offset(std::uint32_t bits) const noexcept;
  std::uint32_t worst_offset(std::uint32_t bits) const noexcept;
  void find_best_after(std::int64_t key) noexcept;
  // Where in `order_` the pages behind `key` begin, best first.
  std::size_t position_after(std::int64_t key) const noexcept;
  void sort_order() const noexcept;
  std::size_t copy_page(std::uint32_t page, std::size_t count, Level* out) const noexcept;

  Kind kind_;
  int shift_;  // 64 - log2(slots)
  // While size_ > 0, best_page_ holds best_price_ and its bit is set. slots_ is a power of two, at most half full, and
  // has every page, empty ones included; order_ has every page exactly once.
  std::size_t size_ = 0;
  std::uint32_t best_page_ = kNone;
  std::int64_t best_price_ = 0;
  std::size_t empty_pages_ = 0;  // pages without a level, kept for their prices to come back
  std::vector<Page> pages_;
  std::vector<Slot> slots_;
  // Every page, best first; those from `sorted_` on are new and not in place yet.
  mutable std::vector<Entry> order_;
  mutable std::size_t sorted_ = 0;
  mutable std::vector<Entry> fresh_;  // scratch of sorting
};

// The book of one instrument: two sides at common exponents. What a venue's rules say about sync, gaps and validity
// lives in the venue; this only holds levels.
class Book {
 public:
  LadderSide bids{LadderSide::Kind::kBid};
  LadderSide asks{LadderSide::Kind::kAsk};
  std::int32_t price_exponent = 0;
  std::int32_t quantity_exponent = 0;

  void clear() noexcept;
  bool crossed() const noexcept;  // best bid >= best ask
  schemas::Bbo bbo() const noexcept;
  // Makes room for finer numbers: lowers the exponents (never raises them) and rescales what is held. False, with
  // nothing changed, if a number would overflow.
  bool refine(std::int32_t new_price_exponent, std::int32_t new_quantity_exponent);
};

}  // namespace millrace::normalize
