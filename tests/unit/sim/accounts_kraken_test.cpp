// Kraken's private side as a client sees it (protocols/kraken.md sections 5 and 6).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/market/number.h"
#include "tests/unit/sim/accounts_support.h"

namespace millrace::sim::accounts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class KrakenAccountTest : public testing::Test {
 protected:
  static std::string sign(const AccountKeys& key, std::string_view path, std::string_view nonce,
                          const std::string& body) {
    const std::string message = std::string(path) + sha256(std::string(nonce) + body);
    return to_base64(hmac_sha512(from_base64(key.secret).value(), message));
  }
  // A signed call with the next nonce.
  HttpReply call(std::string_view name, std::string_view parameters = "", std::size_t key = 0) {
    const std::string nonce = std::to_string(++nonces_[key]);
    return call_with(nonce, name, parameters, key);
  }
  HttpReply call_with(const std::string& nonce, std::string_view name, std::string_view parameters, std::size_t key) {
    const std::string path = fmt::format("/0/private/{}", name);
    const std::string body = fmt::format("nonce={}{}{}", nonce, parameters.empty() ? "" : "&", parameters);
    const AccountKeys& used = test_.key(key);
    return test_.ask({"POST", path, body, {{"API-Key", used.api_key}, {"API-Sign", sign(used, path, nonce, body)}}});
  }
  std::string token() { return values_of(call("GetWebSocketsToken").body, "token").at(0); }
  // A connection with both channels, whose greeting is heard already.
  ConnId subscribed(std::string_view more = "") {
    const ConnId conn = test_.connect("/v2");
    const std::string token = this->token();
    for (const std::string_view channel : {"executions", "balances"}) {
      test_.say(conn, fmt::format(R"({{"method":"subscribe","params":{{"channel":"{}","token":"{}"{}}},"req_id":7}})",
                                  channel, token, more));
    }
    return conn;
  }
  std::vector<std::string> executions(ConnId conn) {
    std::vector<std::string> found;
    for (const std::string& text : test_.heard(conn)) {
      if (text.starts_with(R"({"channel":"executions")")) found.push_back(text);
    }
    return found;
  }

  FaceTest test_{"kraken"};
  std::map<std::size_t, std::uint64_t> nonces_{{0, 1'000}, {1, 1'000}};
};

// The vectors of section 5.1.
TEST_F(KrakenAccountTest, ChecksSignaturesAsTheVenueDocumentsThem) {
  FaceOptions options;
  options.venue = "kraken";
  options.start_ns = kStart;
  options.keys = {
      {"key", "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==", ""}};
  const auto face = make_face(options);
  const auto ask = [&](std::string_view sign) {
    return face
        ->rest({"POST",
                "/0/private/GetWebSocketsToken",
                "nonce=1616492376594",
                {{"api-key", "key"}, {"API-SIGN", std::string(sign)}}},
               kStart)
        .body;
  };
  EXPECT_THAT(ask("+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiQ=="),
              HasSubstr("EAPI:Invalid signature"));
  EXPECT_THAT(ask("+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA=="),
              HasSubstr(R"("expires":900)"));
}

TEST_F(KrakenAccountTest, ANonceMustRiseForEachKeyByItself) {
  EXPECT_THAT(call_with("5", "Balance", "", 0).body, HasSubstr("XXBT"));
  EXPECT_THAT(call_with("5", "Balance", "", 0).body, HasSubstr("EAPI:Invalid nonce"));
  EXPECT_THAT(call_with("4", "Balance", "", 0).body, HasSubstr("EAPI:Invalid nonce"));
  EXPECT_THAT(call_with("5", "Balance", "", 1).body, HasSubstr("XXBT"));
  EXPECT_THAT(call_with("6x", "Balance", "", 0).body, HasSubstr("EAPI:Invalid nonce"));
  EXPECT_EQ(test_.face().counts().refused, 3);
}

TEST_F(KrakenAccountTest, RefusesAnUnknownAndARevokedKeyAndAnAddress) {
  EXPECT_THAT(test_.ask({"POST", "/0/private/Balance", "nonce=1", {{"API-Key", "none"}}}).body,
              HasSubstr("EAPI:Invalid key"));
  test_.knobs().key_revoked = 1;
  EXPECT_THAT(call("Balance").body, HasSubstr("EAPI:Invalid key"));
  EXPECT_THAT(call("Balance", "", 1).body, HasSubstr("XXBT")) << "only the first was revoked";
  test_.knobs().address_refused = 1;
  EXPECT_THAT(call("Balance", "", 1).body, HasSubstr("EGeneral:Permission denied"));
}

TEST_F(KrakenAccountTest, ATokenIsGoodForFifteenMinutesOrWhereItIsInUse) {
  const ConnId conn = test_.connect("/v2");
  const std::string old = token();
  const auto subscribe = [&](ConnId on, std::string_view channel) {
    test_.say(on, fmt::format(R"({{"method":"subscribe","params":{{"channel":"{}","token":"{}"}}}})", channel, old));
    const auto texts = test_.heard(on);
    return texts.empty() ? "" : texts.size() > 1 ? texts[texts.size() - 2] : texts.back();
  };
  EXPECT_THAT(subscribe(conn, "executions"), HasSubstr(R"("success":true)"));
  test_.pass(15 * kMinute);
  EXPECT_THAT(subscribe(conn, "balances"), HasSubstr(R"("success":true)"));
  const ConnId other = test_.connect("/v2");
  test_.heard(other);
  EXPECT_THAT(subscribe(other, "executions"), HasSubstr("ESession:Invalid session"));
}

TEST_F(KrakenAccountTest, GreetsAnswersPingsAndDropsWhoSubscribesToNothing) {
  const ConnId conn = test_.connect("/v2");
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr(R"("system":"online")")));
  test_.pass(50 * kSecond);
  test_.say(conn, R"({"method":"ping","req_id":101})");
  EXPECT_THAT(test_.heard(conn), ElementsAre(StartsWith(R"({"method":"pong","time_in":"2023-11-14T)")));
  test_.pass(59 * kSecond);
  EXPECT_THAT(test_.heard(conn), SizeIs(0));
  test_.pass(kSecond);
  EXPECT_THAT(test_.heard(conn), ElementsAre("close:1000:inactivity"));
}

TEST_F(KrakenAccountTest, TellsTheLifeOfAnOrderInSequence) {
  const ConnId conn = subscribed();
  test_.heard(conn);
  const std::int64_t order =
      test_.ledger().place({"BTC/USD", OrderSide::kSell, OrderType::kLimit, 60'000 * kOne, kOne / 2}, test_.now);
  test_.ledger().fill(order, kOne / 4, 60'000 * kOne, false, test_.now);
  test_.ledger().fill(order, kOne / 4, 60'001 * kOne, true, test_.now + 1'000);
  test_.pass(kSecond);
  const auto texts = executions(conn);
  ASSERT_THAT(texts, SizeIs(5));
  std::vector<std::string> kinds;
  std::vector<std::string> sequences;
  for (const std::string& text : texts) {
    kinds.push_back(values_of(text, "exec_type").at(0));
    sequences.push_back(values_of(text, "sequence").at(0));
  }
  EXPECT_THAT(kinds, ElementsAre("pending_new", "new", "trade", "trade", "filled"));
  EXPECT_THAT(sequences, ElementsAre("2", "3", "4", "5", "6"));
  EXPECT_THAT(texts[2], HasSubstr(R"("last_qty":0.25,"last_price":60000,"liquidity_ind":"t","cost":15000)"));
  EXPECT_THAT(texts[2], HasSubstr(R"("fees":[{"asset":"USD","qty":39}])"));
  EXPECT_THAT(texts[3], HasSubstr(R"("order_status":"partially_filled","cum_qty":0.5,"cum_cost":30000.25)"));
}

TEST_F(KrakenAccountTest, AnEmptyAccountGetsASnapshotAndALivelyOneItsOrdersAndFills) {
  const ConnId empty = subscribed();
  EXPECT_THAT(executions(empty), ElementsAre(R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})"));
  test_.ledger().burst("BTC/USD", 60, test_.now);
  test_.ledger().place({"BTC/USD", OrderSide::kBuy, OrderType::kLimit, 50'000 * kOne, kOne}, test_.now);
  test_.pass(kSecond);
  const ConnId full = subscribed(R"(,"snap_trades":true)");
  const auto snapshot = executions(full).at(0);
  EXPECT_THAT(values_of(snapshot, "exec_id"), SizeIs(50)) << "the last 50 fills";
  EXPECT_THAT(values_of(snapshot, "limit_price"), ElementsAre("50000"));
}

TEST_F(KrakenAccountTest, BalancesFollowTheLedgerEntryByEntry) {
  const ConnId conn = subscribed();
  test_.knobs().rate = 20;
  test_.pass(30 * kSecond);
  std::map<std::string, std::string> told;
  std::set<std::string> entries;
  std::int64_t sequence = 0;
  for (const std::string& text : test_.heard(conn)) {
    if (!text.starts_with(R"({"channel":"balances")")) continue;
    EXPECT_EQ(values_of(text, "sequence").at(0), std::to_string(++sequence));
    if (text.find(R"("type":"snapshot")") != std::string::npos) continue;
    told[values_of(text, "asset").at(0)] = values_of(text, "balance").at(0);
    EXPECT_TRUE(entries.insert(values_of(text, "ledger_id").at(0)).second);
  }
  ASSERT_GE(told.size(), 2U);
  for (const auto& [asset, text] : told) {
    EXPECT_EQ(parse_fixed(text, kAmountDecimals), test_.ledger().balances().at(asset).total) << asset << " " << text;
  }
}

TEST_F(KrakenAccountTest, TheStreamReproducesTheLedger) {
  const ConnId conn = subscribed();
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  test_.ledger().burst("ETH/USD", 300, test_.now);
  test_.pass(kSecond);
  std::vector<std::string> fills;
  std::map<std::string, std::string> states;
  std::int64_t sequence = 0;
  for (const std::string& text : executions(conn)) {
    EXPECT_EQ(values_of(text, "sequence").at(0), std::to_string(++sequence));
    for (const std::string& id : values_of(text, "exec_id")) fills.push_back(id);
    const auto orders = values_of(text, "order_id");
    const auto statuses = values_of(text, "order_status");
    for (std::size_t i = 0; i < orders.size(); ++i) states[orders[i]] = statuses[i];
  }
  std::vector<std::string> truth;
  for (const Fill& fill : test_.ledger().fills()) truth.push_back(fill.id);
  EXPECT_EQ(fills, truth);
  for (const Order& order : test_.ledger().orders()) {
    const std::string want = order.live()                            ? (order.filled > 0 ? "partially_filled" : "new")
                             : order.state == OrderState::kFilled    ? "filled"
                             : order.state == OrderState::kExpired   ? "expired"
                             : order.state == OrderState::kCancelled ? "canceled"
                                                                     : "";
    EXPECT_EQ(states[order.id], want) << order.id;
  }
}

class KrakenPages : public KrakenAccountTest {
 protected:
  // Ids of all pages, as `ofs` gives them.
  std::vector<std::string> walk(const std::string& range = "") {
    std::vector<std::string> ids;
    while (true) {
      const std::string body =
          call("TradesHistory", fmt::format("ofs={}&consolidate_taker=false{}", ids.size(), range)).body;
      const auto page = trade_ids(body);
      ids.insert(ids.end(), page.begin(), page.end());
      if (page.empty() || ids.size() >= std::stoul(values_of(body, "count").at(0))) return ids;
      test_.pass(10 * kSecond);  // the venue's budget
    }
  }
  static std::vector<std::string> trade_ids(const std::string& body) {
    std::vector<std::string> ids;
    for (auto at = body.find(":{\"ordertxid\""); at != std::string::npos; at = body.find(":{\"ordertxid\"", at + 1)) {
      const auto begin = body.rfind('"', at - 2) + 1;
      ids.push_back(body.substr(begin, at - 1 - begin));
    }
    return ids;
  }
};

TEST_F(KrakenPages, AreCompleteAndNewestFirst) {
  test_.ledger().burst("BTC/USD", 120, test_.now);
  auto ids = walk();
  ASSERT_THAT(ids, SizeIs(120));
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], test_.ledger().fills()[ids.size() - 1 - i].id);
}

TEST_F(KrakenPages, StartIsExclusiveAndEndInclusive) {
  for (int i = 1; i <= 5; ++i) test_.ledger().burst("BTC/USD", 1, test_.now + i * kSecond);
  test_.pass(10 * kSecond);
  const std::int64_t second = kStart / kSecond;
  EXPECT_THAT(walk(fmt::format("&start={}&end={}", second + 2, second + 4)), SizeIs(2));
  EXPECT_THAT(walk("&start=" + test_.ledger().fills()[2].id), SizeIs(2)) << "a trade as the bound";
}

TEST_F(KrakenPages, ANewFillBetweenTwoPagesMovesTheRest) {
  test_.ledger().burst("BTC/USD", 100, test_.now);
  test_.knobs().between_pages = 1;
  const auto first = trade_ids(call("TradesHistory", "consolidate_taker=false").body);
  const auto second = trade_ids(call("TradesHistory", "ofs=50&consolidate_taker=false").body);
  EXPECT_EQ(test_.ledger().fills().size() > 100, true);
  EXPECT_EQ(first.back(), second.front()) << "the row that moved down a place is told again";
}

TEST_F(KrakenPages, FillsOfATakerAreMergedUnlessAskedForApart) {
  test_.ledger().burst("BTC/USD", 10, test_.now);
  const std::string merged = call("TradesHistory").body;
  EXPECT_THAT(trade_ids(merged), SizeIs(1));
  EXPECT_THAT(values_of(merged, "count"), ElementsAre("1"));
}

TEST_F(KrakenPages, PageSizeAndLagAreKnobs) {
  test_.ledger().burst("BTC/USD", 600, test_.now);
  test_.knobs().page_size = 500;
  EXPECT_THAT(trade_ids(call("TradesHistory", "consolidate_taker=false").body), SizeIs(500));
  test_.knobs().rest_lag_ns = 5 * kSecond;
  EXPECT_THAT(trade_ids(call("TradesHistory", "consolidate_taker=false").body), SizeIs(0));
  test_.pass(5 * kSecond);
  EXPECT_THAT(trade_ids(call("TradesHistory", "consolidate_taker=false").body), SizeIs(500));
}

TEST_F(KrakenPages, WhoAsksTooOftenIsTurnedAwayUntilTheCounterFalls) {
  for (int i = 0; i < 5; ++i) EXPECT_THAT(call("TradesHistory").body, HasSubstr("count"));
  EXPECT_THAT(call("TradesHistory").body, HasSubstr("EAPI:Rate limit exceeded"));
  EXPECT_THAT(call("TradesHistory", "", 1).body, HasSubstr("count")) << "each key has its own";
  test_.pass(8 * kSecond);
  EXPECT_THAT(call("TradesHistory").body, HasSubstr("count"));
}

TEST_F(KrakenAccountTest, RestTellsOrdersAndBalances) {
  const std::int64_t open =
      test_.ledger().place({"BTC/USD", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  test_.ledger().fill(open, kOne / 2, 60'000 * kOne, true, test_.now);
  const std::int64_t gone =
      test_.ledger().place({"ETH/USD", OrderSide::kSell, OrderType::kLimit, 3'000 * kOne, kOne}, test_.now);
  test_.ledger().cancel(gone, "user requested", test_.now);
  const std::string open_orders = call("OpenOrders").body;
  EXPECT_THAT(open_orders, HasSubstr(test_.ledger().order(open)->id));
  EXPECT_THAT(open_orders, HasSubstr(R"("vol":"1.00000000","vol_exec":"0.50000000","cost":"30000.00000")"));
  EXPECT_EQ(open_orders.find(test_.ledger().order(gone)->id), std::string::npos);
  EXPECT_THAT(call("ClosedOrders").body, HasSubstr(R"("status":"canceled")"));
  EXPECT_THAT(call("QueryOrders", "txid=" + test_.ledger().order(gone)->id).body, HasSubstr(R"("pair":"ETHUSD")"));
  EXPECT_THAT(call("QueryOrders", "txid=OXXXXX").body, HasSubstr("EOrder:Unknown order"));
  EXPECT_THAT(call("BalanceEx").body, HasSubstr(R"("ZUSD":{"balance":"49969952.0000","hold_trade":"30000.0000"})"));
  EXPECT_THAT(test_.ask({"GET", "/0/public/Time"}).body,
              HasSubstr(R"({"unixtime":1700000000,"rfc1123":"Tue, 14 Nov 23 22:13:20 +0000"})"));
}

TEST_F(KrakenAccountTest, HeartbeatsComeWhenNothingElseDoes) {
  const ConnId conn = subscribed();
  test_.heard(conn);
  test_.pass(kSecond / 2);
  EXPECT_THAT(test_.heard(conn), SizeIs(0));
  test_.pass(kSecond / 2);
  EXPECT_THAT(test_.heard(conn), ElementsAre(R"({"channel":"heartbeat"})"));
}

}  // namespace
}  // namespace millrace::sim::accounts
