#include "ingest/subscriptions/change.h"

#include <algorithm>
#include <set>
#include <utility>

namespace millrace::ingest {
namespace {

using normalize::Subscription;
using Key = std::pair<std::string, normalize::Dataset>;

std::vector<Subscription> missing_from(std::span<const Subscription> have, std::span<const Subscription> of) {
  std::set<Key> known;
  for (const Subscription& one : have) known.emplace(one.symbol, one.dataset);
  std::vector<Subscription> missing;
  for (const Subscription& one : of) {
    if (!known.contains({one.symbol, one.dataset})) missing.push_back(one);
  }
  return missing;
}

}  // namespace

SubscriptionChange change_between(std::span<const Subscription> present, std::span<const Subscription> wanted) {
  return {missing_from(present, wanted), missing_from(wanted, present)};
}

// All datasets of an instrument go together, as its book and its quote are compared with each other.
std::size_t Shards::thread_of(const std::string& symbol) {
  const auto [place, is_new] = thread_by_symbol_.try_emplace(symbol, 0);
  if (is_new) {
    const auto least = std::ranges::min_element(counts_);
    place->second = static_cast<std::size_t>(least - counts_.begin());
    ++*least;
  }
  return place->second;
}

std::vector<std::vector<Subscription>> Shards::split(std::span<const Subscription> wanted) {
  std::vector<std::vector<Subscription>> by_thread(counts_.size());
  for (const Subscription& one : wanted) by_thread[thread_of(one.symbol)].push_back(one);
  return by_thread;
}

}  // namespace millrace::ingest
