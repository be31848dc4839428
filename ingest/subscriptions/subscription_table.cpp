#include "ingest/subscriptions/subscription_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::ingest {

using normalize::Dataset;
using normalize::Subscription;

std::vector<std::int32_t> SubscriptionTable::held() const {
  std::vector<std::int32_t> out;
  for (const auto& [number, partition] : held_) out.push_back(number);
  return out;
}

std::vector<std::int32_t> SubscriptionTable::served() const {
  std::vector<std::int32_t> out;
  for (const auto& [number, partition] : held_) {
    if (partition.served) out.push_back(number);
  }
  return out;
}

void SubscriptionTable::serve_all() {
  for (auto& [number, partition] : held_) partition.served = true;
}

std::string SubscriptionTable::want(std::int32_t partition, std::string_view venue, std::string_view symbol,
                                    std::span<const std::string> datasets) {
  const auto held = held_.find(partition);
  if (held == held_.end()) return {};
  Instrument& instrument = held->second.instruments[{std::string(venue), std::string(symbol)}] = {};
  const auto offer = offers_.find(venue);
  if (offer == offers_.end()) {
    instrument.refused = true;
    return fmt::format("{} {}: this worker's configuration has no venue {}", venue, symbol, venue);
  }
  if (datasets.empty()) instrument.datasets = offer->second;
  std::string missing;
  for (const std::string& name : datasets) {
    const auto dataset = normalize::dataset_from_name(name);
    const bool offered = dataset && std::ranges::find(offer->second, *dataset) != offer->second.end();
    if (offered) {
      instrument.datasets.push_back(*dataset);
    } else {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  instrument.refused = !missing.empty();
  if (missing.empty()) return {};
  return fmt::format("{} {}: not among the datasets of this worker's configuration: {}", venue, symbol, missing);
}

void SubscriptionTable::forget(std::int32_t partition, std::string_view venue, std::string_view symbol) {
  const auto held = held_.find(partition);
  if (held != held_.end()) held->second.instruments.erase({std::string(venue), std::string(symbol)});
}

std::map<std::string, std::vector<Subscription>> SubscriptionTable::wanted() const {
  std::map<Symbol, const std::vector<Dataset>*> sorted;
  for (const auto& [number, partition] : held_) {
    if (!partition.served) continue;
    for (const auto& [symbol, instrument] : partition.instruments) sorted[symbol] = &instrument.datasets;
  }
  std::map<std::string, std::vector<Subscription>> by_venue;
  for (const auto& [venue, datasets] : offers_) by_venue[venue];
  for (const auto& [symbol, datasets] : sorted) {
    for (const Dataset dataset : *datasets) by_venue[symbol.first].push_back({symbol.second, dataset});
  }
  return by_venue;
}

std::size_t SubscriptionTable::streams() const {
  std::size_t streams = 0;
  for (const auto& [number, partition] : held_) {
    for (const auto& [symbol, instrument] : partition.instruments) streams += instrument.datasets.size();
  }
  return streams;
}

std::size_t SubscriptionTable::refused() const {
  std::size_t refused = 0;
  for (const auto& [number, partition] : held_) {
    refused += static_cast<std::size_t>(
        std::ranges::count_if(partition.instruments, [](const auto& one) { return one.second.refused; }));
  }
  return refused;
}

}  // namespace millrace::ingest
