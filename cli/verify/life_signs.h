#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/verify/spans.h"

namespace millrace::cli {

// The seconds (of Unix time, by the workers' clocks) in which each epoch, that is each run of a worker, gave any sign.
using WorkerLife = std::map<std::int64_t, Spans>;

// The whole seconds of which everything was read that the broker ever had: outside nothing can be called silent.
struct JudgedSeconds {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

// The signs of life of one stream: its records, and the heartbeats that name it. To a consumer neither for 3 s means
// "no feed", so a stream may not be without both while its worker goes on. Counted are whole seconds in which the
// worker gave signs and the stream none: that a worker stood still for a moment is no stream's silence. Pure.
class LifeSigns {
 public:
  static constexpr std::int64_t kAllowedSeconds = 3;

  void add(std::int64_t epoch, std::int64_t time_ns);
  // From here on nobody waits for its records; it may come back.
  void unsubscribed(std::int64_t epoch, std::int64_t time_ns);

  // One text for each silence that is too long.
  std::vector<std::string> silences(const WorkerLife& workers, JudgedSeconds judged) const;

 private:
  struct Epoch {
    Spans seconds{kAllowedSeconds};
    Spans unsubscribed;
  };
  std::map<std::int64_t, Epoch> epochs_;
};

std::int64_t second_of(std::int64_t time_ns) noexcept;

}  // namespace millrace::cli
