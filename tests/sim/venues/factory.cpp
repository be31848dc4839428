#include "tests/sim/venues/factory.h"

#include <fmt/format.h>

#include <stdexcept>

#include "tests/sim/simulator.h"
#include "tests/sim/venues/binance_flow.h"
#include "tests/sim/venues/binance_mix.h"
#include "tests/sim/venues/kraken_flow.h"

namespace millrace::sim {

void set_limit(Limits& limits, std::string_view name, std::int64_t value) {
  const int number = static_cast<int>(value);
  if (name == "messages_per_second") {
    limits.messages_per_second = number;
  } else if (name == "streams_per_connection") {
    limits.streams_per_connection = number;
  } else if (name == "connects") {
    limits.connects = number;
  } else if (name == "connect_window_s") {
    limits.connect_window_s = number;
  } else if (name == "rest_weight_per_minute") {
    limits.rest_weight_per_minute = number;
  } else if (name == "lifetime_s") {
    limits.lifetime_s = value;
  } else if (name == "ping_interval_s") {
    limits.ping_interval_s = value;
  } else if (name == "pong_timeout_s") {
    limits.pong_timeout_s = value;
  } else {
    throw std::runtime_error(fmt::format("there is no limit \"{}\"", name));
  }
}

namespace {

Limits limits_for(Limits limits, const SimulatorOptions& options) {
  for (const auto& [name, value] : options.limits) set_limit(limits, name, value);
  return limits;
}

}  // namespace

std::unique_ptr<Venue> make_venue(std::string_view name, const SimulatorOptions& options, const Clock& clock,
                                  Outbox& outbox) {
  if (name == "kraken") {
    return std::make_unique<KrakenFlow>(make_instruments(options.instruments, "USD", "/", false), options.seed,
                                        options.levels, limits_for(KrakenVenue::default_limits(), options), clock,
                                        outbox);
  }
  if (name != "binance-spot" && name != "binance-usdm") {
    throw std::runtime_error(fmt::format("sim does not speak \"{}\"; it has kraken, binance-spot, binance-usdm", name));
  }
  const auto product = name == "binance-spot" ? binance::Product::kSpot : binance::Product::kUsdm;
  const Limits limits = limits_for(BinanceVenue::default_limits(product), options);
  const bool futures = product == binance::Product::kUsdm;
  if (options.mix && futures) throw std::runtime_error("the mix is binance-spot's");
  if (options.mix) {
    return std::make_unique<BinanceMix>(make_instruments(options.instruments, "USDT", "", false), options.seed,
                                        options.levels, limits, clock, outbox);
  }
  return std::make_unique<BinanceFlow>(product, make_instruments(options.instruments, "USDT", "", futures),
                                       options.seed, options.levels, limits, clock, outbox);
}

}  // namespace millrace::sim
