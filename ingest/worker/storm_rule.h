#pragma once

#include <cstdint>
#include <optional>

#include "schemas/events/meta.h"

namespace millrace::ingest {

// When undecodable frames are more than bad luck: so many within a short time are a storm, told once, and lead to at
// most one reconnect an hour (design section 6). One per connection plan, so it outlives reconnects. Reads no clock.
class StormRule {
 public:
  static constexpr int kFrames = 20;
  static constexpr std::int64_t kWithin = 10'000'000'000;
  static constexpr std::int64_t kReconnectEvery = 3'600'000'000'000;

  struct Verdict {
    bool begins = false;     // this frame made it a storm: say so
    bool reconnect = false;  // and connect anew
  };
  // `now` is the frame's receive time.
  Verdict on_bad_frame(schemas::UnixNanos now);

 private:
  schemas::UnixNanos window_begin_ = 0;
  int in_window_ = 0;
  bool told_ = false;  // in this window
  std::optional<schemas::UnixNanos> reconnected_;
};

}  // namespace millrace::ingest
