#include <algorithm>
#include <bit>
#include <iterator>

#include "normalize/book/book.h"

// A side is made of three things:
//
//   pages_   16 neighbouring prices each: quantities, and a bitmap of those that are not 0
//   slots_   hash of page number -> page, open addressing: finds any price in a step or two
//   order_   the pages best first; new ones stand unsorted at its end until somebody asks for the order
//
// An update touches one page. The order matters only when the best page runs empty or depth is asked for, and sorting
// is then a merge of the few new pages. Pages that ran empty stay, as their prices usually come back.
namespace millrace::normalize {
namespace {

constexpr std::size_t kFirstSlots = 64;
// Below so many pages nothing is gained by dropping the empty ones.
constexpr std::size_t kFewPages = 64;

}  // namespace

// Slots from the beginning, so that find() needs no check for an empty table.
LadderSide::LadderSide(Kind kind) : kind_(kind), shift_(64 - std::countr_zero(kFirstSlots)) {
  slots_.assign(kFirstSlots, Slot{0, kNone});
}

// Ends because at most half of the slots are taken.
std::uint32_t LadderSide::find(std::int64_t key) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = home(key);; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.page == kNone || slot.key == key) return slot.page;
  }
}

// A removal of what is not there must not make a page: venues delete levels that we cut or never had, at any price.
std::int64_t LadderSide::set(std::int64_t price, std::int64_t quantity) {
  std::uint32_t index = find(key_of(price));
  if (index == kNone) {
    if (quantity == 0) return 0;
    index = add_page(key_of(price));
  }
  const std::uint32_t offset = offset_of(price);
  std::int64_t& held = pages_[index].quantities[offset];
  const std::int64_t before = held;
  held = quantity;
  if (before == 0 && quantity != 0) after_insert(index, offset, price);
  if (before != 0 && quantity == 0) after_remove(index, offset, price);
  return before;
}

// Only where a page lies in its home slot, which is nearly always: a miss here costs time, nothing else.
void LadderSide::expect(std::span<const Level> levels) const noexcept {
  for (const Level& level : levels) __builtin_prefetch(&slots_[home(key_of(level.price))]);
  for (const Level& level : levels) {
    const Slot& slot = slots_[home(key_of(level.price))];
    if (slot.page != kNone) __builtin_prefetch(&pages_[slot.page].quantities[offset_of(level.price)], 1);
  }
}

std::int64_t LadderSide::quantity_at(std::int64_t price) const noexcept {
  const std::uint32_t page = find(key_of(price));
  return page == kNone ? 0 : pages_[page].quantities[offset_of(price)];
}

// A page that had run empty comes back without being linked anew: it never left the hash.
void LadderSide::after_insert(std::uint32_t page, std::uint32_t offset, std::int64_t price) noexcept {
  std::uint32_t& bits = pages_[page].bits;
  if (bits == 0) --empty_pages_;
  bits |= 1U << offset;
  if (size_++ == 0 || better(price, best_price_)) {
    best_price_ = price;
    best_page_ = page;
  }
}

// Only the best is kept up to date; the worst is asked for by depth limits alone and is found when needed.
void LadderSide::after_remove(std::uint32_t page, std::uint32_t offset, std::int64_t price) noexcept {
  Page& held = pages_[page];
  held.bits &= ~(1U << offset);
  if (held.bits == 0) ++empty_pages_;
  --size_;
  if (price != best_price_) return;
  if (held.bits != 0) {
    best_price_ = price_of(held, best_offset(held.bits));
  } else {
    find_best_after(held.key);
  }
}

std::uint32_t LadderSide::best_offset(std::uint32_t bits) const noexcept {
  const int bit = kind_ == Kind::kBid ? static_cast<int>(std::bit_width(bits)) - 1 : std::countr_zero(bits);
  return static_cast<std::uint32_t>(bit);
}

std::uint32_t LadderSide::worst_offset(std::uint32_t bits) const noexcept {
  const int bit = kind_ == Kind::kBid ? std::countr_zero(bits) : static_cast<int>(std::bit_width(bits)) - 1;
  return static_cast<std::uint32_t>(bit);
}

// The best page ran empty: the next page behind it that holds something.
void LadderSide::find_best_after(std::int64_t key) noexcept {
  best_page_ = kNone;
  if (size_ == 0) return;
  for (std::size_t at = position_after(key); at < order_.size(); ++at) {
    const Page& page = pages_[order_[at].page];
    if (page.bits == 0) continue;
    best_page_ = order_[at].page;
    best_price_ = price_of(page, best_offset(page.bits));
    return;
  }
}

std::size_t LadderSide::position_after(std::int64_t key) const noexcept {
  sort_order();
  const auto behind = [this](std::int64_t wanted, const Entry& entry) { return better(wanted, entry.key); };
  return static_cast<std::size_t>(std::upper_bound(order_.begin(), order_.end(), key, behind) - order_.begin());
}

// Merges the new pages into their places, from the back, so that each old entry moves at most once.
void LadderSide::sort_order() const noexcept {
  if (sorted_ == order_.size()) return;
  const auto before = [this](const Entry& a, const Entry& b) { return better(a.key, b.key); };
  fresh_.assign(order_.begin() + static_cast<std::ptrdiff_t>(sorted_), order_.end());
  std::sort(fresh_.begin(), fresh_.end(), before);
  auto old = order_.begin() + static_cast<std::ptrdiff_t>(sorted_);
  auto to = order_.end();
  for (auto from = fresh_.rbegin(); from != fresh_.rend(); ++from) {
    const auto place = std::upper_bound(order_.begin(), old, *from, before);
    to = std::move_backward(place, old, to);
    old = place;
    *--to = *from;
  }
  sorted_ = order_.size();
}

// Dropping happens here and nowhere else: page numbers change by it, and every other function may hold one.
std::uint32_t LadderSide::add_page(std::int64_t key) {
  if (pages_.size() >= kFewPages && empty_pages_ > pages_.size() / 2) drop_empty_pages();
  if ((pages_.size() + 1) * 2 > slots_.size()) rehash(slots_.size() * 2);
  const auto index = static_cast<std::uint32_t>(pages_.size());
  pages_.push_back(Page{{}, key, 0});
  // A snapshot comes best first: its pages are in place as they are.
  const bool in_place = sorted_ == order_.size() && (order_.empty() || better(order_.back().key, key));
  order_.push_back(Entry{key, index});
  if (in_place) sorted_ = order_.size();
  ++empty_pages_;
  link(key, index);
  return index;
}

void LadderSide::link(std::int64_t key, std::uint32_t page) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = home(key);
  while (slots_[at].page != kNone) at = (at + 1) & mask;
  slots_[at] = Slot{key, page};
}

void LadderSide::rehash(std::size_t slots) {
  slots_.assign(slots, Slot{0, kNone});
  shift_ = 64 - std::countr_zero(slots);
  for (std::uint32_t index = 0; index < pages_.size(); ++index) link(pages_[index].key, index);
}

// Empty pages outnumber the full ones: a price that moves through the range would leave them behind for ever.
void LadderSide::drop_empty_pages() {
  std::erase_if(pages_, [](const Page& page) { return page.bits == 0; });
  empty_pages_ = 0;
  order_.clear();
  sorted_ = 0;
  for (std::uint32_t index = 0; index < pages_.size(); ++index) order_.push_back(Entry{pages_[index].key, index});
  if (pages_.capacity() > 4 * (pages_.size() + kFewPages)) pages_.shrink_to_fit();
  rehash(std::max(kFirstSlots, std::bit_ceil(4 * (pages_.size() + 1))));
  best_page_ = size_ == 0 ? kNone : find(key_of(best_price_));
}

std::optional<Level> LadderSide::best() const noexcept {
  if (size_ == 0) return std::nullopt;
  return Level{best_price_, pages_[best_page_].quantities[offset_of(best_price_)]};
}

// Empty pages at the end are passed over: a book that is cut to a depth leaves them behind there.
std::optional<Level> LadderSide::worst() const noexcept {
  if (size_ == 0) return std::nullopt;
  sort_order();
  std::size_t at = order_.size() - 1;
  while (pages_[order_[at].page].bits == 0) --at;
  const Page& page = pages_[order_[at].page];
  const std::uint32_t offset = worst_offset(page.bits);
  return Level{price_of(page, offset), page.quantities[offset]};
}

// Bits are cleared from the best end, so nothing looks at the empty prices in between.
std::size_t LadderSide::copy_page(std::uint32_t index, std::size_t count, Level* out) const noexcept {
  const Page& page = pages_[index];
  std::size_t copied = 0;
  for (std::uint32_t bits = page.bits; bits != 0 && copied < count; ++copied) {
    const std::uint32_t offset = best_offset(bits);
    out[copied] = Level{price_of(page, offset), page.quantities[offset]};
    bits &= ~(1U << offset);
  }
  return copied;
}

// The best page is known, so the common question (the first ten of a dense book) sorts nothing.
std::size_t LadderSide::top(std::size_t count, Level* out) const noexcept {
  if (size_ == 0) return 0;
  std::size_t copied = copy_page(best_page_, count, out);
  const std::size_t wanted = std::min(count, size_);
  if (copied >= wanted) return copied;
  for (std::size_t at = position_after(pages_[best_page_].key); copied < wanted; ++at) {
    copied += copy_page(order_[at].page, wanted - copied, out + copied);
  }
  return copied;
}

void LadderSide::append_all(std::vector<Level>& out) const {
  const std::size_t before = out.size();
  out.resize(before + size_);
  top(size_, out.data() + before);
}

// The slots keep their number: a book that resyncs comes back at about the size it had.
void LadderSide::clear() noexcept {
  pages_.clear();
  order_.clear();
  sorted_ = 0;
  size_ = 0;
  empty_pages_ = 0;
  best_page_ = kNone;
  std::fill(slots_.begin(), slots_.end(), Slot{0, kNone});
}

// Room for as many pages again is what makes a settled book free of allocation: prices wander, and pages they leave are
// dropped only now and then.
void LadderSide::load(std::span<const Level> levels) {
  clear();
  for (const Level& level : levels) set(level.price, level.quantity);
  // Empty pages are dropped when they are more than half, few are never dropped.
  const std::size_t room = std::max(kFewPages, 2 * pages_.size()) + kFewPages / 2;
  pages_.reserve(room);
  order_.reserve(room);
  fresh_.reserve(room);
  if (slots_.size() < 2 * room) rehash(std::bit_ceil(2 * room));
}

// Asked of both sides before either is changed, so that a book is never half at one exponent and half at another.
bool LadderSide::can_scale(std::int64_t price_factor, std::int64_t quantity_factor) const noexcept {
  if (size_ == 0) return true;
  const auto fits = [](std::int64_t number, std::int64_t factor) {
    return !__builtin_mul_overflow(number, factor, &number);
  };
  // What lies between the best and the worst fits where they do.
  if (!fits(best()->price, price_factor) || !fits(worst()->price, price_factor)) return false;
  return std::all_of(pages_.begin(), pages_.end(), [&](const Page& page) {
    return std::all_of(std::begin(page.quantities), std::end(page.quantities),
                       [&](std::int64_t quantity) { return fits(quantity, quantity_factor); });
  });
}

void LadderSide::scale(std::int64_t price_factor, std::int64_t quantity_factor) {
  if (quantity_factor != 1) {
    for (Page& page : pages_) {
      for (std::int64_t& quantity : page.quantities) quantity *= quantity_factor;
    }
  }
  if (price_factor == 1) return;
  std::vector<Level> levels;
  append_all(levels);
  for (Level& level : levels) level.price *= price_factor;
  load(levels);
}

std::size_t LadderSide::memory() const noexcept {
  return pages_.capacity() * sizeof(Page) + slots_.capacity() * sizeof(Slot) + order_.capacity() * sizeof(Entry);
}

}  // namespace millrace::normalize
