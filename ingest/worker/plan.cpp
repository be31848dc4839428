#include "ingest/worker/plan.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace millrace::ingest {

using normalize::ConnectionPlan;
using normalize::Subscription;

normalize::Result<std::vector<ConnectionPlan>> plan_connections(const normalize::Venue& venue,
                                                                const std::vector<Subscription>& wanted,
                                                                int streams_per_connection) {
  if (wanted.empty()) return std::vector<ConnectionPlan>{};
  auto whole = venue.plan(wanted);
  if (whole.has_error() || streams_per_connection <= 0) return whole;
  const auto limit = static_cast<std::size_t>(streams_per_connection);
  std::vector<ConnectionPlan> plans;
  for (const ConnectionPlan& plan : *whole) {
    // The venue decided which streams share an address; the configured limit only cuts that into smaller pieces.
    for (std::size_t begin = 0; begin < plan.subscriptions.size(); begin += limit) {
      const std::span piece =
          std::span(plan.subscriptions).subspan(begin, std::min(limit, plan.subscriptions.size() - begin));
      auto part = venue.plan(piece);
      if (part.has_error()) return part;
      plans.insert(plans.end(), std::make_move_iterator(part->begin()), std::make_move_iterator(part->end()));
    }
  }
  return plans;
}

}  // namespace millrace::ingest
