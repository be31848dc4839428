#include "ingest/config/reload.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::ingest {
namespace {

std::vector<std::string> fixed_differences(const Config& running, const Config& next) {
  std::vector<std::string> left;
  if (next.worker != running.worker) left.emplace_back("worker");
  if (next.group != running.group) left.emplace_back("group");
  if (next.threads != running.threads) left.emplace_back("threads");
  if (next.kafka.brokers != running.kafka.brokers) left.emplace_back("kafka.brokers");
  if (next.kafka.prefix != running.kafka.prefix) left.emplace_back("kafka.prefix");
  if (next.journal != running.journal) left.emplace_back("journal");
  if (next.overload != running.overload) left.emplace_back("overload");
  for (const VenueConfig& venue : next.venues) {
    const bool known = std::ranges::find(running.venues, venue.name, &VenueConfig::name) != running.venues.end();
    if (!known) left.push_back(fmt::format("venue {} is new", venue.name));
  }
  return left;
}

bool has_new_dataset(const VenueConfig& running, const VenueConfig& next) {
  return std::ranges::any_of(next.dataset_names, [&](const std::string& name) {
    return std::ranges::find(running.dataset_names, name) == running.dataset_names.end();
  });
}

}  // namespace

std::vector<std::string> take_streams(Config& running, const Config& next) {
  std::vector<std::string> left = fixed_differences(running, next);
  for (VenueConfig& venue : running.venues) {
    const auto same = std::ranges::find(next.venues, venue.name, &VenueConfig::name);
    if (same == next.venues.end()) {
      left.push_back(fmt::format("venue {} is gone", venue.name));
    } else if (has_new_dataset(venue, *same)) {
      left.push_back(fmt::format("venue {} has a new dataset", venue.name));
    } else if (!running.group.empty()) {
      if (venue.dataset_names != same->dataset_names)
        left.push_back(fmt::format("venue {} has other datasets", venue.name));
    } else {
      venue.symbols = same->symbols;
      venue.dataset_names = same->dataset_names;
      venue.datasets = same->datasets;
    }
  }
  return left;
}

}  // namespace millrace::ingest
