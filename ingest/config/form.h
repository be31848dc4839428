#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/config/keys.h"

namespace millrace::ingest {

// What is wrong with a text of that form, as the end of a sentence ("must be ..."); empty if nothing.
std::string form_problem(Form form, const std::string& text);

// A whole number, or for kDecimalMillis a decimal number of milliseconds as microseconds.
std::optional<std::int64_t> parse_number(Form form, std::string_view text);

}  // namespace millrace::ingest
