#include "normalize/venues/binance/venue_config.h"

#include <algorithm>
#include <array>

#include "schemas/events/time.h"

namespace millrace::normalize::binance {
namespace {

using schemas::LossEvidence;

constexpr int kDefaultLevels = 1000;

// `rest` is the twin under the venue's REST path.
constexpr DatasetCapability sequenced(Dataset dataset, std::string_view channel, std::string_view depth,
                                      std::string_view rest) {
  return {dataset, channel, LossEvidence::kSequence, std::nullopt, 0, depth, rest};
}
constexpr DatasetCapability unproven(Dataset dataset, std::string_view channel, std::string_view rest) {
  return {dataset, channel, LossEvidence::kNone, std::nullopt, 0, "", rest};
}
constexpr DatasetCapability candle(Dataset dataset, std::string_view channel) {
  return unproven(dataset, channel, "klines");
}

// All on change: quotes, candles and tickers of a market without trades are silent.
constexpr std::array kSpotDatasets = {
    sequenced(Dataset::kBook, "depth", "full", "depth (5000)"),
    sequenced(Dataset::kBboBook, "depth", "1", "ticker/bookTicker"),
    unproven(Dataset::kBbo, "bookTicker", "ticker/bookTicker"),
    sequenced(Dataset::kTrade, "trade", "", "historicalTrades"),
    sequenced(Dataset::kTradeAgg, "aggTrade", "", "aggTrades"),
    unproven(Dataset::kTicker, "ticker", "ticker/24hr"),
    unproven(Dataset::kInstrument, "", "exchangeInfo"),
    candle(Dataset::kCandle1m, "kline_1m"),
    candle(Dataset::kCandle3m, "kline_3m"),
    candle(Dataset::kCandle5m, "kline_5m"),
    candle(Dataset::kCandle15m, "kline_15m"),
    candle(Dataset::kCandle30m, "kline_30m"),
    candle(Dataset::kCandle1h, "kline_1h"),
    candle(Dataset::kCandle2h, "kline_2h"),
    candle(Dataset::kCandle4h, "kline_4h"),
    candle(Dataset::kCandle6h, "kline_6h"),
    candle(Dataset::kCandle8h, "kline_8h"),
    candle(Dataset::kCandle12h, "kline_12h"),
    candle(Dataset::kCandle1d, "kline_1d"),
    candle(Dataset::kCandle3d, "kline_3d"),
    candle(Dataset::kCandle1w, "kline_1w"),
    candle(Dataset::kCandle1M, "kline_1M"),
    candle(Dataset::kCandle1s, "kline_1s"),  // last: futures have all but this one
};
constexpr auto kFuturesDatasets = [] {
  std::array<DatasetCapability, kSpotDatasets.size() - 1> datasets{};
  std::copy_n(kSpotDatasets.begin(), datasets.size(), datasets.begin());
  datasets[0].rest = "depth (1000)";
  return datasets;
}();

// Request weights by levels: rest-api.md, Order book (spot); Order Book of the USD-M docs. Futures take the listed
// limits only.
constexpr std::array<DepthWeight, 4> kSpotWeights = {{{100, 5}, {500, 25}, {1000, 50}, {5000, 250}}};
constexpr std::array<DepthWeight, 7> kFuturesWeights = {
    {{5, 2}, {10, 2}, {20, 2}, {50, 2}, {100, 5}, {500, 10}, {1000, 20}}};
constexpr std::array<std::string_view, 2> kSpotSpeeds = {"100ms", "1000ms"};
constexpr std::array<std::string_view, 4> kFuturesSpeeds = {"0ms", "100ms", "250ms", "500ms"};

// 5 (spot) and 10 (futures) messages a second count pings and pongs too: one is left for them. A ping of ours every 15
// s proves a quiet connection alive well within the venue's own 20 s (spot) and 3 min (futures).
constexpr VenueLimits limits(int streams, int messages, int weight) {
  VenueLimits out;
  out.streams_per_connection = streams;
  out.messages_per_second = messages;
  out.connects_per_window = 300;
  out.connect_window_s = 300;
  out.rest_weight_per_minute = weight;
  out.lifetime_s = 24 * 60 * 60;
  out.silence_ns = 40 * kSecond;
  out.busy_silence_ns = 30 * kSecond;
  out.ping_interval_ns = 15 * kSecond;
  return out;
}

constexpr VenueConfig spot(std::string_view name, std::string_view ws, std::string_view rest, int weight) {
  return {name,
          Product::kSpot,
          ChainRule::kSpot,
          ws,
          false,
          rest,
          "/api/v3/depth",
          "/api/v3/exchangeInfo",
          20,
          kSpotWeights,
          false,
          "1000ms",
          kSpotSpeeds,
          {kSpotDatasets, limits(1024, 4, weight), ""}};
}
// Routed in production only: the test net has one address for all streams.
constexpr VenueConfig usd_margined(std::string_view name, std::string_view ws, bool routed, std::string_view rest) {
  return {name,
          Product::kUsdMargined,
          ChainRule::kFutures,
          ws,
          routed,
          rest,
          "/fapi/v1/depth",
          "/fapi/v1/exchangeInfo",
          1,
          kFuturesWeights,
          true,
          "250ms",
          kFuturesSpeeds,
          {kFuturesDatasets, limits(200, 9, 2400), ""}};
}
constexpr VenueConfig coin_margined(std::string_view name, std::string_view ws, std::string_view rest) {
  return {name,
          Product::kCoinMargined,
          ChainRule::kFutures,
          ws,
          false,
          rest,
          "/dapi/v1/depth",
          "/dapi/v1/exchangeInfo",
          1,
          kFuturesWeights,
          true,
          "250ms",
          kFuturesSpeeds,
          {kFuturesDatasets, limits(200, 9, 2400), ""}};
}

// Addresses of the public documentation (README); every one can be replaced in the configuration.
constexpr std::array<VenueConfig, kVenueCount> kConfigs = {
    spot("binance-spot", "wss://stream.binance.com:9443", "https://api.binance.com", 6000),
    spot("binance-us", "wss://stream.binance.us:9443", "https://api.binance.us", 1200),
    spot("binance-spot-testnet", "wss://stream.testnet.binance.vision", "https://testnet.binance.vision", 6000),
    usd_margined("binance-usdm", "wss://fstream.binance.com", true, "https://fapi.binance.com"),
    usd_margined("binance-usdm-testnet", "wss://fstream.binancefuture.com", false, "https://demo-fapi.binance.com"),
    coin_margined("binance-coinm", "wss://dstream.binance.com", "https://dapi.binance.com"),
};

}  // namespace

std::span<const VenueConfig> venue_configs() noexcept { return kConfigs; }

DepthWeight depth_request(const VenueConfig& config, int wanted) noexcept {
  const auto weights = config.depth_weights;
  const int levels = std::clamp(wanted <= 0 ? kDefaultLevels : wanted, 1, weights.back().levels);
  const auto row = std::find_if(weights.begin(), weights.end(), [=](const auto& one) { return one.levels >= levels; });
  return {config.depth_exact ? row->levels : levels, row->weight};
}

}  // namespace millrace::normalize::binance
