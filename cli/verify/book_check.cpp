#include "cli/verify/book_check.h"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

namespace millrace::cli {
namespace {

constexpr int kChecksumLevels = 10;  // Kraken: the ten best of each side

// Moves a side to finer exponents; false if a number does not fit.
template <class Side>
bool rescale(Side& side, std::int32_t from_price, std::int32_t to_price, std::int32_t from_quantity,
             std::int32_t to_quantity) {
  Side moved;
  for (const auto& [price, quantity] : side) {
    const auto new_price = at_exponent(price, from_price, to_price);
    const auto new_quantity = at_exponent(quantity, from_quantity, to_quantity);
    if (!new_price || !new_quantity) return false;
    moved[*new_price] = *new_quantity;
  }
  side = std::move(moved);
  return true;
}

// The digits of one side as Kraken concatenates them: fixed decimals, no point, no leading zeros, which is the integer
// at that exponent. False if a number has more decimals than the record says.
template <class Side>
bool append_digits(const Side& side, std::int32_t price_exponent, std::int32_t quantity_exponent,
                   const SeenBook& record, std::string& out) {
  int left = kChecksumLevels;
  for (auto at = side.begin(); at != side.end() && left > 0; ++at, --left) {
    const auto price = at_exponent(at->first, price_exponent, -*record.price_decimals);
    const auto quantity = at_exponent(at->second, quantity_exponent, -*record.quantity_decimals);
    if (!price || !quantity) return false;
    fmt::format_to(std::back_inserter(out), "{}{}", *price, *quantity);
  }
  return true;
}

template <class Side>
bool apply_rows(const std::vector<SeenLevel>& rows, std::int32_t price_exponent, std::int32_t quantity_exponent,
                const SeenBook& record, Side& side) {
  for (const SeenLevel& row : rows) {
    const auto price = at_exponent(row.price, record.price_exponent, price_exponent);
    const auto quantity = at_exponent(row.quantity, record.quantity_exponent, quantity_exponent);
    if (!price || !quantity) return false;
    if (*quantity == 0) {
      side.erase(*price);
    } else {
      side[*price] = *quantity;
    }
  }
  return true;
}

// The first level in which two sides differ, for people; empty if there is none.
template <class Side>
std::string difference(const Side& book, const Side& refresh, std::int32_t price_exponent,
                       std::int32_t quantity_exponent) {
  const auto level = [&](const auto& side, auto at) {
    return at == side.end()
               ? std::string("no level")
               : text_of(exact(at->first, price_exponent)) + " x " + text_of(exact(at->second, quantity_exponent));
  };
  auto a = book.begin();
  auto b = refresh.begin();
  for (int depth = 1; a != book.end() || b != refresh.end(); ++a, ++b, ++depth) {
    const bool same = a != book.end() && b != refresh.end() && *a == *b;
    if (same) continue;
    return fmt::format("level {}: book has {}, refresh has {}", depth, level(book, a), level(refresh, b));
  }
  return {};
}

}  // namespace

void BookCheck::note(const SeenMeta& meta, const std::string& text) {
  if (problems_.size() < kMaxProblems)
    problems_.push_back(fmt::format("epoch {} seq {}: {}", meta.epoch, meta.seq, text));
}

void BookCheck::wrong(const SeenMeta& meta, std::string text) {
  ++tally_.wrong;
  note(meta, text);
}

void BookCheck::on_record(const SeenMeta& meta, const SeenBook& record, Place place) {
  if (place == Place::kAfterHole || place == Place::kJoins) state_ = State::kUnknown;
  if (place == Place::kOpens) state_ = State::kMissing;
  if (record.snapshot) {
    on_snapshot(meta, record);
  } else {
    on_delta(meta, record);
  }
  epoch_ = meta.epoch;
  seq_ = meta.seq;
  if (meta.venue_seq) venue_seq_ = meta.venue_seq;
  if (valid() && record.checksum) check_checksum(meta, record);
}

void BookCheck::on_snapshot(const SeenMeta& meta, const SeenBook& record) {
  const Bids old_bids = std::exchange(bids_, {});
  const Asks old_asks = std::exchange(asks_, {});
  const std::int32_t old_price_exponent = price_exponent_;
  const std::int32_t old_quantity_exponent = quantity_exponent_;
  const bool comparable = valid() && meta.refresh;
  if (!load(meta, record)) return;
  if (!meta.refresh) after_snapshot_ = true;
  if (!comparable) return;
  // Both at the finer exponents.
  Bids bids = old_bids;
  Asks asks = old_asks;
  const auto use = [&](auto& side) {
    return rescale(side, old_price_exponent, price_exponent_, old_quantity_exponent, quantity_exponent_);
  };
  if (!use(bids) || !use(asks)) return wrong(meta, "a number of the book does not fit the exponents of its refresh");
  compare(meta, bids, asks);
}

// Takes a snapshot as the book.
bool BookCheck::load(const SeenMeta& meta, const SeenBook& record) {
  // A new epoch opens with an empty book that only says: forget what you had.
  const bool empty = meta.reset && record.bids.empty() && record.asks.empty();
  state_ = empty ? State::kMissing : State::kValid;
  price_exponent_ = std::min(price_exponent_, record.price_exponent);
  quantity_exponent_ = std::min(quantity_exponent_, record.quantity_exponent);
  if (apply(record)) return true;
  // Exponents that an older record brought: begin again with those of this one.
  bids_.clear();
  asks_.clear();
  price_exponent_ = record.price_exponent;
  quantity_exponent_ = record.quantity_exponent;
  return apply(record);
}

void BookCheck::compare(const SeenMeta& meta, const Bids& bids, const Asks& asks) {
  ++tally_.refreshes;
  const std::string bid = difference(bids, bids_, price_exponent_, quantity_exponent_);
  const std::string ask = difference(asks, asks_, price_exponent_, quantity_exponent_);
  if (!bid.empty()) return wrong(meta, "refresh differs, bid " + bid);
  if (!ask.empty()) return wrong(meta, "refresh differs, ask " + ask);
}

void BookCheck::on_delta(const SeenMeta& meta, const SeenBook& record) {
  if (!valid()) {
    ++tally_.unfounded;
    // Said once: what follows is unknown until the next snapshot.
    if (std::exchange(state_, State::kUnknown) == State::kMissing) wrong(meta, "a delta without a book before it");
    return;
  }
  check_chain(meta, record);
  ++tally_.updates;
  if (use_exponents(record) && apply(record)) return;
  state_ = State::kUnknown;
  wrong(meta, "a number does not fit 64 bits at the book's exponents");
}

// Binance: U follows the last u, or pu names it; right after a REST snapshot the update may overlap it.
void BookCheck::check_chain(const SeenMeta& meta, const SeenBook& record) {
  const bool overlap_allowed = std::exchange(after_snapshot_, false);
  if (!meta.venue_seq || !venue_seq_) return;
  bool follows = true;
  if (record.venue_seq_prev) {
    follows = *record.venue_seq_prev == *venue_seq_;
  } else if (record.venue_seq_first) {
    follows = *record.venue_seq_first == *venue_seq_ + 1;
  }
  if (overlap_allowed && record.venue_seq_first && !follows) {
    follows = *record.venue_seq_first <= *venue_seq_ + 1 && *meta.venue_seq >= *venue_seq_;
  }
  if (follows || meta.has(MarkKind::kVenue)) return;
  ++tally_.broken_chains;
  note(meta, fmt::format("the venue's ids jump from {} to {} with no gap declared", *venue_seq_,
                         record.venue_seq_first.value_or(*meta.venue_seq)));
}

// Lowers the book's exponents where the record is finer.
bool BookCheck::use_exponents(const SeenBook& record) {
  const std::int32_t price = std::min(price_exponent_, record.price_exponent);
  const std::int32_t quantity = std::min(quantity_exponent_, record.quantity_exponent);
  if (price == price_exponent_ && quantity == quantity_exponent_) return true;
  const bool fits = rescale(bids_, price_exponent_, price, quantity_exponent_, quantity) &&
                    rescale(asks_, price_exponent_, price, quantity_exponent_, quantity);
  price_exponent_ = price;
  quantity_exponent_ = quantity;
  return fits;
}

bool BookCheck::apply(const SeenBook& record) {
  return apply_rows(record.bids, price_exponent_, quantity_exponent_, record, bids_) &&
         apply_rows(record.asks, price_exponent_, quantity_exponent_, record, asks_);
}

void BookCheck::check_checksum(const SeenMeta& meta, const SeenBook& record) {
  if (!record.price_decimals || !record.quantity_decimals) return wrong(meta, "a checksum without its decimals");
  ++tally_.checksums;
  std::string digits;
  const bool fits = append_digits(asks_, price_exponent_, quantity_exponent_, record, digits) &&
                    append_digits(bids_, price_exponent_, quantity_exponent_, record, digits);
  if (!fits) return wrong(meta, "a number has more decimals than the checksum's");
  const auto sum = static_cast<std::int64_t>(
      crc32(0, reinterpret_cast<const Bytef*>(digits.data()), static_cast<uInt>(digits.size())));
  if (sum != *record.checksum) wrong(meta, fmt::format("checksum is {}, the venue's {}", sum, *record.checksum));
}

BestPrices BookCheck::best() const {
  const auto side = [&](const auto& levels) -> std::optional<BestPrices::Side> {
    if (levels.empty()) return std::nullopt;
    return BestPrices::Side{exact(levels.begin()->first, price_exponent_),
                            exact(levels.begin()->second, quantity_exponent_)};
  };
  return {side(bids_), side(asks_)};
}

std::optional<BookLevels> BookCheck::levels() const {
  if (!valid()) return std::nullopt;
  const auto side = [&](const auto& levels) {
    BookLevels::Side out;
    for (const auto& [price, quantity] : levels) {
      out.emplace_back(exact(price, price_exponent_), exact(quantity, quantity_exponent_));
    }
    return out;
  };
  return BookLevels{epoch_, seq_, side(bids_), side(asks_)};
}

}  // namespace millrace::cli
