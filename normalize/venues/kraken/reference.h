#pragma once

#include "normalize/venues/kraken/messages.h"
#include "normalize/venues/kraken/venue_state.h"

namespace millrace::normalize::kraken {

// Takes reference data of `message.pairs` (from the instrument channel or from REST) into the table and publishes what
// is new or changed. A row that cannot be used is dropped with reason "bad_reference"; the others count.
void apply_reference(const Message& message, VenueState& venue, EventSink& out);

}  // namespace millrace::normalize::kraken
