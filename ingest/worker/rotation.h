#pragma once

#include <cstdint>
#include <optional>

#include "schemas/events/meta.h"

namespace millrace::ingest {

// Make before break: when to open a second connection for the same streams, and when to let the first one go. Pure.
class Rotation {
 public:
  using UnixNanos = schemas::UnixNanos;

  // A connection as far as the decision needs it.
  struct Line {
    std::optional<UnixNanos> open_since;  // empty: not open
    bool has_data = false;                // on this opening
  };
  // Open a second connection; let the first one go, because the second has taken over.
  enum class Step : std::uint8_t { kNone, kOpenSecond, kTakeOver };

  // `lifetime_s` 0: never. `first_data_ns` bounds how long the second one runs along.
  Rotation(std::int64_t lifetime_s, std::int64_t first_data_ns);

  Step step(UnixNanos now, const Line& first, const std::optional<Line>& second) const;

  std::int64_t overlap_ns() const noexcept { return overlap_ns_; }

 private:
  std::int64_t lifetime_ns_;
  std::int64_t overlap_ns_;
  std::int64_t settle_ns_;
};

}  // namespace millrace::ingest
