#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "replay/fills/sweep.h"
#include "replay/fills/triggers.h"

namespace millrace::fills {

// Sums since the start, for metrics.
struct SidecarCounters {
  std::int64_t sweeps_completed = 0;
  std::int64_t sweeps_failed = 0;
  std::int64_t requests = 0;
  std::int64_t fills_read = 0;
  std::int64_t fills_missing = 0;       // and published
  std::int64_t missing_while_live = 0;  // of them, made while the stream was live: it drops fills
  std::int64_t fills_richer = 0;
  std::int64_t late_fills = 0;      // watermark_violated
  std::int64_t contradictions = 0;  // copies that differ where they must agree
};

// What the running sweep is doing, for progress lines.
struct SidecarProgress {
  Sweep::Phase phase = Sweep::Phase::kIdle;
  std::int64_t sweep = 0;
  UnixNanos reached = 0, target = 0;  // of the wish, by the venue's clock
  std::int64_t fills_read = 0;
  std::size_t acknowledged = 0, to_publish = 0;
};

// The sidecar of one account, without sockets, broker, clock or threads: when to sweep, what, and in which order
// everything becomes true. The shell calls it with what happened and carries out what SidecarPorts says.
//
//   core.adopt(cursor from the topic); feed on_record with the topic from core.tail_from(now) to its end;
//   core.start(known_from, now); then on_... as things happen, and on_time(now) at wake_at() and after each of them.
//
// `now` is our clock in ns since 1970 and never goes back: the shell adds monotonic time to the clock of its start.
// Answers of the ports come later than the call, never from inside it. One thread.
class AccountSidecar {
 public:
  // `venue`, `ports` and `share` must outlive it. Zeros of `settings` that mean "as the venue says" are filled in here.
  AccountSidecar(const normalize::AccountVenue& venue, SidecarPorts& ports, RateShare& share, FillsSettings settings,
                 UnixNanos now);
  AccountSidecar(const AccountSidecar&) = delete;
  AccountSidecar& operator=(const AccountSidecar&) = delete;

  // What the cursor topic says; before start(), and whenever another record of ours is found in it.
  void adopt(const schemas::Cursor& cursor);
  // Before start(): so early must the execution topic be read. The venue's time; a record's own time may be earlier by
  // as much as the clocks differ, so that a search by it should begin some hours before.
  UnixNanos tail_from(UnixNanos now) const;
  // The topic was read from `known_from` (the venue's time) to its end, by on_record. Sweeps begin.
  void start(UnixNanos known_from, UnixNanos now);

  // A record of the account's execution topic, whoever wrote it. `venue_time`: its receive time where it has none.
  void on_record(std::string_view symbol, UnixNanos venue_time, const schemas::Execution& execution, UnixNanos now);
  // What the status topic says about the account's execution stream; not live where its heartbeats end. Reasons
  // "quantity_mismatch", "balance_mismatch" and "fills_from_rest" want a sweep, as does a stream that is live again or
  // under a new epoch. `symbol` as far as the reason is about one.
  void on_stream(schemas::StreamState state, std::string_view reason, std::int64_t epoch, const std::string& symbol,
                 UnixNanos now);
  void on_token_renewed(UnixNanos now) { triggers_.note(Trigger::kToken, now); }
  // False: too many wait already. `wish.trigger` is set here.
  bool by_hand(Wish wish) { return triggers_.by_hand(std::move(wish)); }
  // The configuration has changed: a circuit that refused keys opened is closed again.
  void reset_circuit() { triggers_.reset(); }

  // Answers of the ports.
  void on_answer(std::int64_t id, const normalize::PrivateAnswer& answer, UnixNanos now);
  void on_token(std::int64_t id, bool renewed, UnixNanos now);
  void on_caught_up(std::int64_t id, bool done, std::string_view error, UnixNanos now);
  void on_published(std::int64_t id, bool acknowledged, std::string_view error, UnixNanos now);
  void on_committed(std::int64_t id, bool committed, std::string_view error, UnixNanos now);
  // The cursor as the topic holds it; null if it cannot be read: the port is called again after a backoff.
  void on_cursor(std::int64_t id, const schemas::Cursor* cursor, UnixNanos now);

  void on_time(UnixNanos now);
  std::optional<UnixNanos> wake_at() const;

  // To write into the cursor topic as a sign of life. Empty while a commit is under way or its outcome is unknown: what
  // is written then could be older than the topic.
  std::optional<schemas::Cursor> sign_of_life() const;

  // After each sweep, once.
  std::optional<SweepEnd> take_end();
  const SidecarCounters& counters() const noexcept { return counters_; }
  SidecarProgress progress() const;
  // Nothing is under way and nothing waits but time.
  bool idle() const noexcept { return !sweep_.running() && !wish_; }
  bool circuit_open() const noexcept { return triggers_.circuit_open(); }
  const CursorState& cursor() const noexcept { return state_.cursor; }
  const KnownIds& known() const noexcept { return state_.known; }

 private:
  void after(UnixNanos now);
  void begin_next(UnixNanos now);
  std::set<std::string> scopes_of(const Wish& wish) const;
  void note_symbol(std::string_view symbol, UnixNanos now);
  void ended(SweepEnd& end, UnixNanos now);
  bool piece_done(const SweepEnd& end, UnixNanos now);
  void add(const SweepEnd& end);
  void ask_cursor(UnixNanos now);

  AccountState state_;
  Triggers triggers_;
  Sweep sweep_;
  bool started_ = false;
  std::set<std::string> scopes_;
  std::optional<Wish> wish_;  // being swept, piece by piece
  Progress progress_;
  std::set<std::string> left_;  // scopes that failed in a piece of it
  std::int64_t sweeps_ = 0;
  std::int64_t epoch_ = 0;         // of the stream
  std::int64_t cursor_asked_ = 0;  // id of read_cursor, 0 = none is out
  bool cursor_unknown_ = false;
  UnixNanos cursor_again_ = 0;
  std::optional<SweepEnd> end_;
  SidecarCounters counters_;
};

}  // namespace millrace::fills
