#pragma once

#include <vector>

#include "ingest/config/config.h"
#include "ingest/config/problem.h"

namespace millrace::ingest {

// What one key alone cannot show: names the venue does not have, settings that contradict each other. Also fills
// VenueConfig::datasets. Adds to `problems`.
void check_config(Config& config, const Places& places, std::vector<Problem>& problems);

}  // namespace millrace::ingest
