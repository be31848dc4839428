#include "tests/unit/clients/support/manual_timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace millrace::test {

std::int64_t ManualTimer::now() {
  const std::scoped_lock lock(mutex_);
  return now_;
}

bool ManualTimer::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::int64_t until,
                       const std::function<bool()>& ready) {
  std::list<Sleeper>::iterator self;
  {
    const std::scoped_lock own(mutex_);
    self = sleepers_.insert(sleepers_.end(), {lock.mutex(), &changed, until, until - now_});
    came_.notify_all();
  }
  changed.wait(lock, [&] { return ready() || now() >= until; });
  const std::scoped_lock own(mutex_);
  sleepers_.erase(self);
  return ready();
}

// Each sleeper's mutex is taken, so that it is asleep, or has not looked at the time yet.
void ManualTimer::advance_ms(std::int64_t ms) {
  std::vector<Sleeper> due;
  {
    const std::scoped_lock lock(mutex_);
    now_ += ms * client::kMillisecond;
    for (const Sleeper& each : sleepers_) {
      if (each.until <= now_) due.push_back(each);
    }
  }
  for (const Sleeper& each : due) {
    const std::scoped_lock lock(*each.mutex);
    each.changed->notify_all();
  }
}

std::int64_t ManualTimer::await_sleeper() {
  std::unique_lock lock(mutex_);
  std::int64_t duration = -1;
  const auto is_there = [&] {
    for (const Sleeper& each : sleepers_) {
      if (each.until != client::kForever && each.until > now_) duration = each.duration;
    }
    return duration >= 0;
  };
  if (!came_.wait_for(lock, std::chrono::seconds{30}, is_there)) ADD_FAILURE() << "nobody waits for a time";
  return duration / client::kMillisecond;
}

}  // namespace millrace::test
