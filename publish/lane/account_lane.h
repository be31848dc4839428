#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "publish/journal/spill.h"
#include "publish/kafka/producer.h"
#include "publish/lane/lane.h"

namespace millrace::publish {

struct AccountLaneSettings {
  KafkaSettings kafka;                                       // linger is 0 here, whatever it says
  std::size_t memory_limit = std::size_t{32} * 1024 * 1024;  // bytes of un-acked records; what is more waits on disk
  std::string spill_folder;  // empty: nothing waits on disk, for an owner that bounds what it hands over by itself
  std::int64_t spill_limit = std::int64_t{1} << 30;  // bytes on disk
  // A partition that hears nothing of its records while others are acknowledged has them sent again by a new producer.
  std::chrono::seconds forgotten_after{60};
};

// The account lane: executions and balances on their way to Kafka. Nothing in it is ever given up: a record that the
// broker refuses for good (topic gone, no permission) is sent again each second until it is acknowledged, and what does
// not fit into memory waits in order on disk. Apart from market data: a producer of its own, nothing shared. All calls
// on one thread, except stats(). Every record carries the header `mr`, a repeated one with POSSIBLE_DUPLICATE.
// Order: records of a partition reach the broker in the order of commit().
class AccountLane final : public Lane, private ReportListener {
 public:
  // Throws std::runtime_error if librdkafka refuses the settings or the folder cannot be used.
  explicit AccountLane(AccountLaneSettings settings);
  ~AccountLane() override;

  void set_listener(AckListener* listener) noexcept override { listener_ = listener; }
  std::vector<std::string> warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) override;
  void take_leftover(const std::function<void(SpilledRecord)>& visit) override;

  // RecordSink. reserve() never refuses; put() a topic that is not warm and, while full(), what exceeds half the memory
  // once more: it only tells about streams.
  StreamSlot open(const StreamSpec& spec) override;
  std::span<std::byte> reserve(StreamSlot stream, std::size_t bound) override;
  void commit(StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

  void received_at(std::chrono::steady_clock::time_point when) noexcept override { received_at_ = when; }
  void flush_batch() override;
  void poll() override;
  int wake_fd() const noexcept override { return wake_fd_; }

  // The disk holds what it may, too. What the venue tells meanwhile is for the sidecar.
  bool full() const noexcept override { return full_; }
  // What is not acknowledged goes to disk and is delivered by the next process.
  std::size_t close(std::chrono::milliseconds timeout) override;

  const LaneStats& stats() const noexcept override { return stats_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { kWaiting, kSent, kDone };
  struct Entry;
  // Of a topic. What waits is in the order of commit().
  struct Partition {
    std::deque<Entry*> waiting;
    std::size_t sent = 0;            // at librdkafka, without a report
    Clock::time_point hold_until{};  // after a refusal
    Clock::time_point moved_at{};    // when librdkafka last took one while it had none, or last reported one
    std::int64_t last_offset = -1;
  };
  struct Topic {
    std::string name;  // after the prefix
    TopicSlot slot{};
    std::vector<Partition> partitions;
  };
  struct Stream {
    std::uint32_t topic;
    std::string key;
    schemas::MessageType type;
  };
  struct Entry {
    std::uint32_t topic = 0;
    std::int32_t partition = 0;
    std::string key;
    std::string bytes;
    std::int64_t seq = 0;
    std::uint32_t slot = 0;
    schemas::MessageType type{};
    State state = State::kWaiting;
    bool may_be_there = false;  // handed to a producer that died
    std::int64_t stamp_ns = 0;
    std::uint64_t number = 0;  // in the order of commit(), as far as it is in entries_
  };

  void on_report(void* cookie, Fate fate, std::int32_t partition, std::int64_t offset) override;
  std::string add_topic(const std::string& topic, std::chrono::milliseconds timeout);
  void add(Entry entry);
  void to_disk(Entry entry);
  SpilledRecord spilled(const Entry& entry) const;
  void from_disk();
  void count_damage();
  void keep(Entry entry);
  void send_all();
  bool send_group(Partition& partition);
  bool send(Entry& entry);
  void wait_again(Entry& entry);
  void all_wait_again();
  Partition& partition_of_entry(const Entry& entry) {
    return topics_[entry.topic].partitions[static_cast<std::size_t>(entry.partition)];
  }
  void release();
  void acked(Entry& entry, std::int64_t offset);
  bool forgets() const;
  void renew_if_dead();
  std::size_t cost(const Entry& entry) const noexcept { return sizeof entry + entry.key.size() + entry.bytes.size(); }

  AccountLaneSettings settings_;
  AckListener* listener_ = nullptr;
  LaneStats stats_;
  int wake_fd_;
  Spill spill_;
  std::vector<Topic> topics_;
  std::map<std::string, std::uint32_t, std::less<>> topic_by_name_;
  std::vector<Stream> streams_;
  std::deque<std::unique_ptr<Entry>> entries_;  // oldest first; addresses are librdkafka's cookies
  std::uint64_t next_number_ = 1;
  std::size_t used_ = 0;           // by entries_
  std::deque<Entry> beyond_disk_;  // what the disk refused: behind everything on it
  std::size_t beyond_disk_bytes_ = 0;
  std::vector<std::byte> scratch_;
  Clock::time_point received_at_{};
  Clock::time_point now_{};
  Clock::time_point acked_at_{};       // the last acknowledgement of any record
  Clock::time_point answers_since_{};  // the first one behind a silence, as of a broker that was away
  bool full_ = false;
  Clock::time_point renewed_at_{};
  std::unique_ptr<Producer> producer_;
  std::future<std::unique_ptr<Producer>> renewal_;
};

}  // namespace millrace::publish
