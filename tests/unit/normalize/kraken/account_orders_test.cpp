#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/kraken/account_test.h"

// Orders that ended while nobody listened: asked for over REST and told.
namespace millrace::normalize::kraken {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTarget = "/0/private/QueryOrders";

std::string order(const std::string& id) {
  return R"({"order_id":")" + id +
         R"(","symbol":"BTC/USD","order_qty":1,"cum_qty":0,"exec_type":"new","side":"buy","order_type":"limit",)"
         R"("limit_price":26500.1,"order_status":"new","timestamp":"2023-09-22T10:30:00.000000Z"})";
}

// An account that knew one open order, of which 0.3 were filled, and whose next connection's snapshot knows none.
struct Missed : Account {
  Missed() {
    open();
    EXPECT_TRUE(feed_file("executions_snapshot"));
    close();
    open();
    clear();
    EXPECT_TRUE(feed_file("executions_empty"));
  }
  Result<void> answer_file(std::string_view name) {
    return answer("orders/1", kTarget, test::VenueHarness::fixture("kraken", "account_" + std::string(name) + ".json"));
  }
};

std::string found(const char* status, const char* filled) {
  return fmt::format(R"({{"error":[],"result":{{"OAAAAA-BBBBB-CCCCCC":{{"status":"{}","opentm":1695378600.5,)"
                     R"("closetm":1695378700.1234,"descr":{{"type":"buy","ordertype":"limit","price":"26500.1",)"
                     R"("price2":"0"}},"vol":"1.00000000","vol_exec":"{}","price":"26500.1"}}}}}})",
                     status, filled);
}

TEST(KrakenOrders, AnOrderThatTheSnapshotNoLongerNamesIsAskedFor) {
  Missed kraken;
  ASSERT_THAT(kraken.todo.rest, SizeIs(1));
  const PrivateRequest& request = kraken.todo.rest[0];
  EXPECT_EQ(request.key, "orders/1");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, kTarget);
  EXPECT_EQ(request.body, "txid=OAAAAA-BBBBB-CCCCCC");
  EXPECT_EQ(request.signing, Signing::kSign);
  EXPECT_EQ(request.weight, 1);
}

TEST(KrakenOrders, ItsEndIsToldAsAState) {
  Missed kraken;
  ASSERT_TRUE(kraken.answer_file("rest_query_orders"));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  const auto& [meta, end] = kraken.executions[0];
  EXPECT_EQ(end.kind, ExecutionKind::kCancelled);
  EXPECT_EQ(end.status, OrderStatus::kCancelled);
  EXPECT_EQ(end.reason, "User requested");
  EXPECT_EQ(end.order_type, "limit");
  EXPECT_EQ(text(end.price), "26500.1");
  EXPECT_EQ(text(end.quantity), "1");
  EXPECT_EQ(text(end.cumulative_quantity), "0.3");
  EXPECT_EQ(text(end.leaves_quantity), "0");
  EXPECT_EQ(text(end.average_price), "26500.1");
  EXPECT_EQ(end.event_id, "kraken/main/OAAAAA-BBBBB-CCCCCC/CANCELLED/1695378700123400000/0.3");
  EXPECT_EQ(meta.symbol, "BTC/USD") << "as the stream called it: REST says XBTUSD";
  EXPECT_EQ(meta.venue_time, 1'695'378'700'123'400'000);
  EXPECT_EQ(meta.origin, Origin::kSnapshot);
  EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
  EXPECT_FALSE(meta.venue_seq);
  EXPECT_EQ(state_lines(kraken).back(), "execution LIVE live") << "nothing to complain of";
}

TEST(KrakenOrders, AnOrderOfThePredecessorIsAskedForToo) {
  Account before;
  before.open();
  ASSERT_TRUE(before.feed_file("executions_snapshot"));
  Account kraken;
  kraken.succeed(before);
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  ASSERT_THAT(kraken.todo.rest, SizeIs(1));
  EXPECT_EQ(kraken.todo.rest[0].body, "txid=OAAAAA-BBBBB-CCCCCC");
  ASSERT_TRUE(
      kraken.answer("orders/1", kTarget, test::VenueHarness::fixture("kraken", "account_rest_query_orders.json")));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  const auto& [meta, end] = kraken.executions[0];
  EXPECT_EQ(end.kind, ExecutionKind::kCancelled);
  EXPECT_EQ(end.event_id, "kraken/main/OAAAAA-BBBBB-CCCCCC/CANCELLED/1695378700123400000/0.3");
  EXPECT_EQ(meta.symbol, "BTC/USD");
  EXPECT_EQ(meta.instrument, "BTC-USD");
  EXPECT_EQ(meta.origin, Origin::kSnapshot);
  EXPECT_EQ(state_lines(kraken).back(), "execution LIVE live") << "nothing to complain of";
}

// The venue lists the last fifty fills with each snapshot, without the orders' totals.
TEST(KrakenOrders, FillsThatThePredecessorToldAreNotAddedToItsOrders) {
  Account before;
  before.open();
  ASSERT_TRUE(before.feed_file("executions_snapshot"));
  Account kraken;
  kraken.succeed(before);
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_snapshot"));
  EXPECT_THAT(kraken.drops, ElementsAre("duplicate", "duplicate"));
  ASSERT_THAT(kraken.executions, SizeIs(1));
  EXPECT_EQ(text(kraken.executions[0].body.cumulative_quantity), "0.3");
  EXPECT_EQ(state_lines(kraken).back(), "execution LIVE live");
  EXPECT_THAT(kraken.todo.rest, IsEmpty());
}

TEST(KrakenOrders, EveryWordOfRestHasItsState) {
  struct Case {
    const char* word;
    const char* filled;
    ExecutionKind kind;
    OrderStatus status;
    schemas::UnixNanos time;
  };
  for (const Case& one : {
           Case{"closed", "0.3", ExecutionKind::kStatus, OrderStatus::kFilled, 1'695'378'700'123'400'000},
           Case{"expired", "0.3", ExecutionKind::kExpired, OrderStatus::kExpired, 1'695'378'700'123'400'000},
           Case{"canceled", "0.3", ExecutionKind::kCancelled, OrderStatus::kCancelled, 1'695'378'700'123'400'000},
           Case{"open", "0.3", ExecutionKind::kStatus, OrderStatus::kPartiallyFilled, 1'695'378'600'500'000'000},
       }) {
    Missed kraken;
    ASSERT_TRUE(kraken.answer("orders/1", kTarget, found(one.word, one.filled))) << one.word;
    ASSERT_THAT(kraken.executions, SizeIs(1)) << one.word;
    EXPECT_EQ(kraken.executions[0].body.kind, one.kind) << one.word;
    EXPECT_EQ(kraken.executions[0].body.status, one.status) << one.word;
    EXPECT_EQ(kraken.executions[0].meta.venue_time, one.time) << one.word;
  }
}

TEST(KrakenOrders, MoreFilledThanWeSawTellsTheSidecar) {
  Missed kraken;
  kraken.clear();
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, found("closed", "1.00000000")));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE quantity_mismatch"));
  EXPECT_THAT(kraken.executions, SizeIs(1));
}

TEST(KrakenOrders, AnAnswerThatTheStreamHasOvertakenIsDropped) {
  Missed kraken;
  ASSERT_TRUE(kraken.feed(execution_frame(
      "update", 2,
      R"({"order_id":"OAAAAA-BBBBB-CCCCCC","exec_id":"T9","exec_type":"trade","last_qty":0.1,"last_price":26500.1,)"
      R"("cum_qty":0.4,"order_status":"partially_filled","timestamp":"2023-09-22T10:40:00.000000Z"})")));
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, found("open", "0.3")));
  EXPECT_THAT(kraken.drops, ElementsAre("stale"));
  EXPECT_THAT(kraken.executions, SizeIs(1));
}

TEST(KrakenOrders, WhatTheStreamSaidToEndIsNotToldAgain) {
  Missed kraken;
  ASSERT_TRUE(kraken.feed(execution_frame(
      "update", 2,
      R"({"order_id":"OAAAAA-BBBBB-CCCCCC","exec_type":"canceled","cum_qty":0.3,"order_status":"canceled",)"
      R"("timestamp":"2023-09-22T10:40:00.000000Z"})")));
  ASSERT_TRUE(kraken.answer_file("rest_query_orders"));
  EXPECT_THAT(kraken.drops, ElementsAre("stale"));
}

TEST(KrakenOrders, AnAnswerThatWasGivenUpIsToldAndAskedForWithTheNextSnapshot) {
  Missed kraken;
  kraken.clear();
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, "no route", 0));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE orders_unknown"));
  EXPECT_THAT(kraken.executions, IsEmpty());
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  ASSERT_THAT(kraken.todo.rest, SizeIs(1));
  EXPECT_EQ(kraken.todo.rest[0].key, "orders/2");
}

TEST(KrakenOrders, OneConnectionAsksOnceAndTheNextOneAgain) {
  Missed kraken;
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  EXPECT_THAT(kraken.todo.rest, IsEmpty()) << "its answer is still to come";
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  ASSERT_THAT(kraken.todo.rest, SizeIs(1));
  EXPECT_EQ(kraken.todo.rest[0].key, "orders/2");
  ASSERT_TRUE(kraken.answer_file("rest_query_orders")) << "late, to the request before";
  EXPECT_THAT(kraken.drops, ElementsAre("not_for_us"));
}

constexpr const char* kNothing = R"({"error":[],"result":{}})";
constexpr const char* kUnknown = R"({"error":["EOrder:Unknown order"]})";

// Once may be REST lagging behind the stream.
TEST(KrakenOrders, AnOrderThatRestTwiceDoesNotKnowHasEndedNobodySaysHow) {
  for (const char* no_such_order : {kNothing, kUnknown}) {
    Missed kraken;
    kraken.clear();
    ASSERT_TRUE(kraken.answer("orders/1", kTarget, no_such_order));
    EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE orders_unknown"));
    EXPECT_THAT(kraken.executions, IsEmpty());
    ASSERT_THAT(kraken.todo.rest, SizeIs(1));
    EXPECT_EQ(kraken.todo.rest[0].body, "txid=OAAAAA-BBBBB-CCCCCC");
    EXPECT_EQ(kraken.todo.rest[0].not_before, kraken.now + 30 * kNanosPerSecond);
    ASSERT_TRUE(kraken.answer("orders/2", kTarget, no_such_order));
    ASSERT_THAT(kraken.executions, SizeIs(1));
    const auto& [meta, end] = kraken.executions[0];
    EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
    EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
    EXPECT_EQ(meta.symbol, "BTC/USD");
    EXPECT_EQ(end.kind, schemas::ExecutionKind::kStatus);
    EXPECT_EQ(end.status, schemas::OrderStatus::kCancelled);
    EXPECT_EQ(end.reason, "unknown_to_venue");
    EXPECT_EQ(text(end.cumulative_quantity), "0.3");
    EXPECT_EQ(end.event_id, "kraken/main/OAAAAA-BBBBB-CCCCCC/STATUS/0/0.3/unknown_to_venue");
    EXPECT_THAT(kraken.todo.rest, IsEmpty());
    Account next;
    next.succeed(kraken);
    next.open();
    ASSERT_TRUE(next.feed_file("executions_empty"));
    EXPECT_THAT(next.todo.rest, IsEmpty()) << "it is not open any more for those who come after";
  }
}

TEST(KrakenOrders, AnOrderThatTheStreamSpeaksOfIsNotGone) {
  Missed kraken;
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, kUnknown));
  ASSERT_TRUE(kraken.feed(execution_frame(
      "update", 2,
      R"({"order_id":"OAAAAA-BBBBB-CCCCCC","exec_id":"T9","exec_type":"trade","last_qty":0.1,"last_price":26500.1,)"
      R"("cum_qty":0.4,"order_status":"partially_filled","timestamp":"2023-09-22T10:40:00.000000Z"})")));
  kraken.clear();
  ASSERT_TRUE(kraken.answer("orders/2", kTarget, kUnknown));
  EXPECT_THAT(kraken.executions, IsEmpty());
  EXPECT_THAT(kraken.todo.rest, SizeIs(1)) << "asked for once more";
}

// The venue refuses the whole question and does not say which of them it does not know.
TEST(KrakenOrders, OneUnknownOrderDoesNotHideTheOthers) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1, order("O1") + "," + order("O2") + "," + order("O3"))));
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  ASSERT_EQ(kraken.todo.rest.at(0).body, "txid=O1%2CO2%2CO3");
  kraken.clear();
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, kUnknown));
  ASSERT_THAT(kraken.todo.rest, SizeIs(2));
  EXPECT_EQ(kraken.todo.rest[0].body, "txid=O1%2CO2");
  EXPECT_EQ(kraken.todo.rest[1].body, "txid=O3");
  EXPECT_EQ(kraken.todo.rest[1].not_before, 0);
  ASSERT_TRUE(kraken.answer("orders/3", kTarget, kUnknown));
  EXPECT_EQ(kraken.todo.rest.at(0).body, "txid=O3");
  EXPECT_NE(kraken.todo.rest.at(0).not_before, 0);
}

TEST(KrakenOrders, AnAnswerThatCannotBeReadIsAnErrorAndTold) {
  Missed kraken;
  kraken.clear();
  const auto done = kraken.answer("orders/1", kTarget, found("frozen", "0.3"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (Error{Errc::kWrongType, "result.OAAAAA-BBBBB-CCCCCC.status"}));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE orders_unknown"));
}

TEST(KrakenOrders, AnAnswerThatNobodyAskedForIsDropped) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, found("closed", "1")));
  EXPECT_THAT(kraken.drops, ElementsAre("not_for_us"));
}

TEST(KrakenOrders, FiftyAreAskedForInOneRequest) {
  Account kraken;
  kraken.open();
  std::string rows;
  for (int i = 100; i < 220; ++i) rows += (rows.empty() ? "" : ",") + order("O" + std::to_string(i));
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1, rows)));
  EXPECT_THAT(kraken.todo.rest, IsEmpty());
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1, order("O100"))));
  ASSERT_THAT(kraken.todo.rest, SizeIs(3));
  EXPECT_TRUE(kraken.todo.rest[0].body.starts_with("txid=O101%2CO102%2C")) << kraken.todo.rest[0].body;
  const auto count = [](const std::string& body) { return std::count(body.begin(), body.end(), '%') + 1; };
  EXPECT_EQ(count(kraken.todo.rest[0].body), 50);
  EXPECT_EQ(count(kraken.todo.rest[1].body), 50);
  EXPECT_EQ(count(kraken.todo.rest[2].body), 19);
}

TEST(KrakenOrders, ATriggeredOrderHasItsTriggerAndItsLimit) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(execution_frame("snapshot", 1, order("O1"))));
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  const char* const body =
      R"({"error":["WGeneral:Slow"],"result":{"O1":{"status":"canceled","opentm":1,"closetm":2,)"
      R"("descr":{"type":"sell","ordertype":"stop-loss-limit","price":"1800.0","price2":"1790.0"},)"
      R"("vol":"1","vol_exec":"0","price":"0"}}})";
  ASSERT_TRUE(kraken.answer("orders/1", kTarget, body));
  const Execution& end = kraken.executions.back().body;
  EXPECT_EQ(text(end.stop_price), "1800");
  EXPECT_EQ(text(end.price), "1790");
  EXPECT_EQ(text(end.average_price), "-");
}

}  // namespace
}  // namespace millrace::normalize::kraken
