#pragma once

#include <memory>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::cli {

// The venue called `name`, or, if that is empty, the one whose name is the folder of the first capture
// ("binance_usdm/x.capture.jsonl" is of binance-usdm). Never null. Throws std::invalid_argument with a line that lists
// the venues. REQUIRES at least one capture.
std::unique_ptr<normalize::Venue> choose_venue(const std::string& name, const std::vector<std::string>& captures,
                                               const normalize::VenueOptions& options);

}  // namespace millrace::cli
