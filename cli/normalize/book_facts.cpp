#include "cli/normalize/book_facts.h"

#include <boost/json/array.hpp>
#include <utility>

#include "schemas/events/decimal.h"

namespace millrace::cli {
namespace {

using normalize::Book;
using normalize::BookAudit;
using normalize::BookOutcome;
using normalize::LadderSide;
using schemas::Level;

constexpr std::size_t kFinalLevels = 10;

void append_side(const std::optional<Level>& level, const schemas::Bbo& bbo, std::string& line) {
  if (!level) {
    line += "- -";
    return;
  }
  schemas::append_plain({level->price, bbo.price_exponent}, line);
  line += ' ';
  schemas::append_plain({level->quantity, bbo.quantity_exponent}, line);
}

// "BID QTY ASK QTY" in plain decimals, "- -" for an empty side: the form that the hash is over, so it must not change.
std::string line_of(const schemas::Bbo& bbo) {
  std::string line;
  append_side(bbo.bid, bbo, line);
  line += ' ';
  append_side(bbo.ask, bbo, line);
  line += '\n';
  return line;
}

std::vector<std::array<std::string, 2>> best_of(const LadderSide& side, const Book& book) {
  std::array<Level, kFinalLevels> levels{};
  const std::size_t count = side.top(levels.size(), levels.data());
  std::vector<std::array<std::string, 2>> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back({schemas::to_plain({levels[i].price, book.price_exponent}),
                    schemas::to_plain({levels[i].quantity, book.quantity_exponent})});
  }
  return rows;
}

boost::json::array json_of(const std::vector<std::array<std::string, 2>>& rows) {
  boost::json::array array;
  for (const auto& row : rows) array.push_back(boost::json::array{row[0], row[1]});
  return array;
}

}  // namespace

// Snapshots change the hash but are no "change" of the feed; both counts are kept, because recordings of one feed may
// differ in their snapshots.
void BookFacts::changed(const BookAudit::Event& event, bool snapshot) {
  const Book& book = *event.book;
  crossed_ += book.crossed() ? 1 : 0;
  const schemas::Bbo bbo = book.bbo();
  std::string line = line_of(bbo);
  if (line != bbo_line_) {
    bbo_changes_ += snapshot ? 0 : 1;
    ++bbo_changes_all_;
    bbo_sha256_.add(line);
    bbo_line_ = std::move(line);
  }
  if (!snapshot && event.last_id) by_update_[*event.last_id] = bbo;
  final_ = Final{best_of(book.bids, book), best_of(book.asks, book), book.bids.size(), book.asks.size(), event.last_id};
}

// An update that fails its checksum counts as applied, as it did change the book; a snapshot that fails counts as
// loaded. Both end the book's validity.
void BookFacts::add(const BookAudit::Event& event) {
  if (event.checksum_ok) ++(*event.checksum_ok ? checksums_ok_ : checksums_bad_);
  if (event.outcome == BookOutcome::kSnapshot) {
    ++snapshots_;
    changed(event, true);
    if (event.checksum_ok == false) final_.reset();
    return;
  }
  if (event.outcome == BookOutcome::kGap) {  // the frame behind the hole gets an outcome of its own
    ++gaps_;
    return final_.reset();
  }
  ++updates_;
  switch (event.outcome) {
    case BookOutcome::kApplied:
    case BookOutcome::kBadChecksum:
      ++applied_;
      in_buffer_ += event.in_buffer ? 1 : 0;
      changed(event, false);
      if (event.outcome == BookOutcome::kBadChecksum) final_.reset();
      break;
    case BookOutcome::kStale:
      ++stale_;
      break;
    case BookOutcome::kNoSnapshot:
      ++no_snapshot_;
      break;
    case BookOutcome::kInvalid:
      ++invalid_;
      break;
    case BookOutcome::kDuplicate:
      ++duplicates_;
      break;
    case BookOutcome::kGap:
    case BookOutcome::kSnapshot:
      break;
  }
}

const schemas::Bbo* BookFacts::after_update(std::int64_t id) const {
  const auto found = by_update_.find(id);
  return found == by_update_.end() ? nullptr : &found->second;
}

boost::json::object BookFacts::json() const {
  boost::json::object out{
      {"snapshots", snapshots_},
      {"updates", updates_},
      {"applied", applied_},
      {"in_buffer", in_buffer_},
      {"stale", {{"count", stale_}}},
      {"no_snapshot", no_snapshot_},
      {"invalid", invalid_},
      {"duplicates", duplicates_},
      {"gaps", {{"count", gaps_}}},
      {"checksum", {{"ok", checksums_ok_}, {"bad", checksums_bad_}}},
      {"crossed", crossed_},
      {"bbo_changes", bbo_changes_},
      {"bbo_changes_all", bbo_changes_all_},
      {"bbo_sha256", bbo_sha256_.hex()},
      {"final", nullptr},
  };
  if (!final_) return out;
  boost::json::object last{{"bids", json_of(final_->bids)},
                           {"asks", json_of(final_->asks)},
                           {"levels", boost::json::array{final_->bid_levels, final_->ask_levels}}};
  if (final_->last_id) last["last_id"] = *final_->last_id;
  out["final"] = std::move(last);
  return out;
}

}  // namespace millrace::cli
