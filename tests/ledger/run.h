#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/ledger/properties.h"
#include "tests/ledger/scenario.h"

namespace millrace::ledger {

// What came of one seed. The counts say what the run has met, so that a test that meets nothing is seen.
struct Outcome {
  std::vector<Violation> violations;
  std::deque<std::string> history;  // the last steps, if they were asked for
  std::int64_t fills = 0, orders = 0, records = 0;
  std::int64_t sweeps = 0, failed_sweeps = 0, replayed = 0, late = 0, commits = 0;
  std::int64_t worker_lives = 0, sidecar_lives = 0;
  std::int64_t dropped = 0, lost = 0, duplicated = 0, reordered = 0, cuts = 0, rest_faults = 0;

  void add(const Outcome& other);
};

// One account, its venue, worker, broker and sidecar, from the first order to the sweep after the last: the same
// scenario gives the same outcome. `history`: so many steps are kept.
Outcome run(const Scenario& scenario, std::size_t history);

}  // namespace millrace::ledger
