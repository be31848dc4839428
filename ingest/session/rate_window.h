#pragma once

#include <chrono>
#include <deque>

namespace millrace::ingest {

// At most `count` events in any span of `window`, counted exactly (a token bucket would let twice as many pass within
// one window). Reads no clock: `now` is monotonic time. Holds at most `count` times.
class RateWindow {
 public:
  using Nanos = std::chrono::nanoseconds;

  // count <= 0: no limit.
  RateWindow(int count, Nanos window) : count_(count), window_(window) {}

  // Takes a place and returns 0, or takes nothing and returns how long to wait before asking again. `now` must not go
  // back. Amortized constant time.
  Nanos take(Nanos now) {
    if (count_ <= 0) return Nanos::zero();
    while (!taken_.empty() && taken_.front() + window_ <= now) taken_.pop_front();
    if (taken_.size() >= static_cast<std::size_t>(count_)) return taken_.front() + window_ - now;
    taken_.push_back(now);
    return Nanos::zero();
  }

  void clear() { taken_.clear(); }

 private:
  int count_;
  Nanos window_;
  // Oldest first.
  std::deque<Nanos> taken_;
};

}  // namespace millrace::ingest
