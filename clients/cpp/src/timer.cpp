#include "clients/cpp/src/timer.h"

namespace millrace::client {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

std::int64_t SteadyTimer::now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

bool SteadyTimer::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::int64_t until,
                       const std::function<bool()>& ready) {
  if (until == kForever) {
    changed.wait(lock, ready);
    return true;
  }
  const Clock::time_point time{std::chrono::duration_cast<Clock::duration>(std::chrono::nanoseconds(until))};
  return changed.wait_until(lock, time, ready);
}

}  // namespace millrace::client
