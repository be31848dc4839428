#include "tests/sim/market/instrument.h"

#include <fmt/format.h>

#include <array>

#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

// Decimals and price level of a well-known asset; spot decimals as Kraken lists them.
struct Known {
  std::string_view base;
  int price_decimals;
  int quantity_decimals;
  std::int64_t start_price;
};

constexpr std::array<Known, 12> kKnown{{{"BTC", 1, 8, 640'000},
                                        {"ETH", 2, 8, 340'000},
                                        {"XRP", 5, 8, 108'100},
                                        {"SOL", 2, 8, 15'000},
                                        {"DOGE", 6, 8, 201'500},
                                        {"ADA", 6, 8, 452'000},
                                        {"DOT", 4, 8, 72'000},
                                        {"LINK", 4, 8, 141'000},
                                        {"LTC", 2, 8, 8'800},
                                        {"AVAX", 3, 8, 27'500},
                                        {"XLM", 6, 8, 112'000},
                                        {"ATOM", 4, 8, 61'000}}};

}  // namespace

std::vector<Instrument> make_instruments(std::size_t count, std::string_view quote, std::string_view separator,
                                         bool futures) {
  std::vector<Instrument> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Instrument one;
    Known known{"", 4, 6, 50'000 + static_cast<std::int64_t>(i) * 17};
    if (i < kKnown.size()) known = kKnown[i];
    one.base = i < kKnown.size() ? std::string(known.base) : fmt::format("S{:04}", i);
    one.quote = quote;
    one.symbol = fmt::format("{}{}{}", one.base, separator, quote);
    one.price_decimals = known.price_decimals;
    one.quantity_decimals = futures ? 3 : known.quantity_decimals;
    one.start_price = known.start_price;
    made.push_back(std::move(one));
  }
  return made;
}

}  // namespace millrace::sim
