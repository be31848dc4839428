#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <deque>
#include <string>
#include <utility>

#include "tests/ledger/timeline.h"

namespace millrace::ledger {

// What happened last in a run, for whoever reads why it failed. Off by default, since a run that fails is run again
// with it on.
class History {
 public:
  // `steps` to keep; 0 = none.
  History(const Timeline& time, std::size_t steps) : time_(time), steps_(steps), start_(time.now()) {}

  template <class... Args>
  void note(fmt::format_string<Args...> text, Args&&... args) {
    if (steps_ == 0) return;
    const std::int64_t ms = (time_.now() - start_) / kMillisecond;
    lines_.push_back(
        fmt::format("{:>5}.{:03} s  {}", ms / 1000, ms % 1000, fmt::format(text, std::forward<Args>(args)...)));
    if (lines_.size() > steps_) lines_.pop_front();
  }
  const std::deque<std::string>& lines() const noexcept { return lines_; }

 private:
  const Timeline& time_;
  const std::size_t steps_;
  const UnixNanos start_;
  std::deque<std::string> lines_;
};

}  // namespace millrace::ledger
