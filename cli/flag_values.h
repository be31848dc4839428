#pragma once

#include <string>

#include "schemas/events/meta.h"

// Values that more than one subcommand reads from a flag.
namespace millrace::cli {

// For CLI11's check(): empty, or what is wrong with the name of a dataset.
std::string check_dataset(const std::string& name);

// Throws UsageError that names `flag` if `text` is neither RFC 3339 nor nanoseconds since 1970.
schemas::UnixNanos time_of(const char* flag, const std::string& text);

}  // namespace millrace::cli
