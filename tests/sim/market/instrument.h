#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sim {

// One thing that is traded, with the venue's spelling.
struct Instrument {
  std::string symbol;  // as in payloads: "BTC/USD", "BTCUSDT"
  std::string base;    // "BTC"
  std::string quote;   // "USD"
  int price_decimals = 2;
  int quantity_decimals = 8;
  std::int64_t start_price = 0;  // mantissa; where generated flow begins
};

// `count` instruments as a venue would list them: well-known ones first, then S0001, S0002, ... `separator` stands
// between base and quote.
std::vector<Instrument> make_instruments(std::size_t count, std::string_view quote, std::string_view separator,
                                         bool futures);

}  // namespace millrace::sim
