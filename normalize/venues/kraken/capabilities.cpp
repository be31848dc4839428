#include <array>

#include "normalize/venues/kraken/checksum.h"
#include "normalize/venues/kraken/kraken.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

namespace {

using schemas::LossEvidence;

constexpr auto kChecked = static_cast<std::int32_t>(kCheckedLevels);

// A row of the matrix for what is sent on change and carries no evidence of loss.
constexpr DatasetCapability plain(Dataset dataset, std::string_view channel, std::string_view rest) {
  return {dataset, channel, LossEvidence::kNone, std::nullopt, 0, "", rest};
}
constexpr DatasetCapability candle(Dataset dataset) { return plain(dataset, "ohlc", "/0/public/OHLC"); }

constexpr std::array<DatasetCapability, 15> kDatasets = {{
    {Dataset::kBook, "book", LossEvidence::kChecksum, kChecked, 0, "10/25/100/500/1000", "/0/public/Depth"},
    {Dataset::kBboBook, "book", LossEvidence::kChecksum, 1, 0, "1", "/0/public/Depth"},
    plain(Dataset::kBbo, "ticker (event_trigger bbo)", "/0/public/Ticker"),
    {Dataset::kTrade, "trade", LossEvidence::kSequence, std::nullopt, 0, "", "/0/public/Trades"},
    plain(Dataset::kTicker, "ticker (event_trigger trades)", "/0/public/Ticker"),
    plain(Dataset::kInstrument, "instrument", "/0/public/AssetPairs"),
    candle(Dataset::kCandle1m),
    candle(Dataset::kCandle5m),
    candle(Dataset::kCandle15m),
    candle(Dataset::kCandle30m),
    candle(Dataset::kCandle1h),
    candle(Dataset::kCandle4h),
    candle(Dataset::kCandle1d),
    candle(Dataset::kCandle1w),
    candle(Dataset::kCandle15d),
}};

// About 150 connects per 10 minutes and address (docs.kraken.com, guides/spot-ws-intro), closed after a minute without
// a request from us (websocket-v2/ping), a heartbeat each second (websocket-v2/heartbeat). No limit of subscriptions or
// of lifetime is documented.
constexpr VenueLimits limits() {
  VenueLimits limits;
  limits.connects_per_window = 150;
  limits.connect_window_s = 600;
  limits.rest_weight_per_minute = 60;
  limits.silence_ns = 10 * kSecond;
  limits.ping_interval_ns = 20 * kSecond;
  return limits;
}

}  // namespace

const Capabilities& KrakenVenue::capabilities() const noexcept {
  static constexpr Capabilities kCapabilities{kDatasets, limits(), R"({"method":"ping"})"};
  return kCapabilities;
}

}  // namespace millrace::normalize::kraken
