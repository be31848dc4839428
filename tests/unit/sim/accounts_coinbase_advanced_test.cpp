// Coinbase Advanced Trade's private side as a client sees it (protocols/coinbase.md, [A]).
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

class CoinbaseAdvancedTest : public testing::Test {
 protected:
  // A token as the venue wants it; empty `uri` = without the claim.
  std::string token(const std::string& uri, std::int64_t age_s = 0, std::int64_t life_s = 120, std::size_t key = 0) {
    const std::int64_t from = test_.now / kSecond - age_s;
    const std::string& name = test_.key(key).api_key;
    const std::string header =
        fmt::format(R"({{"alg":"ES256","kid":"{}","nonce":"{:016x}","typ":"JWT"}})", name, ++nonce_);
    const std::string claims = fmt::format(R"({{"sub":"{}","iss":"cdp","nbf":{},"exp":{}{}}})", name, from,
                                           from + life_s, uri.empty() ? "" : fmt::format(R"(,"uri":"{}")", uri));
    const std::string text = to_base64url(header) + "." + to_base64url(claims);
    return text + "." + to_base64url(ClientKey::from_pem(test_.key(key).secret).value().sign(text));
  }
  HttpReply with(const std::string& token, const std::string& target) {
    return test_.ask({"GET", target, "", {{"Authorization", "Bearer " + token}, {"Host", "127.0.0.1:8443"}}});
  }
  HttpReply call(const std::string& rest) {
    const std::string target = "/api/v3/brokerage" + rest;
    return with(token("GET 127.0.0.1" + target.substr(0, target.find('?'))), target);
  }
  void subscribe(ConnId conn, std::string_view channel) {
    test_.say(conn, fmt::format(R"({{"type":"subscribe","channel":"{}","jwt":"{}"}})", channel, token("")));
  }

  FaceTest test_{"coinbase-advanced"};
  std::uint64_t nonce_ = 0;
};

TEST_F(CoinbaseAdvancedTest, ATokenIsForOneRequestAndOnce) {
  const std::string accounts = "/api/v3/brokerage/accounts";
  EXPECT_EQ(with(token("GET 127.0.0.1" + accounts), accounts + "?limit=3").status, 200) << "no query in the claim";
  EXPECT_EQ(with(token("GET 127.0.0.1:8443" + accounts), accounts).status, 200);
  EXPECT_EQ(with(token("GET api.coinbase.com" + accounts), accounts).status, 200);
  EXPECT_EQ(with(token("POST api.coinbase.com" + accounts), accounts).status, 401);
  EXPECT_EQ(with(token("GET evil.example" + accounts), accounts).status, 401);
  EXPECT_EQ(with(token(""), accounts).status, 401);
  const std::string used = token("GET api.coinbase.com" + accounts);
  EXPECT_EQ(with(used, accounts).status, 200);
  EXPECT_EQ(with(used, accounts).status, 401) << "a token is not used twice";
  EXPECT_EQ(test_.face().counts().refused, 4);
}

TEST_F(CoinbaseAdvancedTest, ATokenIsFreshAndOfItsKey) {
  const std::string accounts = "/api/v3/brokerage/accounts";
  const std::string uri = "GET api.coinbase.com" + accounts;
  EXPECT_EQ(with(token(uri, 119), accounts).status, 200);
  EXPECT_EQ(with(token(uri, 120), accounts).status, 401) << "expired";
  EXPECT_EQ(with(token(uri, -5), accounts).status, 401) << "not yet good";
  EXPECT_EQ(with(token(uri, 0, 121), accounts).status, 401) << "good for too long";
  EXPECT_EQ(with(token(uri, 0, 120, 1), accounts).status, 200) << "the other key";
  std::string forged = token(uri);
  char& first = forged[forged.rfind('.') + 1];  // of the signature
  first = first == 'A' ? 'B' : 'A';
  EXPECT_EQ(with(forged, accounts).status, 401);
  EXPECT_EQ(with("a.b.c", accounts).status, 401);
  test_.knobs().key_revoked = 2;
  EXPECT_EQ(with(token(uri, 0, 120, 1), accounts).status, 401);
}

TEST_F(CoinbaseAdvancedTest, ASubscriptionNeedsATokenWithoutAClaim) {
  const ConnId conn = test_.connect("/");
  test_.say(conn, fmt::format(R"({{"type":"subscribe","channel":"user","jwt":"{}"}})", token("GET x/y")));
  EXPECT_THAT(test_.heard(conn), ElementsAre(R"({"type":"error","message":"authentication failure"})"));
  subscribe(conn, "user");
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(2));
  EXPECT_THAT(texts[0], HasSubstr(R"("sequence_num":0,"events":[{"type":"snapshot","orders":[])"));
  EXPECT_THAT(texts[1], HasSubstr(R"({"channel":"subscriptions")"));
  EXPECT_THAT(texts[1], HasSubstr(R"("sequence_num":1)"));
}

TEST_F(CoinbaseAdvancedTest, TheSnapshotComesInBatchesAndAFullOneIsNotTheLast) {
  for (int i = 0; i < 100; ++i) {
    test_.ledger().place({"BTC-USD", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne / 100}, test_.now);
  }
  const ConnId conn = test_.connect("/");
  subscribe(conn, "user");
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(4));
  EXPECT_THAT(values_of(texts[0], "order_id"), SizeIs(50));
  EXPECT_THAT(values_of(texts[1], "order_id"), SizeIs(50));
  EXPECT_THAT(values_of(texts[2], "order_id"), SizeIs(0));
  EXPECT_THAT(values_of(texts[0] + texts[1] + texts[2], "sequence_num"), ElementsAre("0", "1", "2"));
}

TEST_F(CoinbaseAdvancedTest, SeveralFillsAtOnceAreOneUpdate) {
  const ConnId conn = test_.connect("/");
  subscribe(conn, "user");
  test_.heard(conn);
  test_.ledger().burst("BTC-USD", 300, test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(1));
  EXPECT_THAT(texts[0], HasSubstr(R"("number_of_fills":"300")"));
  EXPECT_THAT(texts[0], HasSubstr(R"("status":"FILLED")"));
}

TEST_F(CoinbaseAdvancedTest, TheStreamEndsInTheLedgersOrdersAndNumbersEachMessage) {
  const ConnId conn = test_.connect("/");
  subscribe(conn, "user");
  subscribe(conn, "heartbeats");
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  std::map<std::string, std::string> filled;
  std::map<std::string, std::string> states;
  std::int64_t sequence = 0;
  int beats = 0;
  for (const std::string& text : test_.heard(conn)) {
    EXPECT_EQ(values_of(text, "sequence_num").at(0), std::to_string(sequence++));
    beats += text.starts_with(R"({"channel":"heartbeats")") ? 1 : 0;
    const auto ids = values_of(text, "order_id");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      filled[ids[i]] = values_of(text, "cumulative_quantity")[i];
      states[ids[i]] = values_of(text, "status")[i];
    }
  }
  EXPECT_EQ(beats, 120);
  static const std::map<OrderState, std::string> kWords{{OrderState::kOpen, "OPEN"},
                                                        {OrderState::kFilled, "FILLED"},
                                                        {OrderState::kCancelled, "CANCELLED"},
                                                        {OrderState::kRejected, "FAILED"},
                                                        {OrderState::kExpired, "EXPIRED"}};
  for (const Order& order : test_.ledger().orders()) {
    EXPECT_EQ(parse_fixed(filled[order.id], 8), order.filled);
    EXPECT_EQ(states[order.id], kWords.at(order.state));
  }
}

class CoinbaseAdvancedFills : public CoinbaseAdvancedTest {
 protected:
  std::vector<std::string> walk(const std::string& more, std::string_view key) {
    std::vector<std::string> found;
    std::string cursor;
    do {
      const std::string body = call("/orders/historical/fills?limit=100" + more + "&cursor=" + cursor).body;
      const auto page = values_of(body, key);
      found.insert(found.end(), page.begin(), page.end());
      cursor = values_of(body, "cursor").at(0);
      test_.pass(kSecond);
    } while (!cursor.empty());
    return found;
  }
};

TEST_F(CoinbaseAdvancedFills, PagesAreCompleteAlsoWithANewFillBetweenThem) {
  test_.ledger().burst("BTC-USD", 250, test_.now);
  test_.knobs().between_pages = 1;
  const auto trades = walk("", "trade_id");
  const auto entries = walk("&product_ids=BTC-USD", "entry_id");
  const std::set<std::string> told(trades.begin(), trades.end());
  EXPECT_EQ(told.size(), trades.size()) << "none twice";
  for (std::size_t i = 0; i < 250; ++i) EXPECT_TRUE(told.contains(test_.ledger().fills()[i].id));
  EXPECT_GE(entries.size(), 250U);
}

TEST_F(CoinbaseAdvancedFills, AVoidFillIsFollowedByItsReversal) {
  test_.ledger().burst("BTC-USD", 3, test_.now);
  test_.pass(kSecond);
  ASSERT_TRUE(test_.ledger().bust(2, test_.now));
  const std::string body = call("/orders/historical/fills").body;
  EXPECT_THAT(values_of(body, "trade_type"), ElementsAre("REVERSAL", "FILL", "FILL", "FILL"));
  EXPECT_EQ(values_of(body, "trade_id")[0], test_.ledger().fills()[1].id);
  const auto entries = values_of(body, "entry_id");
  EXPECT_EQ(std::set<std::string>(entries.begin(), entries.end()).size(), 4U);
}

TEST_F(CoinbaseAdvancedFills, TheRangeBeginsWithItsStartAndEndsBeforeItsEnd) {
  for (int i = 0; i < 4; ++i) {
    test_.ledger().burst("BTC-USD", 1, test_.now);
    test_.pass(kSecond);
  }
  EXPECT_THAT(
      walk("&start_sequence_timestamp=2023-11-14T22:13:21Z&end_sequence_timestamp=2023-11-14T22:13:23Z", "entry_id"),
      SizeIs(2));
  EXPECT_THAT(walk("&order_ids=" + test_.ledger().orders()[1].id, "entry_id"), SizeIs(1));
}

TEST_F(CoinbaseAdvancedTest, RestTellsOrdersAndBalances) {
  const std::int64_t order =
      test_.ledger().place({"BTC-USD", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  test_.ledger().fill(order, kOne / 2, 60'000 * kOne, true, test_.now);
  EXPECT_THAT(call("/orders/historical/batch?order_status=OPEN").body,
              HasSubstr(R"("completion_percentage":"50.00","filled_size":"0.5")"));
  EXPECT_THAT(values_of(call("/orders/historical/batch?order_status=FILLED").body, "order_id"), SizeIs(0));
  EXPECT_THAT(call("/orders/historical/" + test_.ledger().order(order)->id).body, HasSubstr(R"({"order":{)"));
  EXPECT_EQ(call("/orders/historical/none").status, 404);
  std::vector<std::string> currencies;
  std::string cursor;
  do {
    const std::string body = call("/accounts?limit=2&cursor=" + cursor).body;
    for (const std::string& one : values_of(body, "uuid")) currencies.push_back(one);
    cursor = values_of(body, "cursor").at(0);
  } while (!cursor.empty());
  EXPECT_THAT(currencies, SizeIs(4));
  EXPECT_THAT(call("/accounts").body, HasSubstr(R"("hold":{"value":"30000","currency":"USD"})"));
  EXPECT_THAT(test_.ask({"GET", "/api/v3/brokerage/time"}).body, HasSubstr(R"("epochMillis":"1700000000000")"));
}

}  // namespace
}  // namespace millrace::sim::accounts
