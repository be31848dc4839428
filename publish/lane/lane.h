#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "publish/journal/journal.h"
#include "publish/journal/spill.h"
#include "publish/lane/ack_listener.h"
#include "publish/lane/lane_stats.h"
#include "publish/sequence/record_sink.h"

namespace millrace::publish {

inline constexpr std::chrono::seconds kBetweenRenewals{1};  // of a producer that can send no more

// What carries the records of one thread away: to Kafka (MarketLane, AccountLane) or to local disk (JournalLane). All
// calls on that thread, except stats().
class Lane : public RecordSink {
 public:
  // From now on told about every record; outlives the lane or is replaced. Nullptr: nobody.
  virtual void set_listener(AckListener* listener) noexcept = 0;

  // Before READY: makes `topics` (without prefix) ready to be written. Blocks. What it returns is one line for each
  // that cannot be written, with what to do; empty = warm. May be called again with more. `timeout` is for all of them
  // together. A topic that was never warmed is refused record by record (kNoTopic): asking the broker on the hot path
  // could block for seconds.
  virtual std::vector<std::string> warm(std::span<const std::string> topics, std::chrono::milliseconds timeout) = 0;

  // What an earlier process could not deliver, oldest first; to be called once, before the first record.
  virtual void take_leftover(const std::function<void(SpilledRecord)>& visit) = 0;

  // When the frame of the records that follow was received; latencies count from here.
  virtual void received_at(std::chrono::steady_clock::time_point when) noexcept = 0;
  // At the end of each drain of a socket: hands over what was committed, and delivers reports. Never blocks, but for a
  // disk.
  virtual void flush_batch() = 0;
  // When wake_fd() is readable, and at least once a second: delivers reports, hands over what had to wait.
  virtual void poll() = 0;
  // Readable when reports have come; the lane's own, and poll() empties it. -1: there is none, poll() is enough.
  virtual int wake_fd() const noexcept = 0;

  // Nothing more can be promised: the owner closes sessions whose records may not be dropped, until this ends.
  virtual bool full() const noexcept = 0;

  // At the end: waits until all is acknowledged, at most until the deadline. How many records are not, and are kept
  // nowhere for the next process: nothing declares them but the next epoch's RESTART mark. Commit nothing after it.
  virtual std::size_t close(std::chrono::milliseconds timeout) = 0;

  virtual const LaneStats& stats() const noexcept = 0;
  virtual const JournalStats* journal() const noexcept { return nullptr; }  // null: it writes none
};

}  // namespace millrace::publish
