#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "replay/history/stream.h"

namespace millrace::history {

// A T for each numbering of each stream: for each epoch one of the worker's records, whether LIVE or SNAPSHOT, and one
// of each other origin. Of a stream the kMost last used are kept. One thread.
template <class T>
class PerEpoch {
 public:
  static constexpr std::size_t kMost = 64;

  // That of the record's numbering; a new one the first time. Valid until the next call.
  T& of(const Record& record) {
    using schemas::Origin;
    if (record.stream->id >= streams_.size()) streams_.resize(record.stream->id + 1);
    auto& all = streams_[record.stream->id];
    const Origin origin = record.origin == Origin::kSnapshot ? Origin::kLive : record.origin;
    const auto is_it = [&](const One& one) { return one.epoch == record.epoch && one.origin == origin; };
    if (!all.empty() && is_it(all.front())) [[likely]]
      return all.front().value;
    auto at = std::find_if(all.begin(), all.end(), is_it);
    if (at == all.end()) {
      if (all.size() == kMost) all.pop_back();
      all.push_back({record.epoch, origin, T{}});
      at = std::prev(all.end());
    }
    std::rotate(all.begin(), at, std::next(at));
    return all.front().value;
  }

 private:
  struct One {
    std::int64_t epoch;
    schemas::Origin origin;
    T value;
  };
  std::vector<std::vector<One>> streams_;  // by stream id; the one used last stands first
};

}  // namespace millrace::history
