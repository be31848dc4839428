#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/account/account_numbers.h"
#include "cli/verify/account/account_tally.h"
#include "cli/verify/account/order_check.h"
#include "cli/verify/account/recovery_check.h"
#include "cli/verify/account/seen_account.h"
#include "cli/verify/account/told_events.h"

namespace millrace::cli {

// What all accounts share: a bound each on ids and orders, whoever's they are.
struct AccountMemory {
  ToldEvents events;
  OrderCheck orders;
};

// One account of one venue: what design sections 4, 7 and 8 promise of its executions, balances and sweeps, but for the
// worker's numbers, which SequenceCheck judges as any stream's. Keeps of replayed fills the last kMostReplayed. Pure.
class AccountCheck {
 public:
  static constexpr std::size_t kMostReplayed = 100'000;
  static constexpr std::int64_t kGapSeconds = 60;  // holes less apart are one

  // `memory` outlives it.
  explicit AccountCheck(AccountMemory& memory) : memory_{memory} {}

  // Where a record stands and how it came.
  struct Place {
    std::int64_t offset = 0;
    bool resent = false;  // it carries the header of a record sent again
    bool whole = false;   // the broker keeps the partition from its beginning
  };
  // `worker`: the stream's numbers.
  void on_execution(SequenceCheck& worker, const SeenMeta& meta, const SeenExecution& report, const Place& place);
  void on_balance(const SeenMeta& meta, const SeenBalance& balance);
  void on_recovery(const SeenRecovery& record, const Place& place);
  // Of the executions.
  void on_beat(const SeenBeat& beat);

  // Once, before the worker's numbers are settled. `read_from_ns`: when reading began; `now_ns`: when it ended.
  void finish(SequenceCheck& worker, std::int64_t read_from_ns, std::int64_t now_ns);
  // Then of each order of this account.
  void on_sum(const OrderCheck::Sum& order);

  const AccountNumbers& numbers() const noexcept { return numbers_; }
  const AccountTally& executions() const noexcept { return executions_.tally; }
  const AccountTally& balances() const noexcept { return balances_.tally; }
  // What the sweeps told; its own numbers are Recovery's.
  AccountTally sweeps() const;
  const std::vector<std::string>& execution_problems() const noexcept { return executions_.problems; }
  const std::vector<std::string>& balance_problems() const noexcept { return balances_.problems; }
  const std::vector<std::string>& sweep_problems() const noexcept { return recovery_.problems(); }

 private:
  struct Dataset {
    AccountTally tally;
    std::vector<std::string> problems;
    std::int64_t last_time_ns = 0;  // the latest of its records' times of ours
  };
  struct Replayed {
    std::int64_t instance = 0;
    std::int64_t published_ns = 0;
    std::int64_t venue_time_ns = 0;
    std::string symbol;
  };

  static void wrong(Dataset& dataset, std::string text);
  static void take(Dataset& dataset, const SeenMeta& meta);
  void check_id(Dataset& dataset, const SeenMeta& meta, const std::string& event_id);
  bool check_event(const SeenMeta& meta, const SeenExecution& report);
  void watch_clock(const SeenMeta& meta);
  void watch_gaps(const SequenceCheck& worker, const SeenMeta& meta);
  void check_instances();
  void check_late_fills();
  void settle_gaps(const SequenceCheck& worker);

  AccountMemory& memory_;
  AccountNumbers numbers_;
  RecoveryCheck recovery_;
  Dataset executions_, balances_;
  std::deque<Replayed> replayed_;               // fills told for the first time as REPLAY, with a venue time
  std::optional<std::int64_t> venue_ahead_ns_;  // the venue's clock minus ours, at least
  Spans gaps_{kGapSeconds};                     // seconds of records behind a hole, by our clock
  std::map<std::int64_t, SeenBeat> open_gaps_;  // by epoch: the first beat that tells of a hole before this seq
  std::int64_t read_from_ns_ = 0;
};

}  // namespace millrace::cli
