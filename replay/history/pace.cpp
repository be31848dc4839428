#include "replay/history/pace.h"

#include <algorithm>

namespace millrace::history {

void Pace::tick(std::int64_t now) noexcept {
  if (last_ != kNone && begun_ && !paused_) {
    played_ += static_cast<double>(std::clamp<std::int64_t>(now - last_, 0, kLongestStep)) * speed_;
  }
  last_ = now;
}

std::int64_t Pace::wait_for(schemas::UnixNanos time) noexcept {
  if (paused_) return kForever;
  if (speed_ <= 0) return 0;
  if (!begun_) {
    begun_ = true;
    first_ = time;
  }
  const double left = static_cast<double>(time - first_) - played_;
  return left <= 0 ? 0 : static_cast<std::int64_t>(std::min(left / speed_, 9e18));
}

}  // namespace millrace::history
