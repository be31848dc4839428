#pragma once

#include <string>
#include <vector>

#include "ingest/config/config.h"

namespace millrace::ingest {

// Takes from `next` what may change while a worker runs: symbols and datasets of the venues that it has, unless it is
// in a group, whose topic says them. What it returns names the rest that differs and waits for a restart: topics would
// have to be made and warmed, which blocks. Accounts are not looked at.
std::vector<std::string> take_streams(Config& running, const Config& next);

}  // namespace millrace::ingest
