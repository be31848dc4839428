#pragma once

#include <cstdint>

#include "schemas/events/meta.h"

namespace millrace::history {

// Says how long a record still has to wait. Its clock runs `speed` times as fast as the one it is told, but only while
// somebody looks at it: it is moved by tick(), and by no more than kLongestStep at once, so that time in which the
// process was stopped, the machine slept or the reader did not read is not made up by a burst. Pure: times are handed
// in.
class Pace {
 public:
  static constexpr std::int64_t kLongestStep = 1'000'000'000;  // ns

  // `speed`: 1 = as it was; 0 = as fast as possible.
  explicit Pace(double speed) : speed_{speed} {}

  // `now`: any steady clock, ns.
  void tick(std::int64_t now) noexcept;
  // What went by since the last tick does not count: the process was stopped. The next tick() counts from its own time.
  void forget() noexcept { last_ = kNone; }
  void pause(bool on) noexcept { paused_ = on; }
  bool paused() const noexcept { return paused_; }

  // Nanoseconds of the steady clock until the record of this time is due, as of the last tick; <= 0: now. The first
  // record asked for begins the clock. While paused: kForever.
  static constexpr std::int64_t kForever = INT64_MAX;
  std::int64_t wait_for(schemas::UnixNanos time) noexcept;

 private:
  static constexpr std::int64_t kNone = INT64_MIN;

  double speed_;
  bool paused_ = false;
  bool begun_ = false;
  schemas::UnixNanos first_ = 0;  // time of the first record
  double played_ = 0;             // history's nanoseconds since then
  std::int64_t last_ = kNone;     // of the last tick
};

}  // namespace millrace::history
