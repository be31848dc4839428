#pragma once

#include <chrono>
#include <cstdint>

namespace millrace {

// Unix nanoseconds. What measures how long something took reads a monotonic clock instead.
inline std::int64_t wall_clock() noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

}  // namespace millrace
