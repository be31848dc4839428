#pragma once

#include <string>

namespace millrace::ingest {

// What every venue of this build can do, as Markdown tables (the README has them) or as plain text for a terminal.
// From the adapters' own Capabilities, so it cannot say what the configuration check would refuse.
std::string capability_markdown();
std::string capability_text();

}  // namespace millrace::ingest
