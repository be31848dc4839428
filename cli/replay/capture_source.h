#pragma once

#include <memory>
#include <string>
#include <vector>

#include "replay/history/source.h"

namespace millrace::cli {

struct CaptureSourceOptions {
  std::vector<std::string> files;
  std::string venue;        // whose messages they are; empty: the name of each file's folder
  std::string instruments;  // a file with the venue's instruments answer; empty = none
  bool bbo_from_book = false;
};

// Recordings, normalized again with today's code as `millrace normalize` does it: epoch 1, no publish time. One source
// for each venue, of its files in the order given, which are one recording. Frames that cannot be read are problems
// ("capture"). Throws std::invalid_argument if a venue is not known, std::runtime_error if a file cannot be opened.
// `problems` must outlive the sources.
std::vector<std::unique_ptr<history::Source>> open_captures(const CaptureSourceOptions& options,
                                                            history::Problems& problems);

}  // namespace millrace::cli
