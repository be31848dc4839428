#pragma once

#include <cstdint>

// Five classic ways to lose a fill, for the tests that must notice each of them: a program compiled with
// -DMILLRACE_PLANT=<name> does it wrong on purpose. Nothing is planted unless that is said, so the branches do not
// exist in any other program.
#ifndef MILLRACE_PLANT
#define MILLRACE_PLANT none
#endif

namespace millrace::fills::planted {

enum class Bug : std::uint8_t {
  none,
  cursor_before_request,  // the cursor moves, and is committed, before the first page is asked for
  plus_one_ms,            // the next page begins one millisecond after the last row: ties are skipped
  seen_before_ack,        // what was handed to the producer counts as known and acknowledged
  no_overlap,             // a sweep begins where the last one stopped reading
  trade_id_alone,         // fills are told apart by the venue's trade id, which is unique per symbol only
};
inline constexpr Bug kBug = Bug::MILLRACE_PLANT;

inline constexpr bool kCursorBeforeRequest = kBug == Bug::cursor_before_request;
inline constexpr bool kPlusOneMs = kBug == Bug::plus_one_ms;
inline constexpr bool kSeenBeforeAck = kBug == Bug::seen_before_ack;
inline constexpr bool kNoOverlap = kBug == Bug::no_overlap;
inline constexpr bool kTradeIdAlone = kBug == Bug::trade_id_alone;

}  // namespace millrace::fills::planted
