// Which callback a record becomes, for whom, and that nothing is told twice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "tests/unit/clients/support/engine_harness.h"

namespace millrace::test {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One listener of everything.
class Events : public testing::Test {
 protected:
  void SetUp() override {
    all = harness.add("all");
    harness.begin();
  }
  // What was told when everything put in is read; `calls` is how many that should be.
  std::vector<std::string> read(std::size_t calls) {
    // Comes last: whatever is told falsely stands before it.
    harness.put({.account = "main", .symbol = "END"}, order("end", ExecutionKind::kNew, OrderStatus::kNew, "end"));
    harness.step();
    auto lines = all->await(calls + 1);
    EXPECT_EQ(lines.back(), "order end NEW");
    lines.pop_back();
    return lines;
  }

  EngineHarness harness;
  std::shared_ptr<RecordingListener> all;
};

TEST_F(Events, FillThatEndsItsOrderIsFilledEveryOtherIsPartial) {
  harness.put({}, fill("by status", OrderStatus::kFilled));
  harness.put({}, fill("by quantity", OrderStatus::kPartiallyFilled, "0.000"));
  harness.put({}, fill("some left", OrderStatus::kPartiallyFilled, "0.1"));
  harness.put({}, fill("not known", OrderStatus::kPartiallyFilled));
  harness.put({}, fill("not said", OrderStatus::kUnspecified));
  EXPECT_THAT(read(5), ElementsAre("filled by status", "filled by quantity", "partial some left", "partial not known",
                                   "partial not said"));
}

// The sheet of Kraken, section 5.1: the last fill says partially_filled, and the end comes apart, without a quantity.
TEST_F(Events, LaterWordThatTheOrderIsFilledIsNoSecondFill) {
  harness.put({}, fill("T1", OrderStatus::kPartiallyFilled));
  harness.put({}, order("S1", ExecutionKind::kStatus, OrderStatus::kFilled));
  EXPECT_THAT(read(2), ElementsAre("partial T1", "order S1 STATUS"));
}

TEST_F(Events, WideNumbersAreComparedExactly) {
  harness.put({}, fill("zero", OrderStatus::kUnspecified, "0.0000000000000000000000000"));
  harness.put({}, fill("tiny", OrderStatus::kUnspecified, "0.0000000000000000000000001"));
  EXPECT_THAT(read(2), ElementsAre("filled zero", "partial tiny"));
}

TEST_F(Events, SameFillByAnotherWayOrUnderAnotherEpochIsToldOnce) {
  harness.put({.epoch = 2, .seq = 7}, fill("T1"));
  harness.put({.epoch = 2, .seq = 8}, fill("T1"));
  harness.put({.epoch = 1, .seq = 9}, fill("T1"));
  harness.put({.epoch = 1, .seq = 3}, fill("T2"));  // of an older writer, and not known yet
  EXPECT_THAT(read(2), ElementsAre("partial T1", "partial T2"));
  EXPECT_EQ(harness.engine->status().repeats, 2);
}

TEST_F(Events, RevisionsAreCorrectionsAndNeverFills) {
  auto body = fill("T1");
  harness.put({}, body);
  body.revision = 2;
  harness.put({}, body);
  harness.put({}, body);
  body.revision = 3;
  body.kind = ExecutionKind::kTradeCorrection;
  harness.put({}, body);
  body.revision = 1;
  body.kind = ExecutionKind::kTrade;
  harness.put({}, body);
  body.revision = 4;
  body.kind = ExecutionKind::kTradeCancel;
  harness.put({}, body);
  EXPECT_THAT(read(4), ElementsAre("partial T1", "corrected T1 2", "corrected T1 3", "corrected T1 4"));
}

TEST_F(Events, RevisionOfAFillThatIsForgottenIsNoNewFill) {
  auto body = fill("T1");
  body.revision = 2;
  harness.put({}, body);
  EXPECT_THAT(read(1), ElementsAre("corrected T1 2"));
}

TEST_F(Events, CancelledAndRejectedAreToldOnceAnOrder) {
  harness.put({}, order("C1", ExecutionKind::kCancelled, OrderStatus::kCancelled, "A"));
  harness.put({}, order("C2", ExecutionKind::kStatus, OrderStatus::kCancelled, "A"));  // by the next snapshot
  harness.put({}, order("C3", ExecutionKind::kStatus, OrderStatus::kCancelled, "B"));  // missed while disconnected
  harness.put({}, order("R1", ExecutionKind::kRejected, OrderStatus::kRejected, "C"));
  harness.put({}, order("R2", ExecutionKind::kStatus, OrderStatus::kRejected, "C"));
  EXPECT_THAT(read(5),
              ElementsAre("cancelled C1", "order C2 STATUS", "cancelled C3", "rejected R1", "order R2 STATUS"));
}

TEST_F(Events, WhatIsNoFillIsNeverTakenForOne) {
  harness.put({}, order("1", ExecutionKind::kLiquidation, OrderStatus::kFilled));
  harness.put({}, order("2", ExecutionKind::kAdl, OrderStatus::kUnspecified));
  harness.put({}, order("3", ExecutionKind::kFunding, OrderStatus::kUnspecified));
  harness.put({}, order("4", ExecutionKind::kTransfer, OrderStatus::kUnspecified));
  harness.put({}, order("5", ExecutionKind::kExpired, OrderStatus::kExpired));
  EXPECT_THAT(read(5), ElementsAre("order 1 LIQUIDATION", "order 2 ADL", "order 3 FUNDING", "order 4 TRANSFER",
                                   "order 5 EXPIRED"));
}

TEST_F(Events, BalancesOfAnOlderWriterAndLateOnesAreLeftOut) {
  harness.put({.symbol = "", .epoch = 2, .seq = 5}, balance("BTC", "1.50"));
  harness.put({.symbol = "", .epoch = 2, .seq = 5}, balance("BTC", "2"));
  harness.put({.symbol = "", .epoch = 2, .seq = 4}, balance("BTC", "3"));
  harness.put({.symbol = "", .epoch = 1, .seq = 9}, balance("BTC", "4"));
  harness.put({.symbol = "", .epoch = 3, .seq = 1}, balance("BTC", "1234567890123456789012345.5"));
  EXPECT_THAT(read(2), ElementsAre("balance BTC 1.50", "balance BTC 1234567890123456789012345.5"));
}

TEST_F(Events, BalanceWithAnIdIsToldOnce) {
  auto body = balance("BTC", "1");
  body.event_id = "L1";
  harness.put({.symbol = "", .epoch = 1, .seq = 1}, body);
  harness.put({.symbol = "", .epoch = 2, .seq = 1}, body);
  EXPECT_THAT(read(1), ElementsAre("balance BTC 1"));
}

TEST_F(Events, HoleInTheFeedIsToldBeforeTheRecordThatDeclaresIt) {
  harness.put({.gap = {{schemas::GapKind::kRestart, 17, {}, {}, "restart"}}}, fill("T1"));
  harness.put({.gap = {{schemas::GapKind::kVenue, 3, 5, 3, "sequence"}}}, fill("T2"));
  EXPECT_THAT(read(3), ElementsAre("partial T1", "error gap", "partial T2"));
}

TEST_F(Events, WhatCannotBeReadIsParkedAndTold) {
  harness.put_bytes(client::TopicKind::kExecution, {}, "\x0a\xff");
  harness.put({}, order("X", static_cast<ExecutionKind>(99), OrderStatus::kNew));  // of a newer schema
  harness.put({}, fill(""));
  EXPECT_THAT(read(3), ElementsAre("error undecodable", "error undecodable", "error undecodable"));
  EXPECT_THAT(harness.letters->lines(), ElementsAre("undecodable  0", "undecodable  1", "undecodable  2"));
  harness.await_committed(4);
}

TEST_F(Events, OldRecordsAreRememberedAndNotTold) {
  harness.put({}, fill("T1"), true);
  harness.put({}, order("C1", ExecutionKind::kCancelled, OrderStatus::kCancelled), true);
  harness.put_bytes(client::TopicKind::kExecution, {}, "\xff", true);
  harness.put({}, fill("T1"));
  harness.put({}, order("C2", ExecutionKind::kStatus, OrderStatus::kCancelled));
  EXPECT_THAT(read(1), ElementsAre("order C2 STATUS"));
  EXPECT_THAT(harness.letters->lines(), IsEmpty());
}

TEST_F(Events, StructsCarryTheRecordAsItIs) {
  class Keeper : public AccountListener {
   public:
    void on_filled(const Execution& fill) override { kept.set_value(fill); }
    void on_partially_filled(const Execution&) override {}
    std::promise<Execution> kept;
  };
  EngineHarness other;
  auto keeper = std::make_shared<Keeper>();
  other.engine->add("keeper", keeper, {Subscription{}}, {});
  other.begin();
  auto body = fill("T1", OrderStatus::kFilled);
  body.fee = decimal("0.00000000000000000000012345");
  other.put({.epoch = 4, .seq = 9}, body);
  other.step();
  auto future = keeper->kept.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds{30}), std::future_status::ready);
  const Execution got = future.get();
  EXPECT_EQ(got.meta.venue, "kraken");
  EXPECT_EQ(got.meta.instrument, "BTC-USD");
  EXPECT_EQ(got.meta.epoch, 4);
  EXPECT_EQ(got.meta.seq, 9);
  EXPECT_EQ(got.meta.receive_time, Stamp{}.receive_time);
  EXPECT_EQ(got.meta.position.topic, "t.account.kraken.execution.v1");
  EXPECT_EQ(got.side, Side::kSell);
  EXPECT_EQ(got.last_price, (Decimal{"100.10", true, 10010, -2}));
  EXPECT_EQ(got.fee, (Decimal{"0.00000000000000000000012345", true, 12345, -26}));
  EXPECT_EQ(got.price, std::nullopt);
  EXPECT_EQ(got.order_complete, std::optional(true));
}

TEST(Subscriptions, EachListenerGetsWhatItAskedFor) {
  EngineHarness harness;
  auto btc = harness.add("btc", {{"kraken", "main", "BTC/USD"}});
  auto by_instrument = harness.add("by instrument", {{"", "", "BTC-USD"}});
  auto other = harness.add("other", {{"kraken", "other", ""}, {"binance-spot", "", ""}});
  harness.begin();
  harness.put({}, fill("main-btc"));
  harness.put({.symbol = "ETH/USD"}, fill("main-eth"));
  harness.put({.account = "other"}, fill("other-btc"));
  harness.put({.symbol = ""}, balance("ETH", "1"));
  harness.put({}, fill("end"));
  harness.put({.account = "other"}, fill("end"));  // another account: its own ids
  harness.step();
  EXPECT_THAT(btc->await(3), ElementsAre("partial main-btc", "balance ETH 1", "partial end"));
  EXPECT_THAT(by_instrument->await(6), ElementsAre("partial main-btc", "partial main-eth", "partial other-btc",
                                                   "balance ETH 1", "partial end", "partial end"));
  EXPECT_THAT(other->await(2), ElementsAre("partial other-btc", "partial end"));
}

TEST(Subscriptions, AccountsThatAreNotOursAreLeftOutAndCommitted) {
  EngineHarness harness(1000, {"main"});
  auto all = harness.add("all");
  harness.begin();
  harness.put({.account = "other"}, fill("T1"));
  harness.put({}, fill("T2"));
  harness.step();
  EXPECT_THAT(all->await(1), ElementsAre("partial T2"));
  harness.await_committed(1, 0);
  harness.await_committed(1, 1);
}

TEST(Subscriptions, OldestIdsAreForgottenFirst) {
  EngineHarness harness(2);
  auto all = harness.add("all");
  harness.begin();
  for (const char* id : {"A", "B", "C", "B", "A"}) harness.put({}, fill(id));
  harness.step();
  EXPECT_THAT(all->await(4), ElementsAre("partial A", "partial B", "partial C", "partial A"));
}

}  // namespace
}  // namespace millrace::test
