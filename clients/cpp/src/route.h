#pragma once

#include <optional>
#include <span>
#include <vector>

#include "clients/cpp/src/event.h"
#include "clients/cpp/src/seen_ids.h"
#include "schemas/events/meta.h"

namespace millrace::client {

// The callback that tells this report, and remembers that it was told; nullopt: it was told before. A revision above 1
// has a predecessor in the topic, so it never is a fill.
std::optional<Call> route(const Execution& execution, SeenIds& seen);

// One error of reason "gap" for each hole that a record declares; a writer's new start is none.
std::vector<AccountError> gap_errors(const Meta& meta, std::span<const schemas::GapMark> gap);

}  // namespace millrace::client
