#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "replay/fills/triggers.h"

namespace millrace::fills {

// One account's sidecar. Times in ns.
struct FillsSettings {
  std::string account;               // our name of it
  std::string worker;                // who writes the cursor
  std::int64_t instance = 1;         // of this sidecar: one more than the cursor topic's last
  std::vector<std::string> symbols;  // to ask about from the start, where the venue wants a symbol

  // A sweep begins so long before its cursor: what REST showed later than the safety lag allows is found all the same.
  std::int64_t overlap_ns = 300'000'000'000;
  // A scope without a cursor begins so long ago, and the daily deep sweep goes back so far.
  std::int64_t deep_ns = 172'800'000'000'000;
  // REST may be so far behind the venue's clock; 0 = as the venue's capabilities say.
  std::int64_t safety_lag_ns = 0;
  // Sweeps that nothing but time asked for leave fills younger than this to a live stream, which is about to tell them.
  std::int64_t grace_ns = 5'000'000'000;
  // Longer ranges are swept piece by piece, each with its own Recovery, so that memory and what a failure repeats are
  // bounded. A piece in which more than `most_fills` are missing is read again by halves.
  std::int64_t piece_ns = 86'400'000'000'000;
  std::size_t most_fills = 20'000;
  std::size_t most_known = 1'000'000;  // ids kept of the topic
  std::size_t most_unacked = 256;      // fills at the broker at once
  int most_pages = 10'000;             // of one scope
  int walk_tries = 3;                  // of one scope, when a page cannot be read

  int request_tries = 5;  // of one request, when the venue did not really answer
  int limited_tries = 5;  // of one request, when the host wanted quiet
  TriggerSettings triggers;
};

}  // namespace millrace::fills
