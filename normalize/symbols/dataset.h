#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace::normalize {

// What a stream carries. One stream has one source channel, so the venue's quote channel and a BBO derived from the
// book are different datasets. Candles have one dataset per interval.
enum class Dataset : std::uint8_t {
  kBook,
  kBbo,      // the venue's quote channel
  kBboBook,  // derived from the book
  kTrade,
  kTradeAgg,  // aggregated by the venue
  kTicker,
  kInstrument,
  kCandle1s,
  kCandle1m,
  kCandle3m,
  kCandle5m,
  kCandle15m,
  kCandle30m,
  kCandle1h,
  kCandle2h,
  kCandle4h,
  kCandle6h,
  kCandle8h,
  kCandle12h,
  kCandle1d,
  kCandle3d,
  kCandle1w,
  kCandle15d,
  kCandle1M,
  kExecution,  // of an account, as kBalance: no venue section offers them
  kBalance,
};
// Arrays by dataset have this size; the number of an enumerator is never on the wire, so the order may change.
inline constexpr std::size_t kDatasetCount = 26;

// "book", "bbo-book", "candle-1m" ...: as in topic names and configuration.
std::string_view name(Dataset dataset) noexcept;
std::optional<Dataset> dataset_from_name(std::string_view name) noexcept;

// "1m" for kCandle1m; empty for what is no candle.
std::string_view candle_interval(Dataset dataset) noexcept;

}  // namespace millrace::normalize
