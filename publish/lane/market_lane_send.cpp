// The half of the market lane that talks to the producer: handing over, reports, renewal.
//
// The life of a record: reserve() and commit() lay it in its partition's ring (kWaiting). The next flush hands it over
// (kSent); librdkafka sends it from where it lies. Its report ends it (kDone), and the ring gives memory back in the
// order in which it was laid. Two things send it the way back: a full queue (kWaiting again, tried at the next flush
// or poll) and a producer that died (kRepeat, sent by the next one with the header that says so).
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "publish/kafka/record_header.h"
#include "publish/kafka/trouble.h"
#include "publish/lane/market_lane.h"
#include "publish/wall_clock.h"

namespace millrace::publish {
namespace {

// Records in one call to librdkafka: enough to make the call's own cost vanish, few enough to stay in the cache.
constexpr std::size_t kBatch = 1024;
// A broker that kills every producer at once must not make us spin.

std::unique_ptr<Producer> make_producer(const KafkaSettings& settings, int wake_fd,
                                        const std::vector<std::string>& topics) {
  auto made = std::make_unique<Producer>(settings, wake_fd);
  for (const std::string& topic : topics) made->add_topic(topic);
  return made;
}

std::string why_lost(const std::string& topic, Fate fate) {
  if (fate == Fate::kForbidden) return not_authorized("topic", topic, "Write");
  return fmt::format("topic {}: {}", topic, name(fate));
}

}  // namespace

// Reports are taken here too, so that a busy thread needs no wake-up for them and rings are released while hot.
void MarketLane::flush_batch() {
  now_ = Clock::now();
  send_all();
  deliver_reports(std::chrono::milliseconds{0});
}

// Reports before renewal before sending: a report may release room, and a renewed producer has everything to send.
void MarketLane::poll() {
  std::array<std::byte, 8> count;
  // Only empties it: how often it was written says nothing.
  [[maybe_unused]] const auto got = ::read(wake_fd_, count.data(), count.size());
  now_ = Clock::now();
  deliver_reports(std::chrono::milliseconds{0});
  renew_if_dead();
  from_disk();
  send_all();
}

void MarketLane::deliver_reports(std::chrono::milliseconds wait) {
  if (producer_) producer_->poll(*this, wait);
  stats_.ring_bytes.set(pool_.used());
}

// Short waits in a loop, because a renewal under way has no descriptor to wait on.
std::size_t MarketLane::close(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const auto left = [this] {
    std::size_t records = 0;
    for (const Ring& ring : rings_) records += ring.records.records();
    return records;
  };
  while ((left() > 0 || !on_disk_.empty()) && Clock::now() < deadline) {
    poll();
    deliver_reports(std::chrono::milliseconds{5});
    if (renewal_.valid()) renewal_.wait_for(std::chrono::milliseconds{5});
  }
  return left() > 0 || !on_disk_.empty() ? keep_on_disk() : 0;
}

// Once librdkafka's queue is full nothing more is tried in this round: each further call would only cost its refusal.
void MarketLane::send_all() {
  if (!producer_ || producer_->dead()) return;
  queue_full_ = false;
  for (Topic& topic : topics_) {
    if (!topic.dirty.empty()) send_topic(topic);
    if (queue_full_) break;
  }
  if (queue_full_) stats_.queue_full.add();
}

// One submit per topic for all its partitions is what makes handing over cheap. Rings that could not send everything go
// back to the list for the next round.
void MarketLane::send_topic(Topic& topic) {
  alone_ = topic.suspect;
  sending_.clear();
  sending_.swap(topic.dirty);
  for (const std::uint32_t number : sending_) {
    rings_[number].dirty = false;
    if (!queue_full_) send_ring(topic, rings_[number]);
  }
  submit(topic, nullptr);
  for (const std::uint32_t number : sending_) {
    rings_[number].rewound = false;
    if (rings_[number].records.to_send()) mark_dirty(rings_[number]);
  }
}

// A suspect topic is handed over partition by partition: see Producer::submit. The latency is taken when a record is
// handed over, so waiting for a full queue counts.
void MarketLane::send_ring(Topic& topic, Ring& ring) {
  while (RingRecord* record = ring.records.to_send()) {
    if (record->state == RecordState::kRepeat || record->stamp_ns == RingRecord::kFromDisk) {
      submit(topic, alone_ ? &ring : nullptr);  // what is before it goes before it
      if (queue_full_ || !send_late(topic, ring, *record)) return;
      continue;
    }
    if (record->stamp_ns > 0) {
      stats_.receive_to_publish.add(now_.time_since_epoch().count() - record->stamp_ns);
    }
    ring.records.sent(*record);
    producer_->push(topic.slot, {{record->bytes(), record->length}, key_of(*record), ring.partition, record});
    if (++pushed_ < kBatch) continue;
    submit(topic, alone_ ? &ring : nullptr);
    if (queue_full_) return;
  }
  if (alone_) submit(topic, &ring);
}

void MarketLane::submit(Topic& topic, const Ring* only) {
  if (pushed_ == 0) return;
  pushed_ = 0;
  producer_->submit(topic.slot, *this, only ? only->partition : Producer::kEachItsOwn);
}

// A record that a dead producer may have delivered, or that waited on disk. The slow call, because only it takes
// headers and times, and readers must be able to tell. False: nothing more can be sent now (the queue is full, or the
// producer died as well); the record stays where it is.
bool MarketLane::send_late(Topic& topic, Ring& ring, RingRecord& record) {
  const auto type = static_cast<schemas::MessageType>(record.type);
  const std::string_view body{reinterpret_cast<const char*>(record.bytes()), record.length};
  const bool again = record.state == RecordState::kRepeat;
  const HeaderBytes header =
      encode_header(header_of(type, body, again ? RecordHeader::kPossibleDuplicate : std::uint8_t{0}));
  const Outgoing outgoing{{record.bytes(), record.length}, key_of(record), ring.partition, &record};
  const bool late = record.stamp_ns == RingRecord::kFromDisk;
  const std::int64_t time = late ? std::min(receive_time_of(type, body), wall_clock()) / 1'000'000 : 0;
  const Fate fate = producer_->send_with_header(topic.slot, outgoing, header.view(), time);
  if (fate == Fate::kQueueFull || fate == Fate::kProducerDead) {
    queue_full_ = fate == Fate::kQueueFull;
    return false;
  }
  ring.records.sent(record);
  if (again) stats_.resent.add();
  if (fate != Fate::kAcked) on_report(&record, fate, ring.partition, -1);
  return true;
}

// Called from submit() for refusals and from poll() for fates. A refused tail rewinds its ring once, at its first
// record; the reports of the records behind it find that done. A dead producer's records stay in the ring, whatever was
// said of them.
void MarketLane::on_report(void* cookie, Fate fate, std::int32_t, std::int64_t offset) {
  auto& record = *static_cast<RingRecord*>(cookie);
  Ring& ring = rings_[record.ring];
  if (fate == Fate::kProducerDead) return;  // stays: the next producer sends it again
  if (fate == Fate::kQueueFull) {
    queue_full_ = true;
    if (!ring.rewound) ring.records.rewind(record);
    ring.rewound = true;
    return;
  }
  if (fate == Fate::kAcked) {
    on_acked(ring, record, offset);
  } else {
    stats_.lost[static_cast<std::size_t>(fate)].add();
    Topic& topic = topics_[ring.topic];
    if (!std::exchange(topic.suspect, true)) {  // once until it works again
      spdlog::error("kafka: records are lost, which their streams declare: {}", why_lost(topic.full_name, fate));
    }
    if (listener_ && record.slot != RingRecord::kNoSlot) {
      listener_->on_lost(static_cast<StreamSlot>(record.slot), record.seq, name(fate));
    }
  }
  ring.records.done(record);
}

// An acknowledgement shows that the topic works again.
void MarketLane::on_acked(Ring& ring, const RingRecord& record, std::int64_t offset) {
  stats_.acked.add();
  topics_[ring.topic].suspect = false;
  if (record.stamp_ns > 0) stats_.receive_to_ack.add(now_.time_since_epoch().count() - record.stamp_ns);
  if (offset >= 0) check_made_anew(ring, offset);
  if (!listener_ || record.slot == RingRecord::kNoSlot) return;
  listener_->on_ack(static_cast<StreamSlot>(record.slot), ring.partition, offset, record.seq);
}

// Within one topic the offsets of a partition only rise. One that falls is a topic that was deleted and made again; who
// reads it now has none of our books.
void MarketLane::check_made_anew(Ring& ring, std::int64_t offset) {
  const bool anew = offset < ring.last_offset;
  ring.last_offset = offset;
  if (!anew) return;
  stats_.made_anew.add();
  spdlog::warn("kafka: partition {} of {} begins anew at offset {}: was the topic deleted and made again?",
               ring.partition, topics_[ring.topic].full_name, offset);
  if (!listener_) return;
  for (const StreamSlot stream : ring.streams) listener_->on_topic_made_anew(stream);
}

// At most one try a second. Meanwhile the rings take what comes; when they are full, the answer is "full".
void MarketLane::renew_if_dead() {
  if (renewal_.valid()) {
    if (renewal_.wait_for(std::chrono::seconds{0}) == std::future_status::ready) finish_renewal();
  } else if (!producer_ || producer_->dead()) {
    if (renewed_at_ == Clock::time_point{} || now_ - renewed_at_ >= kBetweenRenewals) start_renewal();
  }
}

// A renewal that failed (producer_ is empty then) is tried again without being counted as another death.
void MarketLane::start_renewal() {
  renewed_at_ = now_;
  if (producer_) {
    stats_.renewals.add();
    spdlog::warn("kafka: the producer died ({}): making a new one, records without an acknowledgement are sent again",
                 producer_->cause_of_death());
  }
  std::vector<std::string> names;
  for (const Topic& topic : topics_) names.push_back(topic.full_name);
  // Ending a producer waits for its threads: not on this one.
  renewal_ = std::async(std::launch::async, [old = std::move(producer_), kafka = settings_.kafka, fd = wake_fd_,
                                             names = std::move(names)]() mutable {
    old.reset();
    return make_producer(kafka, fd, names);
  });
}

// Slots are given in the order of add_topic(), hence the plain renumbering.
void MarketLane::finish_renewal() {
  try {
    producer_ = renewal_.get();
  } catch (const std::exception& error) {
    spdlog::error("kafka: {}: trying again", error.what());
    return;
  }
  for (std::size_t i = 0; i < topics_.size(); ++i) topics_[i].slot = static_cast<TopicSlot>(i);
  for (Ring& ring : rings_) {
    ring.records.repeat_all();
    if (ring.records.to_send()) mark_dirty(ring);
  }
}

}  // namespace millrace::publish
