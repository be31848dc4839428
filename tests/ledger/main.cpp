// The property test of accounts: many small worlds, each decided by one seed. See README.md.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "tests/ledger/run.h"
#include "tests/sim/accounts/make_face.h"

namespace millrace::ledger {
namespace {

constexpr std::size_t kHistory = 40;

struct Options {
  std::uint64_t seeds = 200;
  std::uint64_t from = 1;
  std::optional<std::uint64_t> seed;  // this one alone
  std::vector<std::string> venues;    // these alone
  bool late_rest = false;
  std::size_t history = kHistory;
  std::string until;  // stop at the first seed that violates this property
  bool verbose = false;
};

// Those that are simulated and spoken.
std::vector<std::string> venues(const Options& options) {
  if (!options.venues.empty()) return options.venues;
  std::vector<std::string> all;
  for (const std::string_view name : sim::accounts::account_venue_names()) {
    if (normalize::make_account_venue(name, {}) != nullptr) all.emplace_back(name);
  }
  return all;
}

void print_failure(const Options& options, const Scenario& scenario, const Outcome& outcome) {
  fmt::print("FAILED seed {} venue {}\n  repeat: ledger_property --seed {} --venue {}{}\n  {}\n", scenario.seed,
             scenario.venue, scenario.seed, scenario.venue, options.late_rest ? " --late-rest" : "",
             describe(scenario));
  for (const Violation& one : outcome.violations) {
    fmt::print("  violated {}\n    {}\n", name(one.property), one.what);
  }
  const Outcome again = run(scenario, options.history);
  fmt::print("  the last {} steps:\n", again.history.size());
  for (const std::string& line : again.history) fmt::print("    {}\n", line);
}

void print_sum(const std::string& venue, std::int64_t seeds, std::int64_t failed, const Outcome& sum) {
  fmt::print(
      "{}: {} seeds, {} failed; {} orders, {} fills, {} records, {} sweeps ({} failed), {} commits, {} fills replayed, "
      "{} late, {} worker lives, {} sidecar lives, {} messages dropped, {} events lost, {} duplicated, {} reordered, "
      "{} cuts, {} REST faults\n",
      venue, seeds, failed, sum.orders, sum.fills, sum.records, sum.sweeps, sum.failed_sweeps, sum.commits,
      sum.replayed, sum.late, sum.worker_lives, sum.sidecar_lives, sum.dropped, sum.lost, sum.duplicated, sum.reordered,
      sum.cuts, sum.rest_faults);
}

// `word`: the first of the property's name; empty = none.
bool violates(const Outcome& outcome, const std::string& word) {
  return !word.empty() && std::any_of(outcome.violations.begin(), outcome.violations.end(),
                                      [&](const Violation& one) { return name(one.property).starts_with(word + ":"); });
}

// How many of the seeds failed.
std::int64_t run_venue(const Options& options, const std::string& venue, std::uint64_t first, std::uint64_t step) {
  const std::int64_t lag = normalize::make_account_venue(venue, {})->capabilities().safety_lag_ns;
  Outcome sum;
  std::int64_t seeds = 0, failed = 0;
  const std::uint64_t begin = options.seed.value_or(first);
  const std::uint64_t end = options.seed ? begin : options.from + options.seeds - 1;
  for (std::uint64_t seed = begin; seed <= end; seed += step) {
    const Scenario scenario = make_scenario(seed, venue, lag, options.late_rest);
    const Outcome outcome = run(scenario, 0);
    sum.add(outcome);
    ++seeds;
    if (outcome.violations.empty()) continue;
    ++failed;
    print_failure(options, scenario, outcome);
    if (violates(outcome, options.until)) break;
  }
  print_sum(venue, seeds, failed, sum);
  // A knob that never struck proves nothing.
  if (options.late_rest && !options.seed && sum.late == 0) {
    fmt::print("FAILED {}: REST lagged by more than the safety lag, and no late fill was told\n", venue);
    ++failed;
  }
  return failed;
}

int play(const Options& options) {
  const std::vector<std::string> all = venues(options);
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < all.size(); ++i) failed += run_venue(options, all[i], options.from + i, all.size());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::ledger

int main(int argc, char** argv) {
  millrace::ledger::Options options;
  CLI::App app("Accounts against the simulator's ledger, seed by seed");
  app.add_option("--seeds", options.seeds, "so many seeds, divided among the venues");
  app.add_option("--from", options.from, "the first of them, else 1")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "this seed alone");
  app.add_option("--venue", options.venues, "this venue alone; may be said again");
  app.add_flag("--late-rest", options.late_rest, "REST lags by more than the safety lag: late fills must be told");
  app.add_option("--history", options.history, "steps to print of a run that failed");
  app.add_option("--until", options.until,
                 "stop at the first seed that violates this: fills, states, content, watermark, verify");
  app.add_flag("--verbose", options.verbose, "the product's own log");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(options.verbose ? spdlog::level::info : spdlog::level::off);
  return millrace::ledger::play(options);
}
