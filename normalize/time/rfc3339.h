#pragma once

#include <optional>
#include <string_view>

#include "schemas/events/meta.h"

namespace millrace::normalize {

// Reads an RFC 3339 time such as "2023-10-06T17:35:55.440295Z" or "...+02:00", exactly to the nanosecond. Nullopt for
// anything else: another shape, a date that the calendar lacks, a leap second (int64 nanoseconds have no room for
// it), a digit beyond the ninth that is not 0, or a time outside 1970-01-01 .. 2262-04-11. Any thread.
std::optional<schemas::UnixNanos> parse_rfc3339(std::string_view text) noexcept;

}  // namespace millrace::normalize
