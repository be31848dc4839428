#include "normalize/account/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using testing::UnorderedElementsAre;

schemas::WideDecimal number(std::string_view text) { return schemas::parse_wide_decimal(text).value(); }

Execution report(std::string id, ExecutionKind kind, OrderStatus status) {
  Execution made;
  made.order_id = std::move(id);
  made.kind = kind;
  made.status = status;
  return made;
}

Execution whole_order(std::string id = "o1") {
  Execution made = report(std::move(id), ExecutionKind::kNew, OrderStatus::kNew);
  made.client_order_id = "mine";
  made.side = schemas::Side::kBuy;
  made.order_type = "limit";
  made.time_in_force = "GTC";
  made.price = number("100.5");
  made.quantity = number("2.00");
  made.cumulative_quantity = number("0");
  return made;
}

// Completes `made` and hands it back.
Execution told(Orders& orders, Execution made, std::string symbol = {}, bool snapshot = false) {
  std::string instrument = symbol;
  orders.complete(symbol, instrument, made, snapshot);
  return made;
}

TEST(Orders, ASparseReportIsToldWhole) {
  Orders orders;
  told(orders, whole_order(), "BTC/USD");
  Execution fill = report("o1", ExecutionKind::kTrade, OrderStatus::kPartiallyFilled);
  fill.cumulative_quantity = number("0.5");
  std::string symbol;
  std::string instrument;
  orders.complete(symbol, instrument, fill);
  EXPECT_EQ(symbol, "BTC/USD");
  EXPECT_EQ(instrument, "BTC/USD");
  EXPECT_EQ(fill.client_order_id, "mine");
  EXPECT_EQ(fill.side, schemas::Side::kBuy);
  EXPECT_EQ(fill.order_type, "limit");
  EXPECT_EQ(fill.time_in_force, "GTC");
  EXPECT_EQ(fill.price, number("100.5"));
  EXPECT_EQ(fill.quantity, number("2.00"));
  EXPECT_EQ(fill.leaves_quantity, number("1.50"));
  EXPECT_FALSE(fill.unseen_order);
}

TEST(Orders, WhatIsRestoredIsKnownButTakesNothingBack) {
  Orders orders;
  told(orders, whole_order("o1"), "BTC/USD");
  KnownOrder earlier;
  earlier.symbol = "ETH/USD";
  earlier.order = whole_order("o2");
  orders.restore("o1", earlier);
  orders.restore("o2", earlier);
  EXPECT_EQ(orders.find("o1")->symbol, "BTC/USD");
  EXPECT_THAT(orders.open_ids(), UnorderedElementsAre("o1", "o2"));
  const Execution next = told(orders, report("o2", ExecutionKind::kCancelled, OrderStatus::kCancelled));
  EXPECT_EQ(next.quantity, number("2.00"));
  EXPECT_FALSE(next.unseen_order);
}

TEST(Orders, FieldsOfAFillAreNotCarriedToTheNextReport) {
  Orders orders;
  told(orders, whole_order());
  Execution fill = report("o1", ExecutionKind::kTrade, OrderStatus::kPartiallyFilled);
  fill.execution_id = "e1";
  fill.last_quantity = number("0.5");
  fill.last_price = number("100");
  fill.fee = number("0.1");
  fill.reason = "r";
  told(orders, fill);
  const Execution next = told(orders, report("o1", ExecutionKind::kCancelled, OrderStatus::kCancelled));
  EXPECT_EQ(next.execution_id, "");
  EXPECT_FALSE(next.last_quantity || next.last_price || next.fee);
  EXPECT_EQ(next.reason, "");
}

TEST(Orders, LeavesIsTheVenuesWordFirst) {
  Orders orders;
  Execution sent = whole_order();
  sent.leaves_quantity = number("1.9");
  EXPECT_EQ(told(orders, sent).leaves_quantity, number("1.9"));
  EXPECT_EQ(told(orders, report("o1", ExecutionKind::kStatus, OrderStatus::kNew)).leaves_quantity, number("2.00"))
      << "computed, not carried over from an older report";
  const Execution end = told(orders, report("o1", ExecutionKind::kCancelled, OrderStatus::kCancelled));
  EXPECT_EQ(end.leaves_quantity, schemas::WideDecimal{}) << "what has ended leaves nothing, whatever was filled";
}

TEST(Orders, NoQuantityNoLeaves) {
  Orders orders;
  EXPECT_FALSE(told(orders, report("o1", ExecutionKind::kNew, OrderStatus::kNew)).leaves_quantity);
}

TEST(Orders, AnOrderWhoseBeginningWasNotToldIsMarked) {
  Orders orders;
  EXPECT_TRUE(told(orders, report("o1", ExecutionKind::kTrade, OrderStatus::kPartiallyFilled)).unseen_order);
  EXPECT_TRUE(told(orders, report("o1", ExecutionKind::kTrade, OrderStatus::kFilled)).unseen_order) << "and stays so";
  EXPECT_FALSE(told(orders, report("o2", ExecutionKind::kStatus, OrderStatus::kNew), "", true).unseen_order)
      << "the snapshot told it";
  EXPECT_FALSE(told(orders, report("o3", ExecutionKind::kPendingNew, OrderStatus::kPendingNew)).unseen_order);
  EXPECT_FALSE(told(orders, report("o4", ExecutionKind::kRejected, OrderStatus::kRejected)).unseen_order);
}

TEST(Orders, OpenOnesAreThoseThatHaveNotEnded) {
  Orders orders;
  for (const char* id : {"o1", "o2", "o3"}) told(orders, whole_order(id));
  told(orders, report("o2", ExecutionKind::kTrade, OrderStatus::kFilled));
  EXPECT_THAT(orders.open_ids(), UnorderedElementsAre("o1", "o3"));
  EXPECT_EQ(orders.open_count(), 2U);
  ASSERT_NE(orders.find("o2"), nullptr) << "reports come late and twice";
  EXPECT_TRUE(orders.find("o2")->ended);
  EXPECT_EQ(orders.find("o9"), nullptr);
}

TEST(Orders, OfEndedOnesTheLastAreKept) {
  Orders orders(2);
  told(orders, whole_order("open"));
  for (const char* id : {"a", "b", "c"}) {
    told(orders, whole_order(id));
    told(orders, report(id, ExecutionKind::kCancelled, OrderStatus::kCancelled));
    told(orders, report(id, ExecutionKind::kCancelled, OrderStatus::kCancelled));  // twice is once
  }
  EXPECT_EQ(orders.size(), 3U);
  EXPECT_EQ(orders.open_count(), 1U);
  EXPECT_EQ(orders.find("a"), nullptr);
  EXPECT_NE(orders.find("b"), nullptr);
  EXPECT_NE(orders.find("open"), nullptr);
  EXPECT_TRUE(told(orders, report("a", ExecutionKind::kTrade, OrderStatus::kFilled)).unseen_order) << "forgotten";
  EXPECT_EQ(orders.size(), 3U);
}

TEST(Orders, FinalStates) {
  using enum OrderStatus;
  for (const auto status : {kFilled, kCancelled, kReplaced, kRejected, kExpired}) EXPECT_TRUE(is_final(status));
  for (const auto status : {kUnspecified, kPendingNew, kNew, kPartiallyFilled, kPendingCancel}) {
    EXPECT_FALSE(is_final(status));
  }
}

TEST(Orders, IdsAreTheSameForTheSameState) {
  EXPECT_EQ(event_id("kraken", "main", "o1", "T1"), "kraken/main/o1/T1");
  Execution one = report("o1", ExecutionKind::kCancelled, OrderStatus::kCancelled);
  const std::string none = state_id(one, 17);
  one.cumulative_quantity = number("1.50");
  Execution other = one;
  other.cumulative_quantity = number("1.5");
  EXPECT_EQ(state_id(one, 17), state_id(other, 17));
  EXPECT_NE(state_id(one, 17), none);
  EXPECT_NE(state_id(one, 17), state_id(one, 18));
  other.kind = ExecutionKind::kExpired;
  EXPECT_NE(state_id(one, 17), state_id(other, 17));
}

}  // namespace
}  // namespace millrace::normalize
