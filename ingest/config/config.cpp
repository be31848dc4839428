#include "ingest/config/config.h"

#include <algorithm>

namespace millrace::ingest {
namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;

template <class Limit>
void put_over(Limit& limit, std::int64_t configured, std::int64_t factor = 1) {
  if (configured != 0) limit = static_cast<Limit>(configured * factor);
}

}  // namespace

bool spills(const Config& config, const std::string& dataset) {
  const auto policy = config.overload.find(dataset);
  return policy == config.overload.end() ? !config.journal.dir.empty() : policy->second == "spill";
}

normalize::VenueOptions venue_options(const VenueConfig& venue) {
  normalize::VenueOptions options;
  options.book_depth = static_cast<int>(venue.book_depth);
  options.max_levels = static_cast<std::int32_t>(venue.max_levels);
  options.snapshot_levels = static_cast<int>(venue.snapshot_levels);
  options.book_speed = venue.book_speed;
  options.ws_url = venue.ws_url;
  options.rest_url = venue.rest_url;
  options.bbo_from_book = venue.bbo_from_book;
  options.book_audit_s = venue.book_audit_s;
  return options;
}

normalize::VenueOptions venue_options(const AccountConfig& account) {
  normalize::VenueOptions options;
  options.ws_url = account.ws_url;
  options.rest_url = account.rest_url;
  return options;
}

// 0 keeps the documented one, so a limit can be changed but not taken away.
normalize::VenueLimits effective_limits(const LimitConfig& own, const normalize::VenueLimits& documented) {
  normalize::VenueLimits limits = documented;
  put_over(limits.streams_per_connection, own.streams_per_connection);
  put_over(limits.messages_per_second, own.messages_per_second);
  put_over(limits.connects_per_window, own.connects_per_window);
  put_over(limits.connect_window_s, own.connect_window_s);
  put_over(limits.rest_weight_per_minute, own.rest_weight_per_minute);
  put_over(limits.lifetime_s, own.lifetime_s);
  put_over(limits.silence_ns, own.silence_ms, kNanosPerMilli);
  put_over(limits.busy_silence_ns, own.busy_silence_ms, kNanosPerMilli);
  put_over(limits.ping_interval_ns, own.ping_interval_ms, kNanosPerMilli);
  return limits;
}

bool numbered(const normalize::Capabilities& venue) {
  const auto row = std::ranges::find(venue.datasets, normalize::Dataset::kBook, &normalize::DatasetCapability::dataset);
  return row != venue.datasets.end() && row->evidence == schemas::LossEvidence::kSequence;
}

std::vector<normalize::Subscription> wanted_streams(const VenueConfig& venue) {
  std::vector<normalize::Subscription> wanted;
  wanted.reserve(venue.symbols.size() * venue.datasets.size());
  for (const std::string& symbol : venue.symbols) {
    for (const normalize::Dataset dataset : venue.datasets) wanted.push_back({symbol, dataset});
  }
  return wanted;
}

}  // namespace millrace::ingest
