#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sim::accounts {

// RFC3339 as venues write it: UTC with trailing zeros of the fraction dropped ("2025-08-18T07:24:31.2449Z", no fraction
// if it is zero), `digits` of it at most. With an offset in minutes the local time and "-04:00".
std::string rfc3339(std::int64_t unix_ns, int digits, int offset_minutes = 0);

// Reads RFC3339 with any fraction and offset, or a date alone; ns since 1970. nullopt if it is neither.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace millrace::sim::accounts
