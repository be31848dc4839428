#include "replay/fills/sweep.h"

#include <utility>

#include "replay/fills/planted.h"

namespace millrace::fills {

using schemas::RecoveryPhase;

void add_symbol(const std::string& symbol, schemas::Recovery& recovery) {
  if (!symbol.empty()) recovery.symbols.push_back(symbol);
}

schemas::Cursor cursor_record(const AccountState& state, const CursorState& cursor) {
  schemas::Cursor record;
  record.venue = state.venue.venue_name();
  record.account = state.settings.account;
  record.name = "fills";
  record.instance = state.settings.instance;
  record.worker = state.settings.worker;
  record.scopes = cursor.to_scopes();
  return record;
}

Sweep::Sweep(AccountState& state)
    : state_(state),
      talk_(state.venue, state.ports, state.share, state.next_id,
            {state.settings.request_tries, state.settings.limited_tries}),
      batch_(state.known) {}

void Sweep::begin(const Wish& wish, const std::set<std::string>& scopes, const Progress& progress, std::int64_t number,
                  UnixNanos now) {
  wish_ = wish;
  scopes_ = scopes;
  progress_ = progress;
  venue_now_ = 0;
  plan_ = {};
  recovery_ = {};
  recovery_.instance = state_.settings.instance;
  recovery_.sweep = number;
  recovery_.trigger = name(wish.trigger);
  read_parts_.clear();
  batch_.clear();
  outgoing_.clear();
  publish_error_.clear();
  read_errors_.clear();
  end_ = {};
  talk_.take_sent();
  phase_ = Phase::kTime;
  talk_.ask(state_.venue.time_request(), now);
}

// From here on the order is that of P3: compare, publish, acknowledged, commit, believe.
void Sweep::pages_done() {
  talk_.drop();
  recovery_.requests = talk_.take_sent();
  recovery_.fills_read = batch_.read();
  if (read_parts_.empty()) return fail(end_.why, read_errors_, end_.left);
  recovery_.symbols.clear();
  for (const std::size_t part : read_parts_) add_symbol(plan_.parts[part].symbol, recovery_);
  phase_ = Phase::kCatchUp;
  awaited_ = state_.next_id++;
  state_.ports.catch_up(awaited_);
}

void Sweep::on_caught_up(std::int64_t id, bool done, std::string_view error) {
  if (phase_ != Phase::kCatchUp || id != awaited_) return;
  if (!done) return fail(Failure::kBroker, "cannot read the execution topic: " + std::string(error));
  compare();
  if (wish_.dry_run) {
    for (const Outgoing& outgoing : outgoing_) state_.ports.would_publish(outgoing.fill);
    return finish(end_.left.empty());
  }
  phase_ = Phase::kPublish;
  publish_more();
}

// Against what is known by now: the stream may have told some of it meanwhile.
void Sweep::compare() {
  outgoing_ = batch_.settle();
  end_.contradictions = batch_.contradictions();
  next_out_ = acknowledged_ = 0;
  unacked_.clear();
  for (Outgoing& outgoing : outgoing_) count(outgoing);
}

void Sweep::count(Outgoing& outgoing) {
  const normalize::FoundFill& fill = outgoing.fill;
  if (outgoing.finding == Finding::kRicher) ++recovery_.fills_richer;
  if (outgoing.finding != Finding::kMissing) return;
  ++recovery_.fills_missing;
  const UnixNanos our_time = fill.venue_time - state_.clock_offset.value_or(0);
  outgoing.while_live = state_.stream_tells_fills && state_.live_since && our_time > *state_.live_since;
  const auto through = state_.cursor.through(state_.venue.capabilities().fills_per_symbol ? fill.symbol : "");
  const bool claimed = through && fill.venue_time <= *through && fill.venue_time >= state_.known.whole_from();
  outgoing.late = claimed && fill.execution.kind == schemas::ExecutionKind::kTrade;
  if (outgoing.late) ++recovery_.late_fills;
}

void Sweep::count_published(const Outgoing& outgoing) {
  if (outgoing.finding != Finding::kMissing) return;
  ++end_.missing;
  if (outgoing.while_live) ++end_.missing_while_live;
  if (outgoing.late) ++end_.late;
}

void Sweep::publish_more() {
  while (publish_error_.empty() && next_out_ < outgoing_.size() && unacked_.size() < state_.settings.most_unacked) {
    const Outgoing& outgoing = outgoing_[next_out_];
    const std::int64_t id = state_.next_id++;
    if (planted::kSeenBeforeAck) {
      state_.known.add(outgoing.fill.symbol, outgoing.fill.venue_time, outgoing.fill.execution);
      ++acknowledged_;
    } else {
      unacked_.emplace(id, next_out_);
    }
    ++next_out_;
    state_.ports.publish(id, outgoing.fill, outgoing.received);
  }
  if (!unacked_.empty()) return;
  if (!publish_error_.empty()) return fail(Failure::kBroker, "a fill was not acknowledged: " + publish_error_);
  commit();
}

// Known only now. After a failure the others' answers are awaited all the same, so that nothing of this sweep is under
// way when the next one compares.
void Sweep::on_published(std::int64_t id, bool acknowledged, std::string_view error) {
  const auto place = unacked_.find(id);
  if (place == unacked_.end()) return;
  const Outgoing& outgoing = outgoing_[place->second];
  const normalize::FoundFill& fill = outgoing.fill;
  unacked_.erase(place);
  if (acknowledged) {
    ++acknowledged_;
    count_published(outgoing);
    state_.known.add(fill.symbol, fill.venue_time, fill.execution);
  } else if (publish_error_.empty()) {
    publish_error_ = error.empty() ? "no reason given" : error;
  }
  publish_more();
}

void Sweep::commit() {
  committing_ = state_.cursor;
  for (const std::size_t part : read_parts_) {
    const SweepPlan::Part& read = plan_.parts[part];
    const UnixNanos from = planted::kNoOverlap ? 0 : read.from;  // joins on, although nothing overlaps
    committing_.advance(read.symbol, from, plan_.through, !wish_.from);
  }
  recovery_.phase = RecoveryPhase::kCompleted;
  recovery_.watermark = watermark(committing_);
  phase_ = Phase::kCommit;
  awaited_ = state_.next_id++;
  state_.ports.commit(awaited_, cursor_record(state_, committing_), recovery_);
}

void Sweep::on_committed(std::int64_t id, bool committed, std::string_view error) {
  if (phase_ != Phase::kCommit || id != awaited_) return;
  if (!committed) {
    end_.cursor_unknown = true;
    return fail(Failure::kBroker, "cursor and recovery were not committed: " + std::string(error));
  }
  state_.cursor = committing_;
  finish(end_.left.empty());
}

// Of all that was read: the least.
std::optional<UnixNanos> Sweep::watermark(const CursorState& cursor) const {
  std::optional<UnixNanos> least;
  for (const std::size_t part : read_parts_) {
    const auto through = cursor.through(plan_.parts[part].symbol);
    if (!through) return std::nullopt;
    least = std::min(least.value_or(*through), *through);
  }
  return least;
}

void Sweep::fail(Failure why, const std::string& error, std::set<std::string> left) {
  end_.why = why;
  end_.left = std::move(left);
  recovery_.requests += talk_.take_sent();
  recovery_.phase = RecoveryPhase::kFailed;
  recovery_.watermark.reset();
  recovery_.error = error;
  end_.error = error;
  if (!wish_.dry_run) state_.ports.tell(recovery_);
  finish(false);
}

// `ok` or some scopes failed: those that did are told apart from the commit.
void Sweep::finish(bool ok) {
  talk_.drop();
  if (end_.error.empty()) end_.error = read_errors_;
  if (!ok && recovery_.phase == RecoveryPhase::kCompleted) {
    schemas::Recovery rest = recovery_;
    rest.phase = RecoveryPhase::kFailed;
    rest.symbols.assign(end_.left.begin(), end_.left.end());
    rest.watermark.reset();
    rest.error = read_errors_;
    state_.ports.tell(rest);
  }
  end_.ok = ok;
  end_.not_before = end_.why == Failure::kLimited ? talk_.stopped_until() : 0;
  end_.recovery = recovery_;
  progress_.reached = plan_.to;
  phase_ = Phase::kIdle;
  ended_ = std::exchange(end_, {});
}

std::optional<SweepEnd> Sweep::take_end() { return std::exchange(ended_, std::nullopt); }

}  // namespace millrace::fills
