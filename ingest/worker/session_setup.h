#pragma once

#include <string>

#include "ingest/rest/rest_client.h"
#include "ingest/worker/feed_ports.h"

namespace millrace::ingest {

// The settings of one session of a venue, from the configuration and the venue's capabilities.
SessionSettings session_settings(const FeedContext& context, const std::string& url);

// The settings of the venue's REST client; `rest_url` is the configured address or the venue's own.
RestOptions rest_options(const VenueConfig& config, const std::string& rest_url);

}  // namespace millrace::ingest
