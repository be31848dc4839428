#pragma once

#include <cstdint>

namespace millrace {

// Times and durations are nanoseconds.
inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;

}  // namespace millrace
