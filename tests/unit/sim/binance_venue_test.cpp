#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/market/number.h"
#include "tests/sim/venues/binance_flow.h"
#include "tests/unit/sim/support.h"

namespace millrace::sim {
namespace {

using binance::Product;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<BinanceFlow> make_venue(Product product, Inbox& inbox) {
  return std::make_unique<BinanceFlow>(product, make_instruments(3, "USDT", "", product == Product::kUsdm), 5, 120,
                                       BinanceVenue::default_limits(product), inbox.clock(), inbox);
}

TEST(SimBinance, AcknowledgesListsAndForgetsSubscriptions) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws", "");
  venue->on_text(1, R"({"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":"a-1"})");
  venue->on_text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":3})");
  venue->on_text(1, R"({"method":"UNSUBSCRIBE","params":["btcusdt@trade"],"id":null})");
  EXPECT_THAT(inbox.take(1), ElementsAre(R"({"result":null,"id":"a-1"})", R"({"result":["btcusdt@trade"],"id":3})",
                                         R"({"result":null,"id":null})"));
  EXPECT_FALSE(venue->wanted());
}

TEST(SimBinance, AnswersMistakesWithItsCodes) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws", "");
  venue->on_text(1, R"({"method":"SHOUT","params":[],"id":1})");
  venue->on_text(1, "{");
  venue->on_text(1, R"({"method":"SUBSCRIBE","params":[1],"id":2})");
  EXPECT_THAT(inbox.take(1), ElementsAre(HasSubstr(R"("code":2)"), HasSubstr(R"("code":3)"), HasSubstr(R"("code":1)")));
}

TEST(SimBinance, AcknowledgesUnknownSymbolsAndStaysSilent) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws", "");
  venue->on_text(1, R"({"method":"SUBSCRIBE","params":["nosuchpair@trade","BTCUSDT@trade"],"id":1})");
  for (int i = 0; i < 500; ++i) venue->step();
  EXPECT_THAT(inbox.take(1), ElementsAre(R"({"result":null,"id":1})"));
}

TEST(SimBinance, ClosesWhoSendsTooMuchOrWantsTooManyStreams) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws", "");
  for (int i = 0; i < 5; ++i) venue->on_text(1, R"({"method":"LIST_SUBSCRIPTIONS","id":3})");
  EXPECT_THAT(inbox.closed, IsEmpty());
  venue->on_control_frame(1);  // a pong counts, too
  EXPECT_EQ(inbox.closed[1], 1008);

  std::string names;
  for (int i = 0; i < 1025; ++i) names += fmt::format("s{}@trade/", i);
  venue->on_open(2, "/stream", "streams=" + names);
  EXPECT_EQ(inbox.closed[2], 1008);
}

// Follows one symbol as a client would and checks every rule of the sheet.
class ChainCheck {
 public:
  explicit ChainCheck(Product product) : product_(product), venue_(make_venue(product, inbox_)) {}

  void run() {
    venue_->on_open(1, spot() ? "/stream" : "/public/stream", "streams=btcusdt@depth@100ms/btcusdt@bookTicker");
    for (int i = 0; i < 50; ++i) venue_->step();
    inbox_.take(1);
    const auto snapshot =
        ask(*venue_, spot() ? "/api/v3/depth?symbol=BTCUSDT&limit=1000" : "/fapi/v1/depth?symbol=BTCUSDT&limit=1000");
    book_.set_binance(snapshot.body, "bids", "asks");
    id_ = number_after(snapshot.body, "lastUpdateId");
    for (int i = 0; i < 4000; ++i) venue_->step();
    for (const std::string& text : inbox_.take(1)) {
      if (text.find("depthUpdate") == std::string::npos) {
        quote_ = text;
      } else {
        ASSERT_NO_FATAL_FAILURE(on_depth(text));
      }
      ASSERT_NO_FATAL_FAILURE(compare_quote());
    }
    EXPECT_GT(equal_, 100);
  }

 private:
  bool spot() const { return product_ == Product::kSpot; }

  void on_depth(const std::string& text) {
    const std::int64_t first = number_after(text, "U");
    if (previous_ >= 0 && spot()) {
      ASSERT_EQ(first, previous_ + 1);
    } else if (previous_ >= 0) {
      ASSERT_EQ(number_after(text, "pu"), previous_);
      ASSERT_NE(first, previous_ + 1) << "futures ids are not dense";
    }
    previous_ = number_after(text, "u");
    if (previous_ <= id_) return;
    book_.set_binance(text, "b", "a");
    id_ = previous_;
  }

  // Quote and book of one id agree, whichever came first.
  void compare_quote() {
    if (number_after(quote_, "u") != id_) return;
    ASSERT_EQ(parse_fixed(text_after(quote_, "b"), 1), book_.book().best(Side::kBid)->price);
    ASSERT_EQ(parse_fixed(text_after(quote_, "A"), spot() ? 8 : 3), book_.book().best(Side::kAsk)->quantity);
    ++equal_;
  }

  Product product_;
  Inbox inbox_;
  std::unique_ptr<BinanceFlow> venue_;
  ClientBook book_{1, product_ == Product::kSpot ? 8 : 3};
  std::string quote_;
  std::int64_t id_ = 0;
  std::int64_t previous_ = -1;
  int equal_ = 0;
};

TEST(SimBinance, SpotBookIsContiguousAndItsQuoteAgreesAtTheSameId) { ChainCheck(Product::kSpot).run(); }
TEST(SimBinance, FuturesBookIsChainedByPu) { ChainCheck(Product::kUsdm).run(); }

TEST(SimBinance, SnapshotAndUpdatesGiveTheVenuesBook) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws/btcusdt@depth", "");
  ClientBook book(1, 8);
  book.set_binance(ask(*venue, "/api/v3/depth?symbol=BTCUSDT&limit=5000").body, "bids", "asks");
  int compared = 0;
  for (int i = 0; i < 3000; ++i) {
    venue->step();
    for (const std::string& text : inbox.take(1)) {
      book.set_binance(text, "b", "a");
      ASSERT_EQ(number_after(text, "u"), venue->flow().markets()[0].update_id);
      ASSERT_TRUE(book.same_as(venue->flow().markets()[0].book, 1000));
      ++compared;
    }
  }
  EXPECT_GT(compared, 200);
}

TEST(SimBinance, AWrongFuturesRouteIsSilent) {
  Inbox inbox;
  const auto venue = make_venue(Product::kUsdm, inbox);
  venue->on_open(1, "/market/stream", "streams=btcusdt@depth/btcusdt@aggTrade");
  venue->on_open(2, "/public/stream", "streams=btcusdt@depth/btcusdt@aggTrade");
  for (int i = 0; i < 500; ++i) venue->step();
  for (const std::string& text : inbox.take(1)) EXPECT_THAT(text, HasSubstr("aggTrade\","));
  for (const std::string& text : inbox.take(2)) EXPECT_THAT(text, HasSubstr("depthUpdate"));
  EXPECT_TRUE(venue->serves("/market/ws/btcusdt@aggTrade"));
  EXPECT_FALSE(make_venue(Product::kSpot, inbox)->serves("/public/ws"));
}

TEST(SimBinance, TradesAreDenseAndCandlesCountThem) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/ws", "");
  venue->on_text(1,
                 R"({"method":"SUBSCRIBE","params":["btcusdt@trade","btcusdt@aggTrade","btcusdt@kline_1m"],"id":1})");
  std::int64_t trade = 0;
  std::int64_t candles = 0;
  for (int i = 0; i < 1000; ++i) {
    inbox.now_ns += 500'000'000;
    venue->step();
  }
  int closed = 0;
  for (const std::string& text : inbox.take(1)) {
    if (text_after(text, "e") == "trade") {
      EXPECT_EQ(number_after(text, "t"), ++trade);
    }
    closed += text.find(R"("x":true)") != std::string::npos ? 1 : 0;
    candles += text_after(text, "e") == "kline" ? 1 : 0;
  }
  EXPECT_GT(trade, 30);
  EXPECT_EQ(candles, trade + closed);
  EXPECT_GE(closed, 5);
}

TEST(SimBinance, ChargesWeightThenRefusesThenBans) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  const auto big = [&] { return ask(*venue, "/api/v3/depth?symbol=BTCUSDT&limit=5000"); };
  for (int i = 1; i <= 24; ++i) {
    const HttpAnswer answer = big();
    ASSERT_EQ(answer.status, 200);
    ASSERT_EQ(answer.headers.front().second, std::to_string(250 * i));
  }
  const HttpAnswer refused = big();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.back().first, "Retry-After");
  for (int i = 0; i < 10; ++i) big();
  EXPECT_EQ(big().status, 418);
  inbox.now_ns += 60'000'000'000;
  EXPECT_EQ(big().status, 418) << "a ban outlasts the minute";
  inbox.now_ns += 120'000'000'000;
  EXPECT_EQ(big().status, 200);
}

TEST(SimBinance, KnowsItsLimitsOfDepthRequests) {
  Inbox inbox;
  const auto spot = make_venue(Product::kSpot, inbox);
  EXPECT_EQ(ask(*spot, "/api/v3/depth?symbol=NOPE").status, 400);
  const auto futures = make_venue(Product::kUsdm, inbox);
  EXPECT_EQ(ask(*futures, "/fapi/v1/depth?symbol=BTCUSDT&limit=7").status, 400);
  const HttpAnswer answer = ask(*futures, "/fapi/v1/depth?symbol=BTCUSDT&limit=5");
  EXPECT_THAT(answer.body, HasSubstr(R"(,"E":)"));
  EXPECT_THAT(answer.body, HasSubstr(R"(,"T":)"));
  EXPECT_EQ(answer.headers.front().second, "4") << "two requests of weight 2";
}

TEST(SimBinance, AnnouncesTheEndOfAConnection) {
  Inbox inbox;
  const auto venue = make_venue(Product::kSpot, inbox);
  venue->on_open(1, "/stream", "streams=btcusdt@trade");
  venue->on_expiring(1);
  EXPECT_THAT(inbox.take(1),
              ElementsAre(HasSubstr(R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":)")));
}

}  // namespace
}  // namespace millrace::sim
