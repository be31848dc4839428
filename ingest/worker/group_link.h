#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ingest/config/config.h"
#include "ingest/subscriptions/subscription_table.h"
#include "ingest/worker/venue_feed.h"
#include "publish/kafka/group_member.h"
#include "publish/kafka/transactor.h"
#include "publish/tally.h"
#include "schemas/events/ops.h"

namespace millrace::ingest {

// What a worker of a group is to do from now on.
struct GroupAssignment {
  std::map<std::string, std::vector<normalize::Subscription>> wanted;  // by venue, each of the configuration
  FeedChange::Removal removal = FeedChange::Removal::kUnsubscribed;    // why what is missing is missing
  std::optional<std::int64_t> epoch;                                   // a new claim; absent: the last one goes on
  bool renewed = false;  // nothing of before is ours any more: what stays begins anew under the new claim
  // Is this worker the one that holds the symbol, whether subscribed to or not? Callable from any thread.
  std::function<bool(std::string_view venue, std::string_view symbol)> holds;
};

// Written by the link, readable from any thread.
struct GroupStats {
  publish::Tally partitions;     // gauge: held, claimed or not
  publish::Tally refused;        // gauge: subscriptions that the configuration does not allow
  publish::Tally claims;         // taken
  publish::Tally claim_retries;  // not taken at the first try
  publish::Tally handed_over;    // partitions given up in order
  publish::Tally lost;           // partitions taken away while this process was not heard of
  publish::Tally rejoined;       // times that the group had to be joined anew
};

// A worker's place in the group that shares the subscription topic: hears which partitions are its own, reads what is
// wanted in them, and takes a claim for them before anything is written (design, section 7). Has a thread of its own,
// as it blocks on the broker.
class GroupLink : private publish::GroupListener {
 public:
  // Called on the link's thread. The futures: when what is no longer wanted has been acknowledged; a hand-over waits
  // for them.
  using Apply = std::function<std::vector<std::future<void>>(const GroupAssignment&)>;
  // What was applied may be another worker's by now; until the next Apply with an epoch.
  using Doubt = std::function<void()>;
  // Another process took this worker's name: it must end. Called once, on the link's thread.
  using TakenOver = std::function<void()>;

  // `stats` outlives it.
  GroupLink(const Config& config, publish::KafkaSettings kafka, GroupStats& stats);
  ~GroupLink();  // leaves the group, after which others take its streams. Nothing is called any more
  GroupLink(const GroupLink&) = delete;
  GroupLink& operator=(const GroupLink&) = delete;

  // Joins, waits for the first assignment, which may be empty, and claims it. Throws std::runtime_error with what to
  // do.
  GroupAssignment join(std::chrono::milliseconds timeout);
  // From now on changes are applied. Call it soon after join(): the group waits for this member's answers.
  void follow(Apply apply, Doubt doubt, TakenOver taken_over);
  // When it returns nothing is applied any more, but the place in the group is kept until destruction. From any thread.
  void freeze();

 private:
  using Clock = std::chrono::steady_clock;

  void on_assigned(const std::vector<std::int32_t>& partitions) override;
  void on_revoked(const std::vector<std::int32_t>& partitions, publish::Revocation how) override;
  void on_record(std::int32_t partition, std::string_view key, std::optional<std::string_view> value) override;
  void on_end(std::int32_t partition) override;

  void run();
  void step();
  bool try_claim();
  void take_epoch(std::int64_t epoch);
  bool init_again();
  void rejoin(const std::string& why);
  void serve();
  void apply(FeedChange::Removal removal, std::optional<std::int64_t> epoch);
  GroupAssignment assignment(FeedChange::Removal removal, std::optional<std::int64_t> epoch) const;
  schemas::Claim claim() const;

  const std::string worker_, group_, instance_;
  const publish::KafkaSettings kafka_;
  SubscriptionTable table_;
  std::vector<std::string> venues_;
  GroupStats& stats_;

  std::unique_ptr<publish::GroupMember> member_;
  publish::Transactor transactor_;
  std::map<std::string, std::int64_t> last_epochs_;  // by venue, as status names them before we joined
  std::set<std::int32_t> loading_;                   // partitions not read to their end
  bool assigned_ = false;                            // heard of an assignment
  bool claim_due_ = false;                           // partitions without a claim
  bool name_in_doubt_ = false;      // a member has come, which may be another process of our name: a claim tells
  bool in_limbo_ = false;           // what is served was taken away, and the group has not said yet what comes instead
  bool must_init_ = true;           // before the next transaction
  bool changed_ = false;            // since the last apply
  Clock::time_point changed_at_{};  // the last record of it
  Clock::time_point not_before_{};  // the next try of a claim
  std::int64_t epoch_ = 0;
  bool over_ = false;  // taken over

  std::mutex applying_;  // held while apply_ or doubt_ runs
  Apply apply_;
  Doubt doubt_;
  TakenOver taken_over_;
  std::atomic<bool> frozen_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace millrace::ingest
