#pragma once

#include <span>
#include <string_view>

namespace millrace::test {

// Plays one fuzz input through a venue and aborts where the adapter contract is broken:
//  - what reaches the sink encodes to a record that decodes to the same bytes again;
//  - a frame or REST answer that is refused published nothing;
//  - the same input gives the same records twice (P5), also if the fast readers step aside the second time.
// The first byte chooses the venue and its options. Every line after it is one step: "GET TARGET BODY" is a REST
// answer, "REF BODY" reference data, "OPEN", "CLOSE", "TIME" and "REFRESH" what the shell does, "ADD SYMBOL DATASET"
// and "DEL SYMBOL DATASET" a change of what is wanted; any other line is a frame. "2 " before a step makes it one of
// the second connection.
void run_venue(std::span<const std::string_view> venue_names, std::string_view input);

}  // namespace millrace::test
