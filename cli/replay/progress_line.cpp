#include "cli/replay/progress_line.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::cli {

std::string progress_line(const ProgressState& state) {
  constexpr int kWidth = 24;
  const double share = std::clamp(state.share, 0.0, 1.0);
  const int full = static_cast<int>(share * kWidth);
  std::string line = fmt::format("[{:#<{}}{:.<{}}] {:5.1f} %  {} records  {:.0f}/s", "", full, "", kWidth - full,
                                 share * 100, state.records, state.rate);
  if (state.paused) return line + "  paused";
  if (state.seconds_left < 0) return line;
  const auto left = static_cast<std::int64_t>(std::min(state.seconds_left, 1e9));
  return line + fmt::format("  {}:{:02}:{:02} left", left / 3600, left / 60 % 60, left % 60);
}

}  // namespace millrace::cli
