// `millrace sim`: venues on loopback, for tests, demos and the benchmark.

#include "tests/sim/simulator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "tests/sim/accounts/make_face.h"
#include "tests/sim/venues/factory.h"

namespace millrace::cli {
namespace {

const std::vector<std::string> kVenues{"kraken", "binance-spot", "binance-usdm"};

struct SimFlags {
  sim::SimulatorOptions options;
  std::string venue;
  std::string speed = "1";
  std::vector<std::string> faults;
  std::vector<std::string> limits;
  std::vector<std::string> accounts;
  std::vector<std::string> knobs;
};

// What is wrong with the flags, for the user; empty if nothing is.
std::string read_faults(SimFlags& flags) {
  for (const std::string& text : flags.faults) {
    auto parsed = sim::parse_fault(text);
    if (const auto* error = std::get_if<std::string>(&parsed)) return *error;
    flags.options.faults.push_back(std::move(std::get<sim::Fault>(parsed)));
  }
  return {};
}

std::string read_limits(SimFlags& flags) {
  for (const std::string& text : flags.limits) {
    const auto equals = text.find('=');
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    if (equals == std::string::npos || std::from_chars(text.data() + equals + 1, end, value).ptr != end || value < 0) {
      return fmt::format("--limit wants NAME=NUMBER, not \"{}\"", text);
    }
    const std::string name = text.substr(0, equals);
    try {
      sim::Limits probe;
      sim::set_limit(probe, name, value);
    } catch (const std::runtime_error& error) {
      return fmt::format("--limit {}: {}", text, error.what());
    }
    flags.options.limits[name] = value;
  }
  return {};
}

// VENUE:NAME or VENUE:NAME:PREFIX of the key files.
std::string read_accounts(SimFlags& flags) {
  const auto known = sim::accounts::account_venue_names();
  for (const std::string& text : flags.accounts) {
    const auto first = text.find(':');
    const auto second = first == std::string::npos ? first : text.find(':', first + 1);
    sim::AccountOptions account;
    account.venue = text.substr(0, first);
    if (first != std::string::npos) account.name = text.substr(first + 1, second - first - 1);
    if (second != std::string::npos) account.key_prefix = text.substr(second + 1);
    const bool served = std::find(known.begin(), known.end(), account.venue) != known.end();
    if (!served)
      return fmt::format("--account {}: no accounts at \"{}\"; there are: {}", text, account.venue,
                         fmt::join(known, " "));
    const bool named = !account.name.empty() && account.name.find('/') == std::string::npos;
    if (!named) return fmt::format("--account wants VENUE:NAME or VENUE:NAME:KEYFILES, not \"{}\"", text);
    flags.options.accounts.push_back(std::move(account));
  }
  return {};
}

// KNOB=VALUE or VENUE:NAME:KNOB=VALUE.
std::string read_knobs(SimFlags& flags) {
  for (const std::string& text : flags.knobs) {
    const auto equals = text.find('=');
    const auto colon = text.rfind(':', equals);
    sim::AccountKnob knob;
    if (colon != std::string::npos) knob.account = text.substr(0, colon);
    const std::size_t begin = colon == std::string::npos ? 0 : colon + 1;
    knob.knob = text.substr(begin, equals - begin);
    const char* const end = text.data() + text.size();
    const bool number =
        equals != std::string::npos && std::from_chars(text.data() + equals + 1, end, knob.value).ptr == end;
    sim::accounts::Knobs probe;
    if (!number || !sim::accounts::set_knob(probe, knob.knob, knob.value)) {
      return fmt::format("--knob wants KNOB=VALUE or VENUE:NAME:KNOB=VALUE of tests/sim/README.md, not \"{}\"", text);
    }
    flags.options.account_knobs.push_back(std::move(knob));
  }
  return {};
}

// A recording needs its venue and a speed.
std::string read_capture(SimFlags& flags) {
  if (!flags.venue.empty()) flags.options.venues = {flags.venue};
  if (flags.options.mix) flags.options.venues = {"binance-spot"};
  if (flags.options.capture.empty()) return flags.venue.empty() ? "" : "--venue goes with --capture; else --venues";
  if (flags.venue.empty()) return "--capture needs --venue";
  if (flags.speed == "max") {
    flags.options.speed = 0;
    return {};
  }
  const char* const end = flags.speed.data() + flags.speed.size();
  const bool number = std::from_chars(flags.speed.data(), end, flags.options.speed).ptr == end;
  return number && flags.options.speed > 0 ? "" : "--speed wants a positive number or max";
}

bool write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

int unwritable(const std::string& path) {
  fmt::print(stderr, "millrace: cannot write {}\n", path);
  return kFailed;
}

// The description is one JSON line, from which scripts read the addresses and the CA file.
int run(SimFlags& flags) {
  for (const std::string& error :
       {read_faults(flags), read_limits(flags), read_capture(flags), read_accounts(flags), read_knobs(flags)}) {
    if (!error.empty()) throw UsageError(error);
  }
  sim::Simulator simulator(flags.options);
  const std::string& config = flags.options.write_config;
  const std::string& instruments = flags.options.write_instruments;
  if (!config.empty() && !write_file(config, simulator.ingest_configuration())) return unwritable(config);
  if (!instruments.empty() && !write_file(instruments, simulator.instruments_body())) return unwritable(instruments);
  fmt::print("{}\n", simulator.description());
  std::fflush(stdout);
  simulator.run();
  return kOk;
}

void add_flow_flags(CLI::App& command, SimFlags& flags) {
  sim::SimulatorOptions& options = flags.options;
  command.add_option("--venues", options.venues, "Which venues to serve")
      ->delimiter(',')
      ->check(CLI::IsMember(kVenues))
      ->capture_default_str();
  command.add_option("--instruments", options.instruments, "Instruments of each venue")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--levels", options.levels, "Levels a side at the start")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Decides all that is random")->capture_default_str();
  command.add_flag("--turns", options.turns, "Instruments move in turn, a trade in every fifth step: none is quiet");
  command.add_flag("--mix", options.mix, "The benchmark's ring of messages; binance-spot alone");
  command.add_option("--rate", options.rate, "Messages a second in all; 0 = as fast as clients read")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
}

void add_server_flags(CLI::App& command, SimFlags& flags) {
  sim::SimulatorOptions& options = flags.options;
  command.add_flag("--plain", options.plain, "No TLS, for debugging");
  command.add_flag("--deflate", options.deflate, "Accept permessage-deflate");
  command.add_option("--threads", options.threads, "Threads of the one event loop")->check(CLI::Range(1, 64));
  command.add_option("--port-base", options.port_base, "Control port; venues follow (default: any free ports)")
      ->check(CLI::Range(0, 65'000));
  command.add_option("--dir", options.folder, "Where to write ca.pem (default: a temporary folder)");
  command.add_option("--max-buffered", options.max_buffered, "Bytes that may wait for a slow client")
      ->check(from_one_to(std::int64_t{1} << 40));
  command.add_option("--limit", flags.limits, "NAME=NUMBER: a venue limit, such as lifetime_s=20");
  command.add_option("--fault", flags.faults, "KIND[:rate|at=N][:venue][:symbol]; see tests/sim/README.md");
  command.add_option("--proxy", options.proxies,
                     "VENUE or NAME=HOST:PORT: a proxy before it that breaks connections to order; see "
                     "tests/sim/proxy/README.md");
  command.add_option("--fault-log", options.fault_log, "Also append the fault log to this file");
}

void add_account_flags(CLI::App& command, SimFlags& flags) {
  command.add_option(
      "--account", flags.accounts,
      "VENUE:NAME[:KEYFILES]: an account with orders, fills and balances; keys are read from KEYFILES.key "
      "and .secret, or made there");
  command.add_option("--knob", flags.knobs, "[VENUE:NAME:]KNOB=VALUE: what accounts do wrong; see tests/sim/README.md");
  command.add_option("--account-instruments", flags.options.account_instruments, "Instruments an account trades")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

void add_capture_flags(CLI::App& command, SimFlags& flags) {
  sim::SimulatorOptions& options = flags.options;
  command.add_option("--capture", options.capture, "Play this recording instead of generated flow")
      ->check(CLI::ExistingFile);
  command.add_option("--venue", flags.venue, "Whose recording it is")->check(CLI::IsMember(kVenues));
  command.add_option("--speed", flags.speed, "1, N or max: how fast to play")->capture_default_str();
  command.add_option("--start-after", options.start_after_s, "Seconds after the first subscription at the latest")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command.add_option("--instruments-file", options.instruments_file, "Serve this as exchangeInfo or AssetPairs")
      ->check(CLI::ExistingFile);
}

void add_config_flags(CLI::App& command, SimFlags& flags) {
  sim::SimulatorOptions& options = flags.options;
  command.add_option("--write-config", options.write_config, "Write a configuration for `millrace ingest`");
  command.add_option("--write-instruments", options.write_instruments,
                     "Write the first venue's reference data, for `millrace normalize --instruments`");
  command.add_option("--brokers", options.brokers, "Kafka brokers in that configuration")->capture_default_str();
  command.add_option("--prefix", options.prefix, "Topic prefix in that configuration")->capture_default_str();
  command.add_option("--datasets", options.datasets, "Datasets in that configuration")
      ->delimiter(',')
      ->capture_default_str();
}

}  // namespace

void add_sim(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("sim", "Simulated venues on loopback, with faults to order");
  auto flags = std::make_shared<SimFlags>();
  add_flow_flags(*command, *flags);
  add_capture_flags(*command, *flags);
  add_server_flags(*command, *flags);
  add_account_flags(*command, *flags);
  add_config_flags(*command, *flags);
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace millrace::cli
