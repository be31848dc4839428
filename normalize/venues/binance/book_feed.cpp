#include "normalize/venues/binance/book_feed.h"

#include <algorithm>
#include <utility>

#include "normalize/venues/binance/message_reader.h"
#include "normalize/venues/binance/streams.h"
#include "schemas/events/time.h"

// How a book lives. The venue sends updates and no snapshot ("How to manage a local order book correctly"), so:
//
//   nothing    --start, update-->  asked      updates wait; a REST snapshot is under way
//   asked      --snapshot joins--> live       snapshot published, what waited applied or dropped as stale
//   asked      --too old, failed-> asked      again after a pause: at once, 0.5 s, 1 s ... 32 s
//   live       --gap-------------> live       while the other connection may fill it, updates wait
//   live       --gap, crossed----> asked      hole declared (gap), RECOVERING, updates wait
//   any        --connection gone-> nothing    of a live book the next snapshot declares the hole
//
// Between two calls exactly one of these holds: live_ is set, deadline_ is set (asked), or neither (nothing).
namespace millrace::normalize::binance {
namespace {

// A REST answer that takes longer, its waiting for the weight budget included, is taken for lost.
constexpr UnixNanos kAnswerWithin = 30 * kSecond;
constexpr UnixNanos kFirstRetry = kSecond / 2;
constexpr int kMostDoublings = 6;       // 32 s
constexpr UnixNanos kStable = kSecond;  // books that live shorter, one after another, are asked for ever more slowly
constexpr UnixNanos kCrossedFor = kSecond;
struct Bound {
  std::size_t updates;
  std::size_t levels;
};
// What may wait for a snapshot: 100 s of the fastest stream, or a few MB of rows. The oldest goes first, which only
// makes the snapshot have to be newer. The snapshot of a recording comes when it comes: some 100 MB there.
constexpr Bound kHeldLive{1'000, 200'000};
constexpr Bound kHeldOffline{100'000, 4'000'000};
constexpr std::size_t kMostUpdatesBeyondHole =
    100;  // of them beyond a hole in a live book: more than half a second brings

}  // namespace

BookFeed::BookFeed(const VenueConfig& config, const VenueOptions& options, InstrumentId instrument,
                   InstrumentInfo& info)
    : config_(config),
      instrument_(instrument),
      info_(info),
      max_levels_(static_cast<std::size_t>(std::max(0, options.max_levels))),
      request_(depth_request(config, options.snapshot_levels)),
      chain_(config.rule) {}

// The state is told once: after a loss it is RECOVERING, which says more than SYNCING.
void BookFeed::start(FeedContext& context) {
  if (live_ || deadline_) return;
  if (!had_book_) set_state(schemas::StreamState::kSyncing, "snapshot", context);
  ask(context);
}

// Updates ask for a snapshot themselves: in recordings, and where an acknowledgement was lost, nobody else does.
std::optional<Errc> BookFeed::on_update(Depth& update, FeedContext& context) {
  if (!live_) {
    hold(update, context);
    start(context);
    return std::nullopt;
  }
  const UpdateVerdict verdict = chain_.judge(update.ids);
  if (drop(verdict, update.ids, false, context)) return std::nullopt;
  if (verdict == UpdateVerdict::kGap) return on_hole(update, context);
  const EventMeta meta = meta_of(update, update.ids.u);
  if (apply(update.ids, update.decimals, update.bids, update.asks, meta, context)) {
    watch_crossed(context);
    if (!held_.empty()) replay(context);
    return std::nullopt;
  }
  declare_gap(update.ids, "bad_number", context);
  return Errc::kBadNumber;
}

// The one that brings what the other has brought already is past the hole, too.
std::optional<Errc> BookFeed::on_hole(const Depth& update, FeedContext& context) {
  const bool both_past = !held_.empty() && update.ids.u <= held_.back().ids.u;
  const bool full = held_.size() >= kMostUpdatesBeyondHole;
  if (may_be_filled(hole_until_, both_past || full, {instrument_, Dataset::kBook}, context)) {
    after_gap_ = true;  // should it stay one
    hold(update, context);
    return std::nullopt;
  }
  const bool first = held_.empty() || update.ids.u < held_.front().ids.u;
  declare_gap(first ? update.ids : held_.front().ids, "sequence", context);
  hold(update, context);
  return Errc::kSequenceGap;
}

// A snapshot that does not join would leave a hole at once. Asking again costs weight (20 to 50 for 1,000 levels), but
// loading it would cost the book and the same weight.
std::optional<Errc> BookFeed::on_snapshot(Snapshot& snapshot, FeedContext& context) {
  deadline_.reset();
  if (live_ && (hole_until_ || snapshot.id < chain_.last_id())) {
    context.out.on_drop("stale");
    return std::nullopt;
  }
  if (!joins(snapshot.id)) {  // too old for what waits
    ask(context);
    return std::nullopt;
  }
  if (!load(snapshot, context)) {
    lose_book(context, "bad_number");
    return Errc::kBadNumber;
  }
  replay(context);
  return std::nullopt;
}

void BookFeed::on_snapshot_failed(FeedContext& context) {
  deadline_.reset();
  if (!live_) ask(context);
}

// What waited is dropped too: after a reconnect it could only lead to a snapshot that is older than the new stream. The
// hole is declared later, by the snapshot, which knows how far it reaches.
void BookFeed::on_lost(FeedContext& context) {
  undeclared_ |= live_;
  attempts_ = 0;
  drop_held(context);
  deadline_.reset();
  live_ = false;
  after_gap_ = false;
  hole_until_.reset();
  crossed_since_.reset();
  set_state(schemas::StreamState::kRecovering, "connection", context);
}

std::optional<UnixNanos> BookFeed::on_time(FeedContext& context) {
  if (live_ && hole_until_) {
    if (context.now < *hole_until_) return hole_until_;
    declare_gap(held_.front().ids, "sequence", context);
  }
  if (live_ || !deadline_) return std::nullopt;
  if (context.now >= *deadline_) ask(context);
  return deadline_;
}

// Without venue times: nothing happened at the venue now. The id says which state it is.
bool BookFeed::refresh(EventSink& out) {
  if (!live_) return false;
  EventMeta meta;
  meta.venue_seq = chain_.last_id();
  meta.flags = state_flags() | schemas::flag::kSnapshot | schemas::flag::kRefresh;
  out.on_book({instrument_, Dataset::kBook}, meta, whole_book());
  return true;
}

// Copies, because the decoder's rows are reused by the next frame.
void BookFeed::hold(const Depth& update, FeedContext& context) {
  Update& held = held_.emplace_back();
  held.ids = update.ids;
  held.decimals = update.decimals;
  held.meta = meta_of(update, update.ids.u);
  held.meta.receive_time = context.now;
  held.bids = update.bids;
  held.asks = update.asks;
  held_levels_ += held.bids.size() + held.asks.size();
  const Bound& most = context.online ? kHeldLive : kHeldOffline;
  while (held_.size() > most.updates || (held_levels_ > most.levels && held_.size() > 1)) {
    tell_audit(context, after_gap_ ? BookOutcome::kInvalid : BookOutcome::kNoSnapshot, held_.front().ids.u);
    context.out.on_drop(after_gap_ ? "invalid" : "no_snapshot");
    held_levels_ -= held_.front().bids.size() + held_.front().asks.size();
    held_.pop_front();
  }
}

// Told one by one, so that drops and audit count every update exactly once.
void BookFeed::drop_held(FeedContext& context) {
  for (const Update& held : held_) {
    tell_audit(context, after_gap_ ? BookOutcome::kInvalid : BookOutcome::kNoSnapshot, held.ids.u);
    context.out.on_drop(after_gap_ ? "invalid" : "no_snapshot");
  }
  held_.clear();
  held_levels_ = 0;
}

// The first time at once, then with doubling pauses.
void BookFeed::ask(FeedContext& context) {
  UnixNanos not_before = 0;
  if (attempts_ > 0) not_before = context.now + (kFirstRetry << std::min(attempts_ - 1, kMostDoublings));
  ++attempts_;
  deadline_ = std::max(context.now, not_before) + kAnswerWithin;
  context.todo.rest.push_back(
      {"depth/" + info_.symbol, depth_target(config_, info_.symbol, request_.levels), request_.weight, not_before});
  context.todo.wake(deadline_);
}

// Books that die within a second of their birth, one after another, point at us or at a broken stream: then each costs
// a longer pause, so that REST is not hammered.
void BookFeed::lose_book(FeedContext& context, std::string_view reason) {
  if (live_) {
    quick_losses_ = context.now - live_since_ > kStable ? 0 : quick_losses_ + 1;
    attempts_ = std::max(0, quick_losses_ - 1);
  }
  live_ = false;
  after_gap_ = true;
  hole_until_.reset();
  crossed_since_.reset();
  set_state(schemas::StreamState::kRecovering, reason, context);
  if (!deadline_) ask(context);
}

// From and to are update ids; how many updates were between them nobody knows, hence no count. `to` is left out where
// the ids contradict each other.
void BookFeed::declare_gap(const UpdateIds& update, std::string_view reason, FeedContext& context) {
  schemas::GapMark mark;
  mark.kind = schemas::GapKind::kVenue;
  mark.from = chain_.first_missing();
  const std::int64_t last = chain_.last_missing(update);
  if (last >= *mark.from) mark.to = last;
  mark.reason = reason;
  context.out.on_gap({instrument_, Dataset::kBook}, std::move(mark));
  tell_audit(context, BookOutcome::kGap, update.u);
  lose_book(context, "gap");
}

// Does the snapshot contain or touch the oldest waiting update that it does not make stale?
bool BookFeed::joins(std::int64_t snapshot_id) const {
  UpdateChain chain(config_.rule);
  chain.load(snapshot_id);
  for (const Update& held : held_) {
    const UpdateVerdict verdict = chain.judge(held.ids);
    if (verdict != UpdateVerdict::kStale) return verdict == UpdateVerdict::kApply;
    chain.skipped(held.ids);
  }
  return true;
}

// Drops what the book already has; false if it is news.
bool BookFeed::drop(UpdateVerdict verdict, const UpdateIds& update, bool held, FeedContext& context) {
  if (verdict == UpdateVerdict::kApply || verdict == UpdateVerdict::kGap) return false;
  const bool duplicate = verdict == UpdateVerdict::kDuplicate;
  if (!duplicate) chain_.skipped(update);
  tell_audit(context, duplicate ? BookOutcome::kDuplicate : BookOutcome::kStale, update.u, held);
  context.out.on_drop(duplicate ? "duplicate" : "stale");
  return true;
}

// The frame at hand is not to blame for what fails here: the hole says it. The front stays in the queue until it is
// dealt with: a gap must leave it there, as the next snapshot may join it.
void BookFeed::replay(FeedContext& context) {
  while (!held_.empty()) {
    Update& update = held_.front();
    const UpdateVerdict verdict = chain_.judge(update.ids);
    if (!drop(verdict, update.ids, true, context)) {
      if (verdict == UpdateVerdict::kGap && hole_until_ && context.now < *hole_until_) return;
      if (verdict == UpdateVerdict::kGap) {  // a hole among those that waited: they go on waiting
        return declare_gap(update.ids, "sequence", context);
      }
      if (!apply(update.ids, update.decimals, update.bids, update.asks, update.meta, context)) {
        declare_gap(update.ids, "bad_number", context);
        return drop_held(context);
      }
    }
    held_levels_ -= std::min(held_levels_, update.bids.size() + update.asks.size());
    held_.pop_front();
  }
  hole_until_.reset();
  after_gap_ = false;
}

// Decimals only ever grow, for the instrument and for its book; what comes coarser is raised.
bool BookFeed::align(Decimals decimals, std::vector<Level>& bids, std::vector<Level>& asks) {
  const int price = std::max(decimals.price, info_.price_decimals);
  const int quantity = std::max(decimals.quantity, info_.quantity_decimals);
  if (const int steps = price - decimals.price; steps > 0 && !(raise_prices(bids, steps) && raise_prices(asks, steps)))
    return false;
  if (const int steps = quantity - decimals.quantity;
      steps > 0 && !(raise_quantities(bids, steps) && raise_quantities(asks, steps)))
    return false;
  const std::int32_t before = book_.price_exponent;
  if (!book_.refine(-price, -quantity)) return false;
  for (std::int32_t exponent = before; exponent > book_.price_exponent; --exponent) {
    proven_bids_.scale(10);
    proven_asks_.scale(10);
  }
  info_.price_decimals = price;
  info_.quantity_decimals = quantity;
  return true;
}

// The order of what is told is the order a consumer needs: the hole, the book, the quote, the state. A snapshot with as
// many levels as were asked for was cut there; one with fewer is the whole side.
bool BookFeed::load(Snapshot& snapshot, FeedContext& context) {
  book_.clear();
  proven_bids_.all();
  proven_asks_.all();
  if (!align(snapshot.decimals, snapshot.bids, snapshot.asks)) return false;
  const auto fill = [this, &snapshot](LadderSide& side, ProvenSide& proven, const std::vector<Level>& rows) {
    side.load(rows);
    if (rows.size() >= snapshot.levels_asked && side.worst()) {
      proven.limit(side.worst()->price, side.size());
    }
    return limit_side(side, proven, max_levels_, nullptr);
  };
  depth_limited_ = fill(book_.bids, proven_bids_, snapshot.bids);
  depth_limited_ |= fill(book_.asks, proven_asks_, snapshot.asks);

  if (std::exchange(undeclared_, false)) {
    schemas::GapMark mark{schemas::GapKind::kVenue, chain_.last_id() + 1, std::nullopt, std::nullopt, "connection"};
    if (snapshot.id > chain_.last_id()) mark.to = snapshot.id;
    context.out.on_gap({instrument_, Dataset::kBook}, std::move(mark));
  }
  hole_until_.reset();
  chain_.load(snapshot.id, live_ ? std::optional(chain_.last_id()) : std::nullopt);
  live_ = true;
  attempts_ = 0;
  had_book_ = true;
  after_gap_ = false;
  live_since_ = context.now;
  EventMeta meta = meta_of(snapshot, snapshot.id);
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags |= state_flags() | schemas::flag::kSnapshot;
  if (context.publish_book) context.out.on_book({instrument_, Dataset::kBook}, meta, whole_book());
  tell_audit(context, BookOutcome::kSnapshot, snapshot.id);
  publish_bbo(meta, context);
  set_state(schemas::StreamState::kLive, "synced", context);
  return true;
}

// Most updates have the book's own decimals; only others pay for align(). Rows that fall out of a limited book are
// appended to the delta as deletions, so that a consumer's book stays equal to ours.
bool BookFeed::apply(const UpdateIds& ids, Decimals decimals, std::vector<Level>& bids, std::vector<Level>& asks,
                     EventMeta meta, FeedContext& context) {
  if ((decimals.price != -book_.price_exponent || decimals.quantity != -book_.quantity_exponent) &&
      !align(decimals, bids, asks))
    return false;
  book_.bids.expect(bids);
  book_.asks.expect(asks);
  for (const Level& row : bids) proven_bids_.changed(row.price, book_.bids.set(row.price, row.quantity), row.quantity);
  for (const Level& row : asks) proven_asks_.changed(row.price, book_.asks.set(row.price, row.quantity), row.quantity);
  depth_limited_ |= limit_side(book_.bids, proven_bids_, max_levels_, &bids);
  depth_limited_ |= limit_side(book_.asks, proven_asks_, max_levels_, &asks);
  chain_.applied(ids);
  meta.flags |= state_flags();
  if (context.publish_book) {
    schemas::Book delta = frame_of(schemas::BookKind::kDelta, bids, asks);
    delta.venue_seq_first = ids.U;
    delta.venue_seq_prev = ids.pu;
    context.out.on_book({instrument_, Dataset::kBook}, meta, delta);
  }
  tell_audit(context, BookOutcome::kApplied, ids.u, meta.receive_time.has_value());
  publish_bbo(meta, context);
  return true;
}

std::uint32_t BookFeed::state_flags() const noexcept {
  return (book_.crossed() ? schemas::flag::kCrossed : 0) | (depth_limited_ ? schemas::flag::kDepthLimited : 0);
}

// The worse of the two sides; a side that is complete does not count.
std::optional<std::int32_t> BookFeed::proven_depth() const noexcept {
  const auto bids = proven_bids_.depth();
  const auto asks = proven_asks_.depth();
  if (!bids && !asks) return std::nullopt;
  return static_cast<std::int32_t>(bids && asks ? std::min(*bids, *asks) : bids.value_or(asks.value_or(0)));
}

schemas::Book BookFeed::frame_of(schemas::BookKind kind, std::span<const Level> bids,
                                 std::span<const Level> asks) const {
  schemas::Book body;
  body.kind = kind;
  body.price_exponent = book_.price_exponent;
  body.quantity_exponent = book_.quantity_exponent;
  body.bids = bids;
  body.asks = asks;
  body.proven_depth = proven_depth();
  return body;
}

schemas::Book BookFeed::whole_book() {
  all_bids_.clear();
  all_asks_.clear();
  book_.bids.append_all(all_bids_);
  book_.asks.append_all(all_asks_);
  return frame_of(schemas::BookKind::kSnapshot, all_bids_, all_asks_);
}

// A quote is a state and not a snapshot of one, so the flag of its book is taken off.
void BookFeed::publish_bbo(const EventMeta& meta, FeedContext& context) {
  if (!context.publish_bbo) return;
  const schemas::Bbo bbo = book_.bbo();
  const bool same = bbo.bid == last_bbo_.bid && bbo.ask == last_bbo_.ask &&
                    bbo.price_exponent == last_bbo_.price_exponent &&
                    bbo.quantity_exponent == last_bbo_.quantity_exponent;
  if (same) return;
  last_bbo_ = bbo;
  EventMeta derived = meta;
  derived.flags &= ~schemas::flag::kSnapshot;
  context.out.on_bbo({instrument_, Dataset::kBboBook}, derived, bbo);
}

// A crossed book with an unbroken chain may be the venue's own doing: one resync, then it only carries the flag.
void BookFeed::watch_crossed(FeedContext& context) {
  if (!context.online) return;
  if (!book_.crossed()) {
    crossed_since_.reset();
    resynced_for_crossed_ = false;
    return;
  }
  if (!crossed_since_) crossed_since_ = context.now;
  if (resynced_for_crossed_ || context.now - *crossed_since_ < kCrossedFor) return;
  resynced_for_crossed_ = true;
  context.out.on_gap({instrument_, Dataset::kBook},
                     {schemas::GapKind::kVenue, chain_.last_id() + 1, std::nullopt, std::nullopt, "crossed"});
  lose_book(context, "crossed");
}

// only for the datasets that somebody carries
void BookFeed::set_state(schemas::StreamState state, std::string_view reason, FeedContext& context) const {
  if (context.publish_book) context.out.on_state({instrument_, Dataset::kBook}, state, reason);
  if (context.publish_bbo) context.out.on_state({instrument_, Dataset::kBboBook}, state, reason);
}

void BookFeed::tell_audit(FeedContext& context, BookOutcome outcome, std::int64_t last_id, bool in_buffer) const {
  if (context.audit == nullptr) return;
  BookAudit::Event event;
  event.instrument = instrument_;
  event.outcome = outcome;
  event.book = &book_;
  event.in_buffer = in_buffer;
  event.last_id = last_id;
  context.audit->on_book_message(event);
}

}  // namespace millrace::normalize::binance
