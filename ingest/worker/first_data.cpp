#include "ingest/worker/first_data.h"

#include <algorithm>

namespace millrace::ingest {

using normalize::Dataset;
using normalize::Subscription;

void FirstData::expect(std::span<const Subscription> subscriptions, UnixNanos now) {
  for (const Subscription& subscription : subscriptions) waiting_.push_back({subscription, now + deadline_ns_});
}

void FirstData::forget(std::span<const Subscription> subscriptions) {
  std::erase_if(waiting_, [&](const Waiting& waiting) {
    return std::ranges::find(subscriptions, waiting.subscription) != subscriptions.end();
  });
}

// A book has a snapshot to bring; of all others only a cadence promises anything.
bool FirstData::must_speak(Dataset dataset) const {
  if (dataset == Dataset::kBook) return true;
  const auto row = std::ranges::find(capabilities_.datasets, dataset, &normalize::DatasetCapability::dataset);
  return row != capabilities_.datasets.end() && row->cadence_ns > 0;
}

// Asked only at the deadline: most have spoken by then, and nothing needs to be noted per event.
FirstData::Overdue FirstData::check(UnixNanos now, const std::function<bool(const Subscription&)>& spoken) {
  Overdue overdue;
  std::erase_if(waiting_, [&](Waiting& waiting) {
    if (now < waiting.deadline) return false;
    if (spoken(waiting.subscription)) return true;
    if (!waiting.resubscribed) {
      waiting.resubscribed = true;
      waiting.deadline = now + deadline_ns_;
      overdue.resubscribe.push_back(waiting.subscription);
      return false;
    }
    if (must_speak(waiting.subscription.dataset)) {
      overdue.reconnect = true;
    } else {
      overdue.given_up.push_back(waiting.subscription);
    }
    return true;
  });
  return overdue;
}

}  // namespace millrace::ingest
