#pragma once

#include <cstdint>
#include <string>

namespace millrace::cli {

// What a progress line says. Shares are of 0 to 1, times in seconds.
struct ProgressState {
  double share = 0;
  std::int64_t records = 0;
  double rate = 0;          // records per second, of late
  double seconds_left = 0;  // below zero: not known yet
  bool paused = false;
};

// "[#####.....]  50.0 %  1234567 records  250000/s  0:01:05 left", without a newline.
std::string progress_line(const ProgressState& state);

}  // namespace millrace::cli
