#pragma once

#include <string_view>

#include "cli/reader_options.h"
#include "cli/subscribe/wanted.h"

namespace millrace::cli {

// Reads the subscriptions from the broker, up to the end of their topic as it is now; with their states, reads the
// status topics of their venues too (of all, or of `venue`). What is not a record of its topic is told on standard
// error. Throws std::runtime_error, with what to do, if the topic is missing, may not be read or falls silent, or on a
// signal.
enum class WithStates { kNo, kYes };
Wanted read_wanted(const ReaderSetup& setup, WithStates states, std::string_view venue);

}  // namespace millrace::cli
