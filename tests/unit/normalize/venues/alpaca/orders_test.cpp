#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/alpaca/alpaca_test.h"

// What Alpaca's trade_updates become (sheet, 5, 7 and 8).
namespace millrace::normalize::alpaca {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Side;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(AlpacaOrders, FillTakesItsOwnQuantityFromTheEventAndTheSumFromTheOrder) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("fill"));
  EXPECT_THAT(order_lines(account),
              ElementsAre("NEW NEW cum 0 leaves 1790.86", "TRADE PARTIALLY_FILLED cum 790.86 leaves 1000",
                          "TRADE FILLED cum 1790.86 leaves 0"));
  const auto& [meta, fill] = account.executions[2];
  EXPECT_EQ(text(fill.last_quantity), "1000");
  EXPECT_EQ(text(fill.last_price), "105.8979");
  EXPECT_EQ(text(fill.average_price), "105.8988475");
  EXPECT_EQ(fill.side, Side::kSell);
  EXPECT_EQ(fill.order_type, "limit");
  EXPECT_EQ(fill.time_in_force, "gtc");
  EXPECT_EQ(text(fill.price), "105.8");
  EXPECT_EQ(fill.execution_id, "2f63ea93-423d-4169-b3f6-3fdafc10c418");
  EXPECT_EQ(fill.event_id, "alpaca/main/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f/1790.86");
  EXPECT_FALSE(fill.fee);
  EXPECT_EQ(fill.liquidity, schemas::Liquidity::kUnspecified);
  EXPECT_FALSE(fill.unseen_order);
  EXPECT_EQ(meta.symbol, "SOL/USD");
  EXPECT_EQ(meta.instrument, "SOL-USD");
  EXPECT_EQ(meta.venue_time, 1650390305024916716);
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(AlpacaOrders, TimesWithAnOffsetAreRead) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_EQ(account.executions.size(), 1U);
  EXPECT_EQ(account.executions[0].meta.venue_time, 1650390305010000000);
  EXPECT_TRUE(account.executions[0].body.unseen_order);
}

TEST(AlpacaOrders, EventsWithoutAnExecutionIdAreToldOnceByTheirTime) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("pending_new"));
  ASSERT_TRUE(account.feed_file("pending_new"));
  EXPECT_THAT(order_lines(account), ElementsAre("PENDING_NEW PENDING_NEW cum 0 leaves 1790.86"));
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

// 8: pending_new, new, fill, new again, fill again.
TEST(AlpacaOrders, RepeatedEventsAreToldOnceAlsoAfterTheOrdersEnd) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("fill"));
  account.clear();
  ASSERT_TRUE(account.feed_file("new"));
  ASSERT_TRUE(account.feed_file("fill"));
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed(changed(fixture("new"), "0a7f1c8e", "ffffffff")));  // under another id
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.drops, ElementsAre("duplicate", "duplicate", "duplicate", "duplicate"));
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(AlpacaOrders, AnOldEventDoesNotTakeBackWhatWasFilledMeanwhile) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("new"));
  ASSERT_TRUE(account.feed(changed(fixture("new"), "0a7f1c8e", "ffffffff")));
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE PARTIALLY_FILLED cum 790.86 leaves 1000",
                                                "NEW PARTIALLY_FILLED cum 790.86 leaves 1000",
                                                "NEW PARTIALLY_FILLED cum 790.86 leaves 1000"));
  EXPECT_EQ(text(account.executions[1].body.average_price), text(account.executions[0].body.average_price));
}

// An order object that is ahead of its event gives two fills one id: REST has the right ones.
TEST(AlpacaOrders, AnotherFillWithTheSameSumIsAMismatchAndNoSecondContentOfOneId) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  account.clear();
  ASSERT_TRUE(account.feed(changed(fixture("partial_fill"), "10c417", "10c499")));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
}

TEST(AlpacaOrders, SumThatGrewByMoreThanTheFillIsAMismatch) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.clear();
  ASSERT_TRUE(account.feed_file("fill"));
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE FILLED cum 1790.86 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
  account.clear();
  ASSERT_TRUE(account.feed_file("partial_fill"));  // it was only overtaken
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE FILLED cum 1790.86 leaves 0"));
  EXPECT_EQ(account.executions[0].body.event_id, "alpaca/main/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f/790.86");
}

TEST(AlpacaOrders, CancelSaysWhy) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.clear();
  ASSERT_TRUE(account.feed_file("canceled"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0 leaves 0"));
  EXPECT_EQ(account.executions[0].body.reason, "CORPORATE_ACTION");
}

TEST(AlpacaOrders, ReplacedOrderGoesOnUnderAnotherId) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("new"));
  account.clear();
  ASSERT_TRUE(account.feed_file("replaced"));
  ASSERT_TRUE(account.feed_file("new_replacing"));
  EXPECT_THAT(order_lines(account), ElementsAre("REPLACED REPLACED cum 0 leaves 0", "NEW NEW cum 0 leaves 1790.86"));
  EXPECT_EQ(account.executions[0].body.reason, "replaced_by b6cf9f6f-fdfa-41f5-a644-7a74fe947a90");
  EXPECT_EQ(account.executions[1].body.reason, "replaces a5be8f5e-fdfa-41f5-a644-7a74fe947a8f");
  EXPECT_EQ(text(account.executions[1].body.price), "104");
}

TEST(AlpacaOrders, RefusedCancelLeavesTheOrderAsItIs) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  account.clear();
  ASSERT_TRUE(account.feed_file("order_cancel_rejected"));
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PARTIALLY_FILLED cum 790.86 leaves 1000"));
  EXPECT_EQ(account.executions[0].body.reason, "order_cancel_rejected");
}

TEST(AlpacaOrders, EveryEventOfTheSheetHasItsKindAndStatus) {
  struct Case {
    std::string_view event, status;
    ExecutionKind kind;
    OrderStatus after;
  };
  constexpr Case kCases[] = {
      {"accepted", "accepted", ExecutionKind::kPendingNew, OrderStatus::kPendingNew},
      {"accepted", "held", ExecutionKind::kPendingNew, OrderStatus::kPendingNew},
      {"pending_new", "accepted_for_bidding", ExecutionKind::kPendingNew, OrderStatus::kPendingNew},
      {"pending_new", "pending_review", ExecutionKind::kPendingNew, OrderStatus::kPendingNew},
      {"expired", "expired", ExecutionKind::kExpired, OrderStatus::kExpired},
      {"rejected", "rejected", ExecutionKind::kRejected, OrderStatus::kRejected},
      {"pending_cancel", "pending_cancel", ExecutionKind::kPendingCancel, OrderStatus::kPendingCancel},
      {"done_for_day", "done_for_day", ExecutionKind::kStatus, OrderStatus::kNew},
      {"stopped", "stopped", ExecutionKind::kStatus, OrderStatus::kNew},
      {"pending_replace", "pending_replace", ExecutionKind::kStatus, OrderStatus::kNew},
      {"calculated", "calculated", ExecutionKind::kStatus, OrderStatus::kNew},
      {"suspended", "suspended", ExecutionKind::kStatus, OrderStatus::kNew},
      {"restated", "new", ExecutionKind::kReplaced, OrderStatus::kNew},
      {"order_replace_rejected", "new", ExecutionKind::kStatus, OrderStatus::kNew}};
  for (const Case& one : kCases) {
    Account account;
    account.go_live();
    const std::string event =
        changed(fixture("new"), R"("event":"new")", "\"event\":\"" + std::string(one.event) + "\"");
    ASSERT_TRUE(account.feed(changed(event, R"("status":"new")", "\"status\":\"" + std::string(one.status) + "\"")));
    ASSERT_EQ(account.executions.size(), 1U) << one.event;
    EXPECT_EQ(account.executions[0].body.kind, one.kind) << one.event;
    EXPECT_EQ(account.executions[0].body.status, one.after) << one.event;
  }
}

// What becomes of an order is never guessed.
TEST(AlpacaOrders, UnknownEventOrStatusIsAnError) {
  Account account;
  account.go_live();
  const auto event = account.feed(changed(fixture("new"), R"("event":"new")", R"("event":"dreamt")"));
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error(), (Error{Errc::kWrongType, "data.event"}));
  const auto status = account.feed(changed(fixture("new"), R"("status":"new")", R"("status":"dreaming")"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error(), (Error{Errc::kWrongType, "data.order.status"}));
  const auto price = account.feed(changed(fixture("fill"), R"("price":"105.8979",)", ""));
  ASSERT_FALSE(price);
  EXPECT_EQ(price.error(), (Error{Errc::kMissingField, "data.price"}));
  EXPECT_THAT(account.executions, IsEmpty());
}

TEST(AlpacaOrders, CutMessagesAreErrorsAndNoEvents) {
  Account account;
  account.go_live();
  for (const char* name : {"fill", "fill_legs"}) {
    const std::string whole = fixture(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ASSERT_FALSE(account.feed(std::string_view(whole).substr(0, size))) << name << " cut at " << size;
    }
  }
  EXPECT_THAT(account.executions, IsEmpty());
}

TEST(AlpacaOrders, BustAndCorrectionKeepTheFillsIdAndRaiseItsRevision) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("trade_correct"));
  ASSERT_TRUE(account.feed_file("trade_bust"));
  ASSERT_TRUE(account.feed_file("trade_bust"));
  ASSERT_EQ(account.executions.size(), 3U);
  const auto& fill = account.executions[0].body;
  const auto& correction = account.executions[1].body;
  const auto& bust = account.executions[2].body;
  EXPECT_EQ(correction.kind, ExecutionKind::kTradeCorrection);
  EXPECT_EQ(correction.event_id, fill.event_id);
  EXPECT_EQ(correction.revision, 3);
  EXPECT_EQ(text(correction.last_price), "105.8");
  EXPECT_EQ(bust.kind, ExecutionKind::kTradeCancel);
  EXPECT_EQ(bust.event_id, fill.event_id);
  EXPECT_EQ(bust.revision, 4);
  EXPECT_EQ(bust.reason, "TRADE_BUST");
  EXPECT_EQ(text(bust.cumulative_quantity), "0");
}

TEST(AlpacaOrders, CorrectionOfACorrectionIsOfTheSameFill) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("trade_correct"));
  ASSERT_TRUE(account.feed(
      changed(fixture("trade_bust"), "2f63ea93-423d-4169-b3f6-3fdafc10c417", "9c1d0e2f-2222-4f6e-8a52-55ad2b7f8f06")));
  ASSERT_EQ(account.executions.size(), 3U);
  EXPECT_EQ(account.executions[2].body.event_id, account.executions[0].body.event_id);
  EXPECT_EQ(account.executions[2].body.revision, 4);
}

TEST(AlpacaOrders, BustOfAFillFromBeforeWeListenedHasItsOwnId) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("trade_bust"));
  ASSERT_EQ(account.executions.size(), 1U);
  EXPECT_EQ(account.executions[0].body.event_id,
            "alpaca/main/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f/execution/2f63ea93-423d-4169-b3f6-3fdafc10c417");
  EXPECT_EQ(account.executions[0].body.revision, 3);
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));  // REST may know more
}

TEST(AlpacaOrders, BustMayNameTheFillByItsOwnId) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  std::string bust =
      changed(fixture("trade_bust"), R"("previous_execution_id":"2f63ea93-423d-4169-b3f6-3fdafc10c417",)", "");
  ASSERT_TRUE(
      account.feed(changed(bust, "9c1d0e2f-2222-4f6e-8a52-55ad2b7f8f05", "2f63ea93-423d-4169-b3f6-3fdafc10c417")));
  ASSERT_EQ(account.executions.size(), 2U);
  EXPECT_EQ(account.executions[1].body.event_id, account.executions[0].body.event_id);
  EXPECT_EQ(account.executions[1].body.revision, 3);
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(AlpacaOrders, OptionsOrderWithLegsIsAFillOfEachLegAndAStateOfTheParent) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("fill_legs"));
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE FILLED cum 1 leaves 0", "TRADE FILLED cum 1 leaves 0",
                                                "STATUS FILLED cum 1 leaves 0"));
  const auto& [meta, leg] = account.executions[0];
  EXPECT_EQ(meta.symbol, "AAPL250117P00200000");
  EXPECT_EQ(meta.instrument, "");
  EXPECT_EQ(leg.order_id, "11111111-0000-4000-8000-000000000001");
  EXPECT_EQ(leg.event_id, "alpaca/main/11111111-0000-4000-8000-000000000001/1");
  EXPECT_EQ(leg.side, Side::kBuy);
  EXPECT_EQ(text(leg.last_price), "3.9");
  EXPECT_EQ(account.executions[1].body.side, Side::kSell);
  EXPECT_THAT(account.states, IsEmpty());
  account.clear();
  // A leg whose order is not told cannot be given an id.
  ASSERT_TRUE(
      account.feed(changed(changed(fixture("fill_legs"), R"("execution_id":"3f63ea93-0000-4169-b3f6-3fdafc10c400")",
                                   R"("execution_id":"x")"),
                           R"("order_id":"11111111-0000-4000-8000-000000000002")", R"("order_id":"other")")));
  EXPECT_THAT(state_lines(account), testing::Contains("execution LIVE quantity_mismatch"));
}

TEST(AlpacaOrders, StocksAreQuotedInDollarsAndOldPairsAreNotGuessed) {
  const auto cases = {std::pair{"AAPL", "AAPL-USD"}, std::pair{"BRK.B", "BRK.B-USD"}, std::pair{"BTC/USDT", "BTC-USDT"},
                      std::pair{"SOLUSD", ""}, std::pair{"AAPL250117P00200000", ""}};
  for (const auto& [symbol, instrument] : cases) {
    Account account;
    account.go_live();
    ASSERT_TRUE(account.feed(changed(fixture("fill"), "SOL/USD", symbol)));
    EXPECT_EQ(account.executions[0].meta.instrument, instrument) << symbol;
  }
}

}  // namespace
}  // namespace millrace::normalize::alpaca
