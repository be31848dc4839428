#pragma once

#include <span>

#include "normalize/venue_adapter.h"

// The venues that each folder of normalize/venues speaks. A line VENUE(okx) in registry.def declares
// `std::span<const VenueEntry> okx_venues() noexcept`, which the folder defines: one entry per venue name, with static
// life. `venues()` and `make_venue()` of venue_adapter.h look through all of them.
namespace millrace::normalize {

#define VENUE(folder) std::span<const VenueEntry> folder##_venues() noexcept;
#include "normalize/venues/registry.def"
#undef VENUE

}  // namespace millrace::normalize
