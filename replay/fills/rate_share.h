#pragma once

#include <cstdint>

#include "ingest/rest/weight_budget.h"
#include "schemas/events/meta.h"

namespace millrace::fills {

// The sidecar's part of what a REST host takes from us: never more than its share in any minute, and never so much that
// it and the worker together exceed the host's limit, where the host tells what it counted. Windows, not a bucket that
// refills, for the reason that ingest/rest gives. Accounts whose requests the host counts together share one. Times are
// the injected clock's. One thread.
class RateShare {
 public:
  // `weight_per_minute` of the host, 0 = no limit known; `percent` of it is ours, at least one request.
  RateShare(std::int64_t weight_per_minute, int percent = 30);

  // Takes the weight and returns 0, or takes nothing and returns how long to wait [ns].
  std::int64_t take(schemas::UnixNanos now, std::int64_t weight);
  // The host's own count of its present minute, all processes together.
  void host_used(schemas::UnixNanos now, std::int64_t used);
  // Nothing to this host before `until`.
  void stop_until(schemas::UnixNanos until);

 private:
  ingest::WeightBudget own_;
  ingest::WeightBudget host_;
};

}  // namespace millrace::fills
