#include "ingest/worker/session_setup.h"

#include <chrono>
#include <stdexcept>

#include "ingest/config/address.h"

namespace millrace::ingest {

using std::chrono::milliseconds;

// The upgrade has the handshake's deadline: both are one round trip for a venue that answers.
SessionSettings session_settings(const FeedContext& context, const std::string& url) {
  const TimeoutConfig& timeouts = context.config.timeouts;
  SessionSettings settings;
  settings.url = url;
  settings.ca_file = context.config.ca_file;
  settings.limits = context.limits;
  settings.ping_text = context.venue.capabilities().ping_text;
  settings.connect_budget = context.connect_budget;
  settings.deadlines.connect = milliseconds(timeouts.connect_ms);
  settings.deadlines.handshake = milliseconds(timeouts.handshake_ms);
  settings.deadlines.upgrade = milliseconds(timeouts.handshake_ms);
  settings.deadlines.first_data = milliseconds(timeouts.first_data_ms);
  settings.deadlines.close = milliseconds(timeouts.close_ms);
  return settings;
}

RestOptions rest_options(const VenueConfig& config, const std::string& rest_url) {
  const auto address = parse_address(rest_url);
  if (!address) throw std::runtime_error(config.name + ": no REST address: " + rest_url);
  RestOptions options;
  options.ca_file = config.ca_file;
  options.https.address = *address;
  options.https.connect = milliseconds(config.timeouts.connect_ms);
  options.https.handshake = milliseconds(config.timeouts.handshake_ms);
  options.https.request = milliseconds(config.timeouts.request_ms);
  return options;
}

}  // namespace millrace::ingest
