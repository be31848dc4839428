#include "normalize/venues/kraken/book_feed.h"

#include <algorithm>

namespace millrace::normalize::kraken {

namespace {

using schemas::BookKind;
using schemas::StreamState;
namespace flag = schemas::flag;

// ns. A book that stays crossed for so long while the market is open is worth one resync: for moments the venue's own
// sides may cross, as their updates are separate messages.
constexpr UnixNanos kCrossedTolerance = 1'000'000'000;

bool same(const schemas::Bbo& a, const schemas::Bbo& b) noexcept {
  return a.bid == b.bid && a.ask == b.ask && a.price_exponent == b.price_exponent &&
         a.quantity_exponent == b.quantity_exponent;
}

}  // namespace

// A snapshot is always taken, whoever asked for it: it is the venue's own word on the whole book.
Result<BookFeed::Action> BookFeed::on_message(InstrumentId id, const Message& message, Feeder feeder,
                                              UnixNanos receive_time, EventSink& out) {
  if (message.snapshot) return on_snapshot(id, message.book, feeder, out);
  if (const auto drop = useless(venue_.of(id), message.book, feeder.number)) {
    out.on_drop(drop->reason);
    tell_audit(id, drop->outcome, std::nullopt);
    return Action::kNone;
  }
  return on_update(id, message.book, feeder, receive_time, out);
}

// Why an update cannot be applied, if so. The order matters: an invalid book says so whatever its times are.
std::optional<BookFeed::Drop> BookFeed::useless(const SymbolState& symbol, const BookBody& body,
                                                std::uint32_t feeder) noexcept {
  const DepthBook::State state = symbol.book.state();
  if (state != DepthBook::State::kLive) {
    const bool invalid = state == DepthBook::State::kInvalid && symbol.feeder == feeder;
    if (invalid) return Drop{"invalid", BookOutcome::kInvalid};
    return Drop{"no_snapshot", BookOutcome::kNoSnapshot};
  }
  // Two connections overlap: the later snapshot took the book over, and this is the other one's copy.
  if (symbol.feeder != feeder) return Drop{"duplicate", BookOutcome::kDuplicate};
  // The venue's times rise from update to update: an older one was repeated or overtaken. Its checksum may still agree,
  // with the book as it was then.
  const bool older = body.time.time && symbol.update_time && *body.time.time < *symbol.update_time;
  if (older) return Drop{"stale", BookOutcome::kStale};
  return std::nullopt;
}

// Everything that can fail comes before the book is touched, but the checksum, which needs the book. The depth cannot
// be read off a frame: a thin market's snapshot is shorter than what was asked for, and a wrong depth cuts levels at
// the wrong place (docs.kraken.com, guides/spot-ws-book-v2: truncate to the subscribed depth after every message).
Result<BookFeed::Action> BookFeed::on_snapshot(InstrumentId id, const BookBody& body, Feeder feeder, EventSink& out) {
  SymbolState& symbol = venue_.of(id);
  const std::size_t levels = std::max(body.bids.size(), body.asks.size());
  const int depth = feeder.depth != 0 ? feeder.depth : offered_depth(levels);
  if (depth == 0) return Error{Errc::kTooLarge, body.bids.size() == levels ? "data[0].bids" : "data[0].asks"};
  InstrumentInfo& info = venue_.instruments[id];
  Precision precision = Precision::of(info);
  if (auto scanned = rows_.scan(body, precision); !scanned) return scanned.error();
  precision.remember(info);
  symbol.feeder = feeder.number;
  symbol.book_time = body.time.time;
  symbol.update_time.reset();
  if (!symbol.book.load(rows_, precision, depth, body.checksum)) return refuse(id, BookOutcome::kSnapshot, out);
  tell_audit(id, BookOutcome::kSnapshot, true);
  EventMeta meta = meta_of(body.time, true);
  if (symbol.repairing || !symbol.hole.empty()) meta.flags |= flag::kReset;
  if (!symbol.hole.empty()) declare_hole(id, symbol.hole, out);
  symbol.hole = {};
  symbol.repairing = false;
  symbol.last_bbo.reset();
  publish_whole(id, meta, out);
  set_states(id, StreamState::kLive, "live", out);
  return Action::kSnapshotLoaded;
}

// The numbers are read at the instrument's precision before they are applied: one update of a finer number would
// otherwise be rounded, and the checksum is over digits.
Result<BookFeed::Action> BookFeed::on_update(InstrumentId id, const BookBody& body, Feeder feeder,
                                             UnixNanos receive_time, EventSink& out) {
  SymbolState& symbol = venue_.of(id);
  InstrumentInfo& info = venue_.instruments[id];
  // A live book keeps the finest precision that it had: a coarser one begins with its next snapshot.
  Precision precision = Precision::of(info);
  precision.price = std::max(precision.price, -symbol.book.book().price_exponent);
  precision.quantity = std::max(precision.quantity, -symbol.book.book().quantity_exponent);
  if (auto scanned = rows_.scan(body, precision); !scanned) return scanned.error();
  if (!symbol.book.refine(precision)) return Error{Errc::kBadNumber, "data[0]"};
  precision.remember(info);
  symbol.book_time = body.time.time;
  if (body.time.time) symbol.update_time = body.time.time;
  // An ack may come behind its snapshot, which then was too short to tell the depth.
  if (feeder.depth != 0) symbol.book.set_depth(feeder.depth);
  if (!symbol.book.apply(rows_, body.checksum)) return refuse(id, BookOutcome::kBadChecksum, out);
  tell_audit(id, BookOutcome::kApplied, true);
  publish(id, BookKind::kDelta, meta_of(body.time, false), out);
  return check_crossed(symbol, receive_time);
}

// The book disagrees with the venue's checksum: nothing of the message is published, and the hole is declared.
Error BookFeed::refuse(InstrumentId id, BookOutcome outcome, EventSink& out) {
  SymbolState& symbol = venue_.of(id);
  tell_audit(id, outcome, false);
  // One wrong snapshot after the other is one hole.
  if (!symbol.repairing) declare_hole(id, symbol.hole.empty() ? "checksum" : symbol.hole, out);
  symbol.hole = {};
  symbol.repairing = true;
  symbol.last_bbo.reset();
  set_states(id, StreamState::kRecovering, "checksum", out);
  return {Errc::kBadChecksum, "data[0].checksum"};
}

// A book that is not live has its hole declared already, or never began.
void BookFeed::interrupt(InstrumentId id, std::string_view reason, bool valid) {
  SymbolState& symbol = venue_.of(id);
  if (symbol.book.state() != DepthBook::State::kLive) return;
  symbol.hole = reason;
  if (!valid) symbol.book.invalidate();
}

// Origin stays LIVE: nothing was asked of the venue, the book is the one that its updates made.
bool BookFeed::refresh(InstrumentId id, EventSink& out) {
  SymbolState& symbol = venue_.of(id);
  if (symbol.book.state() != DepthBook::State::kLive) return false;
  EventMeta meta;
  meta.venue_time = symbol.book_time;
  meta.flags = flag::kSnapshot | flag::kRefresh;
  if (!symbol.book_time) meta.flags |= flag::kBadVenueTime;
  publish_whole(id, meta, out);
  return true;
}

// Goes through the same buffer as updates, so that publish() has one source and a refresh costs no memory of its own.
void BookFeed::publish_whole(InstrumentId id, const EventMeta& meta, EventSink& out) {
  const Book& book = venue_.of(id).book.book();
  rows_.bids.clear();
  rows_.asks.clear();
  book.bids.append_all(rows_.bids);
  book.asks.append_all(rows_.asks);
  publish(id, BookKind::kSnapshot, meta, out);
}

// Publishes the levels of `rows_`.
void BookFeed::publish(InstrumentId id, BookKind kind, EventMeta meta, EventSink& out) {
  const DepthBook& held = venue_.of(id).book;
  schemas::Book event;
  event.kind = kind;
  event.price_exponent = held.book().price_exponent;
  event.quantity_exponent = held.book().quantity_exponent;
  event.bids = rows_.bids;
  event.asks = rows_.asks;
  event.venue_checksum = held.checksum();
  event.price_decimals = -event.price_exponent;
  event.quantity_decimals = -event.quantity_exponent;
  if (!held.fresh()) event.proven_depth = static_cast<std::int32_t>(kCheckedLevels);
  event.depth = held.depth();
  meta.flags |= flag::kChecksumOk;
  if (held.book().crossed()) meta.flags |= flag::kCrossed;
  out.on_book({id, Dataset::kBook}, meta, event);
  if ((meta.flags & flag::kRefresh) == 0 && venue_.wants_bbo_book(id)) publish_bbo(id, meta, out);
}

// Most updates leave the best alone; behind a hole the memory is empty, and the quote is said again.
void BookFeed::publish_bbo(InstrumentId id, const EventMeta& meta, EventSink& out) {
  SymbolState& symbol = venue_.of(id);
  const schemas::Bbo bbo = symbol.book.book().bbo();
  if (symbol.last_bbo && same(*symbol.last_bbo, bbo)) return;
  symbol.last_bbo = bbo;
  out.on_bbo({id, Dataset::kBboBook}, meta, bbo);
}

// How much is missing nobody knows: the venue numbers nothing.
void BookFeed::declare_hole(InstrumentId id, std::string_view reason, EventSink& out) {
  schemas::GapMark mark;
  mark.kind = schemas::GapKind::kVenue;
  mark.reason = reason;
  if (venue_.wants_bbo_book(id)) out.on_gap({id, Dataset::kBboBook}, mark);
  out.on_gap({id, Dataset::kBook}, std::move(mark));
}

// The derived quote is as good as its book.
void BookFeed::set_states(InstrumentId id, StreamState state, std::string_view reason, EventSink& out) {
  venue_.set_state({id, Dataset::kBook}, state, reason, out);
  if (venue_.wants_bbo_book(id)) venue_.set_state({id, Dataset::kBboBook}, state, reason, out);
}

// Crossed with a right checksum is the venue's own state: flagged, and believed after one try. While the market is not
// online a crossed book is normal, so its time counts from the end of that.
BookFeed::Action BookFeed::check_crossed(SymbolState& symbol, UnixNanos receive_time) const {
  if (!symbol.book.book().crossed()) {
    symbol.crossed_since.reset();
    symbol.crossed_resync = false;
    return Action::kNone;
  }
  if (!symbol.crossed_since || !venue_.online()) symbol.crossed_since = receive_time;
  if (symbol.crossed_resync || receive_time - *symbol.crossed_since < kCrossedTolerance) return Action::kNone;
  symbol.crossed_resync = true;
  return Action::kResyncCrossed;
}

// Off the hot path when nobody listens, which is always so live.
void BookFeed::tell_audit(InstrumentId id, BookOutcome outcome, std::optional<bool> checksum_ok) const {
  if (!venue_.audit) return;
  BookAudit::Event event;
  event.instrument = id;
  event.outcome = outcome;
  event.book = &venue_.of(id).book.book();
  event.checksum_ok = checksum_ok;
  venue_.audit->on_book_message(event);
}

}  // namespace millrace::normalize::kraken
