#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "tests/sim/capture/recording.h"

namespace millrace::sim {

// Where a recording stands: when it begins, which line is due. Knows no sockets; time is handed in.
class Playback {
 public:
  // `speed` 0 = no waiting between lines. It begins when every recorded stream is subscribed to, at the latest
  // `start_after_ns` after the first subscription.
  Playback(Recording recording, double speed, std::int64_t start_after_ns);

  const Recording& recording() const noexcept { return recording_; }

  // A client has subscribed to this channel of this symbol.
  void on_subscribed(Channel channel, const std::string& symbol, std::int64_t now_ns);
  // The next line, if it is due; null = not yet, or the end.
  const RecordedLine* due(std::int64_t now_ns);
  // That line is done with.
  void advance(std::int64_t now_ns);
  // For how long the line that is due has been waiting for a client.
  std::int64_t waited(std::int64_t now_ns) const noexcept { return now_ns - due_since_ns_; }

  bool started() const noexcept { return started_ns_ != 0; }
  bool ended() const noexcept { return next_ == recording_.lines.size(); }
  std::size_t position() const noexcept { return next_; }

 private:
  std::int64_t offset_of(const RecordedLine& line) const noexcept;

  Recording recording_;
  double speed_;
  std::int64_t start_after_ns_;
  std::set<std::pair<Channel, std::string>> missing_;  // recorded, not subscribed to yet
  std::int64_t first_subscription_ns_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t first_time_ns_ = 0;
  std::int64_t due_since_ns_ = 0;  // 0 = nothing is waiting
  std::size_t next_ = 0;
};

}  // namespace millrace::sim
