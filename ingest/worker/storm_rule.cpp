#include "ingest/worker/storm_rule.h"

namespace millrace::ingest {

// Told once per window: a storm that goes on is told again each 10 s. Reconnecting rarely helps against a changed
// format, and often enough hurts: hence once an hour.
StormRule::Verdict StormRule::on_bad_frame(schemas::UnixNanos now) {
  if (now - window_begin_ > kWithin) {
    window_begin_ = now;
    in_window_ = 0;
    told_ = false;
  }
  if (++in_window_ < kFrames || told_) return {};
  told_ = true;
  const bool may_reconnect = !reconnected_ || now - *reconnected_ >= kReconnectEvery;
  if (may_reconnect) reconnected_ = now;
  return {true, may_reconnect};
}

}  // namespace millrace::ingest
