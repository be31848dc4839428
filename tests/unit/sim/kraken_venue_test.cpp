#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/venues/kraken_flow.h"
#include "tests/unit/sim/support.h"

namespace millrace::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A venue with two instruments and one client that has its status message.
class SimKraken : public testing::Test {
 protected:
  SimKraken() {
    venue_.on_open(1, "/v2", "");
    inbox_.take(1);
  }

  std::vector<std::string> send(std::string_view text) {
    venue_.on_text(1, text);
    return inbox_.take(1);
  }

  Inbox inbox_;
  KrakenFlow venue_{make_instruments(2, "USD", "/", false), 5, 120, {}, inbox_.clock(), inbox_};
};

TEST_F(SimKraken, SaysItsStatusOnConnect) {
  venue_.on_open(2, "/v2", "");
  EXPECT_THAT(inbox_.take(2),
              ElementsAre(AllOf(HasSubstr(R"("channel":"status")"), HasSubstr(R"("system":"online")"))));
}

TEST_F(SimKraken, AcknowledgesEachSymbolAndRefusesUnknownOnes) {
  const auto got = send(
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","XBT/USD"],"depth":10},"req_id":12})");
  ASSERT_EQ(got.size(), 3U);
  EXPECT_THAT(got[0], HasSubstr(R"({"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,)"
                                R"("symbol":"BTC/USD"},"success":true)"));
  EXPECT_THAT(got[0], HasSubstr(R"("req_id":12})"));
  EXPECT_THAT(got[1], HasSubstr(R"("type":"snapshot")"));
  EXPECT_THAT(got[2], HasSubstr(R"("error":"Currency pair not supported XBT/USD")"));
  EXPECT_THAT(got[2], HasSubstr(R"("success":false)"));
}

TEST_F(SimKraken, RefusesUnknownDepthsChannelsAndMethods) {
  EXPECT_THAT(send(R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":11}})"),
              ElementsAre(HasSubstr(R"("success":false)")));
  EXPECT_THAT(send(R"({"method":"subscribe","params":{"channel":"weather","symbol":["BTC/USD"]}})"),
              ElementsAre(HasSubstr(R"("success":false)")));
  EXPECT_THAT(send(R"({"method":"add_order"})"), ElementsAre(HasSubstr("Unsupported method")));
  EXPECT_THAT(send("not json"), ElementsAre(HasSubstr("Malformed")));
}

TEST_F(SimKraken, AnswersPing) {
  EXPECT_THAT(send(R"({"method":"ping","req_id":101})"), ElementsAre(HasSubstr(R"({"method":"pong","req_id":101,)")));
}

TEST_F(SimKraken, EveryDepthStaysTheVenuesOwnBookWithRightChecksums) {
  for (const int depth : {10, 25, 100}) {
    const auto client = static_cast<ClientId>(100 + depth);
    venue_.on_open(client, "/v2", "");
    venue_.on_text(client, fmt::format(R"({{"method":"subscribe","params":{{"channel":"book","symbol":["BTC/USD"],)"
                                       R"("depth":{}}}}})",
                                       depth));
  }
  std::map<ClientId, ClientBook> books;
  for (const int depth : {10, 25, 100}) books.emplace(100 + depth, ClientBook(1, 8));
  for (int i = 0; i < 5000; ++i) {
    venue_.step();
    for (auto& [client, book] : books) {
      const std::size_t depth = client - 100;
      for (const std::string& text : inbox_.take(client)) {
        if (text.find(R"("channel":"book","type")") == std::string::npos) continue;
        book.set_kraken(text);
        book.truncate(depth);
        ASSERT_EQ(number_after(text, "checksum"), kraken::checksum(book.book())) << "depth " << depth;
      }
      ASSERT_TRUE(book.same_as(venue_.flow().markets()[0].book, depth)) << "depth " << depth << " step " << i;
    }
  }
}

TEST_F(SimKraken, SendsTheTickerOnQuoteChangesAndTradesInOrder) {
  send(R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"}})");
  send(R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}})");
  std::int64_t trades = 0;
  int quotes = 0;
  for (int i = 0; i < 2000; ++i) venue_.step();
  for (const std::string& text : inbox_.take(1)) {
    if (text.find(R"("channel":"ticker")") != std::string::npos) ++quotes;
    if (text.find(R"("channel":"trade")") == std::string::npos) continue;
    EXPECT_EQ(number_after(text, "trade_id"), ++trades);
  }
  EXPECT_GT(trades, 50);
  EXPECT_GT(quotes, trades);
}

TEST_F(SimKraken, SendsAHeartbeatOnlyWhenASecondWasSilent) {
  venue_.on_second();
  EXPECT_THAT(inbox_.take(1), IsEmpty()) << "nothing is subscribed";
  send(R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}})");
  venue_.on_second();
  EXPECT_THAT(inbox_.take(1), IsEmpty());
  inbox_.now_ns += 1'000'000'000;
  venue_.on_second();
  EXPECT_THAT(inbox_.take(1), ElementsAre(R"({"channel":"heartbeat"})"));
}

TEST_F(SimKraken, StopsAfterUnsubscribe) {
  send(R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})");
  EXPECT_TRUE(venue_.wanted());
  EXPECT_THAT(send(R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})"),
              ElementsAre(HasSubstr(R"("success":true)")));
  EXPECT_FALSE(venue_.wanted());
  for (int i = 0; i < 100; ++i) venue_.step();
  EXPECT_THAT(inbox_.take(1), IsEmpty());
}

TEST_F(SimKraken, RestUsesTheOldSpelling) {
  EXPECT_THAT(ask(venue_, "/0/public/AssetPairs").body,
              HasSubstr(R"("XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD")"));
  EXPECT_THAT(ask(venue_, "/0/public/Depth?pair=XBTUSD&count=1").body, HasSubstr(R"("XXBTZUSD":{"asks":[["64000.1")"));
  EXPECT_EQ(ask(venue_, "/0/public/Depth?pair=NOPE").body, R"({"error":["EQuery:Unknown asset pair"]})");
}

}  // namespace
}  // namespace millrace::sim
