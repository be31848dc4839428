#include "replay/fills/rate_share.h"

#include <algorithm>
#include <chrono>

namespace millrace::fills {
namespace {

using std::chrono::nanoseconds;

// 0 would say that there is no limit.
std::int64_t part_of(std::int64_t weight, int percent) {
  return weight <= 0 ? 0 : std::max<std::int64_t>(weight * percent / 100, 1);
}

}  // namespace

RateShare::RateShare(std::int64_t weight_per_minute, int percent)
    : own_(part_of(weight_per_minute, percent)), host_(weight_per_minute) {}

// The host is asked on a copy first: it is charged only if our share allows the request too.
std::int64_t RateShare::take(schemas::UnixNanos now, std::int64_t weight) {
  ingest::WeightBudget host = host_;
  const nanoseconds host_wait = host.take(nanoseconds(now), weight);
  if (host_wait > nanoseconds{0}) return host_wait.count();
  const nanoseconds own_wait = own_.take(nanoseconds(now), weight);
  if (own_wait > nanoseconds{0}) return own_wait.count();
  host_.take(nanoseconds(now), weight);
  return 0;
}

void RateShare::host_used(schemas::UnixNanos now, std::int64_t used) { host_.correct(nanoseconds(now), used); }

void RateShare::stop_until(schemas::UnixNanos until) { host_.stop_until(nanoseconds(until)); }

}  // namespace millrace::fills
