#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// How a session of Coinbase Exchange runs: what it sends and asks, when it is live, what an outage does.
namespace millrace::normalize::coinbase {
namespace {

using schemas::OrderStatus;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kOpenOrders = "/orders?status=open&status=pending&status=active&limit=1000";
constexpr std::string_view kDoneOrders = "/orders?status=done&limit=100";

std::vector<std::string> asked(const AccountCommands& todo) {
  std::vector<std::string> targets;
  for (const PrivateRequest& request : todo.rest) targets.push_back(request.target);
  return targets;
}

TEST(CoinbaseExchange, OpenSubscribesUserForItsProductsSignedAndAsksForBalances) {
  Exchange account;
  account.connect();
  ASSERT_EQ(account.todo.send.size(), 1U);
  EXPECT_EQ(account.todo.send[0].text,
            R"({"type":"subscribe","product_ids":["ETH-USDT","BTC-USD"],"channels":["user"]})");
  EXPECT_EQ(account.todo.send[0].signing, Signing::kSign);
  EXPECT_THAT(asked(account.todo), ElementsAre("/accounts"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING connected", "balance SYNCING connected"));
  EXPECT_THAT(account.gaps, IsEmpty());
}

// An order that opened between an earlier list and the subscription would be nowhere.
TEST(CoinbaseExchange, OrdersAreAskedForOnceTheChannelIsAcknowledged) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed(R"({"type":"subscriptions","channels":[{"name":"balance"}]})"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
  EXPECT_THAT(asked(account.todo), ElementsAre(kOpenOrders, kDoneOrders));
  EXPECT_EQ(account.todo.rest[0].page_header, "CB-AFTER");
}

TEST(CoinbaseExchange, LiveWithTheFirstAnswers) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", fixture("exchange_rest_orders")));
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS NEW cum 0 leaves 100"));
  const auto& [meta, order] = account.executions[0];
  EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
  EXPECT_EQ(order.time_in_force, "GTC");
  EXPECT_FALSE(order.unseen_order);
  ASSERT_TRUE(account.answer_to("accounts", fixture("exchange_rest_accounts")));
  EXPECT_EQ(state_lines(account).back(), "balance LIVE subscribed");
}

TEST(CoinbaseExchange, OrdersComeInPages) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", fixture("exchange_rest_orders"), 200, "2025-08-18T05:56:45.571025Z"));
  EXPECT_THAT(asked(account.todo), ElementsAre(std::string(kOpenOrders) + "&after=2025-08-18T05%3A56%3A45.571025Z"));
  EXPECT_THAT(account.states, IsEmpty());
  // A venue that ignores the cursor does not keep us asking.
  ASSERT_TRUE(account.answer_to("orders", fixture("exchange_rest_orders"), 200, "2025-08-18T05:56:45.571025Z"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
}

// An order that came and went while the stream said nothing.
TEST(CoinbaseExchange, DoneOrdersAreReadBackToTheLastTime) {
  Exchange account;
  account.go_live();  // at 1'700'000'000 s, 2023-11-14T22:13:20Z
  account.time(account.now + 61 * kSecond);
  ASSERT_THAT(asked(account.todo), testing::IsSupersetOf({kOpenOrders, kDoneOrders}));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  const std::string row =
      changed(fixture("exchange_rest_order_done"), "2025-08-18T06:17:36.645487Z", "2023-11-14T22:10:00Z");
  account.clear();
  ASSERT_TRUE(account.answer_to("recent", "[" + row + "]", 200, "more"));
  EXPECT_THAT(asked(account.todo), ElementsAre(std::string(kDoneOrders) + "&after=more"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 0.2 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
  const std::string old = changed(changed(row, "d50ec984", "old"), "2023-11-14T22:10:00Z", "2023-11-14T22:00:00Z");
  ASSERT_TRUE(account.answer_to("recent", "[" + old + "]", 200, "more"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
}

TEST(CoinbaseExchange, ProductOfAnOrderThatRestNamesIsSubscribedToo) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("orders", fixture("exchange_rest_orders")));
  ASSERT_EQ(account.todo.send.size(), 1U);
  EXPECT_EQ(account.todo.send[0].text, R"({"type":"subscribe","product_ids":["ETH-USD"],"channels":["user"]})");
  account.close();
  account.connect();
  EXPECT_THAT(account.todo.send[0].text, HasSubstr(R"(["ETH-USDT","BTC-USD","ETH-USD"])"));
}

TEST(CoinbaseExchange, ReopeningDeclaresHolesAndAsksForVanishedOrders) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.close();
  account.clear();
  account.connect();
  EXPECT_THAT(gap_lines(account), ElementsAre("execution reconnect", "balance reconnect"));
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(asked(account.todo), ElementsAre("/orders/d50ec984-77a8-460a-b958-66f114b0de9b"));
  EXPECT_EQ(account.todo.rest[0].key, "order/2/d50ec984-77a8-460a-b958-66f114b0de9b");
  account.clear();
  ASSERT_TRUE(account.answer_to("order/d50ec984-77a8-460a-b958-66f114b0de9b", fixture("exchange_rest_order_done")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(account.executions[0].body.client_order_id, "b9a4c4f4-2f6d-4f2d-9f5a-6b1f1c0f9d11");
  EXPECT_EQ(account.executions[0].meta.venue_time, 1755498600500000000);
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING quantity_mismatch", "execution LIVE resubscribed"));
}

TEST(CoinbaseExchange, OrderOfThePredecessorIsAskedFor) {
  Exchange before;
  before.go_live();
  ASSERT_TRUE(before.feed_file("exchange_received"));
  ASSERT_TRUE(before.feed_file("exchange_match_maker"));
  Exchange account;
  account.succeed(before);
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(asked(account.todo), ElementsAre("/orders/d50ec984-77a8-460a-b958-66f114b0de9b"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  EXPECT_THAT(account.drops, ElementsAre("duplicate")) << "its fill is not added to the order again";
  account.clear();
  ASSERT_TRUE(account.answer_to("order/d50ec984-77a8-460a-b958-66f114b0de9b", fixture("exchange_rest_order_done")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(account.executions[0].body.client_order_id, "b9a4c4f4-2f6d-4f2d-9f5a-6b1f1c0f9d11");
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed"));
}

TEST(CoinbaseExchange, OrderThatRestFindsFilledIsAStateAndNoFill) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  account.clear();
  const auto filled = changed(changed(fixture("exchange_rest_order_done"), R"("canceled")", R"("filled")"),
                              R"("filled_size":"0.2")", R"("filled_size":"0.5")");
  ASSERT_TRUE(account.answer_to("order/d50ec984-77a8-460a-b958-66f114b0de9b", filled));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS FILLED cum 0.5 leaves 0"));
}

// 404 after a cancel without a fill (6); once may be REST lagging behind.
TEST(CoinbaseExchange, OrderThatRestTwiceDoesNotKnowWasCancelled) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  account.clear();
  const std::string key = "order/d50ec984-77a8-460a-b958-66f114b0de9b";
  ASSERT_TRUE(account.answer_to(key, fixture("exchange_rest_not_found"), 404));
  EXPECT_THAT(account.executions, IsEmpty());
  ASSERT_EQ(account.todo.rest.size(), 1U);
  EXPECT_EQ(account.todo.rest[0].not_before, account.now + 30 * kSecond);
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE resubscribed"));
  ASSERT_TRUE(account.answer_to(key, fixture("exchange_rest_not_found"), 404));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.symbol, "BTC-USD");
  ASSERT_TRUE(account.answer_to(key, fixture("exchange_rest_not_found"), 404));
  EXPECT_EQ(account.executions.size(), 1U);
}

// A change of its size was lost, so what remained at its end says nothing of what was filled: REST does.
TEST(CoinbaseExchange, EndThatDoesNotFitTheMatchesIsAskedFor) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
  ASSERT_EQ(account.todo.rest.size(), 1U);
  EXPECT_EQ(account.todo.rest[0].target, "/orders/d50ec984-77a8-460a-b958-66f114b0de9b");
  account.clear();
  // The answer comes to nobody; the next connection asks again.
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  account.clear();
  const std::string key = "order/d50ec984-77a8-460a-b958-66f114b0de9b";
  ASSERT_TRUE(account.answer_to(key, fixture("exchange_rest_not_found"), 404));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 0 leaves 0"));
}

// The worker died before it had asked; REST is asked when it must know, and each round until it answers.
TEST(CoinbaseExchange, DoubtOfThePredecessorIsAskedAbout) {
  Exchange before;
  before.go_live();
  ASSERT_TRUE(before.feed_file("exchange_received"));
  ASSERT_TRUE(before.feed_file("exchange_done_canceled"));
  Exchange account;
  account.succeed(before);
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  const std::string key = "order/d50ec984-77a8-460a-b958-66f114b0de9b";
  ASSERT_EQ(account.todo.rest.back().target, "/orders/d50ec984-77a8-460a-b958-66f114b0de9b");
  EXPECT_EQ(account.todo.rest.back().not_before, account.now + 30 * kSecond);
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(state_lines(account), Contains("execution LIVE subscribed")) << "nothing waits for it";
  account.clear();
  ASSERT_TRUE(account.answer_to(key, fixture("exchange_rest_not_found"), 404));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 0 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(account.executions[0].meta.symbol, "BTC-USD");
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  EXPECT_THAT(asked(account.todo), IsEmpty()) << "it is settled";
}

// The queue of requests is bounded.
TEST(CoinbaseExchange, ManyVanishedOrdersAreAskedForFiftyAtATime) {
  Exchange account;
  account.go_live();
  constexpr std::string_view kId = "d50ec984-77a8-460a-b958-66f114b0de9b";
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(account.feed(changed(fixture("exchange_received"), kId, "order-" + std::to_string(i))));
  }
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  ASSERT_EQ(account.todo.rest.size(), 50U);
  const std::vector<PrivateRequest> first = account.todo.rest;
  std::size_t more = 0;
  for (const PrivateRequest& request : first) {
    const std::string id = request.target.substr(std::string_view("/orders/").size());
    ASSERT_TRUE(account.answer_key(request.key, changed(fixture("exchange_rest_order_done"), kId, id)));
    more += account.todo.rest.size();
  }
  EXPECT_EQ(more, 10U);
  EXPECT_NE(state_lines(account).back(), "execution LIVE resubscribed");
}

TEST(CoinbaseExchange, CancelThatRestToldIsNotToldAgainByTheStream) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  ASSERT_TRUE(account.answer_to("order/d50ec984-77a8-460a-b958-66f114b0de9b", fixture("exchange_rest_order_done")));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(CoinbaseExchange, OrdersAreComparedEachMinuteAndALostMatchIsAMismatch) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_open"));
  account.clear();
  account.time(account.now + 59 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  account.time(account.now + 2 * kSecond);
  ASSERT_THAT(asked(account.todo), testing::IsSupersetOf({kOpenOrders, kDoneOrders}));
  const std::string row =
      R"([{"id":"d50ec984-77a8-460a-b958-66f114b0de9b","price":"60000.00","size":"0.5","product_id":"BTC-USD",)"
      R"("side":"buy","type":"limit","filled_size":"0.2","status":"open"}])";
  ASSERT_TRUE(account.answer_to("orders", row));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 0.2 leaves 0.3"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", row));
  EXPECT_THAT(account.executions, IsEmpty());  // nothing new
}

TEST(CoinbaseExchange, RestThatLagsBehindTheStreamChangesNothing) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_open"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  account.time(account.now + 61 * kSecond);
  account.clear();
  ASSERT_TRUE(account.answer_to(
      "orders",
      R"([{"id":"d50ec984-77a8-460a-b958-66f114b0de9b","price":"60000.00","size":"0.5","product_id":"BTC-USD",)"
      R"("side":"buy","type":"limit","filled_size":"0","status":"pending"}])"));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(CoinbaseExchange, GivenUpQuestionsAreToldAndAskedAgain) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", "no answer", 0));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("accounts", "no answer", 0));
  EXPECT_THAT(state_lines(account),
              ElementsAre("execution RECOVERING orders_unknown", "balance RECOVERING balances_unknown"));
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(asked(account.todo), testing::UnorderedElementsAre(kOpenOrders, kDoneOrders, "/accounts"));
  account.clear();
  ASSERT_TRUE(account.answer_to("orders", "[]"));
  ASSERT_TRUE(account.answer_to("recent", "[]"));
  ASSERT_TRUE(account.answer_to("accounts", "[]"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE subscribed", "balance LIVE subscribed"));
}

TEST(CoinbaseExchange, UnreadableAnswersAreErrorsAndAskedAgain) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  account.clear();
  const auto read = account.answer_to("orders", changed(fixture("exchange_rest_orders"), R"("open")", R"("odd")"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), (Error{Errc::kWrongType, "orders[0].status"}));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING orders_unknown"));
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(asked(account.todo), testing::IsSupersetOf({kOpenOrders, kDoneOrders}));
}

TEST(CoinbaseExchange, AnswersToAnEarlierConnectionAreOfNoUse) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  const std::string orders = account.key_of("orders");
  const std::string balances = account.key_of("accounts");
  account.close();
  ASSERT_TRUE(account.answer_key(orders, fixture("exchange_rest_orders")));
  ASSERT_TRUE(account.answer_key(balances, fixture("exchange_rest_accounts")));
  account.connect();
  account.clear();
  ASSERT_TRUE(account.answer_key(orders, fixture("exchange_rest_orders")));
  ASSERT_TRUE(account.answer_key(balances, fixture("exchange_rest_accounts")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(CoinbaseExchange, BalanceChannelIsSubscribedWithTheIdsOfTheList) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.answer_to("accounts", fixture("exchange_rest_accounts")));
  ASSERT_EQ(account.todo.send.size(), 1U);
  EXPECT_EQ(account.todo.send[0].text,
            R"({"type":"subscribe","channels":[{"name":"balance","account_ids":)"
            R"(["1dace1e2-0000-4000-8000-000000000001","d50ec984-77a8-460a-b958-66f114b0de9b"]}]})");
  EXPECT_EQ(account.todo.send[0].signing, Signing::kSign);
  ASSERT_EQ(account.balances.size(), 2U);
  const auto& [meta, bitcoin] = account.balances[0];
  EXPECT_EQ(bitcoin.kind, schemas::BalanceKind::kSnapshot);
  EXPECT_EQ(bitcoin.asset, "BTC");
  EXPECT_EQ(text(bitcoin.total), "1");
  EXPECT_EQ(text(bitcoin.available), "0.75");
  EXPECT_EQ(text(bitcoin.locked), "0.25");
  EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
}

TEST(CoinbaseExchange, BalanceRowIsAChange) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_balance"));
  ASSERT_EQ(account.balances.size(), 1U);
  const auto& [meta, usd] = account.balances[0];
  EXPECT_EQ(usd.kind, schemas::BalanceKind::kChange);
  EXPECT_EQ(usd.asset, "USD");
  EXPECT_EQ(text(usd.total), "103031.22");
  EXPECT_EQ(text(usd.locked), "1000.23");
  EXPECT_EQ(meta.venue_time, 1696970547265000000);
  EXPECT_EQ(meta.venue_send_time, 1696970549265000000);
  ASSERT_TRUE(account.feed_file("exchange_balance"));
  EXPECT_EQ(account.balances.size(), 1U);
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(CoinbaseExchange, BalancesArePolledTenSecondsAfterAFillElseEachMinute) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_taker"));
  ASSERT_TRUE(account.todo.wake_at);
  EXPECT_EQ(*account.todo.wake_at, account.now + 10 * kSecond);
  account.time(*account.todo.wake_at);
  EXPECT_THAT(asked(account.todo), ElementsAre("/accounts"));
  ASSERT_TRUE(account.answer_to("accounts", fixture("exchange_rest_accounts")));
  account.clear();
  account.time(account.now + 59 * kSecond);
  EXPECT_THAT(asked(account.todo), testing::Not(testing::Contains("/accounts")));
  account.time(account.now + 2 * kSecond);
  EXPECT_THAT(asked(account.todo), testing::Contains("/accounts"));
  ASSERT_TRUE(account.answer_to("accounts", changed(fixture("exchange_rest_accounts"), R"("0.75")", R"("0.80")")));
  ASSERT_EQ(account.balances.size(), 1U);  // only what is new
  EXPECT_EQ(text(account.balances[0].body.total), "1.05");
}

TEST(CoinbaseExchange, ListThatMayBeOlderThanTheStreamDoesNotOverruleIt) {
  Exchange account;
  account.go_live();
  account.time(account.now + 61 * kSecond);
  ASSERT_TRUE(account.feed_file("exchange_balance"));
  account.clear();
  ASSERT_TRUE(account.answer_to("accounts", fixture("exchange_rest_accounts")));
  ASSERT_EQ(account.balances.size(), 1U);
  EXPECT_EQ(account.balances[0].body.asset, "BTC");
}

TEST(CoinbaseExchange, RefusedLoginIsTheShellsToHandle) {
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_error_auth"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(account.todo.login_detail, "Failed to subscribe: user channel requires authentication");
  account.time(account.now + 11 * kSecond);
  EXPECT_FALSE(account.todo.reconnect);
}

TEST(CoinbaseExchange, RefusedProductHalts) {
  Exchange account;
  account.connect();
  const auto refused = account.feed_file("exchange_error_product");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::kRefused, "Failed to subscribe: NOPE-USD is not a valid product"}));
  EXPECT_EQ(state_lines(account).back(), "execution HALTED refused");
}

TEST(CoinbaseExchange, NoAcknowledgementForTenSecondsReconnects) {
  Exchange account;
  account.connect();
  account.time(account.now + 9 * kSecond);
  EXPECT_FALSE(account.todo.reconnect);
  account.time(account.now + kSecond);
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "no_ack");
}

TEST(CoinbaseExchange, ClosedConnectionRecoversAndAsksNothing) {
  Exchange account;
  account.go_live();
  account.close();
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING connection", "balance RECOVERING connection"));
  account.time(account.now + 120 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_FALSE(account.todo.wake_at);
}

}  // namespace
}  // namespace millrace::normalize::coinbase
