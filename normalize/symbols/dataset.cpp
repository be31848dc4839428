#include "normalize/symbols/dataset.h"

namespace millrace::normalize {

namespace {

// In the order of the enum.
constexpr std::array<std::string_view, kDatasetCount> kNames = {
    "book",      "bbo",        "bbo-book",  "trade",     "trade-agg",  "ticker",     "instrument",
    "candle-1s", "candle-1m",  "candle-3m", "candle-5m", "candle-15m", "candle-30m", "candle-1h",
    "candle-2h", "candle-4h",  "candle-6h", "candle-8h", "candle-12h", "candle-1d",  "candle-3d",
    "candle-1w", "candle-15d", "candle-1M", "execution", "balance",
};
static_assert(static_cast<std::size_t>(Dataset::kBalance) + 1 == kDatasetCount);

constexpr std::string_view kCandlePrefix = "candle-";

}  // namespace

std::string_view name(Dataset dataset) noexcept { return kNames[static_cast<std::size_t>(dataset)]; }

// Runs at start-up and in tools; a scan of two dozen names needs no map.
std::optional<Dataset> dataset_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kDatasetCount; ++i) {
    if (kNames[i] == name) return static_cast<Dataset>(i);
  }
  return std::nullopt;
}

std::string_view candle_interval(Dataset dataset) noexcept {
  const std::string_view text = name(dataset);
  return text.starts_with(kCandlePrefix) ? text.substr(kCandlePrefix.size()) : std::string_view{};
}

}  // namespace millrace::normalize
