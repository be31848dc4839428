#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "replay/history/selection.h"
#include "replay/history/source.h"

namespace millrace::history {

// One source for each folder with segments below `dir` (a worker has one for each thread), without the segments that
// hold nothing of the range; books are read from `lookback_ns` before it. Torn tails and damaged segments are problems
// ("journal"), and what is behind them is read. Throws std::runtime_error if `dir` cannot be read or no segment lies in
// it. `problems` must outlive the sources.
std::vector<std::unique_ptr<Source>> open_journal(const std::string& dir, const TimeRange& range,
                                                  std::int64_t lookback_ns, Problems& problems);

}  // namespace millrace::history
