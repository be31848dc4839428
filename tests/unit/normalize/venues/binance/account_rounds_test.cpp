#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/binance/account_texts.h"

// What is asked of REST after each subscribe and later, and what is made of the answers.
namespace millrace::test {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr std::string_view kOrders = "/api/v3/openOrders";
constexpr std::string_view kBalances = "/api/v3/account";
constexpr std::string_view kNoSuchOrder = R"({"code":-2013,"msg":"Order does not exist."})";

StreamState state_of(const AccountHarness& account, Dataset dataset) {
  StreamState state = StreamState::kUnspecified;
  for (const HeldAccountState& one : account.states) {
    if (one.dataset == dataset) state = one.state;
  }
  return state;
}
std::string row_list(const OrderRow& row) { return "[" + row.text() + "]"; }

TEST(BinanceRounds, StateIsAskedForAfterTheSubscriptionAndTheNames) {
  AccountHarness account("binance-spot");
  account.open();
  ASSERT_TRUE(account.feed(account_fixture("account_subscribed_spot.json")));
  EXPECT_THAT(account.todo.rest, IsEmpty()) << "rows would have no instruments";
  ASSERT_TRUE(account.answer("instruments", "/api/v3/exchangeInfo", account_fixture("rest_info_spot.json")));
  ASSERT_THAT(account.todo.rest, SizeIs(2));
  EXPECT_EQ(account.todo.rest[0].target, kOrders);
  EXPECT_EQ(account.todo.rest[0].weight, 80);
  EXPECT_EQ(account.todo.rest[0].signing, normalize::Signing::kSign);
  EXPECT_EQ(account.todo.rest[1].target, kBalances);
  EXPECT_EQ(account.todo.rest[1].weight, 20);
}

TEST(BinanceRounds, FuturesAskTheirOwnPaths) {
  AccountHarness account("binance-usdm");
  subscribe(account);
  ASSERT_THAT(account.todo.rest, SizeIs(2));
  EXPECT_EQ(account.todo.rest[0].target, "/fapi/v1/openOrders");
  EXPECT_EQ(account.todo.rest[0].weight, 40);
  EXPECT_EQ(account.todo.rest[1].target, "/fapi/v3/balance");
  EXPECT_EQ(account.todo.rest[1].weight, 5);
}

TEST(BinanceRounds, TheStateIsASnapshotAndOnlyThenLive) {
  AccountHarness account("binance-spot");
  subscribe(account);
  const std::string balances = asked_key(account, kBalances);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, account_fixture("account_orders_spot.json")));
  ASSERT_THAT(account.executions, SizeIs(1));
  const HeldExecution& order = account.executions[0];
  EXPECT_EQ(order.meta.origin, Origin::kSnapshot);
  EXPECT_EQ(order.meta.flags, schemas::flag::kSnapshot);
  EXPECT_EQ(order.meta.symbol, "LTCBTC");
  EXPECT_EQ(order.meta.venue_time, 1'499'827'320'000'000'000);
  EXPECT_EQ(order.body.kind, ExecutionKind::kStatus);
  EXPECT_EQ(order.body.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(plain(order.body.cumulative_quantity), "0.5");
  EXPECT_EQ(plain(order.body.leaves_quantity), "0.5");
  EXPECT_EQ(plain(order.body.average_price), "0.1");
  EXPECT_EQ(order.body.client_order_id, "myOrder1");
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
  EXPECT_EQ(state_of(account, Dataset::kBalance), StreamState::kSyncing) << "not yet";
  ASSERT_TRUE(account.answer(balances, kBalances, account_fixture("account_balances_spot.json")));
  ASSERT_THAT(account.balances, SizeIs(2));
  EXPECT_EQ(account.balances[0].meta.origin, Origin::kSnapshot);
  EXPECT_EQ(account.balances[0].body.kind, schemas::BalanceKind::kSnapshot);
  EXPECT_EQ(plain(account.balances[0].body.total), "4723846.94208129");
  EXPECT_EQ(plain(account.balances[1].body.total), "0") << "an asset that is gone must be known to be gone";
  EXPECT_EQ(state_of(account, Dataset::kBalance), StreamState::kLive);
  EXPECT_THAT(account.gaps, IsEmpty()) << "the first connection has no hole";
}

TEST(BinanceRounds, TheStateOfFutures) {
  AccountHarness account("binance-usdm");
  subscribe(account);
  answer_state(account, account_fixture("account_orders_usdm.json"), account_fixture("account_balances_usdm.json"));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].meta.instrument, "BTC-USDT-PERP");
  EXPECT_EQ(account.executions[0].body.order_id, "1917641");
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(plain(account.balances[0].body.total), "122607.35137903");
  EXPECT_EQ(plain(account.balances[0].body.available), "23.72469206");
  EXPECT_EQ(plain(account.balances[0].body.locked), "-");
}

TEST(BinanceRounds, EachReopeningIsAHoleInBoth) {
  auto account = live_account();
  reopen(account);
  ASSERT_THAT(account.gaps, SizeIs(2));
  EXPECT_EQ(account.gaps[0].dataset, Dataset::kExecution);
  EXPECT_EQ(account.gaps[1].dataset, Dataset::kBalance);
  for (const HeldAccountGap& gap : account.gaps) {
    EXPECT_EQ(gap.mark, (schemas::GapMark{schemas::GapKind::kVenue, {}, {}, {}, "reconnect"}));
  }
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kSyncing);
}

TEST(BinanceRounds, AClosedConnectionIsRecovering) {
  auto account = live_account();
  account.close();
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kRecovering);
  EXPECT_EQ(state_of(account, Dataset::kBalance), StreamState::kRecovering);
}

TEST(BinanceRounds, AnOrderThatIsNoLongerOpenIsLookedUp) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  reopen(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].target, "/api/v3/order?symbol=ETHBTC&orderId=1");
  EXPECT_EQ(account.todo.rest[0].weight, 4);
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kSyncing) << "its end is not known";
  account.clear();
  OrderRow row;
  row.status = "CANCELED";
  row.time += 5;
  ASSERT_TRUE(account.answer("order/3/ETHBTC/1", "/api/v3/order?symbol=ETHBTC&orderId=1", row.text()));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].meta.origin, Origin::kSnapshot);
  EXPECT_EQ(account.executions[0].body.kind, ExecutionKind::kCancelled);
  EXPECT_EQ(account.executions[0].body.status, OrderStatus::kCancelled);
  EXPECT_FALSE(account.executions[0].body.unseen_order);
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
}

// The fills are the sidecar's; that there must be some is told.
TEST(BinanceRounds, AnOrderOfThePredecessorIsLookedUp) {
  auto before = live_account();
  ASSERT_TRUE(before.feed(SpotReport{}.text()));
  ASSERT_TRUE(before.feed(spot_fill(5, 1).text()));
  AccountHarness account("binance-spot");
  account.succeed(before);
  subscribe(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  ASSERT_THAT(account.todo.rest, SizeIs(1));
  EXPECT_EQ(account.todo.rest[0].target, "/api/v3/order?symbol=ETHBTC&orderId=1");
  const std::string key = account.todo.rest[0].key;
  account.clear();
  OrderRow row;
  row.status = "CANCELED";
  row.executed = "1";
  row.quote = "2";
  row.time += 5;
  ASSERT_TRUE(account.answer(key, "/api/v3/order?symbol=ETHBTC&orderId=1", row.text()));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].meta.origin, Origin::kSnapshot);
  EXPECT_EQ(account.executions[0].body.kind, ExecutionKind::kCancelled);
  EXPECT_EQ(plain(account.executions[0].body.cumulative_quantity), "1");
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
  ASSERT_TRUE(account.feed(spot_fill(5, 1).text()));
  EXPECT_THAT(account.drops, ElementsAre("duplicate")) << "test nets repeat old reports";
}

// REST may not know yet what the predecessor told at its end.
TEST(BinanceRounds, AYoungOrderOfThePredecessorIsNotGivenUpAtOnce) {
  auto before = live_account();
  ASSERT_TRUE(before.feed(SpotReport{}.text()));
  AccountHarness account("binance-spot");
  account.succeed(before);
  account.now = before.now + kSecond;
  subscribe(account);
  answer_state(account, "[]", kNoBalances);
  const std::string key = asked_key(account, "/api/v3/order?");
  ASSERT_TRUE(account.answer(key, "/api/v3/order", kNoSuchOrder, 400));
  account.time(account.now + 60 * kSecond);
  answer_state(account, "[]", kNoBalances);
  EXPECT_EQ(account.todo.rest.at(0).target, "/api/v3/order?symbol=ETHBTC&orderId=1");
}

TEST(BinanceRounds, AnOrderThatWasFilledMeanwhileIsNoFill) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  reopen(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  const std::string key = asked_key(account, "/api/v3/order?");
  account.clear();
  OrderRow row;
  row.status = "FILLED";
  row.executed = "10";
  row.quote = "20";
  ASSERT_TRUE(account.answer(key, "/api/v3/order", row.text()));
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].body.kind, ExecutionKind::kStatus);
  EXPECT_EQ(account.executions[0].body.status, OrderStatus::kFilled);
  EXPECT_EQ(plain(account.executions[0].body.average_price), "2");
  ASSERT_THAT(account.states, SizeIs(2));
  EXPECT_EQ(account.states[0].reason, "quantity_mismatch");
  EXPECT_EQ(account.states[1].reason, "synced");
}

TEST(BinanceRounds, ManyMissingOrdersAreLookedUpFiftyAtATime) {
  auto account = live_account();
  for (int i = 1; i <= 60; ++i) {
    SpotReport report;
    report.i = i;
    report.I = i;
    ASSERT_TRUE(account.feed(report.text()));
  }
  reopen(account);
  answer_state(account, "[]", kNoBalances);
  ASSERT_THAT(account.todo.rest, SizeIs(50));
  const std::vector<normalize::PrivateRequest> first = account.todo.rest;
  std::vector<normalize::PrivateRequest> more;
  const auto end = [&](const normalize::PrivateRequest& request) {
    OrderRow row;
    row.id = std::stoll(request.target.substr(request.target.rfind('=') + 1));
    row.status = "CANCELED";
    ASSERT_TRUE(account.answer(request.key, request.target, row.text()));
    more.insert(more.end(), account.todo.rest.begin(), account.todo.rest.end());
  };
  for (const auto& request : first) end(request);
  ASSERT_THAT(more, SizeIs(10));
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kSyncing);
  for (const auto& request : std::exchange(more, {})) end(request);
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
  EXPECT_THAT(account.executions, SizeIs(60));
}

TEST(BinanceRounds, OrdersThatEndedInTheStreamAreNotLookedUp) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  SpotReport cancel;
  cancel.x = cancel.X = "CANCELED";
  cancel.I = 2;
  ASSERT_TRUE(account.feed(cancel.text()));
  reopen(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
}

TEST(BinanceRounds, OrdersOfThisConnectionAreNotMissed) {
  auto account = live_account();
  reopen(account);
  const std::string orders = asked_key(account, kOrders);
  ASSERT_TRUE(account.feed(SpotReport{}.text()));  // newer than the answer that is on its way
  ASSERT_TRUE(account.answer(orders, kOrders, "[]"));
  EXPECT_THAT(account.todo.rest, IsEmpty());
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
}

TEST(BinanceRounds, ARowOlderThanTheStreamIsLeftOut) {
  auto account = live_account();
  reopen(account);
  const std::string orders = asked_key(account, kOrders);
  const std::string balances = asked_key(account, kBalances);
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  ASSERT_TRUE(account.feed(spot_fill(7, 1).text()));
  SpotReport other;
  other.i = 2;
  other.T += 10;
  ASSERT_TRUE(account.feed(other.text()));
  SpotReport cancelled;
  cancelled.i = 3;
  cancelled.x = cancelled.X = "CANCELED";
  ASSERT_TRUE(account.feed(cancelled.text()));
  ASSERT_TRUE(account.feed(
      R"({"event":{"e":"outboundAccountPosition","E":1700000000001,"u":1700000000001,"B":[{"a":"BTC","f":"5","l":"0"}]}})"));
  account.clear();
  OrderRow filled_further, older, ended;
  older.id = 2;
  ended.id = 3;
  ASSERT_TRUE(
      account.answer(orders, kOrders, fmt::format("[{},{},{}]", filled_further.text(), older.text(), ended.text())));
  EXPECT_THAT(account.executions, IsEmpty());
  ASSERT_TRUE(account.answer(
      balances, kBalances,
      R"({"updateTime":1700000000000,"balances":[{"asset":"BTC","free":"4","locked":"0"},{"asset":"ETH","free":"1","locked":"0"}]})"));
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(account.balances[0].body.asset, "ETH");
}

TEST(BinanceRounds, AnswersOfTheConnectionBeforeAreIgnored) {
  auto account = live_account();
  reopen(account);
  const std::string old_orders = asked_key(account, kOrders);
  const std::string old_balances = asked_key(account, kBalances);
  reopen(account, 3);
  const std::string orders = asked_key(account, kOrders);
  account.clear();
  ASSERT_TRUE(account.answer(old_orders, kOrders, row_list({})));
  ASSERT_TRUE(account.answer(old_balances, kBalances, account_fixture("account_balances_spot.json")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
  ASSERT_TRUE(account.answer(orders, kOrders, row_list({})));
  ASSERT_TRUE(account.answer(orders, kOrders, row_list({})));
  EXPECT_THAT(account.executions, SizeIs(1)) << "nor one that comes twice";
}

TEST(BinanceRounds, AStateThatCannotBeHadIsSaidAndAskedForAgain) {
  const std::pair<std::string, int> answers[] = {{"connection reset", 0},
                                                 {"<html></html>", 200},
                                                 {R"({"code":-1000,"msg":"unknown"})", 500},
                                                 {R"([{"symbol":"ETHBTC"}])", 200}};
  for (const auto& [body, status] : answers) {
    AccountHarness account("binance-spot");
    subscribe(account);
    const std::string balances = asked_key(account, kBalances);
    const bool decoded = static_cast<bool>(account.answer(asked_key(account, kOrders), kOrders, body, status));
    EXPECT_EQ(decoded, body[0] != '[');
    EXPECT_EQ(account.states.back().reason, "snapshot_failed");
    EXPECT_EQ(account.states.back().state, StreamState::kRecovering);
    ASSERT_TRUE(account.answer(balances, kBalances, kNoBalances));
    EXPECT_EQ(state_of(account, Dataset::kBalance), StreamState::kLive) << "the other goes its own way";
    ASSERT_TRUE(account.todo.wake_at.has_value());
    EXPECT_EQ(*account.todo.wake_at, account.now + 30 * kSecond);
    account.time(*account.todo.wake_at);
    answer_state(account, row_list({}), kNoBalances);
    EXPECT_THAT(account.executions, SizeIs(1));
    EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
  }
}

TEST(BinanceRounds, ALookupThatFailsIsAFailedState) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  reopen(account);
  const std::string balances = asked_key(account, kBalances);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  ASSERT_TRUE(account.answer(asked_key(account, "/api/v3/order?"), "/api/v3/order", "cut off", 0));
  EXPECT_EQ(account.states.back().reason, "snapshot_failed");
  ASSERT_TRUE(account.answer(balances, kBalances, kNoBalances));
  account.time(*account.todo.wake_at);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  OrderRow row;
  row.status = "EXPIRED";
  ASSERT_TRUE(account.answer(asked_key(account, "/api/v3/order?"), "/api/v3/order", row.text()));
  EXPECT_EQ(account.executions.back().body.kind, ExecutionKind::kExpired);
  EXPECT_EQ(state_of(account, Dataset::kExecution), StreamState::kLive);
}

TEST(BinanceRounds, WithoutNamesItGoesOn) {
  AccountHarness account("binance-spot");
  account.open();
  ASSERT_TRUE(account.feed(account_fixture("account_subscribed_spot.json")));
  ASSERT_TRUE(account.answer("instruments", "/api/v3/exchangeInfo", "gone", 0));
  answer_state(account, row_list({}), kNoBalances);
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].meta.instrument, "");
  account.close();
  account.open();
  EXPECT_EQ(account.todo.rest.at(0).key, "instruments") << "asked for again";
}

// REST may lag behind the stream: what it said first is confirmed, and later now and then.
TEST(BinanceRounds, LaterRoundsTellOnlyWhatIsNew) {
  AccountHarness account("binance-spot");
  subscribe(account);
  answer_state(account, row_list({}), R"({"updateTime":1,"balances":[{"asset":"BTC","free":"5","locked":"0"}]})");
  ASSERT_TRUE(account.todo.wake_at.has_value());
  EXPECT_EQ(*account.todo.wake_at, account.now + 35 * kSecond);
  account.clear();
  account.time(account.now + 35 * kSecond);
  answer_state(account, row_list({}), R"({"updateTime":1,"balances":[{"asset":"BTC","free":"5","locked":"0"}]})");
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
  EXPECT_THAT(account.states, IsEmpty());
  EXPECT_EQ(*account.todo.wake_at, account.now + 900 * kSecond);
  account.time(account.now + 900 * kSecond);
  OrderRow row;
  row.executed = "1";
  row.quote = "2";
  row.status = "PARTIALLY_FILLED";
  answer_state(account, row_list(row), R"({"updateTime":2,"balances":[{"asset":"BTC","free":"3","locked":"2"}]})");
  ASSERT_THAT(account.executions, SizeIs(1));
  EXPECT_EQ(account.executions[0].body.kind, ExecutionKind::kStatus);
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(plain(account.balances[0].body.locked), "2");
  ASSERT_THAT(account.states, SizeIs(1)) << "a fill never came";
  EXPECT_EQ(account.states[0].reason, "quantity_mismatch");
  EXPECT_EQ(account.states[0].state, StreamState::kLive);
}

TEST(BinanceRounds, ALaterRoundThatFailsLeavesTheStreamLive) {
  auto account = live_account();
  account.time(account.now + 35 * kSecond);
  const std::string balances = asked_key(account, kBalances);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "down", 503));
  ASSERT_TRUE(account.answer(balances, kBalances, kNoBalances));
  ASSERT_THAT(account.states, SizeIs(1));
  EXPECT_EQ(account.states[0].reason, "check_failed");
  EXPECT_EQ(account.states[0].state, StreamState::kLive);
}

// An order of a while ago that a later round does not name has ended without a word.
TEST(BinanceRounds, ALaterRoundFindsAnEndThatTheStreamNeverTold) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  account.time(account.now + 20 * kSecond);
  EXPECT_THAT(account.todo.rest, IsEmpty());
  account.time(account.now + 20 * kSecond);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  OrderRow row;
  row.status = "CANCELED";
  ASSERT_TRUE(account.answer(asked_key(account, "/api/v3/order?"), "/api/v3/order", row.text()));
  EXPECT_EQ(account.executions.back().body.kind, ExecutionKind::kCancelled);
}

TEST(BinanceRounds, EachConnectionTellsTheWholeState) {
  AccountHarness account("binance-spot");
  const std::string_view balances = R"({"updateTime":1,"balances":[{"asset":"BTC","free":"5","locked":"0"}]})";
  subscribe(account);
  answer_state(account, row_list({}), balances);
  reopen(account);
  answer_state(account, row_list({}), balances);
  EXPECT_THAT(account.executions, SizeIs(1));
  EXPECT_THAT(account.balances, SizeIs(1));
}

TEST(BinanceRounds, ZerosAreToldOnce) {
  AccountHarness account("binance-spot");
  subscribe(account);
  const std::string_view zero = R"({"updateTime":1,"balances":[{"asset":"BTC","free":"0.00","locked":"0"}]})";
  answer_state(account, "[]", zero);
  EXPECT_THAT(account.balances, SizeIs(1));
  reopen(account);
  answer_state(account, "[]", zero);
  EXPECT_THAT(account.balances, IsEmpty());
  ASSERT_TRUE(
      account.feed(R"({"event":{"e":"outboundAccountPosition","E":3,"u":3,"B":[{"a":"BTC","f":"5","l":"0"}]}})"));
  reopen(account, 3);
  answer_state(account, "[]", R"({"updateTime":4,"balances":[{"asset":"BTC","free":"0","locked":"0"}]})");
  EXPECT_EQ(plain(account.balances.back().body.total), "0") << "it went away meanwhile";
}

}  // namespace
}  // namespace millrace::test
