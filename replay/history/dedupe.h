#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "replay/history/stream.h"

namespace millrace::history {

// Tells first occurrences from repeats, by stream, origin, epoch and seq. The worker's records have one numbering,
// whether LIVE or SNAPSHOT, so these two count as one origin. Numbers of a stream are dense, so what was seen is a few
// spans; kMostSpans and kMostEpochs bound them, and what is forgotten counts as not seen. One thread.
class Dedupe {
 public:
  static constexpr std::size_t kMostSpans = 1024;
  static constexpr std::size_t kMostEpochs = 64;

  // Is it the first of its number?
  bool first(const Record& record);

 private:
  struct Seen {
    std::int64_t epoch = 0;
    schemas::Origin origin = schemas::Origin::kUnspecified;
    std::map<std::int64_t, std::int64_t> spans;  // first to last seq
    bool add(std::int64_t seq);
  };
  using Epochs = std::vector<Seen>;  // the one used last stands first

  std::vector<Epochs> streams_;
};

}  // namespace millrace::history
