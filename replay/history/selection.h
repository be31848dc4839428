#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::history {

// What to replay. Empty lists mean all, but reference data only comes when its dataset is named: its topic is
// compacted, so that what it holds of the past depends on when it is read.
struct Selection {
  std::vector<std::string> venues;
  std::vector<std::string> datasets;     // "book", "execution" ...
  std::vector<std::string> instruments;  // ours, the venue's symbol, or an account's name; upper or lower case

  bool has_dataset(std::string_view venue, std::string_view dataset) const;
  bool has_owner(std::string_view owner, std::string_view symbol) const;
};

// Receive times, both ends inclusive, ns.
struct TimeRange {
  schemas::UnixNanos from = std::numeric_limits<schemas::UnixNanos>::min();
  schemas::UnixNanos to = std::numeric_limits<schemas::UnixNanos>::max();

  bool has_begin() const noexcept { return from != std::numeric_limits<schemas::UnixNanos>::min(); }
  bool has_end() const noexcept { return to != std::numeric_limits<schemas::UnixNanos>::max(); }
};

// Reads a time: whole nanoseconds since 1970 ("1700000000000000000"), or ISO 8601 in UTC or with an offset
// ("2026-11-22", "2026-11-22T01:02:03.456Z", "2026-11-22 01:02:03+01:00"), to nine digits of a second. Nullopt:
// anything else, no such day, or beyond the 64 bits.
std::optional<schemas::UnixNanos> parse_time(std::string_view text);

// "2026-11-22T01:02:03.456789012Z", for people.
std::string time_text(schemas::UnixNanos time);

}  // namespace millrace::history
