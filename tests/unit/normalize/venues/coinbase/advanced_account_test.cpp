#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// How a session of Coinbase Advanced runs, and what its user channel becomes (sheet, 4.2, 5.2, 5.3, 7 and 8).
namespace millrace::normalize::coinbase {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view kOrder = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";
constexpr std::string_view kBatch = "/api/v3/brokerage/orders/historical/batch?";
constexpr std::string_view kUser = R"({"type":"subscribe","channel":"user"})";

std::vector<std::string> sent(const AccountCommands& todo) {
  std::vector<std::string> texts;
  for (const PrivateText& text : todo.send) {
    EXPECT_EQ(text.signing, Signing::kSign);
    texts.push_back(text.text);
  }
  return texts;
}

std::vector<std::string> asked(const AccountCommands& todo) {
  std::vector<std::string> targets;
  for (const PrivateRequest& request : todo.rest) targets.push_back(request.target);
  return targets;
}

// Both lists of orders are empty.
void answer_orders(Advanced& account) {
  ASSERT_TRUE(account.answer_to("recent", kNoOrders));
  ASSERT_TRUE(account.answer_to("orders", kNoOrders));
}

std::string renumbered(std::string_view name, int from, int to) {
  return changed(fixture(name), fmt::format(R"("sequence_num":{})", from), fmt::format(R"("sequence_num":{})", to));
}

TEST(CoinbaseAdvanced, OpenSubscribesHeartbeatsAndUserEachWithItsOwnToken) {
  Advanced account;
  account.connect();
  EXPECT_THAT(sent(account.todo), ElementsAre(R"({"type":"subscribe","channel":"heartbeats"})", kUser));
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].target, "/api/v3/brokerage/accounts?limit=250");
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING connected", "balance SYNCING connected"));
}

TEST(CoinbaseAdvanced, SnapshotMayComeBeforeTheAcknowledgement) {
  Advanced account;
  account.connect();
  account.clear();
  ASSERT_TRUE(account.feed_file("advanced_snapshot"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kAccepted);
  EXPECT_THAT(asked(account.todo), ElementsAre(std::string(kBatch) + "order_status=OPEN",
                                               std::string(kBatch) + "start_date=2023-11-14T22%3A03%3A20.001000000Z"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 0.001 leaves 0.009"));
  const auto& [meta, order] = account.executions[0];
  EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
  EXPECT_EQ(meta.symbol, "BTC-USD");
  EXPECT_EQ(meta.venue_time, std::nullopt);
  EXPECT_EQ(meta.venue_send_time, 1775572200609931463);
  EXPECT_EQ(order.client_order_id, "11111-000000-000001");
  EXPECT_EQ(text(order.quantity), "0.01");
  EXPECT_EQ(text(order.price), "68900.5");
  EXPECT_EQ(text(order.average_price), "68900.5");
  EXPECT_FALSE(order.unseen_order);
  EXPECT_FALSE(order.fee);  // an order's total is no fee of a fill
  account.clear();
  ASSERT_TRUE(account.feed_file("advanced_subscriptions"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  EXPECT_THAT(account.todo.rest, IsEmpty());
}

TEST(CoinbaseAdvanced, LiveWithTheFirstAnswers) {
  Advanced account;
  account.connect();
  ASSERT_TRUE(account.feed_file("advanced_snapshot"));
  account.clear();
  ASSERT_TRUE(account.answer_to("recent", kNoOrders));
  EXPECT_THAT(account.states, IsEmpty());
  const std::string order = changed(fixture("advanced_rest_order"), R"("CANCELLED")", R"("OPEN")");
  const std::string row = order.substr(9, order.size() - 10);
  ASSERT_TRUE(account.answer_to("orders", R"({"orders":[)" + row + R"(],"has_next":true,"cursor":"a b"})"));
  EXPECT_THAT(asked(account.todo), ElementsAre(std::string(kBatch) + "order_status=OPEN&cursor=a%20b"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 0.004 leaves 0.006"));
  ASSERT_TRUE(account.answer_to("orders", R"({"orders":[)" + row + R"(],"has_next":false,"cursor":""})"));
  EXPECT_THAT(order_lines(account), SizeIs(1));  // the second time it is no news
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING fills_from_rest", "execution LIVE subscribed"));
}

TEST(CoinbaseAdvanced, OrdersWayIsToldAsStatesAndItsFillsAreFetched) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("advanced_pending"));
  ASSERT_TRUE(account.feed_file("advanced_open"));
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.feed_file("advanced_partly"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE fills_from_rest"));
  ASSERT_TRUE(account.feed_file("advanced_edited"));
  ASSERT_TRUE(account.feed_file("advanced_cancel_queued"));
  ASSERT_TRUE(account.feed_file("advanced_cancelled"));
  EXPECT_THAT(
      order_lines(account),
      ElementsAre("PENDING_NEW PENDING_NEW cum 0 leaves 0.01", "NEW NEW cum 0 leaves 0.01",
                  "STATUS PARTIALLY_FILLED cum 0.004 leaves 0.006", "REPLACED PARTIALLY_FILLED cum 0.004 leaves 0.016",
                  "PENDING_CANCEL PENDING_CANCEL cum 0.004 leaves 0.016", "CANCELLED CANCELLED cum 0.004 leaves 0"));
  EXPECT_EQ(text(account.executions[3].body.price), "68800");
  EXPECT_EQ(account.executions[5].body.reason, "User requested cancel");
  EXPECT_EQ(state_lines(account).size(), 1U);
  EXPECT_EQ(account.executions[1].body.event_id,
            fmt::format("coinbase-advanced/main/{}/NEW/1775572203609931463/0", kOrder));
}

TEST(CoinbaseAdvanced, NothingOfTheStreamIsAFill) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_pending", 2, 2)));
  ASSERT_TRUE(account.feed_file("advanced_open"));
  ASSERT_TRUE(account.feed_file("advanced_filled"));
  for (const auto& one : account.executions) {
    EXPECT_NE(one.body.kind, ExecutionKind::kTrade);
    EXPECT_FALSE(one.body.last_quantity);
  }
  EXPECT_EQ(order_lines(account).back(), "STATUS FILLED cum 0.01 leaves 0");
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE fills_from_rest"));
}

TEST(CoinbaseAdvanced, ExpiredAndFailedOrdersHaveTheirKinds) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(changed(renumbered("advanced_open", 3, 2), R"("OPEN")", R"("EXPIRED")")));
  ASSERT_TRUE(
      account.feed(changed(changed(changed(fixture("advanced_open"), R"("OPEN")", R"("FAILED")"), kOrder, "other"),
                           R"("reject_reason":"")", R"("reject_reason":"INSUFFICIENT_FUND")")));
  EXPECT_THAT(order_lines(account), ElementsAre("EXPIRED EXPIRED cum 0 leaves 0", "REJECTED REJECTED cum 0 leaves 0"));
  EXPECT_EQ(account.executions[1].body.reason, "INSUFFICIENT_FUND");
}

// Sizes of market orders are in quote units, so that they are no quantity of ours.
TEST(CoinbaseAdvanced, LeavesOfMarketOrdersAreNoQuantity) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(changed(renumbered("advanced_open", 3, 2), R"("Limit")", R"("Market")")));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_FALSE(account.executions[0].body.quantity);
  EXPECT_FALSE(account.executions[0].body.leaves_quantity);
}

TEST(CoinbaseAdvanced, UnknownStatusIsAnError) {
  Advanced account;
  account.go_live();
  const auto read = account.feed(changed(renumbered("advanced_open", 3, 2), R"("OPEN")", R"("DREAMING")"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error(), (Error{Errc::kWrongType, "events[0].orders[0].status"}));
  EXPECT_THAT(account.executions, IsEmpty());
}

TEST(CoinbaseAdvanced, CutMessagesAreErrorsAndNoEvents) {
  Advanced account;
  account.go_live();
  const std::string whole = fixture("advanced_partly");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = account.feed(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(read) << "cut at " << size;
    EXPECT_EQ(read.error().code, Errc::kBadJson);
  }
  EXPECT_THAT(account.executions, IsEmpty());
}

// 8: events may be repeated after a reconnect.
TEST(CoinbaseAdvanced, WhatSaysNothingNewIsDropped) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 2)));
  ASSERT_TRUE(account.feed_file("advanced_open"));
  ASSERT_TRUE(account.feed_file("advanced_partly"));
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 5)));  // older
  ASSERT_TRUE(account.feed(renumbered("advanced_cancelled", 7, 6)));
  ASSERT_TRUE(account.feed(renumbered("advanced_partly", 4, 7)));  // after its end
  EXPECT_THAT(order_lines(account), SizeIs(3));
  EXPECT_THAT(account.drops, ElementsAre("duplicate", "duplicate", "duplicate"));
}

TEST(CoinbaseAdvanced, GapIsDeclaredBeforeTheFrameAndTheChannelIsSubscribedAnew) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 5)));
  EXPECT_THAT(gap_lines(account), ElementsAre("execution sequence 2..4"));
  EXPECT_EQ(account.gaps[0].mark.count, 3);
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING sequence"));
  EXPECT_THAT(sent(account.todo), ElementsAre(R"({"type":"unsubscribe","channel":"user"})", kUser));
  EXPECT_THAT(account.executions, SizeIs(1));  // what did arrive is told
  EXPECT_THAT(account.todo.rest, IsEmpty());   // between the two nothing is told and nothing numbered
  account.clear();
  ASSERT_TRUE(account.feed(renumbered("advanced_snapshot", 0, 6)));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  EXPECT_THAT(asked(account.todo), SizeIs(2));
  answer_orders(account);
  // The order that the list left out is asked for before anything is called live.
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING fills_from_rest"));
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder),
                                changed(fixture("advanced_rest_order"), R"("CANCELLED")", R"("OPEN")")));
  EXPECT_EQ(state_lines(account).back(), "execution LIVE resubscribed");
}

TEST(CoinbaseAdvanced, ResubscriptionWithoutAnAnswerReconnects) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 5)));
  account.time(account.now + 10 * kSecond);
  EXPECT_TRUE(account.todo.reconnect);
}

TEST(CoinbaseAdvanced, HeartbeatsCountInTheSequence) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("advanced_heartbeat"));
  ASSERT_TRUE(account.feed_file("advanced_open"));
  EXPECT_THAT(account.gaps, IsEmpty());
  EXPECT_THAT(account.drops, IsEmpty());
}

TEST(CoinbaseAdvanced, LowerNumbersAreOldAndDropped) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 1)));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 2)));
  EXPECT_THAT(account.executions, SizeIs(1));
}

TEST(CoinbaseAdvanced, SnapshotOfFiftyOrdersGoesOn) {
  Advanced account;
  account.connect();
  const std::string one = fixture("advanced_snapshot");
  const std::size_t begin = one.find(R"("orders":[)") + 10;
  const std::string order = one.substr(begin, one.find("],\"positions\"") - begin);
  std::string orders = changed(order, kOrder, "order-0");
  for (int i = 1; i < 50; ++i) orders += "," + changed(order, kOrder, fmt::format("order-{}", i));
  account.clear();
  ASSERT_TRUE(account.feed(changed(one, order, orders)));
  EXPECT_THAT(account.executions, SizeIs(50));
  const std::string rest = changed(renumbered("advanced_snapshot", 0, 1), R"("type":"snapshot")", R"("type":"patch")");
  ASSERT_TRUE(account.feed(rest));
  ASSERT_THAT(account.executions, SizeIs(51));
  EXPECT_EQ(account.executions[50].meta.origin, schemas::Origin::kSnapshot);
  ASSERT_TRUE(account.feed(renumbered("advanced_partly", 4, 2)));
  EXPECT_EQ(account.executions[51].meta.origin, schemas::Origin::kLive);
}

TEST(CoinbaseAdvanced, OrderThatNoListNamesIsAskedFor) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 2)));
  account.close();
  account.clear();
  account.connect();
  EXPECT_THAT(gap_lines(account), ElementsAre("execution reconnect", "balance reconnect"));
  ASSERT_TRUE(account.feed_file("advanced_snapshot_empty"));
  answer_orders(account);
  EXPECT_THAT(asked(account.todo), ElementsAre(fmt::format("/api/v3/brokerage/orders/historical/{}", kOrder)));
  account.clear();
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder), "busy", 503));
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING orders_unknown"));
  account.time(account.now + 61 * kSecond);
  answer_orders(account);
  account.clear();
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder), fixture("advanced_rest_order")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.004 leaves 0"));
  EXPECT_EQ(account.executions[0].body.reason, "User requested cancel");
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING fills_from_rest", "execution LIVE resubscribed"));
}

TEST(CoinbaseAdvanced, OrderWithFillsThatTheStreamNeverToldHasThemFetched) {
  Advanced account;
  account.go_live();
  account.time(account.now + 61 * kSecond);
  const std::string order = fixture("advanced_rest_order");
  ASSERT_TRUE(account.answer_to("recent", R"({"orders":[)" + order.substr(9, order.size() - 10) + "]}"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS CANCELLED cum 0.004 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE fills_from_rest"));
  account.clear();
  ASSERT_TRUE(account.answer_to("recent", R"({"orders":[)" + order.substr(9, order.size() - 10) + "]}"));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
}

// A message that the venue lost before it was numbered.
TEST(CoinbaseAdvanced, OrdersAreComparedEachMinute) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 2)));
  account.clear();
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(asked(account.todo), testing::Contains(std::string(kBatch) + "order_status=OPEN"));
  const std::string order = fixture("advanced_rest_order");
  ASSERT_TRUE(account.answer_to("recent", R"({"orders":[)" + order.substr(9, order.size() - 10) + "]}"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.004 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE fills_from_rest"));
  ASSERT_TRUE(account.answer_to("orders", kNoOrders));
  EXPECT_THAT(account.todo.rest, IsEmpty());
}

TEST(CoinbaseAdvanced, OrderOfThePredecessorIsAskedFor) {
  Advanced before;
  before.go_live();
  ASSERT_TRUE(before.feed(renumbered("advanced_open", 3, 2)));
  Advanced account;
  account.succeed(before);
  account.connect();
  ASSERT_TRUE(account.feed_file("advanced_snapshot_empty"));
  answer_orders(account);
  account.clear();
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder), fixture("advanced_rest_order")));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.004 leaves 0"));
  EXPECT_EQ(account.executions[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_THAT(state_lines(account), ElementsAre("execution SYNCING fills_from_rest", "execution LIVE subscribed"));
}

TEST(CoinbaseAdvanced, OrderThatRestTwiceDoesNotKnowIsGone) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_open", 3, 2)));
  account.close();
  account.connect();
  ASSERT_TRUE(account.feed_file("advanced_snapshot_empty"));
  answer_orders(account);
  account.clear();
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder), "{}", 404));
  EXPECT_THAT(account.executions, IsEmpty());
  ASSERT_TRUE(account.answer_to(fmt::format("order/{}", kOrder), "{}", 404));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0 leaves 0"));
}

TEST(CoinbaseAdvanced, BalancesComeInPagesAndOnlyWhatIsNewIsTold) {
  Advanced account;
  account.connect();
  account.clear();
  ASSERT_TRUE(account.answer_to("accounts", fixture("advanced_rest_accounts")));
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].target, "/api/v3/brokerage/accounts?limit=250&cursor=page%20two");
  ASSERT_THAT(account.balances, SizeIs(1));
  const auto& bitcoin = account.balances[0].body;
  EXPECT_EQ(bitcoin.kind, schemas::BalanceKind::kSnapshot);
  EXPECT_EQ(text(bitcoin.total), "1.23956789");
  EXPECT_EQ(text(bitcoin.available), "1.23456789");
  EXPECT_EQ(text(bitcoin.locked), "0.005");
  EXPECT_EQ(bitcoin.wallet, "8bfc20d7-f7c6-4422-bf07-8243ca4169fe");
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.answer_to("accounts", R"({"accounts":[],"has_next":false,"cursor":""})"));
  EXPECT_THAT(state_lines(account), ElementsAre("balance LIVE subscribed"));
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(asked(account.todo), ElementsAre("/api/v3/brokerage/accounts?limit=250"));
  ASSERT_TRUE(account.answer_to("accounts", fixture("advanced_rest_accounts")));
  EXPECT_THAT(account.balances, SizeIs(1));
}

TEST(CoinbaseAdvanced, BalancesArePolledTenSecondsAfterAFill) {
  Advanced account;
  account.go_live();
  ASSERT_TRUE(account.feed(renumbered("advanced_filled", 4, 2)));
  ASSERT_TRUE(account.todo.wake_at);
  EXPECT_EQ(*account.todo.wake_at, account.now + 10 * kSecond);
  account.time(*account.todo.wake_at);
  EXPECT_THAT(account.todo.rest, SizeIs(1));
}

TEST(CoinbaseAdvanced, GivenUpBalancesAreToldAndAskedAgain) {
  Advanced account;
  account.connect();
  account.clear();
  ASSERT_TRUE(account.answer_to("accounts", "no answer", 0));
  EXPECT_THAT(state_lines(account), ElementsAre("balance RECOVERING balances_unknown"));
  account.time(account.now + 61 * kSecond);
  EXPECT_THAT(account.todo.rest, SizeIs(1));
}

// 8: seen now and then with a good key.
TEST(CoinbaseAdvanced, FailedAuthenticationIsTriedOnceMoreWithANewToken) {
  Advanced account;
  account.connect();
  ASSERT_TRUE(account.feed_file("advanced_error_auth"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kUnchanged);
  ASSERT_TRUE(account.todo.wake_at);
  account.time(*account.todo.wake_at);
  EXPECT_THAT(sent(account.todo), Contains(kUser));
  ASSERT_TRUE(account.feed_file("advanced_error_auth"));
  EXPECT_EQ(account.todo.login, AccountCommands::Login::kRefused);
  EXPECT_EQ(account.todo.login_detail, "authentication failure");
}

TEST(CoinbaseAdvanced, OtherRefusalsHalt) {
  Advanced account;
  account.connect();
  const auto refused = account.feed(R"({"type":"error","message":"no such channel"})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Errc::kRefused, "no such channel"}));
  EXPECT_EQ(state_lines(account).back(), "execution HALTED refused");
}

TEST(CoinbaseAdvanced, NoAcknowledgementForTenSecondsReconnects) {
  Advanced account;
  account.connect();
  account.time(account.now + 10 * kSecond);
  EXPECT_TRUE(account.todo.reconnect);
  EXPECT_EQ(account.todo.reason, "no_ack");
}

TEST(CoinbaseAdvanced, ClosedConnectionRecoversAndAsksNothing) {
  Advanced account;
  account.go_live();
  account.close();
  EXPECT_THAT(state_lines(account), ElementsAre("execution RECOVERING connection", "balance RECOVERING connection"));
  account.time(account.now + 120 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_FALSE(account.todo.wake_at);
  account.clear();
  ASSERT_TRUE(account.answer_to("accounts", fixture("advanced_rest_accounts")));
  EXPECT_THAT(account.balances, IsEmpty());
}

}  // namespace
}  // namespace millrace::normalize::coinbase
