#pragma once

#include <algorithm>
#include <cstdint>

namespace millrace::sim::accounts {

// A bucket of requests that fills at `per_second` up to `burst`.
class CallBudget {
 public:
  CallBudget(double per_second, double burst) noexcept : per_second_(per_second), burst_(burst), left_(burst) {}

  // Takes one; false if there is none. Time does not go back.
  bool take(std::int64_t now_ns) noexcept {
    const double seconds = static_cast<double>(std::max<std::int64_t>(now_ns - seen_ns_, 0)) / 1e9;
    left_ = std::min(burst_, left_ + seconds * per_second_);
    seen_ns_ = now_ns;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double left_;
  std::int64_t seen_ns_ = 0;
};

}  // namespace millrace::sim::accounts
