#include "replay/history/dedupe.h"

#include <algorithm>
#include <iterator>

namespace millrace::history {

bool Dedupe::Seen::add(std::int64_t seq) {
  if (!spans.empty() && spans.rbegin()->second + 1 == seq) {
    ++spans.rbegin()->second;
    return true;
  }
  const auto next = spans.upper_bound(seq);
  if (next != spans.begin() && seq <= std::prev(next)->second) return false;
  const bool joins_next = next != spans.end() && next->first == seq + 1;
  const bool joins_last = next != spans.begin() && std::prev(next)->second + 1 == seq;
  const std::int64_t last = joins_next ? next->second : seq;
  if (joins_last) {
    std::prev(next)->second = last;
  } else {
    spans[seq] = last;
  }
  if (joins_next) spans.erase(next);
  if (spans.size() > kMostSpans) spans.erase(spans.begin());
  return true;
}

bool Dedupe::first(const Record& record) {
  using schemas::Origin;
  if (record.stream->id >= streams_.size()) streams_.resize(record.stream->id + 1);
  Epochs& epochs = streams_[record.stream->id];
  const Origin origin = record.origin == Origin::kSnapshot ? Origin::kLive : record.origin;
  const auto is_it = [&](const Seen& seen) { return seen.epoch == record.epoch && seen.origin == origin; };
  auto at = std::find_if(epochs.begin(), epochs.end(), is_it);
  if (at == epochs.end()) {
    if (epochs.size() == kMostEpochs) epochs.pop_back();
    epochs.push_back(Seen{record.epoch, origin, {}});
    at = std::prev(epochs.end());
  }
  if (at != epochs.begin()) std::rotate(epochs.begin(), at, std::next(at));
  return epochs.front().add(record.seq);
}

}  // namespace millrace::history
