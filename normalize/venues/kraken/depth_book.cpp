#include "normalize/venues/kraken/depth_book.h"

#include <algorithm>
#include <array>

namespace millrace::normalize::kraken {

namespace {

constexpr std::array<int, 5> kDepths = {10, 25, 100, 500, 1000};

// Cuts a side to `depth` levels; what falls out is appended to `removed`, if wanted.
// The levels go one by one, as an update pushes out one or two; only a snapshot with more than its depth has many.
void cut(LadderSide& side, std::size_t depth, std::vector<Level>* removed) {
  while (side.size() > depth) {
    const std::int64_t price = side.worst()->price;
    side.set(price, 0);
    if (removed) removed->push_back({price, 0});
  }
}

}  // namespace

int offered_depth(std::size_t levels) noexcept {
  for (const int depth : kDepths) {
    if (levels <= static_cast<std::size_t>(depth)) return depth;
  }
  return 0;
}

bool is_offered_depth(std::int64_t depth) noexcept {
  return std::find(kDepths.begin(), kDepths.end(), depth) != kDepths.end();
}

// Sets rows one by one rather than trusting their order: nothing is lost if a side is not sorted.
bool DepthBook::load(const RowLevels& rows, const Precision& precision, int depth, std::uint32_t checksum) {
  book_.price_exponent = -precision.price;
  book_.quantity_exponent = -precision.quantity;
  depth_ = depth;
  book_.bids.load(rows.bids);
  book_.asks.load(rows.asks);
  cut(book_.bids, static_cast<std::size_t>(depth), nullptr);
  cut(book_.asks, static_cast<std::size_t>(depth), nullptr);
  checksum_value_ = checksum;
  fresh_ = true;
  rescaled_ = false;
  const bool right = checksum_.of(book_) == checksum;
  state_ = right ? State::kLive : State::kInvalid;
  return right;
}

// Rescaling changes every mantissa and so every digit: both sides' texts must be made anew.
bool DepthBook::refine(const Precision& precision) {
  const std::int32_t price = book_.price_exponent;
  const std::int32_t quantity = book_.quantity_exponent;
  if (-precision.price >= price && -precision.quantity >= quantity) return true;
  rescaled_ = true;
  return book_.refine(-precision.price, -precision.quantity);
}

// The cut never reaches the ten that the checksum covers, since the smallest depth is ten; it is told as removals.
bool DepthBook::apply(RowLevels& rows, std::uint32_t checksum) {
  for (const Level& row : rows.bids) book_.bids.set(row.price, row.quantity);
  for (const Level& row : rows.asks) book_.asks.set(row.price, row.quantity);
  cut(book_.bids, static_cast<std::size_t>(depth_), &rows.bids);
  cut(book_.asks, static_cast<std::size_t>(depth_), &rows.asks);
  checksum_value_ = checksum;
  fresh_ = false;
  const std::uint32_t ours = rescaled_ ? checksum_.of(book_) : checksum_.of(book_, rows.bids, rows.asks);
  const bool right = ours == checksum;
  rescaled_ = false;
  if (!right) state_ = State::kInvalid;
  return right;
}

void DepthBook::reset() noexcept {
  book_.clear();
  state_ = State::kEmpty;
  depth_ = 0;
}

}  // namespace millrace::normalize::kraken
