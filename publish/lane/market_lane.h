#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "publish/kafka/producer.h"
#include "publish/lane/lane.h"
#include "publish/lane/unacked_ring.h"

namespace millrace::publish {

// memory_limit is for the rings of this lane; a process with several lanes has as many limits.
struct LaneSettings {
  KafkaSettings kafka;
  std::size_t memory_limit = std::size_t{128} * 1024 * 1024;  // bytes of un-acked records
  std::string spill_folder;                                   // empty: nothing waits on disk, what is more is refused
  std::int64_t spill_limit = std::int64_t{1} << 30;           // bytes on disk, of all partitions
  std::function<bool(std::string_view dataset)> spills;       // which datasets may; empty: all
};

// The market lane: records on their way to Kafka. It owns every record from reserve() until the broker has acknowledged
// it, in one ring per partition, so that a producer that died is replaced and nothing is missing. One per ingest thread
// with a producer of its own. Memory never grows beyond the limit, plus what librdkafka needs for the records in its
// queue (about 300 B each, 200,000 by default). What a ring has no room for waits on disk, where its dataset may spill,
// and goes on in order when there is room again; else "full" is the answer (RecordSink).
// Order: records of a partition reach the broker in the order of commit(). After a renewal those without an
// acknowledgement are sent again in that order, so some may be there twice, never swapped within a stream's first
// occurrences.
class MarketLane final : public Lane, private ReportListener {
 public:
  // Throws std::runtime_error if librdkafka refuses the settings, or if no descriptor is left. Asks nothing of the
  // broker.
  explicit MarketLane(LaneSettings settings);
  ~MarketLane() override;  // forgets what is not acknowledged: see close()

  void set_listener(AckListener* listener) noexcept override { listener_ = listener; }
  // Each answer also tells librdkafka the leaders, so the first record waits for nobody.
  std::vector<std::string> warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) override;
  // Partition by partition. Throws std::runtime_error if the folder cannot be used.
  void take_leftover(const std::function<void(SpilledRecord)>& visit) override;

  // RecordSink. A stream's partition is computed here, once. Of its key a copy is kept; `spec.identity` is not.
  StreamSlot open(const StreamSpec& spec) override;
  std::span<std::byte> reserve(StreamSlot stream, std::size_t bound) override;
  void commit(StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

  void received_at(std::chrono::steady_clock::time_point when) noexcept override { received_at_ = when; }
  // What does not fit librdkafka's queue waits in the rings until the next flush or poll.
  void flush_batch() override;
  // Also renews a dead producer; the old handle ends on a thread of its own.
  void poll() override;
  int wake_fd() const noexcept override { return wake_fd_; }
  bool full() const noexcept override { return false; }  // it answers record by record

  // What is not acknowledged then goes to disk, where it may, for the next process.
  std::size_t close(std::chrono::milliseconds timeout) override;

  std::int32_t partition(StreamSlot stream) const;  // -1: its topic is not warm
  const LaneStats& stats() const noexcept override { return stats_; }

 private:
  // One partition of one topic.
  struct Ring {
    Ring(BlockPool& pool, std::uint32_t number, std::uint32_t of_topic, std::int32_t of_partition)
        : records(pool, number), topic(of_topic), partition(of_partition) {}

    UnackedRing records;
    std::uint32_t topic;
    std::int32_t partition;
    std::int64_t last_offset = -1;  // of the last acknowledgement
    bool dirty = false;             // stands in its topic's list
    bool rewound = false;           // during one submit()
    std::vector<StreamSlot> streams;
    // Behind the ring; null until it is first needed. While anything is in it, `next` or `stuck`, all that comes goes
    // there too.
    std::unique_ptr<Spill> spill;
    std::optional<SpilledRecord> next;   // taken from it, and there was no room in the ring
    std::optional<SpilledRecord> stuck;  // behind it: the disk refused it, and nothing more is taken until it is there
    bool waits_on_disk = false;
  };
  // One warm topic. Its rings stand one behind the other in rings_, by partition.
  struct Topic {
    std::string name;  // after the prefix
    std::string full_name;
    bool spills = false;
    std::chrono::steady_clock::time_point open_again{};  // when a folder that could not be made is tried again
    TopicSlot slot{};
    std::uint32_t first_ring = 0;
    std::int32_t partitions = 0;
    bool suspect = false;              // was refused and has had no acknowledgement since: see Producer::submit
    std::vector<std::uint32_t> dirty;  // rings with something to send
  };
  // `ring` is kNoRing if the topic was not warm when the stream was opened.
  struct Stream {
    std::uint32_t ring;
    std::string key;
    schemas::MessageType type;
  };
  using Clock = std::chrono::steady_clock;

  // The cookie is the RingRecord.
  void on_report(void* cookie, Fate fate, std::int32_t partition, std::int64_t offset) override;
  void on_acked(Ring& ring, const RingRecord& record, std::int64_t offset);
  // An offset below the one before it: tells every stream of the partition.
  void check_made_anew(Ring& ring, std::int64_t offset);
  // Counts, and gives the empty answer.
  std::span<std::byte> refuse(RefusedBecause reason);
  std::span<std::byte> reserve_in(Ring& ring, std::size_t bound);
  // The half of market_lane_spill.cpp.
  std::span<std::byte> reserve_on_disk(Ring& ring, std::size_t bound);
  void commit_on_disk(Ring& ring, SpilledRecord record);
  std::string spill_folder(const Topic& topic, std::int32_t partition) const;
  bool open_spill(Ring& ring);
  bool unstick(Ring& ring);
  void from_disk();
  bool from_disk(Ring& ring, Clock::time_point until);
  std::size_t keep_on_disk();
  void count_disk();
  void count_damage(const Spill& spill, std::int64_t before);
  SpilledRecord spilled(const Ring& ring, std::string_view key, std::string_view bytes,
                        schemas::MessageType type) const;
  void enlist(Ring& ring, RingRecord& record, schemas::MessageType type);
  void mark_dirty(Ring& ring);
  std::string add_topic(const std::string& topic, std::chrono::milliseconds timeout);
  void send_all();
  void send_topic(Topic& topic);
  void send_ring(Topic& topic, Ring& ring);
  void submit(Topic& topic, const Ring* only);
  // Sends one record of a producer that died, or from disk, with the header that marks it.
  bool send_late(Topic& topic, Ring& ring, RingRecord& record);
  void deliver_reports(std::chrono::milliseconds wait);
  void renew_if_dead();
  void start_renewal();
  void finish_renewal();
  std::string_view key_of(RingRecord& record) const;

  LaneSettings settings_;
  AckListener* listener_ = nullptr;
  LaneStats stats_;
  int wake_fd_;
  BlockPool pool_;
  std::deque<Ring> rings_;  // before the producer: it reads their bytes until it ends
  std::vector<Topic> topics_;
  std::map<std::string, std::uint32_t, std::less<>> topic_by_name_;
  std::vector<Stream> streams_;  // by StreamSlot
  Clock::time_point received_at_{};
  Clock::time_point now_{};             // of the flush or poll at hand
  std::vector<std::uint32_t> sending_;  // rings of the topic at hand; keeps its capacity
  std::size_t pushed_ = 0;              // not yet submitted
  bool alone_ = false;                  // the topic at hand is suspect: one partition a submit
  bool queue_full_ = false;             // seen by the submit at hand
  Ring* to_disk_ = nullptr;             // of the room last reserved, if that was scratch_
  std::vector<std::byte> scratch_;
  std::vector<std::uint32_t> on_disk_;  // rings that wait there
  Clock::time_point renewed_at_{};
  std::unique_ptr<Producer> producer_;  // empty while being renewed
  // Valid while a renewal is under way; its destructor waits, so it is the last member.
  std::future<std::unique_ptr<Producer>> renewal_;
};

}  // namespace millrace::publish
