#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/sim/market/flow.h"
#include "tests/sim/market/number.h"

// Binance payloads, from protocols/binance.md section 4. Each function appends one payload without the combined
// stream's wrapper.
namespace millrace::sim::binance {

// The two protocols that the simulator speaks.
enum class Product : std::uint8_t { kSpot, kUsdm };

// Where one payload comes from: product, instrument and the clock in ms.
struct Source {
  Product product = Product::kSpot;
  const Instrument* instrument = nullptr;
  std::int64_t now_ms = 0;
};

// The venue's update id for our own: futures count all symbols in one sequence, so theirs are not dense.
std::int64_t wire_id(Product product, std::int64_t id) noexcept;

// A batch of changes: ids U..u, and the u before it (futures).
struct DepthIds {
  std::int64_t first = 0, last = 0, previous = 0;
};
void append_depth(std::string& out, const Source& source, const DepthIds& ids, std::span<const Level> bids,
                  std::span<const Level> asks);
void append_book_ticker(std::string& out, const Source& source, std::int64_t id, const Level& bid, const Level& ask);
void append_trade(std::string& out, const Source& source, const Print& print);
void append_agg_trade(std::string& out, const Source& source, const Print& print);
void append_ticker(std::string& out, const Source& source, const Market& market);

// A candle; `closed` = its interval is over.
struct Candle {
  std::int64_t begin_ms = 0, span_ms = 60'000;
  std::int64_t open = 0, high = 0, low = 0, close = 0, volume = 0, taker_volume = 0;
  std::int64_t first_trade = 0, last_trade = 0, trades = 0;
  Wide turnover = 0;
  Wide taker_turnover = 0;

  void add(const Print& print);
};
void append_kline(std::string& out, const Source& source, const Candle& candle, std::string_view interval, bool closed);
// Length of "1m", "4h", "1d"; 0 if there is no such interval.
std::int64_t interval_ms(std::string_view interval) noexcept;

// REST bodies.
void append_depth_snapshot(std::string& out, const Source& source, std::int64_t id, const Book& book,
                           std::size_t levels);
std::string exchange_info(Product product, std::span<const Instrument> instruments, std::int64_t now_ms);

}  // namespace millrace::sim::binance
