#include "tests/sim/venues/binance_mix.h"

#include <gtest/gtest.h>

#include "tests/sim/market/number.h"
#include "tests/unit/sim/support.h"

namespace millrace::sim {
namespace {

// What one client knows of one symbol of the mix.
struct Followed {
  ClientBook book{1, 8};
  std::int64_t id = 0;
  std::int64_t trade = 0;
};

class SimMix : public testing::Test {
 protected:
  SimMix() {
    venue_.on_open(1, "/stream", "streams=btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@trade");
    const auto snapshot = ask(venue_, "/api/v3/depth?symbol=BTCUSDT&limit=1000");
    followed_.book.set_binance(snapshot.body, "bids", "asks");
    followed_.id = number_after(snapshot.body, "lastUpdateId");
  }

  void on_depth(const std::string& text) {
    ASSERT_EQ(number_after(text, "U"), followed_.id + 1);
    followed_.id = number_after(text, "u");
    followed_.book.set_binance(text, "b", "a");
    ++depths_;
  }

  void on_quote(const std::string& text) {
    ++quotes_;
    if (number_after(text, "u") != followed_.id) return;
    ASSERT_EQ(parse_fixed(text_after(text, "b"), 1), followed_.book.book().best(Side::kBid)->price);
    ASSERT_EQ(parse_fixed(text_after(text, "B"), 8), followed_.book.book().best(Side::kBid)->quantity);
    ASSERT_EQ(parse_fixed(text_after(text, "a"), 1), followed_.book.book().best(Side::kAsk)->price);
    ++equal_;
  }

  void on_trade(const std::string& text) {
    const std::int64_t id = number_after(text, "t");
    if (trades_++ > 0) {
      ASSERT_EQ(id, followed_.trade + 1);
    }
    followed_.trade = id;
  }

  Inbox inbox_;
  BinanceMix venue_{make_instruments(4, "USDT", "", false), 9, 300, {}, inbox_.clock(), inbox_};
  Followed followed_;
  int depths_ = 0, quotes_ = 0, equal_ = 0, trades_ = 0;
};

TEST_F(SimMix, StaysConsistentThreeTimesRoundTheRing) {
  for (std::size_t i = 0; i < venue_.ring_size() * 3; ++i) venue_.step();
  for (const std::string& text : inbox_.take(1)) {
    if (text.find("depthUpdate") != std::string::npos) {
      ASSERT_NO_FATAL_FAILURE(on_depth(text));
    } else if (text.find("\"trade\"") != std::string::npos) {
      ASSERT_NO_FATAL_FAILURE(on_trade(text));
    } else {
      ASSERT_NO_FATAL_FAILURE(on_quote(text));
    }
  }
  EXPECT_EQ(depths_, 48);
  EXPECT_EQ(trades_, 24);
  EXPECT_EQ(quotes_, 168);
  EXPECT_EQ(equal_, 48);
  ClientBook snapshot(1, 8);
  snapshot.set_binance(ask(venue_, "/api/v3/depth?symbol=BTCUSDT&limit=1000").body, "bids", "asks");
  EXPECT_TRUE(followed_.book.same_as(snapshot.book(), 300));
}

TEST_F(SimMix, ServesWhoeverWantsNoWrapper) {
  venue_.on_open(2, "/ws/btcusdt@trade", "");
  for (std::size_t i = 0; i < venue_.ring_size(); ++i) venue_.step();
  const auto bare = inbox_.take(2);
  ASSERT_EQ(bare.size(), 8U);
  EXPECT_TRUE(bare.front().starts_with(R"({"e":"trade","E":1700000000000,)")) << bare.front();
}

}  // namespace
}  // namespace millrace::sim
