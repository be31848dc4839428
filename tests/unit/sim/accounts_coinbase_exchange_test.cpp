// Coinbase Exchange's private side as a client sees it (protocols/coinbase.md, [X]).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/times.h"
#include "tests/sim/market/number.h"
#include "tests/unit/sim/accounts_support.h"

namespace millrace::sim::accounts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class CoinbaseExchangeTest : public testing::Test {
 protected:
  static std::string proof(const AccountKeys& key, const std::string& text) {
    return to_base64(hmac_sha256(from_base64(key.secret).value(), text));
  }
  std::string stamp(std::int64_t late_s = 0) const { return std::to_string(test_.now / kSecond - late_s); }
  HttpReply call(const std::string& target, std::int64_t late_s = 0) {
    const AccountKeys& key = test_.key();
    return test_.ask({"GET",
                      target,
                      "",
                      {{"CB-ACCESS-KEY", key.api_key},
                       {"CB-ACCESS-SIGN", proof(key, stamp(late_s) + "GET" + target)},
                       {"CB-ACCESS-TIMESTAMP", stamp(late_s)},
                       {"CB-ACCESS-PASSPHRASE", key.passphrase}}});
  }
  static std::string header(const HttpReply& reply, std::string_view name) {
    for (const Header& one : reply.headers) {
      if (one.name == name) return one.value;
    }
    return {};
  }
  std::string subscribe_text(std::string_view channels, std::int64_t late_s = 0) const {
    const AccountKeys& key = test_.key();
    return fmt::format(R"({{"type":"subscribe","product_ids":["BTC-USD","ETH-USD","XRP-USD"],"channels":{},)"
                       R"("signature":"{}","key":"{}","passphrase":"{}","timestamp":"{}"}})",
                       channels, proof(key, stamp(late_s) + "GET/users/self/verify"), key.api_key, key.passphrase,
                       stamp(late_s));
  }
  ConnId subscribed(std::string_view channels = R"(["user"])") {
    const ConnId conn = test_.connect("/");
    test_.say(conn, subscribe_text(channels));
    return conn;
  }

  FaceTest test_{"coinbase-exchange"};
};

// The vectors of sections 5.1 and 6.
TEST(CoinbaseExchangeVectors, AreTakenAndNothingElse) {
  FaceOptions options;
  options.venue = "coinbase-exchange";
  options.start_ns = 1'755'497'856'000'000'000;
  options.keys = {{"key", "dGhpcy1pcy1ub3QtYS1yZWFsLXNlY3JldA==", "phrase"}};
  const auto face = make_face(options);
  const auto fills = [&](std::string_view sign, std::string_view passphrase) {
    return face
        ->rest({"GET",
                "/fills?product_id=BTC-USD&limit=100",
                "",
                {{"Cb-Access-Key", "key"},
                 {"Cb-Access-Sign", std::string(sign)},
                 {"Cb-Access-Timestamp", "1755497856"},
                 {"Cb-Access-Passphrase", std::string(passphrase)}}},
               options.start_ns)
        .body;
  };
  EXPECT_EQ(fills("WUmCcT4UGCP5Orvoxtq5sEsxJFuN5heYWY9fpyxaLMw=", "phrase"), "[]");
  EXPECT_THAT(fills("WUmCcT4UGCP5Orvoxtq5sEsxJFuN5heYWY9fpyxaLMx=", "phrase"), HasSubstr("invalid signature"));
  EXPECT_THAT(fills("WUmCcT4UGCP5Orvoxtq5sEsxJFuN5heYWY9fpyxaLMw=", "no"), HasSubstr("Invalid Passphrase"));
  face->open(1, "/", options.start_ns);
  face->message(
      1,
      R"({"type":"subscribe","product_ids":["BTC-USD"],"channels":["user"],"key":"key","passphrase":"phrase",)"
      R"("signature":"FIMVbJyZP/RSwV5KkfBhdULm/G5qrVskkiru9RpXBDQ=","timestamp":"1755497856"})",
      options.start_ns);
  EXPECT_EQ(face->take_outgoing().at(0).data,
            R"({"type":"subscriptions","channels":[{"name":"user","product_ids":["BTC-USD"]}]})");
}

TEST_F(CoinbaseExchangeTest, WhoIsLateOrUnknownIsRefused) {
  EXPECT_EQ(call("/accounts", 29).status, 200);
  EXPECT_THAT(call("/accounts", 31).body, HasSubstr("request timestamp expired"));
  EXPECT_EQ(test_.ask({"GET", "/accounts"}).status, 401);
  const ConnId conn = test_.connect("/");
  test_.say(conn, subscribe_text(R"(["user"])", 31));
  EXPECT_THAT(test_.heard(conn),
              ElementsAre(HasSubstr("timestamp expired"), HasSubstr("close:1008:authentication failed")));
  const ConnId silent = test_.connect("/");
  test_.pass(5 * kSecond);
  EXPECT_THAT(test_.heard(silent), ElementsAre(HasSubstr("close:1008:no subscription in time")));
  EXPECT_THAT(test_.ask({"GET", "/time"}).body, HasSubstr(R"("iso":"2023-11-14T22:13:25Z","epoch":1700000005.000)"));
}

TEST_F(CoinbaseExchangeTest, TellsTheLifeOfAnOrder) {
  const ConnId conn = subscribed();
  const std::int64_t order =
      test_.ledger().place({"BTC-USD", OrderSide::kSell, OrderType::kLimit, 60'000 * kOne, kOne, "mine"}, test_.now);
  test_.ledger().fill(order, kOne / 2, 60'000 * kOne, true, test_.now);
  test_.ledger().fill(order, kOne / 4, 60'000 * kOne, false, test_.now);
  test_.ledger().cancel(order, "user requested", test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(6));
  const std::string id = test_.ledger().order(order)->id;
  EXPECT_THAT(texts[1], HasSubstr(R"({"type":"received")"));
  EXPECT_THAT(texts[1], HasSubstr(R"("client_oid":"mine")"));
  EXPECT_THAT(texts[2], HasSubstr(R"({"type":"open")"));
  EXPECT_THAT(texts[3], HasSubstr(R"("side":"sell","user_id")")) << "the maker's side is ours";
  EXPECT_THAT(texts[3], HasSubstr(fmt::format(R"("maker_order_id":"{}")", id)));
  EXPECT_THAT(texts[3], HasSubstr(R"("maker_fee_rate":"0.0004")"));
  EXPECT_THAT(texts[4], HasSubstr(R"("side":"buy","user_id")")) << "the maker is the other side";
  EXPECT_THAT(texts[4], HasSubstr(fmt::format(R"("taker_order_id":"{}")", id)));
  EXPECT_THAT(texts[4], HasSubstr(R"("taker_fee_rate":"0.0006")"));
  EXPECT_THAT(texts[5], HasSubstr(R"("reason":"canceled","remaining_size":"0.25")"));
}

TEST_F(CoinbaseExchangeTest, ASelfTradeIsOneMatchWithBothSides) {
  const ConnId conn = subscribed();
  test_.heard(conn);
  test_.ledger().self_trade("BTC-USD", kOne, 60'000 * kOne, test_.now);
  test_.pass(kSecond);
  std::vector<std::string> matches;
  for (const std::string& text : test_.heard(conn)) {
    if (text.starts_with(R"({"type":"match")")) matches.push_back(text);
  }
  ASSERT_THAT(matches, SizeIs(1));
  EXPECT_THAT(values_of(matches[0], "maker_order_id"), ElementsAre(test_.ledger().fills()[0].order_id));
  EXPECT_THAT(values_of(matches[0], "taker_order_id"), ElementsAre(test_.ledger().fills()[1].order_id));
  EXPECT_THAT(matches[0], HasSubstr("maker_fee_rate"));
  EXPECT_THAT(matches[0], HasSubstr("taker_fee_rate"));
}

TEST_F(CoinbaseExchangeTest, TheStreamReproducesTheLedger) {
  const std::string accounts = call("/accounts").body;
  std::string ids;
  for (const std::string& id : values_of(accounts, "id")) ids += (ids.empty() ? "\"" : ",\"") + id + "\"";
  const ConnId conn = subscribed(fmt::format(R"(["user",{{"name":"balance","account_ids":[{}]}}])", ids));
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  using Key = std::tuple<std::string, std::string, std::string>;  // product, trade, order
  std::vector<Key> told;
  std::map<std::string, std::pair<std::string, std::string>> balances;
  for (const std::string& text : test_.heard(conn)) {
    if (text.starts_with(R"({"type":"balance")")) {
      balances[values_of(text, "currency").at(0)] = {values_of(text, "available").at(0),
                                                     values_of(text, "holds").at(0)};
    }
    if (!text.starts_with(R"({"type":"match")")) continue;
    const std::string product = values_of(text, "product_id").at(0);
    const std::string trade = values_of(text, "trade_id").at(0);
    if (text.find("maker_user_id") != std::string::npos) {
      told.emplace_back(product, trade, values_of(text, "maker_order_id").at(0));
    }
    if (text.find("taker_user_id") != std::string::npos) {
      told.emplace_back(product, trade, values_of(text, "taker_order_id").at(0));
    }
  }
  std::vector<Key> truth;
  for (const Fill& fill : test_.ledger().fills()) {
    truth.emplace_back(fill.symbol, std::to_string(fill.trade_id), fill.order_id);
    // The stream gives the rate alone: the fee must follow from it exactly.
    EXPECT_EQ(fill.fee * 10'000, fill.cost / 10'000 * 10'000 * (fill.maker ? 4 : 6));
  }
  EXPECT_EQ(told, truth);
  ASSERT_THAT(balances, SizeIs(4));
  for (const auto& [asset, amounts] : balances) {
    EXPECT_EQ(parse_fixed(amounts.first, 8), test_.ledger().balances().at(asset).available()) << asset;
    EXPECT_EQ(parse_fixed(amounts.second, 8), test_.ledger().balances().at(asset).locked) << asset;
  }
}

TEST_F(CoinbaseExchangeTest, PagesGoBackByTheCursor) {
  test_.ledger().burst("BTC-USD", 250, test_.now);
  std::vector<std::string> ids;
  std::string cursor;
  for (int pages = 0; pages < 10; ++pages) {
    const auto reply = call("/fills?product_id=BTC-USD&limit=100" + (cursor.empty() ? "" : "&after=" + cursor));
    const auto page = values_of(reply.body, "trade_id");
    if (page.empty()) break;
    EXPECT_EQ(header(reply, "Cb-Before"), page.front());
    cursor = header(reply, "Cb-After");
    EXPECT_EQ(cursor, page.back());
    ids.insert(ids.end(), page.begin(), page.end());
    test_.pass(kSecond);
  }
  ASSERT_THAT(ids, SizeIs(250));
  for (std::size_t i = 0; i < 250; ++i) EXPECT_EQ(ids[i], std::to_string(250 - i));
  EXPECT_THAT(values_of(call("/fills?product_id=BTC-USD&before=248").body, "trade_id"), ElementsAre("250", "249"));
  EXPECT_EQ(call("/fills").status, 400);
}

TEST_F(CoinbaseExchangeTest, APageIsNotEndedBetweenTheLegsOfASelfTrade) {
  for (int i = 0; i < 3; ++i) test_.ledger().self_trade("BTC-USD", kOne, 60'000 * kOne, test_.now);
  EXPECT_THAT(values_of(call("/fills?product_id=BTC-USD&limit=1").body, "trade_id"), ElementsAre("3", "3"));
}

TEST_F(CoinbaseExchangeTest, OrdersThatEndedWithoutAFillAreForgotten) {
  const auto place = [&] {
    return test_.ledger().place({"BTC-USD", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  };
  const std::int64_t open = place();
  const std::int64_t gone = place();
  const std::int64_t part = place();
  test_.ledger().fill(part, kOne / 2, 60'000 * kOne, true, test_.now);
  test_.ledger().cancel(part, "user requested", test_.now);
  test_.ledger().cancel(gone, "user requested", test_.now);
  const auto id = [&](std::int64_t number) { return test_.ledger().order(number)->id; };
  EXPECT_EQ(call("/orders/" + id(gone)).status, 404);
  EXPECT_THAT(call("/orders/" + id(part)).body, HasSubstr(R"("done_reason":"canceled")"));
  EXPECT_THAT(values_of(call("/orders").body, "id"), ElementsAre(id(open)));
  EXPECT_THAT(values_of(call("/orders?status=all").body, "id"), ElementsAre(id(part), id(open)));
  EXPECT_THAT(call("/accounts").body, HasSubstr(R"("hold":"60000.0000000000000000")"));
}

TEST_F(CoinbaseExchangeTest, HeartbeatsAndTheBudget) {
  const ConnId conn = subscribed(R"(["heartbeat"])");
  test_.heard(conn);
  test_.ledger().burst("ETH-USD", 7, test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  ASSERT_THAT(texts, SizeIs(3));
  EXPECT_THAT(texts[1], HasSubstr(R"("last_trade_id":7,"product_id":"ETH-USD")"));
  int refused = 0;
  for (int i = 0; i < 25; ++i) refused += call("/fills?product_id=BTC-USD").status == 429 ? 1 : 0;
  EXPECT_EQ(refused, 5) << "a burst of 20";
}

TEST(AccountTimes, AreReadAsVenuesAndClientsWriteThem) {
  EXPECT_EQ(rfc3339(1'700'000'000'123'400'000, 6), "2023-11-14T22:13:20.1234Z");
  EXPECT_EQ(rfc3339(1'700'000'000'000'000'001, 9, -240), "2023-11-14T18:13:20.000000001-04:00");
  EXPECT_EQ(rfc3339(1'700'000'000'000'000'000, 6), "2023-11-14T22:13:20Z");
  EXPECT_EQ(parse_time("2023-11-14T22:13:20.1234Z"), 1'700'000'000'123'400'000);
  EXPECT_EQ(parse_time("2023-11-14T18:13:20.000000001-04:00"), 1'700'000'000'000'000'001);
  EXPECT_EQ(parse_time("2023-11-14"), 1'699'920'000'000'000'000);
  EXPECT_EQ(parse_time("yesterday"), std::nullopt);
  EXPECT_EQ(parse_time("2023-11-14T18:13:20"), std::nullopt);
}

}  // namespace
}  // namespace millrace::sim::accounts
