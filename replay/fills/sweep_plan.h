#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "normalize/error.h"
#include "replay/fills/cursor_state.h"
#include "replay/fills/fills_settings.h"
#include "replay/fills/triggers.h"

namespace millrace::fills {

// How far a wish has come that takes several pieces.
struct Progress {
  std::optional<UnixNanos> reached;  // read up to here
  std::optional<UnixNanos> target;   // to be read up to here; set by the first piece
  std::int64_t span_ns = 0;          // of one piece at most
  std::int64_t grace_ns = 0;         // a live stream is about to tell what is younger
};

// What one sweep reads. Times are the venue's and whole seconds, outwards for reading and inwards for claims: venues
// filter by milliseconds, microseconds or seconds, and none may round a fill out of the range that is claimed.
struct SweepPlan {
  struct Part {
    std::string symbol;  // empty = the whole account
    UnixNanos from = 0;
  };
  std::vector<Part> parts;
  UnixNanos to = 0;       // of all parts
  UnixNanos through = 0;  // complete up to here once all is read and acknowledged: never above the clock minus the lag
  UnixNanos target = 0;

  // Read in every part.
  UnixNanos common_from() const noexcept;
};

// The next piece of a wish for these scopes, when the venue's clock shows `venue_now` (asked before anything is read).
// `whole_from`: as KnownIds'. Errors: the clock is behind the cursor, or the range is none.
normalize::Result<SweepPlan> plan_sweep(const Wish& wish, const std::set<std::string>& scopes,
                                        const CursorState& cursor, const Progress& progress, UnixNanos venue_now,
                                        UnixNanos whole_from, const FillsSettings& settings);

// So early must the execution topic be read, in the venue's time, before the first sweep: any earlier fill that is
// missing was claimed long ago.
UnixNanos tail_from(const CursorState& cursor, UnixNanos now, const FillsSettings& settings);

}  // namespace millrace::fills
