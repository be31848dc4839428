#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

// What has to happen for the streams of one venue to become those that are wanted now.
struct SubscriptionChange {
  std::vector<normalize::Subscription> add;
  std::vector<normalize::Subscription> remove;

  bool empty() const noexcept { return add.empty() && remove.empty(); }
};

// In the order of `wanted` (add) and `present` (remove). Of each, every entry is looked at for itself.
SubscriptionChange change_between(std::span<const normalize::Subscription> present,
                                  std::span<const normalize::Subscription> wanted);

// Which thread has which instrument of one venue: a new one goes where the fewest are, one that is known stays where it
// is, because its books and numbering live there. Used on one thread.
class Shards {
 public:
  explicit Shards(std::size_t threads) : counts_(threads, 0) {}

  // The thread of this instrument, chosen at the first question. Instruments are never moved or forgotten: one that
  // comes back finds its numbering.
  std::size_t thread_of(const std::string& symbol);

  // `wanted` by thread, each in the given order.
  std::vector<std::vector<normalize::Subscription>> split(std::span<const normalize::Subscription> wanted);

 private:
  std::map<std::string, std::size_t> thread_by_symbol_;
  std::vector<std::size_t> counts_;
};

}  // namespace millrace::ingest
