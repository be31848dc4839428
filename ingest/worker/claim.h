#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>

#include "publish/kafka/settings.h"
#include "schemas/events/ops.h"

namespace millrace::ingest {

// The claim could not be made; what() says why and what to do.
struct ClaimFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Produces the claim to `ctl.claim` and waits for its report: the record's offset, which rises over restarts, hosts and
// clock steps, is the epoch. Blocks at most `timeout`; throws ClaimFailed.
std::int64_t make_claim(const publish::KafkaSettings& kafka, const schemas::Claim& claim,
                        std::chrono::milliseconds timeout);

}  // namespace millrace::ingest
