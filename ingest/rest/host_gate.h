#pragma once

#include <cstdint>
#include <mutex>

#include "ingest/rest/weight_budget.h"

namespace millrace::ingest {

// One host's budget for the whole process: venues count by our address, not by thread. The only thing that ingest
// threads share besides ConnectBudget; asked once per REST request. Times are monotonic. Callable from any thread.
class HostGate {
 public:
  using Nanos = WeightBudget::Nanos;

  explicit HostGate(std::int64_t weight_per_minute) : budget_(weight_per_minute) {}

  // As WeightBudget's. The lock is taken once per request and held for a few steps.
  Nanos take(Nanos now, std::int64_t weight) {
    const std::scoped_lock lock(mutex_);
    return budget_.take(now, weight);
  }
  void correct(Nanos now, std::int64_t used) {
    const std::scoped_lock lock(mutex_);
    budget_.correct(now, used);
  }
  void stop_until(Nanos until) {
    const std::scoped_lock lock(mutex_);
    budget_.stop_until(until);
  }
  std::int64_t used(Nanos now) {
    const std::scoped_lock lock(mutex_);
    return budget_.used(now);
  }

 private:
  std::mutex mutex_;
  WeightBudget budget_;  // guarded by mutex_
};

}  // namespace millrace::ingest
