#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "publish/kafka/settings.h"
#include "schemas/events/ops.h"

// How a worker gets the right to write: its epoch. For start-up; everything blocks until the deadline and throws
// std::runtime_error with what to do.
namespace millrace::publish {

// The epoch that a claim at this offset gives: above 0 and rising over restarts, hosts and clock steps.
constexpr std::int64_t epoch_of_claim(std::int64_t offset) noexcept { return offset + 1; }

// Writes the claim to ctl.claim.v1 and waits for the broker's answer. A claim whose answer was
// lost costs a number and nothing else: epochs need to rise, not to be dense.
std::int64_t write_claim(const KafkaSettings& settings, const schemas::Claim& claim, std::chrono::milliseconds timeout);

// The highest epoch of a worker that the venue's status topic names; 0 if it names none. Reads the topic, which is
// compacted, from its beginning to its end as it is now.
std::int64_t last_epoch(const KafkaSettings& settings, const std::string& venue, std::chrono::milliseconds timeout);

// What to say to an epoch that status has left behind already.
std::string stale_claim_topic(const KafkaSettings& settings, std::int64_t epoch, const std::string& venue,
                              std::int64_t last);

// 16 hexadecimal digits: tells two processes of one worker name apart.
std::string random_instance();

// Both: the epoch under which the claim's venues may be written. Throws too if the epoch is not above what the venues'
// status already names: then the claim topic was made anew, and consumers would ignore every record.
std::int64_t take_epoch(const KafkaSettings& settings, const schemas::Claim& claim, std::chrono::milliseconds timeout);

}  // namespace millrace::publish
