#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace::ingest {

// How a request ended, as far as the next step depends on it.
struct HttpEnd {
  int status = 0;  // 0: no answer (no connection, timeout, TLS, malformed)
  std::optional<std::chrono::seconds> retry_after;
};

// What follows from it.
enum class NextStep : std::uint8_t {
  kDeliver,   // to whoever asked: 2xx to 4xx, whose meaning the adapter knows
  kRetry,     // the same request again after `wait`
  kStopHost,  // 429, 418: nothing to this host for `wait`, then the same request again
};
// `wait` counts from the end of the request; 0 for kDeliver.
struct Verdict {
  NextStep step = NextStep::kDeliver;
  std::chrono::nanoseconds wait{0};
};

// `attempt` counts from 1; `jitter` in [0, 1000) picks the place between half and all of the wait. Pure. 429 and 418
// mean at least 30 s for the whole host (an ignored 429 becomes a ban); without an answer or with a 5xx nothing is
// known about the request, so it is repeated: GETs may be.
Verdict judge(const HttpEnd& end, int attempt, std::uint32_t jitter);

}  // namespace millrace::ingest
