#pragma once

#include <cstdint>
#include <optional>

namespace millrace::cli {

// What one dataset of an account came to, beside its numbers: "execution", "balance" or "recovery".
struct AccountTally {
  std::int64_t checks = 0;
  std::int64_t wrong = 0;

  // Executions and balances.
  std::int64_t live = 0, snapshot = 0, replay = 0;  // records by origin
  std::int64_t repeated = 0;                        // of an event_id and revision that were told before

  // Executions.
  std::int64_t fills = 0;          // kind TRADE, each event_id once
  std::int64_t corrected = 0;      // corrections and busts, each revision once
  std::int64_t unfounded = 0;      // of these, of a fill that was never told
  std::int64_t orders_added = 0;   // whose fills could be added up
  std::int64_t orders_short = 0;   // of these, with fewer fills than they tell, and nothing says "complete" yet
  std::int64_t unproven_gaps = 0;  // holes and restarts behind the watermark; less than a minute apart: one
  std::optional<std::int64_t> not_proven_since_ns;  // the first of these, by our clock

  // Sweeps.
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t late_fills = 0;                      // told to be below an earlier watermark
  std::optional<std::int64_t> complete_through_ns;  // all scopes, the venue's time
};

}  // namespace millrace::cli
