#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/sim/market/flow.h"
#include "tests/sim/market/number.h"

// Kraken v2 texts, from protocols/kraken.md section 4. Each function appends one whole message.
namespace millrace::sim::kraken {

// CRC32 over the ten best levels of each side, asks first (section 4.1). The book's mantissas must stand at the pair's
// precision: then their decimal text is the wire's without point and leading zeros.
std::uint32_t checksum(const Book& book);

// `rows` as {"price":..,"qty":..} with the pair's full precision, trailing zeros kept.
void append_book(std::string& out, std::string_view type, const Instrument& instrument, std::span<const Level> bids,
                 std::span<const Level> asks, std::uint32_t checksum, std::int64_t now_ns);
void append_ticker(std::string& out, std::string_view type, const Market& market, std::int64_t now_ns);
void append_trades(std::string& out, std::string_view type, const Instrument& instrument,
                   std::span<const Print> prints);

// One bar; times in ns, `minutes` the interval.
struct Bar {
  int minutes = 1;
  std::int64_t begin_ns = 0;
  std::int64_t open = 0, high = 0, low = 0, close = 0, volume = 0, trades = 0;
  Wide turnover = 0;

  // Takes in one trade; opens the next bar if the time has come.
  void add(const Print& print);
};
void append_ohlc(std::string& out, std::string_view type, const Instrument& instrument, const Bar& bar,
                 std::int64_t now_ns);

// The instrument channel: every asset and pair.
void append_instruments(std::string& out, std::span<const Instrument> instruments);
void append_status(std::string& out, std::uint64_t connection_id);

}  // namespace millrace::sim::kraken
