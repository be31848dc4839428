#include "publish/lane/account_lane.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <stdexcept>
#include <utility>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/trouble.h"
#include "publish/kafka/wake_fd.h"

namespace millrace::publish {
namespace {

constexpr std::uint32_t kNoSlot = std::numeric_limits<std::uint32_t>::max();
constexpr std::chrono::seconds kAfterRefusal{1};
constexpr std::chrono::seconds kSilence{5};  // longer than what is told each second could take
constexpr std::size_t kGroup = 1'000;        // records of a partition at once

AccountLaneSettings without_linger(AccountLaneSettings settings) {
  settings.kafka.linger_us = 0;
  return settings;
}

}  // namespace

AccountLane::AccountLane(AccountLaneSettings settings)
    : settings_(without_linger(std::move(settings))),
      wake_fd_(make_wake_fd()),
      spill_(settings_.spill_folder, settings_.spill_limit),
      producer_(std::make_unique<Producer>(settings_.kafka, wake_fd_)) {
  stats_.ring_limit.set(settings_.memory_limit);
}

// The producer before the entries: librdkafka reads their bytes until its threads have ended.
AccountLane::~AccountLane() {
  if (renewal_.valid()) renewal_.wait();
  producer_.reset();
  ::close(wake_fd_);
}

std::vector<std::string> AccountLane::warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) {
  std::vector<std::string> errors;
  const auto deadline = Clock::now() + timeout;
  for (const std::string& topic : topics) {
    if (topic_by_name_.contains(topic)) continue;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    std::string error = add_topic(topic, std::max(left, std::chrono::milliseconds{1}));
    if (error.empty()) continue;
    const bool same = !errors.empty() && errors.back() == error;  // nobody answers
    if (!same) errors.push_back(std::move(error));
    if (same || Clock::now() >= deadline) break;
  }
  return errors;
}

std::string AccountLane::add_topic(const std::string& topic, std::chrono::milliseconds timeout) {
  const std::string full = full_topic(settings_.kafka.prefix, topic);
  Topic added;
  added.name = topic;
  added.slot = producer_->add_topic(full);
  const std::int32_t partitions = producer_->partitions(added.slot, timeout);
  if (partitions <= 0) return producer_->problem(added.slot, partitions);
  added.partitions.resize(static_cast<std::size_t>(partitions));
  topic_by_name_.emplace(topic, static_cast<std::uint32_t>(topics_.size()));
  topics_.push_back(std::move(added));
  return {};
}

// REQUIRES its topic to be warm: a worker does not begin without. Recoveries are the one stream of an ops topic.
StreamSlot AccountLane::open(const StreamSpec& spec) {
  const std::string& venue = spec.identity->venue;
  const bool ops = spec.type == schemas::MessageType::kRecovery;
  const auto found = topic_by_name_.find(ops ? ops_topic(venue, spec.dataset) : account_topic(venue, spec.dataset));
  if (found == topic_by_name_.end()) throw std::logic_error("account lane: a stream whose topic is not warm");
  streams_.push_back({found->second, spec.identity->account, spec.type});
  return static_cast<StreamSlot>(streams_.size() - 1);
}

std::span<std::byte> AccountLane::reserve(StreamSlot, std::size_t bound) {
  scratch_.resize(bound);
  return scratch_;
}

void AccountLane::commit(StreamSlot stream, std::size_t length, std::int64_t seq) {
  const Stream& known = streams_[static_cast<std::size_t>(stream)];
  Entry entry;
  entry.topic = known.topic;
  entry.key = known.key;
  entry.bytes.assign(reinterpret_cast<const char*>(scratch_.data()), length);
  entry.seq = seq;
  entry.slot = static_cast<std::uint32_t>(stream);
  entry.type = known.type;
  entry.stamp_ns = received_at_.time_since_epoch().count();
  add(std::move(entry));
}

bool AccountLane::put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) {
  const auto found = topic_by_name_.find(topic);
  if (found == topic_by_name_.end()) {
    stats_.refused[static_cast<std::size_t>(RefusedBecause::kNoTopic)].add();
    return false;
  }
  if (full_ && beyond_disk_bytes_ >= settings_.memory_limit / 2) {
    stats_.refused[static_cast<std::size_t>(RefusedBecause::kBudget)].add();
    return false;
  }
  Entry entry;
  entry.topic = found->second;
  entry.key = key;
  entry.bytes = bytes;
  entry.slot = kNoSlot;
  entry.type = type;
  add(std::move(entry));
  return true;
}

// Behind what waits on disk, everything waits on disk: the order is the promise.
void AccountLane::add(Entry entry) {
  entry.partition = partition_of(entry.key, static_cast<std::int32_t>(topics_[entry.topic].partitions.size()));
  stats_.records.add();
  stats_.bytes.add(entry.bytes.size());
  const bool others_wait = spill_.records() > 0 || !beyond_disk_.empty();
  if (others_wait || used_ + cost(entry) > settings_.memory_limit) return to_disk(std::move(entry));
  keep(std::move(entry));
}

void AccountLane::keep(Entry entry) {
  used_ += cost(entry);
  entry.number = next_number_++;
  entries_.push_back(std::make_unique<Entry>(std::move(entry)));
  partition_of_entry(*entries_.back()).waiting.push_back(entries_.back().get());
}

// Beyond the disk there is only memory: what was taken is kept, and the owner is told to take no more.
void AccountLane::to_disk(Entry entry) {
  if (beyond_disk_.empty() && spill_.append(spilled(entry))) {
    stats_.spilled.add();
    stats_.on_disk.set(static_cast<std::uint64_t>(spill_.bytes()));
    return;
  }
  if (!std::exchange(full_, true)) spdlog::error("account_lane_full detail=\"{}\"", spill_.error());
  beyond_disk_bytes_ += cost(entry);
  beyond_disk_.push_back(std::move(entry));
}

SpilledRecord AccountLane::spilled(const Entry& entry) const {
  return {topics_[entry.topic].name,
          entry.key,
          entry.bytes,
          receive_time_of(entry.type, entry.bytes),
          entry.seq,
          entry.slot,
          static_cast<std::uint8_t>(entry.type)};
}

void AccountLane::take_leftover(const std::function<void(SpilledRecord)>& visit) {
  spill_.take_leftover(visit);
  count_damage();
}

void AccountLane::count_damage() {
  const auto damaged = static_cast<std::uint64_t>(spill_.damaged());
  if (damaged == stats_.damaged.value()) return;
  spdlog::error("journal_damaged folder={} segments={}", settings_.spill_folder, damaged);
  stats_.damaged.set(damaged);
}

// In pieces of half the memory, so that the disk is read in one go.
void AccountLane::from_disk() {
  if (used_ > settings_.memory_limit / 2) return;
  while (used_ < settings_.memory_limit) {
    auto record = spill_.take();
    if (!record) break;
    Entry entry;
    entry.topic = topic_by_name_.at(record->topic);
    entry.key = std::move(record->key);
    entry.bytes = std::move(record->bytes);
    entry.seq = record->seq;
    entry.slot = record->slot;
    entry.type = static_cast<schemas::MessageType>(record->type);
    entry.partition = partition_of(entry.key, static_cast<std::int32_t>(topics_[entry.topic].partitions.size()));
    keep(std::move(entry));
  }
  stats_.on_disk.set(static_cast<std::uint64_t>(spill_.bytes()));
  count_damage();
  while (spill_.records() == 0 && !beyond_disk_.empty() && used_ < settings_.memory_limit) {
    beyond_disk_bytes_ -= cost(beyond_disk_.front());
    keep(std::move(beyond_disk_.front()));
    beyond_disk_.pop_front();
  }
}

void AccountLane::flush_batch() {
  now_ = Clock::now();
  if (producer_) producer_->poll(*this);
  send_all();
  release();
}

void AccountLane::poll() {
  std::array<std::byte, 8> count;
  [[maybe_unused]] const auto got = ::read(wake_fd_, count.data(), count.size());
  now_ = Clock::now();
  if (producer_) producer_->poll(*this);
  renew_if_dead();
  release();
  from_disk();
  send_all();
}

// Each partition by itself: one on hold, or without a leader, keeps only its own entries back.
void AccountLane::send_all() {
  if (!producer_ || producer_->dead()) return;
  for (Topic& topic : topics_) {
    for (Partition& partition : topic.partitions) {
      if (!send_group(partition)) return stats_.queue_full.add();
    }
  }
}

// What waits goes when the group before is reported: so it travels in a few requests, and librdkafka's queue is empty
// while its requests are on their way. A queue that may not be sent keeps librdkafka 2.0.2's thread from sleeping until
// the broker answers, which on a machine of few cores takes the very time that the broker would need.
bool AccountLane::send_group(Partition& partition) {
  if (partition.sent > 0) return true;
  while (!partition.waiting.empty() && partition.sent < kGroup && partition.hold_until <= now_) {
    if (!send(*partition.waiting.front())) return false;
  }
  return true;
}

// False: librdkafka's queue is full, or the producer died.
bool AccountLane::send(Entry& entry) {
  const std::uint8_t flags = entry.may_be_there ? RecordHeader::kPossibleDuplicate : std::uint8_t{0};
  const HeaderBytes header = encode_header(header_of(entry.type, entry.bytes, flags));
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(entry.bytes.data()), entry.bytes.size());
  Topic& topic = topics_[entry.topic];
  const Fate fate = producer_->send_with_header(topic.slot, {bytes, entry.key, entry.partition, &entry}, header.view());
  if (fate == Fate::kQueueFull || fate == Fate::kProducerDead) return false;
  if (entry.stamp_ns != 0) stats_.receive_to_publish.add(now_.time_since_epoch().count() - entry.stamp_ns);
  if (entry.may_be_there) stats_.resent.add();
  entry.state = State::kSent;
  Partition& partition = partition_of_entry(entry);
  partition.waiting.pop_front();
  if (partition.sent++ == 0) partition.moved_at = now_;
  if (fate != Fate::kAcked) on_report(&entry, fate, entry.partition, -1);
  return true;
}

void AccountLane::on_report(void* cookie, Fate fate, std::int32_t, std::int64_t offset) {
  auto& entry = *static_cast<Entry*>(cookie);
  if (fate == Fate::kProducerDead) return;  // renew_if_dead() has it sent again
  Partition& partition = partition_of_entry(entry);
  --partition.sent;
  partition.moved_at = now_;
  if (fate == Fate::kAcked) return acked(entry, offset);
  // Refused, and so will be what is behind it in the partition: all of it in order again, after a while.
  if (fate != Fate::kQueueFull) {
    stats_.retried.add();
    if (partition.hold_until <= now_) {  // once for all that are refused together
      const std::string topic = full_topic(settings_.kafka.prefix, topics_[entry.topic].name);
      spdlog::warn("account_record_refused topic={} reason={}: sent again in {} s{}", topic, name(fate),
                   kAfterRefusal.count(),
                   fate == Fate::kForbidden ? "; " + not_authorized("topic", topic, "Write") : std::string{});
    }
    partition.hold_until = now_ + kAfterRefusal;
  }
  wait_again(entry);
}

// Before what was committed after it.
void AccountLane::wait_again(Entry& entry) {
  entry.state = State::kWaiting;
  std::deque<Entry*>& waiting = partition_of_entry(entry).waiting;
  const auto later = std::ranges::find_if(waiting, [&](const Entry* one) { return one->number > entry.number; });
  waiting.insert(later, &entry);
}

// After a producer's end: nobody knows what became of what it had.
void AccountLane::all_wait_again() {
  for (Topic& topic : topics_) {
    for (Partition& partition : topic.partitions) {
      partition.waiting.clear();
      partition.sent = 0;
    }
  }
  for (const auto& entry : entries_) {
    if (entry->state == State::kDone) continue;
    entry->may_be_there = entry->may_be_there || entry->state == State::kSent;
    entry->state = State::kWaiting;
    partition_of_entry(*entry).waiting.push_back(entry.get());
  }
}

void AccountLane::acked(Entry& entry, std::int64_t offset) {
  stats_.acked.add();
  if (now_ - acked_at_ > kSilence) answers_since_ = now_;
  acked_at_ = now_;
  entry.state = State::kDone;
  if (entry.stamp_ns != 0) stats_.receive_to_ack.add(Clock::now().time_since_epoch().count() - entry.stamp_ns);
  std::int64_t& last = partition_of_entry(entry).last_offset;
  const bool anew = offset >= 0 && offset < last;
  if (offset >= 0) last = offset;
  if (anew) stats_.made_anew.add();
  if (!listener_ || entry.slot == kNoSlot) return;
  if (anew) listener_->on_topic_made_anew(static_cast<StreamSlot>(entry.slot));
  listener_->on_ack(static_cast<StreamSlot>(entry.slot), entry.partition, offset, entry.seq);
}

void AccountLane::release() {
  while (!entries_.empty() && entries_.front()->state == State::kDone) {
    used_ -= cost(*entries_.front());
    entries_.pop_front();
  }
  stats_.ring_bytes.set(used_ + beyond_disk_bytes_);
  const bool room = beyond_disk_.empty() && used_ < settings_.memory_limit / 2 && spill_.bytes() < spill_.limit() / 2;
  if (full_ && room) full_ = false;
}

// Of a topic that is deleted while a record is on its way, librdkafka 2.0.2 may forget that record: it is neither
// reported nor sent when the topic is back. A broker that was away is another matter: its silence does not count.
bool AccountLane::forgets() const {
  return std::ranges::any_of(topics_, [this](const Topic& topic) {
    return std::ranges::any_of(topic.partitions, [this](const Partition& partition) {
      return partition.sent > 0 &&
             acked_at_ - std::max(partition.moved_at, answers_since_) >= settings_.forgotten_after;
    });
  });
}

// As the market lane's renewal, in one place as there is no ring to rewind.
void AccountLane::renew_if_dead() {
  if (renewal_.valid()) {
    if (renewal_.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return;
    try {
      producer_ = renewal_.get();
    } catch (const std::exception& error) {
      return spdlog::error("kafka: {}: trying again", error.what());
    }
    for (std::size_t i = 0; i < topics_.size(); ++i) topics_[i].slot = static_cast<TopicSlot>(i);
    all_wait_again();
    return;
  }
  const bool dead = !producer_ || producer_->dead();
  if (!dead && !forgets()) return;
  if (renewed_at_ != Clock::time_point{} && now_ - renewed_at_ < kBetweenRenewals) return;
  renewed_at_ = now_;
  if (producer_) {
    stats_.renewals.add();
    spdlog::warn("kafka: the account producer died ({}): making a new one",
                 dead ? producer_->cause_of_death() : "records without a report, others are acknowledged");
  }
  std::vector<std::string> names;
  for (const Topic& topic : topics_) names.push_back(full_topic(settings_.kafka.prefix, topic.name));
  renewal_ = std::async(std::launch::async, [old = std::move(producer_), kafka = settings_.kafka, fd = wake_fd_,
                                             names = std::move(names)]() mutable {
    old.reset();
    auto made = std::make_unique<Producer>(kafka, fd);
    for (const std::string& topic : names) made->add_topic(topic);
    return made;
  });
}

// In the order of commit(): what is in memory is older than what is on disk.
std::size_t AccountLane::close(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const auto all_gone = [this] { return entries_.empty() && spill_.records() == 0 && beyond_disk_.empty(); };
  while (!all_gone() && Clock::now() < deadline) {
    poll();
    if (producer_) producer_->poll(*this, std::chrono::milliseconds{5});
    if (renewal_.valid()) renewal_.wait_for(std::chrono::milliseconds{5});
  }
  release();
  std::vector<SpilledRecord> older;
  for (const auto& entry : entries_) {
    if (entry->state != State::kDone) older.push_back(spilled(*entry));
  }
  const std::size_t left = older.size() + static_cast<std::size_t>(spill_.records()) + beyond_disk_.size();
  bool kept = older.empty() || spill_.put_back(older);
  for (const Entry& entry : beyond_disk_) kept = spill_.append(spilled(entry)) && kept;
  if (!kept) spdlog::error("account_lane_closed_with_loss detail=\"{}\"", spill_.error());
  return left;
}

}  // namespace millrace::publish
