#include "normalize/account/told_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

schemas::WideDecimal number(std::string_view text) { return schemas::parse_wide_decimal(text).value(); }

Execution report(std::string id, ExecutionKind kind, OrderStatus status) {
  Execution made;
  made.order_id = std::move(id);
  made.kind = kind;
  made.status = status;
  made.event_id = made.order_id + "/" + std::string(schemas::name(kind));
  return made;
}
Execution accepted(std::string id) { return report(std::move(id), ExecutionKind::kNew, OrderStatus::kNew); }
Execution cancelled(std::string id) {
  return report(std::move(id), ExecutionKind::kCancelled, OrderStatus::kCancelled);
}
Execution fill(std::string id, std::string_view cumulative) {
  Execution made = report(std::move(id), ExecutionKind::kTrade, OrderStatus::kPartiallyFilled);
  made.cumulative_quantity = number(cumulative);
  made.last_quantity = number("1");
  return made;
}

// A topic that one worker after the other writes.
class Topic {
 public:
  explicit Topic(std::size_t open_limit = 100, std::size_t ended_limit = 100) : orders(open_limit, ended_limit) {}

  void tell(const Execution& report, Origin origin = Origin::kLive) { tell_at(epoch, ++seq, report, origin); }
  void tell_at(std::int64_t at_epoch, std::int64_t at_seq, const Execution& report, Origin origin = Origin::kLive) {
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = at_epoch;
    meta.seq = at_seq;
    meta.receive_time = at_seq * 10;
    meta.venue_time = at_seq * 10 - 1;
    meta.origin = origin;
    orders.add(meta, report);
  }
  void next_worker() {
    ++epoch;
    seq = 0;
  }
  std::vector<std::string> open() const {
    std::vector<std::string> ids;
    for (const ToldOrder& one : orders.before().orders) ids.push_back(one.known.order.order_id);
    return ids;
  }

  schemas::StreamIdentity identity = schemas::make_stream_identity("venue", "BTC/USD", "BTC-USD", "main");
  ToldOrders orders;
  std::int64_t epoch = 1;
  std::int64_t seq = 0;
};

TEST(ToldOrders, WhatDidNotEndIsOpen) {
  Topic topic;
  topic.tell(accepted("b"));
  topic.tell(accepted("a"));
  topic.tell(accepted("c"));
  topic.tell(cancelled("b"));
  EXPECT_THAT(topic.open(), ElementsAre("a", "c"));
}

TEST(ToldOrders, AnOrderIsHandedOverWithAllThatWasToldOfIt) {
  Topic topic;
  Execution begin = accepted("a");
  begin.quantity = number("5");
  begin.price = number("100");
  begin.unseen_order = true;
  topic.tell(begin);
  Execution later = fill("a", "2");
  later.unseen_order = true;
  topic.tell(later);
  const ToldBefore before = topic.orders.before();
  ASSERT_THAT(before.orders, SizeIs(1));
  const ToldOrder& open = before.orders.front();
  EXPECT_EQ(open.known.symbol, "BTC/USD");
  EXPECT_EQ(open.known.instrument, "BTC-USD");
  EXPECT_EQ(open.known.order.order_id, "a");
  EXPECT_EQ(open.known.order.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(open.known.order.quantity, number("5"));
  EXPECT_EQ(open.known.order.price, number("100"));
  EXPECT_EQ(open.known.order.cumulative_quantity, number("2"));
  EXPECT_TRUE(open.known.order.unseen_order);
  EXPECT_FALSE(open.known.ended);
  EXPECT_FALSE(open.known.order.last_quantity) << "of a single fill";
  EXPECT_EQ(open.received, 20);
  EXPECT_EQ(open.venue_time, 19);
}

TEST(ToldOrders, FillsOfRestDecideNoOrdersState) {
  Topic topic;
  topic.tell(accepted("a"));
  topic.tell(report("a", ExecutionKind::kTrade, OrderStatus::kFilled), Origin::kReplay);
  topic.tell(fill("never told", "1"), Origin::kReplay);
  EXPECT_THAT(topic.open(), ElementsAre("a"));
  EXPECT_THAT(topic.orders.before().fills, IsEmpty());
}

TEST(ToldOrders, ASnapshotEndsAnOrderToo) {
  Topic topic;
  topic.tell(accepted("a"));
  topic.next_worker();
  topic.tell(cancelled("a"), Origin::kSnapshot);
  EXPECT_THAT(topic.open(), IsEmpty());
}

TEST(ToldOrders, RepeatedReportsTakeNothingBack) {
  Topic topic;
  topic.tell(accepted("a"));
  topic.tell(accepted("b"));
  topic.tell(fill("a", "2"));
  topic.tell(cancelled("b"));
  topic.tell_at(1, 1, accepted("a"));
  topic.tell_at(1, 2, accepted("b"));
  const ToldBefore before = topic.orders.before();
  ASSERT_THAT(topic.open(), ElementsAre("a"));
  EXPECT_EQ(before.orders.front().known.order.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(before.orders.front().received, 30);
}

// A worker that was paused, not dead.
TEST(ToldOrders, AnEarlierWorkersReportIsOlderButAnEndIsAnEnd) {
  Topic topic;
  topic.tell(accepted("a"));
  topic.tell(accepted("b"));
  topic.next_worker();
  topic.tell(fill("a", "3"), Origin::kSnapshot);
  topic.tell_at(1, 9, fill("a", "2"));
  topic.tell_at(1, 10, cancelled("b"));
  ASSERT_THAT(topic.open(), ElementsAre("a"));
  EXPECT_EQ(topic.orders.before().orders.front().known.order.cumulative_quantity, number("3"));
}

TEST(ToldOrders, OneIdOfTwoSymbolsIsTwoOrders) {
  Topic topic;
  topic.tell(accepted("7"));
  topic.identity = schemas::make_stream_identity("venue", "ETH/USD", "ETH-USD", "main");
  topic.tell(accepted("7"));
  topic.tell(cancelled("7"));
  const ToldBefore before = topic.orders.before();
  ASSERT_THAT(before.orders, SizeIs(1));
  EXPECT_EQ(before.orders.front().known.symbol, "BTC/USD");
}

TEST(ToldOrders, MoneyThatMovesIsNoOrder) {
  Topic topic;
  topic.tell(report("f", ExecutionKind::kFunding, OrderStatus::kUnspecified));
  topic.tell(report("", ExecutionKind::kLiquidation, OrderStatus::kUnspecified));
  EXPECT_THAT(topic.open(), IsEmpty());
}

TEST(ToldOrders, NotMoreThanTheBoundAreHeldAndTheRestIsCounted) {
  Topic topic(2, 1);
  topic.tell(accepted("a"));
  topic.tell(accepted("b"));
  topic.tell(accepted("c"));
  EXPECT_THAT(topic.open(), ElementsAre("a", "b"));
  EXPECT_EQ(topic.orders.left_out(), 1);
  topic.tell(fill("a", "1"));
  topic.tell(cancelled("a"));
  topic.tell(accepted("d"));
  EXPECT_THAT(topic.open(), ElementsAre("b", "d")) << "what ended makes room";
  topic.tell(cancelled("b"));
  topic.tell_at(1, 2, accepted("b"));
  EXPECT_THAT(topic.open(), ElementsAre("d")) << "the last that ended is remembered";
  EXPECT_EQ(topic.orders.left_out(), 1);
}

Execution ended_with(std::string id, std::string_view cumulative) {
  Execution made = cancelled(std::move(id));
  made.cumulative_quantity = number(cumulative);
  return made;
}
std::vector<std::string> doubtful(const Topic& topic) {
  std::vector<std::string> ids;
  for (const ToldOrder& one : topic.orders.before().doubtful) ids.push_back(one.known.order.order_id);
  return ids;
}

TEST(ToldOrders, AnEndThatItsFillsDoNotMakeIsInDoubtUntilTheVenuesFigureIsTold) {
  Topic topic;
  for (const char* id : {"a", "b", "c"}) {
    Execution begin = accepted(id);
    begin.cumulative_quantity = number("0");
    topic.tell(begin);
    topic.tell(fill(id, "1"));
  }
  topic.tell(ended_with("c", "4"));
  topic.tell(ended_with("a", "3"));
  topic.tell(ended_with("b", "1"));
  topic.tell(ended_with("b", "1"));
  ASSERT_THAT(doubtful(topic), ElementsAre("c", "a")) << "in the order of their ends";
  const ToldBefore before = topic.orders.before();
  EXPECT_TRUE(before.doubtful.front().known.ended);
  EXPECT_EQ(before.doubtful.front().known.order.cumulative_quantity, number("4"));
  topic.tell(ended_with("c", "2"), Origin::kSnapshot);
  topic.tell_at(0, 1, ended_with("c", "4"));
  EXPECT_THAT(doubtful(topic), ElementsAre("a"));
}

TEST(ToldOrders, AFillThatDidNotAddIsADoubtOfItsOrdersEnd) {
  Topic topic;
  topic.tell(fill("a", "1"));
  topic.tell(fill("a", "1"));
  EXPECT_THAT(doubtful(topic), IsEmpty()) << "an open order is asked about anyway";
  topic.tell(ended_with("a", "1"));
  EXPECT_THAT(doubtful(topic), ElementsAre("a"));
}

// Of the test's topic each record is received ten nanoseconds after the one before.
TEST(ToldOrders, OldDoubtsAreForgottenAndAThousandAreKept) {
  Topic topic(10, 2'000);
  for (int i = 0; i < 1'001; ++i) {
    topic.tell(fill(std::to_string(i), "1"));
    topic.tell(ended_with(std::to_string(i), "2"));
  }
  ASSERT_THAT(doubtful(topic), SizeIs(1'000));
  EXPECT_EQ(doubtful(topic).front(), "1");
  topic.tell_at(1, 60'000'000'000, accepted("later"));
  EXPECT_THAT(doubtful(topic), SizeIs(1'000));
  topic.tell_at(1, 60'000'000'000 + topic.seq, accepted("later"));
  EXPECT_THAT(doubtful(topic), ElementsAre("1000"));
}

TEST(ToldOrders, TheLastFillsAreNamed) {
  Topic topic;
  for (int i = 0; i < 2'001; ++i) {
    Execution made = fill("a", "1");
    made.event_id = std::to_string(i);
    topic.tell(made);
  }
  const ToldBefore before = topic.orders.before();
  ASSERT_THAT(before.fills, SizeIs(2'000));
  EXPECT_EQ(before.fills.front(), "1");
  EXPECT_EQ(before.fills.back(), "2000");
}

}  // namespace
}  // namespace millrace::normalize
