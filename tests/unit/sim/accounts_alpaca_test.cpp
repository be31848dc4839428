// Alpaca's private side as a client sees it (protocols/alpaca.md sections 5 and 6).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/sim/market/number.h"
#include "tests/unit/sim/accounts_support.h"

namespace millrace::sim::accounts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class AlpacaAccountTest : public testing::Test {
 protected:
  HttpReply call(const std::string& target) {
    return test_.ask(
        {"GET", target, "", {{"APCA-API-KEY-ID", test_.key().api_key}, {"APCA-API-SECRET-KEY", test_.key().secret}}});
  }
  void authorize(ConnId conn) {
    test_.say(conn,
              fmt::format(R"({{"action":"auth","key":"{}","secret":"{}"}})", test_.key().api_key, test_.key().secret));
  }
  ConnId listening() {
    const ConnId conn = test_.connect("/stream");
    authorize(conn);
    test_.say(conn, R"({"action":"listen","data":{"streams":["trade_updates"]}})");
    EXPECT_THAT(test_.heard(conn),
                ElementsAre(R"({"stream":"authorization","data":{"status":"authorized","action":"authenticate"}})",
                            R"({"stream":"listening","data":{"streams":["trade_updates"]}})"));
    return conn;
  }

  FaceTest test_{"alpaca"};
};

TEST_F(AlpacaAccountTest, BothFormsOfAuthAreTakenAndAWrongKeyIsNot) {
  const ConnId conn = test_.connect("/stream");
  test_.say(conn, R"({"action":"listen","data":{"streams":["trade_updates"]}})");
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr(R"("status":"unauthorized","action":"listen")")));
  test_.say(conn, fmt::format(R"({{"action":"auth","key":"{}","secret":"no"}})", test_.key().api_key));
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr("access key verification failed")));
  test_.say(conn, fmt::format(R"({{"action":"authenticate","data":{{"key_id":"{}","secret_key":"{}"}}}})",
                              test_.key().api_key, test_.key().secret));
  EXPECT_THAT(test_.heard(conn), ElementsAre(HasSubstr(R"("status":"authorized")")));
  EXPECT_EQ(test_.ask({"GET", "/v2/account"}).status, 401);
  EXPECT_EQ(call("/v2/account").status, 200);
  test_.knobs().key_revoked = 1;
  EXPECT_EQ(call("/v2/account").status, 403);
}

TEST_F(AlpacaAccountTest, ThereIsOneSocketForAnAccount) {
  const ConnId first = listening();
  const ConnId second = test_.connect("/stream");
  authorize(second);
  EXPECT_THAT(test_.heard(second), ElementsAre(HasSubstr(R"("code":406)"), HasSubstr("close:1008")));
  test_.face().closed(first, test_.now);
  const ConnId third = test_.connect("/stream");
  authorize(third);
  EXPECT_THAT(test_.heard(third), ElementsAre(HasSubstr(R"("status":"authorized")")));
}

TEST_F(AlpacaAccountTest, MessagesAreBinary) {
  test_.face().open(9, "/stream", test_.now);
  test_.face().message(9, R"({"action":"listen"})", test_.now);
  EXPECT_EQ(test_.face().take_outgoing().at(0).kind, Outgoing::Kind::kBinary);
}

TEST_F(AlpacaAccountTest, TellsTheLifeOfAnOrder) {
  const ConnId conn = listening();
  const std::int64_t old =
      test_.ledger().place({"BTC/USD", OrderSide::kSell, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  test_.ledger().fill(old, kOne / 4, 60'000 * kOne, true, test_.now);
  const std::int64_t next = test_.ledger().replace(old, 60'001 * kOne, kOne, test_.now);
  test_.ledger().fill(next, kOne / 4 * 3, 60'001 * kOne, true, test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  std::vector<std::string> events;
  for (const std::string& text : texts) events.push_back(values_of(text, "event").at(0));
  ASSERT_THAT(events, ElementsAre("pending_new", "new", "partial_fill", "replaced", "pending_new", "new", "fill"));
  EXPECT_THAT(texts[0], HasSubstr(R"("execution_id":null)"));
  EXPECT_THAT(texts[2], HasSubstr(R"("price":"60000","qty":"0.25","position_qty":"9999.75")"));
  EXPECT_THAT(texts[2], HasSubstr(R"("filled_qty":"0.25","filled_avg_price":"60000.000000000")"));
  EXPECT_THAT(texts[3], HasSubstr(fmt::format(R"("replaced_by":"{}")", test_.ledger().order(next)->id)));
  EXPECT_THAT(texts[4], HasSubstr(fmt::format(R"("replaces":"{}")", test_.ledger().order(old)->id)));
  EXPECT_THAT(texts[6], HasSubstr(R"("status":"filled")"));
  EXPECT_THAT(texts[6], HasSubstr(R"("created_at":"2023-11-14T18:13:20-04:00")"));
}

TEST_F(AlpacaAccountTest, TheStreamReproducesTheLedger) {
  const ConnId conn = listening();
  test_.knobs().rate = 20;
  for (int i = 0; i < 120; ++i) test_.pass(kSecond);
  std::vector<std::string> told;
  std::map<std::string, std::string> states;
  for (const std::string& text : test_.heard(conn)) {
    const std::string event = values_of(text, "event").at(0);
    if (event == "fill" || event == "partial_fill") told.push_back(values_of(text, "execution_id").at(0));
    states[values_of(text, "id").at(0)] = values_of(text, "status").at(0);
  }
  std::vector<std::string> truth;
  for (const Fill& fill : test_.ledger().fills()) truth.push_back(fill.id);
  EXPECT_EQ(told, truth);
  static const std::map<OrderState, std::string> kWords{{OrderState::kFilled, "filled"},
                                                        {OrderState::kCancelled, "canceled"},
                                                        {OrderState::kReplaced, "replaced"},
                                                        {OrderState::kRejected, "rejected"},
                                                        {OrderState::kExpired, "expired"}};
  for (const Order& order : test_.ledger().orders()) {
    const std::string open = order.filled > 0 ? "partially_filled" : "new";
    EXPECT_EQ(states[order.id], order.live() ? open : kWords.at(order.state));
  }
}

class AlpacaActivities : public AlpacaAccountTest {
 protected:
  std::vector<std::string> walk(const std::string& parameters) {
    std::vector<std::string> ids;
    while (true) {
      const std::string token = ids.empty() ? "" : "&page_token=" + ids.back();
      const auto page = values_of(call("/v2/account/activities/FILL?" + parameters + token).body, "id");
      ids.insert(ids.end(), page.begin(), page.end());
      if (page.size() < 100) return ids;
    }
  }
};

TEST_F(AlpacaActivities, PagesAreCompleteInBothDirections) {
  test_.ledger().burst("BTC/USD", 250, test_.now);
  test_.pass(kSecond);
  test_.ledger().burst("ETH/USD", 100, test_.now);
  for (const char* const direction : {"asc", "desc"}) {
    const auto ids = walk(fmt::format("direction={}&page_size=100", direction));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 350U) << direction;
  }
  EXPECT_THAT(values_of(call("/v2/account/activities/FILL?date=2023-11-14").body, "id"), SizeIs(350)) << "no pages";
  EXPECT_THAT(walk("direction=asc&after=2023-11-14T22:13:20.5Z"), SizeIs(100));
  EXPECT_EQ(call("/v2/account/activities/FILL?date=2023-11-14&after=2023-11-13").status, 422);
}

TEST_F(AlpacaActivities, ARowHasWhatTheStreamHas) {
  const std::int64_t order =
      test_.ledger().place({"BTC/USD", OrderSide::kSell, OrderType::kLimit, 60'000 * kOne, kOne}, test_.now);
  test_.ledger().fill(order, kOne / 4, 60'000 * kOne, true, test_.now);
  test_.pass(kSecond);
  const std::string body = call("/v2/account/activities/FILL").body;
  EXPECT_THAT(body, HasSubstr(R"("cum_qty":"0.25","leaves_qty":"0.75","price":"60000","qty":"0.25","side":"sell")"));
  EXPECT_THAT(body, HasSubstr(R"("id":"20231114171320000::)"));
  ASSERT_TRUE(test_.ledger().bust(1, test_.now));
  EXPECT_THAT(call("/v2/account/activities/FILL").body, HasSubstr(R"("status":"canceled")"));
}

TEST_F(AlpacaActivities, FeesAndDepositsAreNoFills) {
  test_.ledger().charge_fee("BTC", kOne / 100, test_.now);
  test_.ledger().deposit("USD", kOne, test_.now);
  EXPECT_EQ(call("/v2/account/activities/FILL").body, "[]");
  EXPECT_THAT(values_of(call("/v2/account/activities?direction=asc").body, "activity_type"),
              testing::UnorderedElementsAre("CFEE", "CSD"));
}

TEST_F(AlpacaAccountTest, AVoidFillIsToldByTheStream) {
  const ConnId conn = listening();
  test_.ledger().burst("BTC/USD", 1, test_.now);
  test_.ledger().bust(1, test_.now);
  test_.pass(kSecond);
  const auto texts = test_.heard(conn);
  EXPECT_THAT(texts.back(), HasSubstr(R"("event":"trade_bust")"));
  EXPECT_THAT(texts.back(), HasSubstr(test_.ledger().fills()[0].id));
}

TEST_F(AlpacaAccountTest, RestTellsOrdersPositionsAndMoney) {
  const std::int64_t order =
      test_.ledger().place({"BTC/USD", OrderSide::kBuy, OrderType::kLimit, 60'000 * kOne, kOne, "mine"}, test_.now);
  test_.ledger().fill(order, kOne / 2, 60'000 * kOne, true, test_.now);
  EXPECT_THAT(call("/v2/orders").body, HasSubstr(R"("status":"partially_filled")"));
  EXPECT_EQ(call("/v2/orders?status=closed").body, "[]");
  EXPECT_THAT(call("/v2/orders:by_client_order_id?client_order_id=mine").body,
              HasSubstr(test_.ledger().order(order)->id));
  EXPECT_EQ(call("/v2/orders/none").status, 404);
  EXPECT_THAT(call("/v2/account").body, HasSubstr(R"("cash":"49970000","buying_power":"49940000")"));
  EXPECT_THAT(call("/v2/positions").body, HasSubstr(R"("symbol":"BTCUSD")"));
  EXPECT_THAT(call("/v2/positions").body, HasSubstr(R"("qty":"10000.5")"));
  EXPECT_THAT(call("/v2/clock").body, HasSubstr(R"("is_open":true)"));
}

TEST_F(AlpacaAccountTest, MoreThanTwoHundredCallsAMinuteAreTooMany) {
  for (int i = 0; i < 200; ++i) ASSERT_EQ(call("/v2/clock").status, 200);
  EXPECT_EQ(call("/v2/clock").status, 429);
  test_.pass(kMinute);
  EXPECT_EQ(call("/v2/clock").status, 200);
}

}  // namespace
}  // namespace millrace::sim::accounts
