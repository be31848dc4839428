#include "tests/sim/venues/factory.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "tests/sim/capture/playback.h"
#include "tests/sim/simulator.h"
#include "tests/sim/venues/binance_flow.h"
#include "tests/sim/venues/binance_mix.h"
#include "tests/sim/venues/binance_replay.h"
#include "tests/sim/venues/kraken_flow.h"
#include "tests/sim/venues/kraken_replay.h"

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

// What the file lists of the recorded symbols, and of the others what the recording tells.
std::vector<Instrument> recorded_instruments(const Recording& recording, const std::string& body,
                                             std::string_view venue) {
  std::vector<Instrument> all = recording.instruments;
  if (body.empty()) return all;
  for (const Instrument& listed : parse_instruments(body, venue)) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Instrument& one) { return one.symbol == listed.symbol; });
    if (found != all.end()) *found = listed;
  }
  return all;
}

std::unique_ptr<Venue> make_replay(std::string_view name, const SimulatorOptions& options, const Clock& clock,
                                   Outbox& outbox) {
  const std::string body = options.instruments_file.empty() ? "" : read_text_file(options.instruments_file);
  Recording recording = load_recording(options.capture, name);
  auto instruments = recorded_instruments(recording, body, name);
  Playback playback(std::move(recording), options.speed, static_cast<std::int64_t>(options.start_after_s * 1e9));
  if (name == "kraken") {
    auto venue = std::make_unique<KrakenReplay>(std::move(instruments), std::move(playback),
                                                limits_for(KrakenVenue::default_limits(), options), clock, outbox);
    // An instrument frame is no answer to AssetPairs; it has done its work as the list of precisions.
    if (body.find("\"channel\"") == std::string::npos) venue->set_asset_pairs(body);
    return venue;
  }
  const auto product = name == "binance-spot" ? binance::Product::kSpot : binance::Product::kUsdm;
  auto venue =
      std::make_unique<BinanceReplay>(product, std::move(instruments), std::move(playback),
                                      limits_for(BinanceVenue::default_limits(product), options), clock, outbox);
  venue->set_exchange_info(body);
  return venue;
}

}  // namespace

std::unique_ptr<Venue> make_venue(std::string_view name, const SimulatorOptions& options, const Clock& clock,
                                  Outbox& outbox) {
  const bool known = name == "kraken" || name == "binance-spot" || name == "binance-usdm";
  if (!known) {
    throw std::runtime_error(fmt::format("sim does not speak \"{}\"; it has kraken, binance-spot, binance-usdm", name));
  }
  if (!options.capture.empty()) return make_replay(name, options, clock, outbox);
  if (name == "kraken") {
    auto venue =
        std::make_unique<KrakenFlow>(make_instruments(options.instruments, "USD", "/", false), options.seed,
                                     options.levels, limits_for(KrakenVenue::default_limits(), options), clock, outbox);
    if (options.turns) venue->flow().take_turns();
    return venue;
  }
  const auto product = name == "binance-spot" ? binance::Product::kSpot : binance::Product::kUsdm;
  const Limits limits = limits_for(BinanceVenue::default_limits(product), options);
  const bool futures = product == binance::Product::kUsdm;
  if (options.mix && futures) throw std::runtime_error("the mix is binance-spot's");
  if (options.mix) {
    return std::make_unique<BinanceMix>(make_instruments(options.instruments, "USDT", "", false), options.seed,
                                        options.levels, limits, clock, outbox);
  }
  auto venue = std::make_unique<BinanceFlow>(product, make_instruments(options.instruments, "USDT", "", futures),
                                             options.seed, options.levels, limits, clock, outbox);
  if (options.turns) venue->flow().take_turns();
  return venue;
}

}  // namespace millrace::sim
