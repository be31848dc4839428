#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/faults/fault.h"

namespace millrace::sim {

// An account to serve besides market data, on a port of its own.
struct AccountOptions {
  std::string venue;  // of accounts/make_face.h
  std::string name;   // ours
  // PREFIX.key, PREFIX.secret, PREFIX-sidecar.key ... : made if they are not there; empty = in the simulator's folder
  std::string key_prefix;
};

// One knob of accounts/knobs.h.
struct AccountKnob {
  std::string account;  // "kraken:main"; empty = every account
  std::string knob;
  double value = 0;
};

// What `millrace sim` can be told; the README's table explains each.
struct SimulatorOptions {
  std::vector<std::string> venues{"kraken", "binance-spot", "binance-usdm"};
  std::size_t instruments = 10;
  std::size_t levels = 500;  // a side, at the start
  std::uint64_t seed = 1;
  double rate = 200;   // messages a second over all venues; 0 = as fast as clients read
  bool turns = false;  // instruments move in turn, none is quiet for long
  bool mix = false;    // binance-spot plays the benchmark's ring instead of flow
  bool plain = false;
  bool deflate = false;
  int threads = 1;
  std::uint16_t port_base = 0;  // control endpoint; venues follow. 0 = any free ports
  std::string folder;           // for ca.pem; empty = a temporary one, removed at the end
  std::size_t max_buffered = 8U << 20U;

  std::string capture;           // recording to play for the one venue
  std::string instruments_file;  // served as exchangeInfo or AssetPairs
  double speed = 1;              // 0 = as fast as clients read
  double start_after_s = 10;     // a recording starts at the latest so long after the first subscription

  std::vector<AccountOptions> accounts;
  std::vector<AccountKnob> account_knobs;
  std::size_t account_instruments = 3;

  // "NAME=HOST:PORT", or the name of a venue served here: a proxy before it; see proxy/.
  std::vector<std::string> proxies;

  std::vector<Fault> faults;
  std::string fault_log;
  std::map<std::string, std::int64_t> limits;  // by name, over the venues' own

  std::string write_config;
  std::string write_instruments;
  std::string brokers = "127.0.0.1:9092";
  std::string prefix = "mr";
  std::vector<std::string> datasets{"book", "bbo", "trade"};
};

// The simulator in one process: venues, faults and the control endpoint. Ports are bound when it is made; throws
// std::runtime_error if something cannot be set up.
class Simulator {
 public:
  explicit Simulator(const SimulatorOptions& options);
  ~Simulator();

  // Addresses, CA file and symbols: one JSON line.
  std::string description() const;
  // A complete configuration for `millrace ingest`.
  std::string ingest_configuration() const;
  // Reference data of the first venue, as its REST serves them.
  std::string instruments_body() const;

  // Serves on `threads` threads until stop() or a signal.
  void run();
  // From any thread.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::sim
