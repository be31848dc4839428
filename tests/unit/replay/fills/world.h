#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "replay/fills/account_sidecar.h"
#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {

struct Answer {
  int status = 200;
  std::string body;
};

// A record of the execution topic.
struct TopicRecord {
  std::string symbol;
  UnixNanos venue_time = 0;
  schemas::Execution execution;
  bool replay = false;
};

// Everything around an AccountSidecar: the venue with its ledger, the broker with its topics, and the clock. Answers
// come in the order of the calls, one at a time, after the call; time passes only when nothing else is left to do.
class World final : public SidecarPorts {
 public:
  explicit World(bool per_symbol = false);

  // A new process: reads cursor and topic, and begins.
  void start();
  // The process is gone: what it had not been answered never happens, unless `acks_land`.
  void crash(bool acks_land = false);
  // Until nothing but time is left, and then on until `length` has passed.
  void run(std::int64_t length);
  // Until the sweep that is under way or due has ended.
  void settle() { run(0); }
  // One more event; false if there is none.
  bool step();

  // The ledger gets a fill now (by the venue's clock), shown by REST after `lag`.
  LedgerFill& fill(const std::string& trade_id, const std::string& symbol = "BTC", std::int64_t lag = 0);
  // The stream tells it: it is in the topic, and the sidecar's consumer will see it when it catches up.
  void stream(const LedgerFill& fill, std::int32_t revision = 1);
  UnixNanos venue_now() const { return now + skew; }

  // Trade ids in the topic, as a consumer has them after dedupe, and all records, REPLAY only.
  std::multiset<std::string> topic_ids() const;
  std::vector<std::string> replayed() const;
  std::vector<schemas::Recovery> ended(schemas::RecoveryPhase phase) const;
  const schemas::Cursor& cursor() const { return cursors.back(); }
  // Fills that a committed cursor claims although the topic lacked them at that moment. Empty = P3 holds.
  std::vector<std::string> overclaimed;

  void ask(std::int64_t id, const normalize::PrivateRequest& request) override;
  void publish(std::int64_t id, const normalize::FoundFill& fill, UnixNanos received) override;
  void catch_up(std::int64_t id) override;
  void commit(std::int64_t id, const schemas::Cursor& cursor, const schemas::Recovery& recovery) override;
  void read_cursor(std::int64_t id) override;
  void renew_token(std::int64_t id) override;
  void tell(const schemas::Recovery& recovery) override { recoveries.push_back(recovery); }
  void venue_clock(UnixNanos theirs, UnixNanos ours) override { clocks.push_back(theirs - ours); }
  void host_stopped(UnixNanos until) override { stops.push_back(until); }
  void would_publish(const normalize::FoundFill& fill) override { dry.push_back(fill.execution.execution_id); }

  SmallVenue venue;
  FillsSettings settings;
  RateShare share{0};
  std::unique_ptr<AccountSidecar> core;
  UnixNanos now = 1'700'000'000 * kSecond;
  std::int64_t skew = 0;  // of the venue's clock

  std::vector<LedgerFill> ledger;
  std::vector<TopicRecord> topic;
  std::vector<schemas::Cursor> cursors;
  std::vector<schemas::Recovery> recoveries;  // told and committed
  std::vector<std::string> asked;             // targets
  std::vector<UnixNanos> asked_at, stops;
  std::vector<std::int64_t> clocks;
  std::vector<std::string> dry;
  std::vector<SweepEnd> ends;

  // Faults; unset = none.
  std::function<std::optional<Answer>(const std::string& target)> venue_fault;
  std::function<bool(const normalize::FoundFill& fill)> acknowledges;
  enum class Commit { kDone, kRefused, kDoneButUnheard };
  std::function<Commit()> commits;
  std::function<void()> before_catch_up;
  bool token_renewed = true;
  bool broker_readable = true;

 private:
  void check_claims(const schemas::Cursor& cursor);
  void consume();
  void deliver();

  // `lands` is what happens at the broker even if the process dies first.
  struct Event {
    std::function<void()> lands, tells;
  };
  std::deque<Event> events_;
  std::size_t consumed_ = 0;  // of the topic
  // Of check_claims.
  std::size_t ledger_seen_ = 0, topic_seen_ = 0;
  std::map<std::string, std::size_t> not_there_;  // event_id -> place in the ledger
};

}  // namespace millrace::fills::test
