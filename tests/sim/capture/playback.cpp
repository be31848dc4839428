#include "tests/sim/capture/playback.h"

namespace millrace::sim {

namespace {
constexpr std::int64_t kUntimed = 1'000'000;  // lines without a time are a millisecond apart
}

Playback::Playback(Recording recording, double speed, std::int64_t start_after_ns)
    : recording_(std::move(recording)), speed_(speed), start_after_ns_(start_after_ns) {
  for (const RecordedLine& line : recording_.lines) {
    if (!line.rest) missing_.emplace(line.channel, line.symbol);
    if (first_time_ns_ == 0) first_time_ns_ = line.time_ns;
  }
}

void Playback::on_subscribed(Channel channel, const std::string& symbol, std::int64_t now_ns) {
  missing_.erase({channel, symbol});
  if (first_subscription_ns_ == 0) first_subscription_ns_ = now_ns;
  if (missing_.empty() && started_ns_ == 0) started_ns_ = now_ns;
}

std::int64_t Playback::offset_of(const RecordedLine& line) const noexcept {
  if (first_time_ns_ == 0) return static_cast<std::int64_t>(next_) * kUntimed;
  return line.time_ns - first_time_ns_;
}

const RecordedLine* Playback::due(std::int64_t now_ns) {
  const bool deadline = first_subscription_ns_ != 0 && now_ns - first_subscription_ns_ >= start_after_ns_;
  if (started_ns_ == 0 && deadline) started_ns_ = now_ns;
  if (started_ns_ == 0 || ended()) return nullptr;
  const RecordedLine& line = recording_.lines[next_];
  const auto elapsed = static_cast<double>(now_ns - started_ns_);
  if (speed_ > 0 && static_cast<double>(offset_of(line)) > elapsed * speed_) return nullptr;
  if (due_since_ns_ == 0) due_since_ns_ = now_ns;
  return &line;
}

void Playback::advance(std::int64_t now_ns) {
  // A line that had to wait for its client moves all that follow.
  if (speed_ > 0 && waited(now_ns) > kUntimed) started_ns_ += waited(now_ns);
  due_since_ns_ = 0;
  ++next_;
}

}  // namespace millrace::sim
