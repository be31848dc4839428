#include "publish/lane/market_lane.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/wake_fd.h"

namespace millrace::publish {
namespace {

constexpr std::uint32_t kNoRing = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxKey = std::numeric_limits<std::uint16_t>::max();  // what RingRecord::key_length holds
// A bound may well exceed what is written in the end; beyond this the record cannot fit the broker's limit.
constexpr std::size_t kMaxBound = 4 * kMaxMessageBytes;

// Records about streams may; of market data those whose dataset may.
bool may_spill(const LaneSettings& settings, std::string_view topic) {
  if (settings.spill_folder.empty()) return false;
  const auto dataset = market_dataset(topic);
  if (!dataset) return topic.find(".heartbeat.") == std::string_view::npos;  // late, a sign of life says nothing
  return !settings.spills || settings.spills(*dataset);
}

std::string topic_of(const StreamSpec& spec) {
  const auto& identity = *spec.identity;
  return identity.account.empty() ? market_topic(identity.venue, spec.dataset)
                                  : account_topic(identity.venue, spec.dataset);
}

}  // namespace

MarketLane::MarketLane(LaneSettings settings)
    : settings_(std::move(settings)),
      wake_fd_(make_wake_fd()),
      pool_(settings_.memory_limit),
      producer_(std::make_unique<Producer>(settings_.kafka, wake_fd_)) {
  stats_.ring_limit.set(settings_.memory_limit);
}

// The producer before the rings: librdkafka reads their bytes until its threads have ended. The descriptor last: those
// threads write to it.
MarketLane::~MarketLane() {
  if (renewal_.valid()) renewal_.wait();
  producer_.reset();
  ::close(wake_fd_);
}

// Topic by topic within one deadline: each answer also tells librdkafka the leaders, so the first record waits for
// nobody.
std::vector<std::string> MarketLane::warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) {
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

// The number of partitions is fixed from here on; one added while we run is not used until a restart, since keys would
// move.
std::string MarketLane::add_topic(const std::string& topic, std::chrono::milliseconds timeout) {
  if (!producer_) return fmt::format("topic {}: the producer is being renewed, try again", topic);
  Topic added;
  added.name = topic;
  added.full_name = full_topic(settings_.kafka.prefix, topic);
  added.spills = may_spill(settings_, topic);
  added.slot = producer_->add_topic(added.full_name);
  added.partitions = producer_->partitions(added.slot, timeout);
  if (added.partitions <= 0) return producer_->problem(added.slot, added.partitions);
  const auto number = static_cast<std::uint32_t>(topics_.size());
  added.first_ring = static_cast<std::uint32_t>(rings_.size());
  for (std::int32_t partition = 0; partition < added.partitions; ++partition) {
    rings_.emplace_back(pool_, static_cast<std::uint32_t>(rings_.size()), number, partition);
  }
  topics_.push_back(std::move(added));
  topic_by_name_.emplace(topic, number);
  return {};
}

// A stream without a warm topic is opened all the same and refused record by record: its losses are then declared like
// any other, instead of a stream that nobody hears of.
StreamSlot MarketLane::open(const StreamSpec& spec) {
  const auto slot = static_cast<StreamSlot>(streams_.size());
  const auto& identity = *spec.identity;
  Stream stream{kNoRing, identity.account.empty() ? identity.instrument : identity.account, spec.type};
  if (const auto found = topic_by_name_.find(topic_of(spec)); found != topic_by_name_.end()) {
    const Topic& topic = topics_[found->second];
    stream.ring = topic.first_ring + static_cast<std::uint32_t>(partition_of(stream.key, topic.partitions));
    rings_[stream.ring].streams.push_back(slot);
  }
  streams_.push_back(std::move(stream));
  return slot;
}

std::int32_t MarketLane::partition(StreamSlot stream) const {
  const Stream& known = streams_[static_cast<std::size_t>(stream)];
  return known.ring == kNoRing ? -1 : rings_[known.ring].partition;
}

std::span<std::byte> MarketLane::refuse(RefusedBecause reason) {
  stats_.refused[static_cast<std::size_t>(reason)].add();
  return {};
}

// Refused by its bound, not by its length: what a record really takes is known only after the encoding, for which there
// would be no place.
std::span<std::byte> MarketLane::reserve_in(Ring& ring, std::size_t bound) {
  to_disk_ = nullptr;
  if (bound > kMaxBound) return refuse(RefusedBecause::kTooLarge);
  if (ring.waits_on_disk) return reserve_on_disk(ring, bound);
  const auto room = ring.records.reserve(bound);
  if (room.data() != nullptr) return room;
  if (topics_[ring.topic].spills) return reserve_on_disk(ring, bound);
  return refuse(ring.records.why() == Refusal::kShare ? RefusedBecause::kShare : RefusedBecause::kBudget);
}

std::span<std::byte> MarketLane::reserve(StreamSlot stream, std::size_t bound) {
  const std::uint32_t ring = streams_[static_cast<std::size_t>(stream)].ring;
  if (ring == kNoRing) return refuse(RefusedBecause::kNoTopic);
  return reserve_in(rings_[ring], bound);
}

// Only bookkeeping. Handing over waits for the end of the drain: librdkafka's lock and the broker's batches are paid
// for once per drain, not per record.
void MarketLane::commit(StreamSlot stream, std::size_t length, std::int64_t seq) {
  const Stream& known = streams_[static_cast<std::size_t>(stream)];
  Ring& ring = rings_[known.ring];
  if (to_disk_ != nullptr) {
    const std::string_view bytes(reinterpret_cast<const char*>(scratch_.data()), length);
    SpilledRecord record = spilled(ring, known.key, bytes, known.type);
    record.seq = seq;
    record.slot = static_cast<std::uint32_t>(stream);
    return commit_on_disk(ring, std::move(record));
  }
  RingRecord& record = ring.records.commit(length, 0);
  record.seq = seq;
  record.slot = static_cast<std::uint32_t>(stream);
  record.stamp_ns = received_at_.time_since_epoch().count();
  enlist(ring, record, known.type);
}

// Records off the hot path share rings and budget with the streams, so that they too survive a dead producer. Their key
// is kept behind the bytes, as no stream holds it.
bool MarketLane::put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) {
  const auto found = topic_by_name_.find(topic);
  if (found == topic_by_name_.end()) return refuse(RefusedBecause::kNoTopic).data();
  if (key.size() > kMaxKey) return refuse(RefusedBecause::kTooLarge).data();
  const Topic& to = topics_[found->second];
  Ring& ring = rings_[to.first_ring + static_cast<std::uint32_t>(partition_of(key, to.partitions))];
  const auto room = reserve_in(ring, bytes.size() + key.size());
  if (room.data() == nullptr) return false;
  if (to_disk_ != nullptr) {
    SpilledRecord record = spilled(ring, key, bytes, type);
    record.slot = RingRecord::kNoSlot;
    commit_on_disk(ring, std::move(record));
    return true;
  }
  std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), room.data());
  std::copy_n(reinterpret_cast<const std::byte*>(key.data()), key.size(), room.data() + bytes.size());
  RingRecord& record = ring.records.commit(bytes.size() + key.size(), key.size());
  record.slot = RingRecord::kNoSlot;
  enlist(ring, record, type);
  return true;
}

void MarketLane::enlist(Ring& ring, RingRecord& record, schemas::MessageType type) {
  record.type = static_cast<std::uint8_t>(type);
  stats_.records.add();
  stats_.bytes.add(record.length);
  mark_dirty(ring);
}

// Lists of dirty rings instead of a walk over all: a drain touches few of many partitions.
void MarketLane::mark_dirty(Ring& ring) {
  if (ring.dirty) return;
  ring.dirty = true;
  topics_[ring.topic].dirty.push_back(ring.records.number());
}

std::string_view MarketLane::key_of(RingRecord& record) const {
  return record.slot == RingRecord::kNoSlot ? record.key() : std::string_view(streams_[record.slot].key);
}

}  // namespace millrace::publish
