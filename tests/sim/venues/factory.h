#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/sim/venues/venue.h"

namespace millrace::sim {

struct SimulatorOptions;

// The venue named `name` as the options want it: generated, the benchmark's ring, or a recording. Throws
// std::runtime_error for an unknown name or an unreadable file.
std::unique_ptr<Venue> make_venue(std::string_view name, const SimulatorOptions& options, const Clock& clock,
                                  Outbox& outbox);

// "messages_per_second", "connects", ... Throws std::runtime_error for a name that is no limit.
void set_limit(Limits& limits, std::string_view name, std::int64_t value);

}  // namespace millrace::sim
