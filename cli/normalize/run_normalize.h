#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::cli {

// What is written: one record a line, one behind the other with their lengths, or one object in all.
enum class NormalizeFormat { kJson, kProto, kSummary };

// What to read and what to make of it; the venue is handed in beside it.
struct NormalizeOptions {
  std::vector<std::string> captures;  // files, read in this order as one recording; "-" = standard input
  std::string instruments;            // a file with the venue's instruments answer; empty = none
  NormalizeFormat format = NormalizeFormat::kJson;
  std::vector<std::string> datasets;  // only these; empty = all
  std::int64_t max_complaints = 100;  // lines about bad frames; the rest is counted
};

// Reads the captures through `venue`, gives what they become to `write` and a line about each frame or line that could
// not be read to `complain`. Returns how many those were. Throws std::runtime_error if a file cannot be opened.
std::int64_t run_normalize(const NormalizeOptions& options, normalize::Venue& venue,
                           const std::function<void(std::string_view)>& write,
                           const std::function<void(std::string_view)>& complain);

}  // namespace millrace::cli
