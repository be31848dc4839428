#pragma once

#include <cstdint>
#include <optional>

#include "schemas/events/meta.h"

namespace millrace::ingest {

// The time line of a connection that ends after `lifetime`, with overlap = min(600 s, lifetime / 4):
//
//   0                        lifetime - overlap     + settle                      lifetime
//   first connection open    second one opened      second takes over, first is   (the venue would
//                                                   closed, if the second has data  have closed it)
//
// Make before break: when to open a second connection for the same streams, and when to let the first one go. Pure;
// asked at every tick with the state of both. Venues end a connection after its lifetime, in the middle of whatever it
// carries; this way the streams have moved before (Binance: 24 h, web-socket-streams.md, General WSS information).
class Rotation {
 public:
  using UnixNanos = schemas::UnixNanos;

  // A connection as far as the decision needs it.
  struct Line {
    std::optional<UnixNanos> open_since;  // empty: not open
    bool has_data = false;                // on this opening
  };
  // Open a second connection; let the first one go, because the second has taken over; let the second one go and open
  // another.
  enum class Step : std::uint8_t { kNone, kOpenSecond, kTakeOver, kReplaceSecond };

  // `lifetime_s` 0: never. `first_data_ns` bounds how long the second one runs along.
  Rotation(std::int64_t lifetime_s, std::int64_t first_data_ns);

  Step step(UnixNanos now, const Line& first, const std::optional<Line>& second) const;

  // The same where the second one stays, as a hot standby: kTakeOver then only changes their places. Of two that grow
  // old together the second is replaced first.
  Step standby(UnixNanos now, const Line& first, const std::optional<Line>& second) const;

  // How long before the end the second one is opened.
  std::int64_t overlap_ns() const noexcept { return overlap_ns_; }

 private:
  bool old(UnixNanos now, const Line& line) const;

  std::int64_t lifetime_ns_;
  std::int64_t overlap_ns_;
  std::int64_t settle_ns_;  // how long both run before the second takes over
};

}  // namespace millrace::ingest
