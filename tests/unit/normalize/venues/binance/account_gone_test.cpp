#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/binance/account_texts.h"

// Orders that were open and that REST does not know.
namespace millrace::test {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr std::string_view kOrders = "/api/v3/openOrders";
constexpr std::string_view kBalances = "/api/v3/account";
constexpr std::string_view kNoSuchOrder = R"({"code":-2013,"msg":"Order does not exist."})";

TEST(BinanceGone, AnOrderThatTheVenueForgotHasEndedNobodySaysHow) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  account.now += 60 * kSecond;
  reopen(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  const std::string key = asked_key(account, "/api/v3/order?");
  account.clear();
  ASSERT_TRUE(account.answer(key, "/api/v3/order", kNoSuchOrder, 400));
  ASSERT_THAT(account.executions, SizeIs(1));
  const auto& [meta, end] = account.executions[0];
  EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(meta.symbol, "ETHBTC");
  EXPECT_EQ(meta.venue_time, std::nullopt);
  EXPECT_EQ(end.kind, schemas::ExecutionKind::kStatus);
  EXPECT_EQ(end.status, schemas::OrderStatus::kCancelled);
  EXPECT_EQ(end.reason, "unknown_to_venue");
  EXPECT_EQ(end.order_id, "1");
  EXPECT_EQ(end.event_id, "binance-spot/main/1/STATUS/0/0/unknown_to_venue");
  ASSERT_THAT(account.states, SizeIs(1));
  EXPECT_EQ(account.states[0].reason, "synced");
  reopen(account, 3);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  EXPECT_THAT(account.todo.rest, IsEmpty()) << "not asked for again";
}

TEST(BinanceGone, AnOrderOfThePredecessorThatTheVenueForgotEndsOnce) {
  auto first = live_account();
  ASSERT_TRUE(first.feed(SpotReport{}.text()));
  AccountHarness second("binance-spot");
  second.succeed(first);
  subscribe(second);
  ASSERT_TRUE(second.answer(asked_key(second, kOrders), kOrders, "[]"));
  const std::string key = asked_key(second, "/api/v3/order?");
  ASSERT_TRUE(second.answer(key, "/api/v3/order", R"({"code":-2026,"msg":"Order was archived."})", 400));
  ASSERT_THAT(second.executions, SizeIs(1));
  EXPECT_EQ(second.executions[0].body.reason, "unknown_to_venue");
  AccountHarness third("binance-spot");
  third.succeed(second);
  subscribe(third);
  ASSERT_TRUE(third.answer(asked_key(third, kOrders), kOrders, "[]"));
  EXPECT_THAT(third.todo.rest, IsEmpty());
}

TEST(BinanceGone, AnOrderThatIsRefusedForAnotherReasonStaysOpen) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  account.now += 60 * kSecond;
  reopen(account);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  const std::string key = asked_key(account, "/api/v3/order?");
  account.clear();
  ASSERT_TRUE(account.answer(key, "/api/v3/order", R"({"code":-1102,"msg":"Mandatory parameter."})", 400));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_EQ(account.states.at(0).reason, "order_unknown");
  reopen(account, 3);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  EXPECT_THAT(account.todo.rest, SizeIs(1)) << "asked for again";
}

// REST may not know yet what the stream told seconds ago.
TEST(BinanceGone, AYoungOrderThatIsNotThereIsAskedForAgain) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(SpotReport{}.text()));
  reopen(account);
  const std::string balances = asked_key(account, kBalances);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  const std::string key = asked_key(account, "/api/v3/order?");
  ASSERT_TRUE(account.answer(balances, kBalances, kNoBalances));
  account.clear();
  ASSERT_TRUE(account.answer(key, "/api/v3/order", kNoSuchOrder, 400));
  ASSERT_THAT(account.states, SizeIs(1));
  EXPECT_EQ(account.states[0].reason, "synced");
  account.time(*account.todo.wake_at);
  ASSERT_TRUE(account.answer(asked_key(account, kOrders), kOrders, "[]"));
  EXPECT_EQ(account.todo.rest.at(0).target, "/api/v3/order?symbol=ETHBTC&orderId=1");
}

}  // namespace
}  // namespace millrace::test
