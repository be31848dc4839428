#include "tests/ledger/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tests/ledger/timeline.h"
#include "tests/sim/accounts/random.h"

namespace millrace::ledger {
namespace {

using sim::accounts::Random;

template <class Value, std::size_t N>
Value one_of(Random& random, const std::array<Value, N>& values) {
  return values[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(N)))];
}

// Half of the seeds go without the fault, so that each is also met alone.
double chance(Random& random, double most) {
  if (random.below(2) == 0) return 0;
  return most * static_cast<double>(1 + random.below(1000)) / 1000;
}

void set_stream(Random& random, sim::accounts::Knobs& knobs) {
  knobs.rate = one_of(random, std::array{0.2, 0.5, 1.0, 2.0});
  knobs.drop = chance(random, one_of(random, std::array{0.02, 0.2, 1.0}));
  knobs.lose = chance(random, 0.1);
  knobs.duplicate = chance(random, 0.2);
  knobs.reorder = chance(random, 0.1);
  knobs.cut = chance(random, 0.02);
  knobs.bust = chance(random, 0.05);
  if (random.below(3) == 0) knobs.token_life_ns = (20 + random.below(600)) * kSecond;
}

void set_rest(Random& random, std::int64_t safety_lag_ns, bool late, sim::accounts::Knobs& knobs) {
  const std::int64_t most = late ? safety_lag_ns + 60 * kSecond : safety_lag_ns - kSecond;
  const std::int64_t lag = random.below(3) == 0 ? 0 : random.below(most);
  knobs.rest_lag_ns = late ? std::max(lag, safety_lag_ns / 2) : lag;
  knobs.rest_lag_spread_ns = random.below(most - std::min(most, knobs.rest_lag_ns) + 1);
  knobs.page_size = one_of(random, std::array<std::int64_t, 5>{0, 50, 100, 500, 1000});
  knobs.between_pages = chance(random, 0.3);
  const double wrong = one_of(random, std::array{0.02, 0.1});
  knobs.status_401 = chance(random, wrong);
  knobs.status_403 = chance(random, wrong);
  knobs.status_429 = chance(random, wrong);
  knobs.status_500 = chance(random, wrong);
  knobs.status_503 = chance(random, wrong);
  knobs.html_200 = chance(random, wrong);
  knobs.cut_page = chance(random, wrong);
  knobs.torn_page = chance(random, wrong);
  knobs.limits = random.below(2);
  if (random.below(2) == 0) knobs.clock_skew_ns = (random.below(41) - 20) * kSecond + random.below(kSecond);
}

std::int64_t sometimes(Random& random, std::int64_t least_s, std::int64_t most_s) {
  return random.below(3) == 0 ? 0 : (least_s + random.below(most_s - least_s)) * kSecond;
}

}  // namespace

Scenario make_scenario(std::uint64_t seed, const std::string& venue, std::int64_t safety_lag_ns, bool late_rest) {
  Random random(sim::accounts::mixed(seed));
  Scenario scenario;
  scenario.seed = seed;
  scenario.venue = venue;
  scenario.late_rest = late_rest;
  set_stream(random, scenario.knobs);
  set_rest(random, safety_lag_ns, late_rest, scenario.knobs);
  scenario.active_ns = (120 + random.below(480)) * kSecond;
  for (std::int64_t count = random.below(3); count > 0; --count) {
    scenario.bursts.push_back(random.below(scenario.active_ns));
  }
  scenario.bursts_unheard = random.below(2) == 0;
  scenario.cut_every_ns = sometimes(random, 20, 200);
  scenario.broker_down_every_ns = sometimes(random, 60, 300);
  scenario.worker_dies_every_ns = sometimes(random, 30, 300);
  scenario.sidecar_dies_every_ns = sometimes(random, 20, 300);
  scenario.dies_while_publishing = chance(random, 0.1);
  scenario.commit_fails = chance(random, 0.2);
  scenario.publish_fails = chance(random, 0.02);
  scenario.share_limits = scenario.knobs.limits != 0 || random.below(2) == 0;
  scenario.fills.triggers.timer_ns = one_of(random, std::array{30, 120, 900}) * kSecond;
  scenario.fills.triggers.poll = random.below(2) == 0;
  scenario.fills.triggers.seed = static_cast<std::uint32_t>(seed);
  return scenario;
}

std::string describe(const Scenario& scenario) {
  return fmt::format(
      "active {} s, bursts {}{}, cut {} s, broker down {} s, worker dies {} s, sidecar dies {} s (+{:.3f} a publish), "
      "commit fails {:.3f}, publish fails {:.3f}, timer {} s, poll {}, share {}, late {}, knobs {}",
      scenario.active_ns / kSecond, scenario.bursts.size(), scenario.bursts_unheard ? " unheard" : "",
      scenario.cut_every_ns / kSecond, scenario.broker_down_every_ns / kSecond, scenario.worker_dies_every_ns / kSecond,
      scenario.sidecar_dies_every_ns / kSecond, scenario.dies_while_publishing, scenario.commit_fails,
      scenario.publish_fails, scenario.fills.triggers.timer_ns / kSecond, scenario.fills.triggers.poll,
      scenario.share_limits, scenario.late_rest, to_json(scenario.knobs));
}

}  // namespace millrace::ledger
