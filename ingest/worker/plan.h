#pragma once

#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// The venue's plan for these streams, with at most `streams_per_connection` on one connection (0: only the venue's own
// limit counts). Errors: those of Venue::plan. Nothing wanted gives no plan.
normalize::Result<std::vector<normalize::ConnectionPlan>> plan_connections(
    const normalize::Venue& venue, const std::vector<normalize::Subscription>& wanted, int streams_per_connection);

}  // namespace millrace::ingest
