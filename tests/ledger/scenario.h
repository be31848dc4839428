#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replay/fills/fills_settings.h"
#include "tests/sim/accounts/knobs.h"

namespace millrace::ledger {

// All that a seed decides before its run begins: what the venue does wrong, who dies how often, how the sidecar is set
// up. Times in ns.
struct Scenario {
  std::uint64_t seed = 1;
  std::string venue;
  sim::accounts::Knobs knobs;        // while the account is active
  bool late_rest = false;            // the fill history lags by more than the safety lag
  std::int64_t active_ns = 0;        // so long the account is active and things go wrong
  std::vector<std::int64_t> bursts;  // of 300 fills in one millisecond, at these times into it
  bool bursts_unheard = false;       // and the connection is cut right before
  std::int64_t cut_every_ns = 0;     // mean times between; 0 = never
  std::int64_t broker_down_every_ns = 0;
  std::int64_t worker_dies_every_ns = 0;
  std::int64_t sidecar_dies_every_ns = 0;
  double dies_while_publishing = 0;  // chance, of each publish and commit, that the sidecar dies around it
  double commit_fails = 0;           // refused, or done without an answer
  double publish_fails = 0;
  fills::FillsSettings fills;
  bool share_limits = false;  // the sidecar keeps to its part of the venue's budget
};

// `safety_lag_ns` is the venue's; its fill history stays below it unless `late_rest`.
Scenario make_scenario(std::uint64_t seed, const std::string& venue, std::int64_t safety_lag_ns, bool late_rest);

// For people, one line.
std::string describe(const Scenario& scenario);

}  // namespace millrace::ledger
