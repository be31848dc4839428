#include "tests/sim/venues/weight.h"

#include "schemas/events/time.h"

namespace millrace::sim {

WeightBudget::Decision WeightBudget::charge(int weight, std::int64_t now_ns) noexcept {
  const std::int64_t minute = now_ns / kMinute;
  if (minute != minute_) {
    minute_ = minute;
    used_ = 0;
    refusals_ = 0;
  }
  if (now_ns < banned_until_ns_) return {Verdict::kBanned, used_, (banned_until_ns_ - now_ns) / kSecond + 1};
  if (per_minute_ == 0 || used_ + weight <= per_minute_) {
    used_ += weight;
    return {Verdict::kServed, used_, 0};
  }
  if (++refusals_ > kRefusalsBeforeBan) {
    banned_until_ns_ = now_ns + kBanSeconds * kSecond;
    return {Verdict::kBanned, used_, kBanSeconds};
  }
  return {Verdict::kTooMany, used_, (minute + 1) * 60 - now_ns / kSecond};
}

bool RateWindow::admit(int limit, std::int64_t window_ns, std::int64_t now_ns) noexcept {
  if (now_ns - start_ns_ >= window_ns) {
    start_ns_ = now_ns;
    count_ = 0;
  }
  ++count_;
  return limit == 0 || count_ <= limit;
}

}  // namespace millrace::sim
