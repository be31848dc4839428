#include "ingest/worker/group_link.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "publish/kafka/claim.h"
#include "publish/kafka/murmur2.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"
#include "publish/wall_clock.h"
#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

// The order of a change: the group decides; what goes is stopped, acknowledged and given up; what comes is read to its
// end and claimed; only then it is applied. A claim that the group does not back is tried again, until either it does
// or the partitions are taken away. What is lost, because the broker or this process was not there for 6 s, goes on
// under its claim until the group gives its next assignment: if others have it, readers ignore our records for theirs;
// if nobody has, as while the broker is away, nothing is missing.
namespace millrace::ingest {
namespace {

using std::chrono::milliseconds;
using Outcome = publish::Transactor::Outcome;

constexpr milliseconds kPoll{50};
constexpr milliseconds kBrokerTimeout{10'000};
constexpr milliseconds kTransactionTimeout{8'000};  // below its 10 s at the broker
constexpr milliseconds kQuiet{100};                 // many records written at once are one change
constexpr milliseconds kRetry{500};
constexpr milliseconds kRejoin{1'000};
constexpr milliseconds kHandOver{5'000};  // for the last acknowledgements; what comes later, the next claim outdates

SubscriptionTable::Offers offers_of(const Config& config) {
  SubscriptionTable::Offers offers;
  for (const VenueConfig& venue : config.venues) offers[venue.name] = venue.datasets;
  return offers;
}

}  // namespace

GroupLink::GroupLink(const Config& config, publish::KafkaSettings kafka, GroupStats& stats)
    : worker_(config.worker),
      group_(config.group),
      instance_(publish::random_instance()),
      kafka_(std::move(kafka)),
      table_(offers_of(config)),
      stats_(stats),
      transactor_(kafka_, publish::full_topic(kafka_.prefix, "worker." + config.worker)) {
  for (const VenueConfig& venue : config.venues) venues_.push_back(venue.name);
}

GroupLink::~GroupLink() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

// Status is read before the first claim: others may write under later claims than ours by then, but none of those that
// it names already may be later.
GroupAssignment GroupLink::join(milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (const std::string& venue : venues_) {
    last_epochs_[venue] = publish::last_epoch(kafka_, venue, publish::left_until(deadline));
  }
  transactor_.init(publish::left_until(deadline));
  must_init_ = false;
  member_ = std::make_unique<publish::GroupMember>(kafka_, group_, std::string(publish::kSubscriptionTopic), timeout);
  while (epoch_ == 0) {
    step();
    if (assigned_ && table_.empty()) take_epoch(publish::write_claim(kafka_, claim(), publish::left_until(deadline)));
    if (Clock::now() >= deadline) {
      throw std::runtime_error(fmt::format("kafka: group {}: no assignment in time: see the log above", group_));
    }
    if (over_) throw std::runtime_error(fmt::format("another process has taken the name {}", worker_));
  }
  return assignment(FeedChange::Removal::kUnsubscribed, epoch_);
}

void GroupLink::follow(Apply apply, Doubt doubt, TakenOver taken_over) {
  apply_ = std::move(apply);
  doubt_ = std::move(doubt);
  taken_over_ = std::move(taken_over);
  thread_ = std::thread([this] { run(); });
}

void GroupLink::freeze() {
  const std::scoped_lock lock(applying_);
  frozen_ = true;
}

// The member is made and destroyed on the thread that polls it, but for the first one, which join() made.
void GroupLink::run() {
  while (!stopping_ && !over_) {
    try {
      if (!member_) {
        member_ = std::make_unique<publish::GroupMember>(kafka_, group_, std::string(publish::kSubscriptionTopic),
                                                         kBrokerTimeout);
      }
      step();
    } catch (const std::exception& error) {
      rejoin(error.what());
    }
  }
  if (over_ && !stopping_) taken_over_();
  while (over_ && !stopping_) std::this_thread::sleep_for(kPoll);
  member_.reset();
}

// What is served goes on until the next assignment, as after every loss.
void GroupLink::rejoin(const std::string& why) {
  spdlog::error("group_left group={} detail=\"{}\": joined again", group_, why);
  stats_.rejoined.add();
  member_.reset();
  on_revoked(table_.held(), publish::Revocation::kLost);
  std::this_thread::sleep_for(kRejoin);
}

void GroupLink::step() {
  member_->poll(kPoll, *this);
  if (!loading_.empty() || frozen_) return;
  if (claim_due_ || name_in_doubt_) {
    if (Clock::now() < not_before_ || !try_claim()) return;
    if (std::exchange(claim_due_, false)) serve();
  } else if (changed_ && !in_limbo_ && Clock::now() - changed_at_ >= kQuiet) {
    apply(FeedChange::Removal::kUnsubscribed, std::nullopt);
  }
}

void GroupLink::on_assigned(const std::vector<std::int32_t>& partitions) {
  assigned_ = true;
  if (partitions.empty() && in_limbo_ && table_.empty()) apply(FeedChange::Removal::kLost, std::nullopt);
  if (partitions.empty()) return;
  spdlog::info("group_assigned group={} partitions={}", group_, partitions.size());
  for (const std::int32_t partition : partitions) {
    table_.hold(partition);
    loading_.insert(partition);
  }
  claim_due_ = true;
  stats_.partitions.set(table_.held().size());
}

void GroupLink::on_revoked(const std::vector<std::int32_t>& partitions, publish::Revocation how) {
  const bool lost = how == publish::Revocation::kLost;
  spdlog::log(lost ? spdlog::level::warn : spdlog::level::info, "group_revoked group={} partitions={} lost={}", group_,
              partitions.size(), lost);
  for (const std::int32_t partition : partitions) {
    table_.drop(partition);
    loading_.erase(partition);
  }
  if (table_.empty()) claim_due_ = false;
  (lost ? stats_.lost : stats_.handed_over).add(partitions.size());
  stats_.partitions.set(table_.held().size());
  if (lost) {
    in_limbo_ = true;
    name_in_doubt_ = false;  // the next assignment is claimed anyway
    const std::scoped_lock lock(applying_);
    if (doubt_ && !frozen_) doubt_();
  } else if (!frozen_ && !in_limbo_) {  // in limbo nothing of these was served yet
    apply(FeedChange::Removal::kHandedOver, std::nullopt);
    name_in_doubt_ = !table_.empty();
  }
  // At the end of a process the group waits until all is acknowledged, and is left then.
  if (member_ && !frozen_) member_->give_up();
}

void GroupLink::on_record(std::int32_t partition, std::string_view key, std::optional<std::string_view> value) {
  changed_ = true;
  changed_at_ = Clock::now();
  const auto name = publish::parse_subscription_key(key);
  if (!name) return spdlog::warn("subscription_refused partition={} key=\"{}\": not venue/symbol", partition, key);
  if (!value) return table_.forget(partition, name->venue, name->symbol);
  const auto decoded = schemas::decode(schemas::MessageType::kSubscription, *value);
  if (!decoded) return spdlog::warn("subscription_refused partition={} key=\"{}\": not decodable", partition, key);
  const auto& subscription = std::get<schemas::Subscription>(*decoded);
  const std::string problem = table_.want(partition, name->venue, name->symbol, subscription.datasets);
  if (!problem.empty()) spdlog::warn("subscription_refused {}", problem);
}

void GroupLink::on_end(std::int32_t partition) { loading_.erase(partition); }

bool GroupLink::init_again() {
  try {
    transactor_.init(kBrokerTimeout);
    must_init_ = false;
  } catch (const std::exception& error) {
    spdlog::warn("claim_waits worker={} detail=\"{}\"", worker_, error.what());
    not_before_ = Clock::now() + kRetry;
  }
  return !must_init_;
}

void GroupLink::serve() {
  table_.serve_all();
  apply(in_limbo_ ? FeedChange::Removal::kLost : FeedChange::Removal::kUnsubscribed, epoch_);
}

// A claim under which nothing is begun costs a number and nothing else. A fence is another process of our name, unless
// this one stood still for so long that the broker took its transaction for abandoned, as 4.3 does.
bool GroupLink::try_claim() {
  const auto began = Clock::now();
  std::string error;
  if (must_init_ && !init_again()) return false;
  std::int64_t offset = -1;
  publish::TransactionRecord record{std::string(publish::kClaimTopic), worker_, {}, schemas::MessageType::kClaim};
  schemas::encode(claim(), record.bytes);
  const Outcome outcome = member_->commit(transactor_, record, kTransactionTimeout, error, offset);
  if (outcome == Outcome::kCommitted) {
    take_epoch(publish::epoch_of_claim(offset));
    return true;
  }
  stats_.claim_retries.add();
  const bool stood_still = Clock::now() - began >= kTransactionTimeout;
  if (outcome == Outcome::kFenced && !stood_still) {
    spdlog::error("taken_over worker={}: another process has this name", worker_);
    over_ = true;
    return false;
  }
  spdlog::warn("claim_refused worker={} detail=\"{}\": tried again", worker_, error);
  must_init_ = outcome != Outcome::kFailed;
  not_before_ = Clock::now() + kRetry;
  return false;
}

void GroupLink::take_epoch(std::int64_t epoch) {
  for (const auto& [venue, last] : last_epochs_) {
    if (epoch <= last) throw std::runtime_error(publish::stale_claim_topic(kafka_, epoch, venue, last));
  }
  epoch_ = epoch;
  name_in_doubt_ = false;
  stats_.claims.add();
  spdlog::info("claimed worker={} epoch={} partitions={}", worker_, epoch, table_.held().size());
}

schemas::Claim GroupLink::claim() const {
  schemas::Claim claim;
  claim.worker = worker_;
  claim.instance = instance_;
  claim.time = wall_clock();
  claim.venues = venues_;
  claim.streams = static_cast<std::int32_t>(table_.streams());
  return claim;
}

GroupAssignment GroupLink::assignment(FeedChange::Removal removal, std::optional<std::int64_t> epoch) const {
  auto holds = [served = table_.served(), all = member_->partitions()](std::string_view venue,
                                                                       std::string_view symbol) {
    return std::ranges::binary_search(served, publish::partition_of(publish::subscription_key(venue, symbol), all));
  };
  return {table_.wanted(), removal, epoch, in_limbo_ && epoch.has_value(), std::move(holds)};
}

// A hand-over waits for what is on its way, so that nothing of ours comes after the next one's first record.
void GroupLink::apply(FeedChange::Removal removal, std::optional<std::int64_t> epoch) {
  changed_ = false;
  stats_.refused.set(table_.refused());
  std::vector<std::future<void>> settled;
  {
    const std::scoped_lock lock(applying_);
    if (!apply_ || frozen_) return;
    settled = apply_(assignment(removal, epoch));
  }
  in_limbo_ = false;
  if (removal != FeedChange::Removal::kHandedOver) return;
  const auto deadline = Clock::now() + kHandOver;
  for (const std::future<void>& one : settled) one.wait_until(deadline);
}

}  // namespace millrace::ingest
