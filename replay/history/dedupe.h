#pragma once

#include <cstdint>
#include <map>

#include "replay/history/per_epoch.h"

namespace millrace::history {

// Numbers that were seen. They are dense, so these are a few spans, of which at most kMost are kept: what is forgotten
// counts as not seen.
class SeqSpans {
 public:
  static constexpr std::size_t kMost = 1024;

  // False: it was there.
  bool add(std::int64_t seq);

 private:
  std::map<std::int64_t, std::int64_t> spans_;  // first to last
};

// Tells first occurrences from repeats, by stream, origin, epoch and seq. One thread.
class Dedupe {
 public:
  // Is it the first of its number?
  bool first(const Record& record) { return seen_.of(record).add(record.seq); }

 private:
  PerEpoch<SeqSpans> seen_;
};

}  // namespace millrace::history
