#include "replay/fills/account_sidecar.h"

#include <algorithm>
#include <utility>

namespace millrace::fills {
namespace {

constexpr std::int64_t kCursorRetry = 5'000'000'000;
constexpr std::int64_t kForgetMargin = 3'600'000'000'000;  // ids are kept so much longer than any sweep reaches back

FillsSettings complete(FillsSettings settings, const normalize::AccountCapabilities& can) {
  if (settings.safety_lag_ns == 0) settings.safety_lag_ns = can.safety_lag_ns;
  return settings;
}

AccountState make_state(const normalize::AccountVenue& venue, SidecarPorts& ports, RateShare& share,
                        const FillsSettings& settings) {
  return {venue, ports, settings, share, KnownIds(settings.most_known), {}, 1, {}, true, {}};
}

}  // namespace

AccountSidecar::AccountSidecar(const normalize::AccountVenue& venue, SidecarPorts& ports, RateShare& share,
                               FillsSettings settings, UnixNanos now)
    : state_(make_state(venue, ports, share, complete(std::move(settings), venue.capabilities()))),
      triggers_(state_.settings.triggers, now),
      sweep_(state_) {
  if (venue.capabilities().fills_per_symbol) {
    scopes_.insert(state_.settings.symbols.begin(), state_.settings.symbols.end());
  } else {
    scopes_.insert("");
  }
}

void AccountSidecar::adopt(const schemas::Cursor& cursor) {
  state_.cursor.adopt(cursor);
  if (!state_.venue.capabilities().fills_per_symbol) return;
  for (const schemas::CursorScope& scope : cursor.scopes) {
    if (!scope.symbol.empty()) scopes_.insert(scope.symbol);
  }
}

UnixNanos AccountSidecar::tail_from(UnixNanos now) const {
  return fills::tail_from(state_.cursor, now + state_.clock_offset.value_or(0), state_.settings) - kForgetMargin;
}

void AccountSidecar::start(UnixNanos known_from, UnixNanos now) {
  state_.known.set_whole_from(std::max(known_from, state_.known.whole_from()));
  started_ = true;
  after(now);
}

// The wish is kept until its last piece is done.
void AccountSidecar::begin_next(UnixNanos now) {
  if (!started_ || sweep_.running() || cursor_unknown_) return;
  if (!wish_) {
    if (scopes_.empty() && !triggers_.waits_by_hand()) return;
    wish_ = triggers_.take(now);
    if (!wish_) return;
    left_.clear();
    progress_ = {};
    progress_.span_ns = state_.settings.piece_ns;
    progress_.grace_ns = state_.live_since ? state_.settings.grace_ns : 0;
  }
  sweep_.begin(*wish_, scopes_of(*wish_), progress_, ++sweeps_, now);
}

std::set<std::string> AccountSidecar::scopes_of(const Wish& wish) const {
  const bool all = !state_.venue.capabilities().fills_per_symbol || wish.symbols.empty();
  std::set<std::string> scopes = all ? scopes_ : wish.symbols;
  for (const std::string& symbol : left_) scopes.erase(symbol);
  return scopes;
}

// After whatever happened: has a sweep ended, may the next one begin?
void AccountSidecar::after(UnixNanos now) {
  auto end = sweep_.take_end();
  if (end) ended(*end, now);
  begin_next(now);
}

void AccountSidecar::ended(SweepEnd& end, UnixNanos now) {
  add(end);
  progress_ = sweep_.progress();
  if (end.cursor_unknown) ask_cursor(now);
  end.last = piece_done(end, now);
  if (end.last) wish_.reset();
  end_ = end;
}

// True: there is no next piece of the wish, or not now.
bool AccountSidecar::piece_done(const SweepEnd& end, UnixNanos now) {
  // The venue answers, but not about these.
  const bool one_sided = end.why == Failure::kVenue && !end.left.empty() && end.left.size() < scopes_.size();
  if (!end.ok && !one_sided) {
    triggers_.failed(*wish_, end.why, end.not_before, now);
    return true;
  }
  left_.insert(end.left.begin(), end.left.end());
  if (*progress_.reached < *progress_.target && !scopes_of(*wish_).empty()) {
    progress_.span_ns = std::min(progress_.span_ns * 2, state_.settings.piece_ns);
    return false;
  }
  if (left_.empty()) {
    triggers_.succeeded();
  } else {
    triggers_.partly_failed(*wish_, left_, now);
  }
  state_.known.forget_before(tail_from(now));
  return true;
}

void AccountSidecar::add(const SweepEnd& end) {
  ++(end.ok ? counters_.sweeps_completed : counters_.sweeps_failed);
  counters_.requests += end.recovery.requests;
  counters_.fills_read += end.recovery.fills_read;
  counters_.fills_missing += end.missing;
  counters_.missing_while_live += end.missing_while_live;
  counters_.fills_richer += end.recovery.fills_richer;
  counters_.late_fills += end.late;
  counters_.contradictions += end.contradictions;
}

void AccountSidecar::on_record(std::string_view symbol, UnixNanos venue_time, const schemas::Execution& execution,
                               UnixNanos now) {
  state_.known.add(symbol, venue_time, execution);
  note_symbol(symbol, now);
}

void AccountSidecar::note_symbol(std::string_view symbol, UnixNanos now) {
  if (!state_.venue.capabilities().fills_per_symbol || symbol.empty()) return;
  if (scopes_.emplace(symbol).second) triggers_.note(Trigger::kSymbol, now, std::string(symbol));
}

void AccountSidecar::on_stream(schemas::StreamState state, std::string_view reason, std::int64_t epoch,
                               const std::string& symbol, UnixNanos now) {
  const bool live = state == schemas::StreamState::kLive;
  const bool again = live && (!state_.live_since || epoch != epoch_ || reason == "resubscribed");
  if (again) state_.live_since = now;
  if (!live) state_.live_since.reset();
  if (live) epoch_ = epoch;
  triggers_.stream(live, now);
  if (again) triggers_.note(Trigger::kReconnect, now);
  note_symbol(symbol, now);
  if (reason == "quantity_mismatch") triggers_.note(Trigger::kQuantityMismatch, now, symbol);
  if (reason == "balance_mismatch") triggers_.note(Trigger::kBalanceMismatch, now, symbol);
  if (reason == "fills_from_rest") {
    state_.stream_tells_fills = false;
    triggers_.note(Trigger::kFillsFromRest, now, symbol);
  }
}

void AccountSidecar::on_answer(std::int64_t id, const normalize::PrivateAnswer& answer, UnixNanos now) {
  sweep_.on_answer(id, answer, now);
  after(now);
}

void AccountSidecar::on_token(std::int64_t id, bool renewed, UnixNanos now) {
  sweep_.on_token(id, renewed, now);
  after(now);
}

void AccountSidecar::on_caught_up(std::int64_t id, bool done, std::string_view error, UnixNanos now) {
  sweep_.on_caught_up(id, done, error);
  after(now);
}

void AccountSidecar::on_published(std::int64_t id, bool acknowledged, std::string_view error, UnixNanos now) {
  sweep_.on_published(id, acknowledged, error);
  after(now);
}

void AccountSidecar::on_committed(std::int64_t id, bool committed, std::string_view error, UnixNanos now) {
  sweep_.on_committed(id, committed, error);
  after(now);
}

// Until it is known what became of the commit, nothing is read, published or written: the next commit could put the
// cursor back.
void AccountSidecar::ask_cursor(UnixNanos now) {
  cursor_unknown_ = true;
  cursor_again_ = now + kCursorRetry;
  cursor_asked_ = state_.next_id++;
  state_.ports.read_cursor(cursor_asked_);
}

void AccountSidecar::on_cursor(std::int64_t id, const schemas::Cursor* cursor, UnixNanos now) {
  if (id != cursor_asked_ || id == 0) return;
  cursor_asked_ = 0;
  cursor_again_ = now + kCursorRetry;
  if (cursor == nullptr) return;
  adopt(*cursor);
  cursor_unknown_ = false;
  after(now);
}

void AccountSidecar::on_time(UnixNanos now) {
  if (cursor_unknown_ && cursor_asked_ == 0 && cursor_again_ <= now) ask_cursor(now);
  sweep_.on_time(now);
  after(now);
}

std::optional<UnixNanos> AccountSidecar::wake_at() const {
  if (!started_) return std::nullopt;
  if (sweep_.running()) return sweep_.wake_at();
  if (cursor_unknown_) return cursor_asked_ == 0 ? std::optional(cursor_again_) : std::nullopt;
  return scopes_.empty() && !triggers_.waits_by_hand() ? std::nullopt : triggers_.next();
}

std::optional<schemas::Cursor> AccountSidecar::sign_of_life() const {
  if (cursor_unknown_ || sweep_.phase() == Sweep::Phase::kCommit) return std::nullopt;
  return cursor_record(state_, state_.cursor);
}

std::optional<SweepEnd> AccountSidecar::take_end() { return std::exchange(end_, std::nullopt); }

SidecarProgress AccountSidecar::progress() const {
  SidecarProgress progress;
  progress.phase = sweep_.phase();
  progress.sweep = sweeps_;
  progress.reached = progress_.reached.value_or(0);
  progress.target = sweep_.progress().target.value_or(0);
  progress.fills_read = sweep_.fills_read();
  progress.acknowledged = sweep_.acknowledged();
  progress.to_publish = sweep_.to_publish();
  return progress;
}

}  // namespace millrace::fills
