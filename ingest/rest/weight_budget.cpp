#include "ingest/rest/weight_budget.h"

#include <algorithm>

namespace millrace::ingest {

using std::chrono::seconds;

// At most one round of the slots, however long nobody asked.
void WeightBudget::forget_before(Nanos now) {
  const std::int64_t second = std::chrono::duration_cast<seconds>(now).count();
  const std::int64_t steps = std::min(second - second_, kSlots);
  for (std::int64_t i = 1; i <= steps; ++i) {
    std::int64_t& weight = slot(second_ + i);
    sum_ -= weight;
    weight = 0;
  }
  second_ = std::max(second_, second);
}

// All or nothing: a request cannot be sent by halves. The wait is exact, so that asking again then succeeds unless
// somebody else was faster.
WeightBudget::Nanos WeightBudget::take(Nanos now, std::int64_t weight) {
  if (stopped(now)) return stopped_until_ - now;
  forget_before(now);
  const std::int64_t excess = per_minute_ > 0 ? sum_ + std::min(weight, per_minute_) - per_minute_ : 0;
  if (excess <= 0) {
    slot(second_) += weight;
    sum_ += weight;
    return Nanos{0};
  }
  // Wait until enough of the oldest slots have left the window.
  std::int64_t freed = 0;
  for (std::int64_t second = second_ - kSlots + 1; second <= second_; ++second) {
    if (second < 0) continue;
    freed += slot(second);
    if (freed >= excess) return seconds(second + kSlots) - now;
  }
  return seconds(second_ + kSlots) - now;
}

// Only upwards: a host that counts less than we do may not have seen our last requests yet. What is foreign is put into
// the present second, its real ones being unknown.
void WeightBudget::correct(Nanos now, std::int64_t used) {
  forget_before(now);
  const std::int64_t foreign = std::max<std::int64_t>(used - sum_, 0);
  slot(second_) += foreign;
  sum_ += foreign;
}

void WeightBudget::stop_until(Nanos until) { stopped_until_ = std::max(stopped_until_, until); }

std::int64_t WeightBudget::used(Nanos now) {
  forget_before(now);
  return sum_;
}

}  // namespace millrace::ingest
