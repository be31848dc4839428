#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "publish/journal/journal.h"
#include "publish/lane/lane.h"

namespace millrace::publish {

// Records on local disk instead of a broker. "Acknowledged" is what the journal's file has, with sync_every 0 what the
// disk has; there is one partition, and the offset counts the records of this process. Nothing is left over by an
// earlier process: what it wrote is where it belongs.
class JournalLane final : public Lane {
 public:
  // Throws std::runtime_error if the folder cannot be used.
  explicit JournalLane(JournalSettings settings);

  void set_listener(AckListener* listener) noexcept override { listener_ = listener; }
  std::vector<std::string> warm(std::span<const std::string>, std::chrono::milliseconds) override { return {}; }
  void take_leftover(const std::function<void(SpilledRecord)>&) override {}

  StreamSlot open(const StreamSpec& spec) override;
  std::span<std::byte> reserve(StreamSlot stream, std::size_t bound) override;
  void commit(StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

  void received_at(std::chrono::steady_clock::time_point when) noexcept override { received_at_ = when; }
  void flush_batch() override;
  void poll() override { flush_batch(); }
  int wake_fd() const noexcept override { return -1; }
  bool full() const noexcept override { return refused_; }
  std::size_t close(std::chrono::milliseconds timeout) override;

  const LaneStats& stats() const noexcept override { return stats_; }
  const JournalStats* journal() const noexcept override { return &journal_.stats(); }

 private:
  struct Stream {
    std::string topic;
    std::string key;
    schemas::MessageType type;
  };
  // In the journal, and not yet known to be in its file.
  struct Waiting {
    StreamSlot stream;
    std::int64_t seq;
    std::int64_t stamp_ns;
  };
  bool append(const JournalRecord& record);

  Journal journal_;
  LaneStats stats_;
  AckListener* listener_ = nullptr;
  std::vector<Stream> streams_;
  std::vector<std::byte> scratch_;
  std::vector<Waiting> waiting_;
  std::int64_t acked_ = 0;  // streams' and others'
  std::chrono::steady_clock::time_point received_at_{};
  bool refused_ = false;
};

// A lane whose records are also written to a journal, as they are committed: the archive. What that refuses is counted
// there and missing in it; the lane goes on.
class ArchivedLane final : public Lane {
 public:
  // Throws as Journal.
  ArchivedLane(std::unique_ptr<Lane> lane, JournalSettings settings);

  void set_listener(AckListener* listener) noexcept override { lane_->set_listener(listener); }
  std::vector<std::string> warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) override {
    return lane_->warm(topics, timeout);
  }
  void take_leftover(const std::function<void(SpilledRecord)>& visit) override { lane_->take_leftover(visit); }

  StreamSlot open(const StreamSpec& spec) override;
  std::span<std::byte> reserve(StreamSlot stream, std::size_t bound) override;
  void commit(StreamSlot stream, std::size_t length, std::int64_t seq) override;
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) override;

  void received_at(std::chrono::steady_clock::time_point when) noexcept override { lane_->received_at(when); }
  void flush_batch() override;
  void poll() override;
  int wake_fd() const noexcept override { return lane_->wake_fd(); }
  bool full() const noexcept override { return lane_->full(); }
  std::size_t close(std::chrono::milliseconds timeout) override;

  const LaneStats& stats() const noexcept override { return lane_->stats(); }
  const JournalStats* journal() const noexcept override { return archive_.journal(); }

 private:
  std::unique_ptr<Lane> lane_;
  JournalLane archive_;
  std::span<std::byte> room_;  // of the last reserve()
};

}  // namespace millrace::publish
