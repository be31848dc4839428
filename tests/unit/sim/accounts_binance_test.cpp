// Binance's private sides as a client sees them (protocols/binance.md sections 5 and 6).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/market/number.h"
#include "tests/unit/sim/accounts_support.h"

namespace millrace::sim::accounts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kDocKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
constexpr std::string_view kDocSecret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

class BinanceTest : public testing::Test {
 protected:
  explicit BinanceTest(const std::string& venue, bool ed25519 = false) : test_(venue, {}, ed25519) {}

  std::int64_t ms() const { return test_.now / 1'000'000; }
  static std::string proof(const AccountKeys& key, const std::string& payload) {
    if (!key.secret.starts_with("-----")) return to_hex(hmac_sha256(key.secret, payload));
    return to_base64(ClientKey::from_pem(key.secret).value().sign(payload));
  }
  static std::string percent_encoded(std::string text) {
    for (const std::string_view c : {"+", "/", "="}) {
      for (auto at = text.find(c); at != std::string::npos; at = text.find(c)) {
        text.replace(at, 1, fmt::format("%{:02X}", static_cast<int>(c[0])));
      }
    }
    return text;
  }
  // A signed request with the clock's time.
  HttpReply call(std::string_view path, std::string_view parameters = "", std::int64_t late_ms = 0) {
    const std::string payload =
        fmt::format("{}{}timestamp={}", parameters, parameters.empty() ? "" : "&", ms() - late_ms);
    const std::string target =
        fmt::format("{}?{}&signature={}", path, payload, percent_encoded(proof(test_.key(), payload)));
    return test_.ask({"GET", target, "", {{"X-MBX-APIKEY", test_.key().api_key}}});
  }
  static std::string header(const HttpReply& reply, std::string_view name) {
    for (const Header& one : reply.headers) {
      if (one.name == name) return one.value;
    }
    return {};
  }

  FaceTest test_;
};

class BinanceSpotAccountTest : public BinanceTest {
 protected:
  BinanceSpotAccountTest() : BinanceTest("binance-spot") {}

  ConnId subscribed() {
    const ConnId conn = test_.connect("/ws-api/v3?returnRateLimits=false");
    const std::string payload = fmt::format("apiKey={}&timestamp={}", test_.key().api_key, ms());
    test_.say(conn, fmt::format(R"({{"id":"s","method":"userDataStream.subscribe.signature","params":)"
                                R"({{"apiKey":"{}","timestamp":{},"signature":"{}"}}}})",
                                test_.key().api_key, ms(), proof(test_.key(), payload)));
    EXPECT_THAT(test_.heard(conn), ElementsAre(R"({"id":"s","status":200,"result":{"subscriptionId":0}})"));
    return conn;
  }
};

// The vectors of sections 5.1 and 6.
TEST(BinanceVectors, AreTakenAndNothingElse) {
  FaceOptions options;
  options.venue = "binance-spot";
  options.start_ns = 1'747'385'641'000'000'000;
  options.keys = {{std::string(kDocKey), std::string(kDocSecret), ""}};
  const auto face = make_face(options);
  const auto subscribe = [&](ConnId conn, std::string_view signature, std::int64_t now_ms) {
    face->open(conn, "/ws-api/v3", now_ms * 1'000'000);
    face->message(conn,
                  fmt::format(R"({{"id":1,"method":"userDataStream.subscribe.signature","params":{{"apiKey":"{}",)"
                              R"("timestamp":1747385641636,"signature":"{}"}}}})",
                              kDocKey, signature),
                  now_ms * 1'000'000);
    return face->take_outgoing().back().data;
  };
  constexpr std::string_view kGood = "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3e";
  EXPECT_THAT(subscribe(1, kGood, 1'747'385'641'700), HasSubstr(R"("subscriptionId":0)"));
  EXPECT_THAT(subscribe(2, "681110A6057AD58657AF22F5640FAB9DD17418834CDFCCDC81BE8B0F7B2CDE3E", 1'747'385'641'700),
              HasSubstr(R"("subscriptionId":0)"));
  EXPECT_THAT(subscribe(3, "681110a6057ad58657af22f5640fab9dd17418834cdfccdc81be8b0f7b2cde3f", 1'747'385'641'700),
              HasSubstr("-1022"));
  EXPECT_THAT(subscribe(4, kGood, 1'747'385'640'636), HasSubstr("-1021")) << "a second ahead";
  EXPECT_THAT(subscribe(5, kGood, 1'747'385'646'637), HasSubstr("-1021")) << "more than recvWindow late";
}

TEST_F(BinanceSpotAccountTest, ARequestNeedsItsKeyItsSignatureAndTheTime) {
  EXPECT_EQ(call("/api/v3/account").status, 200);
  EXPECT_THAT(call("/api/v3/account", "", 5'001).body, HasSubstr("-1021"));
  EXPECT_EQ(call("/api/v3/account", "recvWindow=9000", 8'000).status, 200);
  EXPECT_THAT(call("/api/v3/account", "", -1'000).body, HasSubstr("-1021"));
  const auto bare = test_.ask({"GET", "/api/v3/account", "", {{"X-MBX-APIKEY", test_.key().api_key}}});
  EXPECT_THAT(bare.body, HasSubstr("-1102"));
  EXPECT_THAT(test_.ask({"GET", "/api/v3/account?timestamp=1&signature=00"}).body, HasSubstr("-2014"));
  test_.knobs().key_revoked = 1;
  EXPECT_EQ(call("/api/v3/account").status, 401);
  EXPECT_EQ(test_.ask({"GET", "/api/v3/time"}).body, fmt::format(R"({{"serverTime":{}}})", ms()));
}

TEST_F(BinanceSpotAccountTest, AClockThatIsOffIsTold) {
  test_.knobs().clock_skew_ns = -3 * kSecond;
  EXPECT_THAT(call("/api/v3/account").body, HasSubstr("1000ms ahead"));
  EXPECT_EQ(test_.ask({"GET", "/api/v3/time"}).body, fmt::format(R"({{"serverTime":{}}})", ms() - 3'000));
}

TEST_F(BinanceSpotAccountTest, OnlyOneSubscriptionAConnection) {
  const ConnId conn = subscribed();
  const std::string payload = fmt::format("apiKey={}&timestamp={}", test_.key().api_key, ms());
  test_.say(conn, fmt::format(R"({{"id":2,"method":"userDataStream.subscribe.signature","params":{{"apiKey":"{}",)"
                              R"("timestamp":{},"signature":"{}"}}}})",
                              test_.key().api_key, ms(), proof(test_.key(), payload)));
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr("-2035")));
  test_.say(conn, R"({"id":3,"method":"session.logon","params":{"apiKey":"x","timestamp":1,"signature":""}})");
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr("-2015")));
}

TEST_F(BinanceSpotAccountTest, TellsTheLifeOfAnOrder) {
  const ConnId conn = subscribed();
  const std::int64_t order =
      test_.ledger().place({"BTCUSDT", OrderSide::kSell, OrderType::kLimit, 60'000 * kOne, kOne, "mine"}, test_.now);
  test_.ledger().fill(order, kOne / 2, 60'000 * kOne, true, test_.now);
  test_.ledger().cancel(order, "user requested", test_.now);
  test_.pass(kSecond);
  std::vector<std::string> reports;
  std::vector<std::string> positions;
  for (const std::string& text : test_.heard(conn)) {
    EXPECT_THAT(text, HasSubstr(R"({"subscriptionId":0,"event":{"e":")"));
    (text.find("executionReport") != std::string::npos ? reports : positions).push_back(text);
  }
  ASSERT_THAT(reports, SizeIs(3));
  EXPECT_THAT(reports[0], HasSubstr(R"("x":"NEW","X":"NEW")"));
  EXPECT_THAT(reports[0], HasSubstr(R"("N":null)"));
  EXPECT_THAT(reports[1], HasSubstr(R"("x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":4293001,"l":"0.50000000")"));
  EXPECT_THAT(reports[1], HasSubstr(R"("n":"30.00000000","N":"USDT")"));
  EXPECT_THAT(reports[1], HasSubstr(R"("t":1,"I":8641002)"));
  EXPECT_THAT(reports[2], HasSubstr(R"("c":"cancel-3")"));
  EXPECT_THAT(reports[2], HasSubstr(R"("C":"mine","x":"CANCELED","X":"CANCELED")"));
  ASSERT_THAT(positions, SizeIs(3));
  EXPECT_THAT(positions[0], HasSubstr(R"("B":[{"a":"BTC","f":"9999.00000000","l":"1.00000000"}])"));
}

TEST_F(BinanceSpotAccountTest, TheStreamReproducesTheLedger) {
  const ConnId conn = subscribed();
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  using Key = std::tuple<std::string, std::string, std::string>;  // symbol, trade, order
  std::vector<Key> told;
  std::map<std::string, std::pair<std::string, std::string>> balances;
  std::map<std::string, std::string> states;
  for (const std::string& text : test_.heard(conn)) {
    if (text.find("executionReport") != std::string::npos) {
      const std::string order = values_of(text, "i").at(0);
      states[order] = values_of(text, "X").at(0);
      if (values_of(text, "x").at(0) == "TRADE") {
        told.emplace_back(values_of(text, "s").at(0), values_of(text, "t").at(0), order);
      }
    } else if (text.find("outboundAccountPosition") != std::string::npos) {
      const auto assets = values_of(text, "a");
      for (std::size_t i = 0; i < assets.size(); ++i) {
        balances[assets[i]] = {values_of(text, "f")[i], values_of(text, "l")[i]};
      }
    }
  }
  std::vector<Key> truth;
  for (const Fill& fill : test_.ledger().fills()) {
    truth.emplace_back(fill.symbol, std::to_string(fill.trade_id), fill.order_id);
  }
  EXPECT_EQ(told, truth);
  for (const auto& [asset, amounts] : balances) {
    const Balance& balance = test_.ledger().balances().at(asset);
    EXPECT_EQ(parse_fixed(amounts.first, 8), balance.available()) << asset;
    EXPECT_EQ(parse_fixed(amounts.second, 8), balance.locked) << asset;
  }
  EXPECT_GE(balances.size(), 4U);
  for (const Order& order : test_.ledger().orders()) {
    static const std::map<OrderState, std::string> kWords{{OrderState::kFilled, "FILLED"},
                                                          {OrderState::kCancelled, "CANCELED"},
                                                          {OrderState::kRejected, "REJECTED"},
                                                          {OrderState::kExpired, "EXPIRED"}};
    const auto want = kWords.find(order.state);
    EXPECT_EQ(states[order.id], want != kWords.end() ? want->second : order.filled > 0 ? "PARTIALLY_FILLED" : "NEW");
  }
}

TEST_F(BinanceSpotAccountTest, PagesOfFillsAreCompleteAndAscending) {
  for (int i = 0; i < 4; ++i) {
    test_.ledger().burst("BTCUSDT", 300, test_.now);
    test_.pass(kSecond);
  }
  std::vector<std::string> ids;
  for (std::string next = "1";;) {
    const auto page = values_of(call("/api/v3/myTrades", "symbol=BTCUSDT&limit=500&fromId=" + next).body, "id");
    ids.insert(ids.end(), page.begin(), page.end());
    if (page.size() < 500) break;
    next = std::to_string(std::stoll(page.back()) + 1);
  }
  ASSERT_THAT(ids, SizeIs(1'200));
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], std::to_string(i + 1));
  EXPECT_THAT(values_of(call("/api/v3/myTrades", "symbol=BTCUSDT").body, "id").front(), "701") << "the newest 500";
  const std::string window =
      fmt::format("symbol=BTCUSDT&limit=1000&startTime={}&endTime={}", kStart / 1'000'000, kStart / 1'000'000 + 1'000);
  EXPECT_THAT(values_of(call("/api/v3/myTrades", window).body, "id"), SizeIs(600)) << "both ends inclusive";
}

TEST_F(BinanceSpotAccountTest, CombinationsThatTheVenueRefusesAreRefused) {
  EXPECT_THAT(call("/api/v3/myTrades").body, HasSubstr("-1102"));
  EXPECT_THAT(call("/api/v3/myTrades", "symbol=NOPE").body, HasSubstr("-1121"));
  EXPECT_THAT(call("/api/v3/myTrades", "symbol=BTCUSDT&fromId=1&startTime=1").body, HasSubstr("-1128"));
  EXPECT_THAT(call("/api/v3/myTrades", "symbol=BTCUSDT&startTime=1&endTime=86400002").body, HasSubstr("-1127"));
  EXPECT_EQ(call("/api/v3/myTrades", "symbol=BTCUSDT&startTime=1&endTime=86400001").status, 200);
}

TEST_F(BinanceSpotAccountTest, WeightsAreCountedAndWhoGoesOverThemIsBanned) {
  EXPECT_EQ(header(call("/api/v3/account"), "X-MBX-USED-WEIGHT-1M"), "20");
  EXPECT_EQ(header(call("/api/v3/openOrders"), "X-MBX-USED-WEIGHT-1M"), "100");
  for (int i = 0; i < 73; ++i) call("/api/v3/openOrders");
  const auto refused = call("/api/v3/openOrders");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "Retry-After"), "40");
  for (int i = 0; i < 10; ++i) call("/api/v3/openOrders");
  EXPECT_EQ(call("/api/v3/account").status, 418);
}

TEST_F(BinanceSpotAccountTest, RestTellsOrdersAndBalances) {
  const std::int64_t open =
      test_.ledger().place({"BTCUSDT", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne, "mine"}, test_.now);
  test_.ledger().fill(open, kOne / 2, 60'000 * kOne, true, test_.now);
  EXPECT_THAT(call("/api/v3/openOrders").body, HasSubstr(R"("origQty":"1.00000000","executedQty":"0.50000000")"));
  EXPECT_THAT(call("/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine").body,
              HasSubstr(R"("status":"PARTIALLY_FILLED")"));
  EXPECT_THAT(call("/api/v3/order", "symbol=ETHUSDT&orderId=4293001").body, HasSubstr("-2013"));
  EXPECT_THAT(call("/api/v3/account").body,
              HasSubstr(R"({"asset":"USDT","free":"49940000.00000000","locked":"30000.00000000"})"));
}

TEST_F(BinanceSpotAccountTest, ARevokedKeyEndsTheStream) {
  const ConnId conn = subscribed();
  test_.knobs().key_revoked = 1;
  test_.ledger().burst("BTCUSDT", 1, test_.now);
  test_.pass(kSecond);
  test_.heard(conn);
  test_.ledger().burst("BTCUSDT", 1, test_.now);
  test_.pass(kSecond);
  EXPECT_THAT(test_.heard(conn), SizeIs(0));
}

class BinanceEd25519 : public BinanceTest {
 protected:
  BinanceEd25519() : BinanceTest("binance-spot", true) {}
};

TEST_F(BinanceEd25519, SignsRequestsAndLogsOn) {
  EXPECT_EQ(call("/api/v3/account").status, 200);
  const ConnId conn = test_.connect("/ws-api/v3");
  test_.say(conn, R"({"id":1,"method":"userDataStream.subscribe"})");
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr("not authenticated")));
  const std::string payload = fmt::format("apiKey={}&timestamp={}", test_.key().api_key, ms());
  test_.say(conn, fmt::format(R"({{"id":2,"method":"session.logon","params":{{"apiKey":"{}","timestamp":{},)"
                              R"("signature":"{}"}}}})",
                              test_.key().api_key, ms(), proof(test_.key(), payload)));
  test_.say(conn, R"({"id":3,"method":"userDataStream.subscribe"})");
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr(R"("authorizedSince")"), HasSubstr(R"("subscriptionId":0)")));
  // Another key's signature.
  const std::string wrong = to_base64(ClientKey::from_pem(test_.key(1).secret).value().sign(payload));
  test_.say(conn, fmt::format(R"({{"id":4,"method":"session.logon","params":{{"apiKey":"{}","timestamp":{},)"
                              R"("signature":"{}"}}}})",
                              test_.key().api_key, ms(), wrong));
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr("-1022")));
}

class BinanceUsdmAccountTest : public BinanceTest {
 protected:
  BinanceUsdmAccountTest() : BinanceTest("binance-usdm") {}

  HttpReply listen_key(std::string_view method) {
    return test_.ask({method, "/fapi/v1/listenKey", "", {{"X-MBX-APIKEY", test_.key().api_key}}});
  }
  ConnId connected(std::string_view events = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/TRADE_LITE") {
    const std::string key = values_of(listen_key("POST").body, "listenKey").at(0);
    return test_.connect(fmt::format("/private/ws?listenKey={}&events={}", key, events));
  }
};

TEST_F(BinanceUsdmAccountTest, AListenKeyLivesAnHourAndIsProlonged) {
  EXPECT_EQ(test_.ask({"POST", "/fapi/v1/listenKey"}).status, 401);
  EXPECT_THAT(listen_key("PUT").body, HasSubstr("-1125"));
  const std::string first = listen_key("POST").body;
  test_.pass(50 * kMinute);
  EXPECT_EQ(listen_key("PUT").status, 200);
  test_.pass(50 * kMinute);
  EXPECT_EQ(listen_key("POST").body, first) << "the same key, prolonged";
  test_.pass(60 * kMinute);
  EXPECT_THAT(listen_key("PUT").body, HasSubstr("-1125"));
  EXPECT_NE(listen_key("POST").body, first);
  EXPECT_EQ(listen_key("DELETE").status, 200);
  EXPECT_THAT(listen_key("PUT").body, HasSubstr("-1125"));
}

TEST_F(BinanceUsdmAccountTest, AnExpiredKeyIsToldOnceAndThenTheSocketIsSilent) {
  const ConnId conn = connected();
  test_.pass(60 * kMinute);
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(1));
  EXPECT_THAT(texts[0], HasSubstr(fmt::format(R"({{"e":"listenKeyExpired","E":"{}")", ms())));
  test_.ledger().burst("BTCUSDT", 3, test_.now);
  test_.pass(kSecond);
  EXPECT_THAT(test_.heard(conn), SizeIs(0));
}

TEST_F(BinanceUsdmAccountTest, AFillIsToldLiteThenTheAccountThenTheOrder) {
  const ConnId conn = connected();
  const ConnId orders_only = connected("ORDER_TRADE_UPDATE");
  const ConnId other_form = test_.connect("/private/ws/" + values_of(listen_key("POST").body, "listenKey").at(0));
  const std::int64_t order =
      test_.ledger().place({"BTCUSDT", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  test_.ledger().fill(order, kOne, 60'000 * kOne, false, test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(4));
  EXPECT_THAT(texts[0], HasSubstr(R"("x":"NEW","X":"NEW")"));
  EXPECT_THAT(texts[1], HasSubstr(R"({"e":"TRADE_LITE")"));
  EXPECT_THAT(texts[2], HasSubstr(R"("a":{"m":"ORDER","B":[{"a":"USDT","wb":"999970.00000000")"));
  EXPECT_THAT(texts[2], HasSubstr(R"("P":[{"s":"BTCUSDT","pa":"1","ep":"60000.00000000")"));
  EXPECT_THAT(texts[3], HasSubstr(R"("x":"TRADE","X":"FILLED")"));
  EXPECT_THAT(texts[3], HasSubstr(R"("N":"USDT","n":"30.00000000")"));
  EXPECT_THAT(test_.heard(orders_only), SizeIs(2));
  EXPECT_THAT(test_.heard(other_form), SizeIs(0));
}

TEST_F(BinanceUsdmAccountTest, TheStreamReproducesTheLedger) {
  const ConnId conn = connected();
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  std::vector<std::string> told;
  std::vector<std::string> lite;
  std::string wallet;
  for (const std::string& text : test_.heard(conn)) {
    const auto key = [&] { return values_of(text, "s").at(0) + " " + values_of(text, "t").at(0); };
    if (text.starts_with(R"({"e":"TRADE_LITE")")) lite.push_back(key());
    if (text.find(R"("x":"TRADE")") != std::string::npos) told.push_back(key());
    if (text.starts_with(R"({"e":"ACCOUNT_UPDATE")")) wallet = values_of(text, "wb").at(0);
  }
  std::vector<std::string> truth;
  for (const Fill& fill : test_.ledger().fills()) {
    truth.push_back(fmt::format("{} {}", fill.symbol, fill.trade_id));
  }
  EXPECT_EQ(told, truth);
  EXPECT_EQ(lite, truth);
  EXPECT_EQ(parse_fixed(wallet, 8), test_.ledger().balances().at("USDT").total);
}

TEST_F(BinanceUsdmAccountTest, FillsGoBackAWeekUnlessAskedForOtherwise) {
  test_.ledger().burst("BTCUSDT", 5, test_.now);
  test_.pass(8 * 24 * 60 * kMinute);
  test_.ledger().burst("BTCUSDT", 5, test_.now);
  const std::int64_t start = kStart / 1'000'000;
  const auto ids = [&](const std::string& more) {
    return values_of(call("/fapi/v1/userTrades", "symbol=BTCUSDT" + more).body, "id");
  };
  EXPECT_THAT(ids(""), SizeIs(5));
  EXPECT_THAT(ids("&fromId=1"), SizeIs(10));
  EXPECT_THAT(ids(fmt::format("&startTime={}", start)), SizeIs(5)) << "seven days from there";
  EXPECT_THAT(call("/fapi/v1/userTrades", fmt::format("symbol=BTCUSDT&startTime={}&endTime={}", start, ms())).body,
              HasSubstr("-1127"));
  EXPECT_THAT(call("/fapi/v1/userTrades", "symbol=BTCUSDT&fromId=1&endTime=1").body, HasSubstr("-1128"));
}

TEST_F(BinanceUsdmAccountTest, FundingMovesTheWalletOnly) {
  const ConnId conn = connected();
  ASSERT_TRUE(test_.ledger().funding("BTCUSDT", -5 * kOne, test_.now));
  test_.pass(kSecond);
  EXPECT_THAT(test_.heard(conn),
              ElementsAre(HasSubstr(R"("a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"999995.00000000")")));
  EXPECT_THAT(call("/fapi/v3/balance").body, HasSubstr(R"("balance":"999995.00000000")"));
}

}  // namespace
}  // namespace millrace::sim::accounts
