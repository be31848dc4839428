#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace millrace::client {

// Which records of one assigned partition are done with, so that nothing is committed that was neither handed over nor
// parked. A partition that comes back gets a new one. Any thread, but for add() and pass().
class OffsetTracker {
 public:
  explicit OffsetTracker(std::int64_t from) : next_(from) {}

  // A record that somebody has to be done with. Offsets rise.
  void add(std::int64_t offset);
  // Nothing before `next` is left to come: records that concern nobody, and places that hold no record.
  void pass(std::int64_t next);
  void done(std::int64_t offset);

  // Everything before it is done with.
  std::int64_t committable() const;

  // The partition is somebody else's now: what is not handed over yet, the other one will.
  void revoke() noexcept { revoked_ = true; }
  bool revoked() const noexcept { return revoked_; }

 private:
  struct Open {
    std::int64_t offset;
    bool done = false;
  };

  mutable std::mutex mutex_;
  std::deque<Open> open_;  // from the first that is not done
  std::int64_t next_;
  std::atomic<bool> revoked_ = false;
};

// One record on its way to a number of listeners: done when all of them are. Any thread.
class Ticket {
 public:
  // `tracker` knows `offset` already. Requires pending > 0.
  Ticket(std::shared_ptr<OffsetTracker> tracker, std::int64_t offset, int pending)
      : tracker_(std::move(tracker)), offset_(offset), pending_(pending) {}

  void finish() {
    if (pending_.fetch_sub(1) == 1) tracker_->done(offset_);
  }
  bool revoked() const noexcept { return tracker_->revoked(); }

 private:
  const std::shared_ptr<OffsetTracker> tracker_;
  const std::int64_t offset_;
  std::atomic<int> pending_;
};

}  // namespace millrace::client
