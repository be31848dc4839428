#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// What Coinbase Exchange's user channel becomes (sheet, 5.1, 5.3 and 7).
namespace millrace::normalize::coinbase {
namespace {

using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::Side;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(CoinbaseExchangeOrders, TakerMatchIsAFillOfTheTakersOrderOnTheOtherSideOfTheMaker) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_taker"));
  ASSERT_EQ(account.executions.size(), 1U);
  const auto& [meta, fill] = account.executions[0];
  EXPECT_EQ(fill.kind, ExecutionKind::kTrade);
  EXPECT_EQ(fill.order_id, "132fb6ae-456b-4654-b4e0-d681ac05cea1");
  EXPECT_EQ(fill.side, Side::kSell);
  EXPECT_EQ(fill.liquidity, Liquidity::kTaker);
  EXPECT_EQ(text(fill.last_quantity), "0.001");
  EXPECT_EQ(text(fill.last_price), "4284.43");
  EXPECT_EQ(text(fill.fee), "0.001713772");
  EXPECT_EQ(fill.fee_asset, "USDT");
  EXPECT_EQ(fill.execution_id, "30787025");
  EXPECT_EQ(fill.event_id, "coinbase-exchange/main/132fb6ae-456b-4654-b4e0-d681ac05cea1/ETH-USDT/30787025");
  EXPECT_EQ(fill.revision, 1);
  EXPECT_TRUE(fill.unseen_order);
  EXPECT_EQ(meta.symbol, "ETH-USDT");
  EXPECT_EQ(meta.instrument, "ETH-USDT");
  EXPECT_EQ(meta.venue_seq, 21176252973);
  EXPECT_EQ(meta.venue_time, 1755497856645487000);
  EXPECT_EQ(meta.origin, schemas::Origin::kLive);
}

TEST(CoinbaseExchangeOrders, MakerMatchIsOnTheMakersSideWithTheMakersRate) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  ASSERT_EQ(account.executions.size(), 1U);
  const auto& fill = account.executions[0].body;
  EXPECT_EQ(fill.order_id, "d50ec984-77a8-460a-b958-66f114b0de9b");
  EXPECT_EQ(fill.side, Side::kBuy);
  EXPECT_EQ(fill.liquidity, Liquidity::kMaker);
  EXPECT_EQ(text(fill.fee), "30");
  EXPECT_EQ(fill.fee_asset, "USD");
}

TEST(CoinbaseExchangeOrders, MatchWithOneselfIsTwoExecutions) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_self"));
  ASSERT_EQ(account.executions.size(), 2U);
  const auto& maker = account.executions[0].body;
  const auto& taker = account.executions[1].body;
  EXPECT_EQ(maker.side, Side::kBuy);
  EXPECT_EQ(taker.side, Side::kSell);
  EXPECT_EQ(text(maker.fee), "15");
  EXPECT_EQ(text(taker.fee), "24");
  EXPECT_NE(maker.event_id, taker.event_id);
}

// The row of REST was made after the match, and came before it.
TEST(CoinbaseExchangeOrders, MatchBehindARowThatHoldsItIsNotAddedTwice) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.time(account.now + 61 * kSecond);
  const auto row =
      changed(changed(changed(fixture("exchange_rest_orders"), "d96aad29-aa9d-471b-ab6d-0c2a3383479c",
                              "d50ec984-77a8-460a-b958-66f114b0de9b"),
                      R"("size":"100.0","product_id":"ETH-USD")", R"("size":"0.5","product_id":"BTC-USD")"),
              R"("filled_size":"0.0")", R"("filled_size":"0.2")");
  ASSERT_TRUE(account.answer_to("orders", row));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE PARTIALLY_FILLED cum 0.2 leaves 0.3"));
  ASSERT_EQ(account.todo.rest.size(), 1U) << "REST is asked how it stands";
  EXPECT_EQ(account.todo.rest[0].target, "/orders/d50ec984-77a8-460a-b958-66f114b0de9b");
}

TEST(CoinbaseExchangeOrders, OpenBehindItsMatchTakesNothingBack) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_open"));
  EXPECT_THAT(order_lines(account), ElementsAre("NEW PARTIALLY_FILLED cum 0.2 leaves 0.3"));
}

TEST(CoinbaseExchangeOrders, MatchOfStrangersIsNotForUs) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_stranger"));
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.drops, ElementsAre("not_for_us"));
}

TEST(CoinbaseExchangeOrders, MatchWithoutARoleIsOursIfOneOfItsOrdersIs) {
  Exchange account;
  account.go_live();
  std::string match = fixture("exchange_match_maker");
  match = changed(match, R"("maker_user_id":"5844eceecf7e803e259d0365",)", "");
  match = changed(match, R"("maker_profile_id":"765d1549-9660-4be2-97d4-fa2d65fa3352",)", "");
  ASSERT_TRUE(account.feed(match));
  EXPECT_THAT(account.drops, ElementsAre("not_for_us"));
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.clear();
  ASSERT_TRUE(account.feed(match));
  ASSERT_EQ(account.executions.size(), 1U);
  EXPECT_EQ(account.executions[0].body.liquidity, Liquidity::kMaker);
}

TEST(CoinbaseExchangeOrders, RepeatedMatchIsToldOnce) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_self"));
  ASSERT_TRUE(account.feed_file("exchange_match_self"));
  EXPECT_EQ(account.executions.size(), 2U);
  EXPECT_THAT(account.drops, ElementsAre("duplicate", "duplicate"));
}

TEST(CoinbaseExchangeOrders, MarketOrderIsPendingThenFilledAndItsEndIsNoSecondFill) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received_market"));
  ASSERT_TRUE(account.feed_file("exchange_match_taker"));
  ASSERT_TRUE(account.feed_file("exchange_done_filled"));
  EXPECT_THAT(order_lines(account), ElementsAre("PENDING_NEW PENDING_NEW cum 0 leaves 0.001",
                                                "TRADE FILLED cum 0.001 leaves 0", "STATUS FILLED cum 0.001 leaves 0"));
  EXPECT_EQ(account.executions[2].body.reason, "");
  EXPECT_EQ(account.executions[2].body.client_order_id, "6d1c2f4e-1f5f-4b3b-8f5b-0f9d3a2f7a01");
  EXPECT_FALSE(account.executions[1].body.unseen_order);
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(CoinbaseExchangeOrders, FilledQuantityIsTheSumOfTheMatches) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_open"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  ASSERT_TRUE(account.feed_file("exchange_match_self"));
  EXPECT_THAT(order_lines(account),
              ElementsAre("PENDING_NEW PENDING_NEW cum 0 leaves 0.5", "NEW NEW cum 0 leaves 0.5",
                          "TRADE PARTIALLY_FILLED cum 0.2 leaves 0.3", "TRADE PARTIALLY_FILLED cum 0.3 leaves 0.2",
                          "TRADE PARTIALLY_FILLED cum - leaves -"));
  EXPECT_EQ(text(account.executions[2].body.price), "60000");
  EXPECT_EQ(account.executions[2].body.order_type, "limit");
}

TEST(CoinbaseExchangeOrders, CancelSaysWhyAndWhatWasFilled) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
  EXPECT_EQ(account.executions[0].body.reason, "102:Self Trade Prevention");
  EXPECT_THAT(account.states, IsEmpty());
}

TEST(CoinbaseExchangeOrders, TimeInForceThatRanOutIsExpired) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_expired"));
  EXPECT_THAT(order_lines(account), ElementsAre("EXPIRED EXPIRED cum 0 leaves 0"));
}

// The channel numbers nothing, so that this is the only sign of a lost match.
TEST(CoinbaseExchangeOrders, EndThatLeavesLessThanTheMatchesSayIsAMismatch) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
  EXPECT_THAT(state_lines(account), ElementsAre("execution LIVE quantity_mismatch"));
}

TEST(CoinbaseExchangeOrders, MatchBehindTheOrdersEndAddsNothingToItsSum) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  EXPECT_THAT(order_lines(account), ElementsAre("TRADE CANCELLED cum 0.2 leaves 0"));
}

TEST(CoinbaseExchangeOrders, SelfTradePreventionShrinksTheOrder) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_change_stp"));
  EXPECT_THAT(order_lines(account), ElementsAre("REPLACED PARTIALLY_FILLED cum 0.2 leaves 0.1"));
  EXPECT_EQ(text(account.executions[0].body.quantity), "0.3");
  EXPECT_EQ(account.executions[0].body.reason, "STP");
}

TEST(CoinbaseExchangeOrders, ModifiedOrderHasItsNewPriceAndSize) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_open"));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_change_modify"));
  EXPECT_THAT(order_lines(account), ElementsAre("REPLACED NEW cum 0 leaves 0.8"));
  EXPECT_EQ(text(account.executions[0].body.price), "59000");
  EXPECT_EQ(account.executions[0].body.reason, "modify_order");
}

TEST(CoinbaseExchangeOrders, WhatAChangeOvertookTakesItNotBack) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed(changed(fixture("exchange_change_modify"), R"("new_size":"0.8")", R"("new_size":"0.4")")));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_open"));
  EXPECT_THAT(order_lines(account), ElementsAre("NEW NEW cum 0 leaves 0.4"));
  EXPECT_EQ(text(account.executions[0].body.quantity), "0.4");
  EXPECT_EQ(text(account.executions[0].body.price), "59000");
  EXPECT_THAT(state_lines(account), IsEmpty()) << "nothing is missing";
}

TEST(CoinbaseExchangeOrders, EndThatWasOvertakenIsTheEnd) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed(changed(fixture("exchange_open"), "21176252975", "21176253099")));
  account.clear();
  ASSERT_TRUE(account.feed_file("exchange_done_canceled"));
  EXPECT_THAT(order_lines(account), ElementsAre("CANCELLED CANCELLED cum 0.2 leaves 0"));
}

TEST(CoinbaseExchangeOrders, StopThatWaitsIsPendingWithItsOwnSpellingOfTime) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_activate"));
  EXPECT_THAT(order_lines(account), ElementsAre("PENDING_NEW PENDING_NEW cum 0 leaves 2"));
  EXPECT_EQ(text(account.executions[0].body.stop_price), "80");
  EXPECT_EQ(account.executions[0].meta.venue_time, 1483736448299000000);
  EXPECT_EQ(account.executions[0].meta.flags, 0U);
}

TEST(CoinbaseExchangeOrders, RepeatedStateIsToldOnce) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_received"));
  ASSERT_TRUE(account.feed_file("exchange_received"));
  EXPECT_EQ(account.executions.size(), 1U);
  EXPECT_THAT(account.drops, ElementsAre("duplicate"));
}

TEST(CoinbaseExchangeOrders, UnreadableTimeIsFlaggedAndTheFillIsKept) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed(changed(fixture("exchange_match_taker"), "2025-08-18T06:17:36.645487Z", "yesterday")));
  ASSERT_EQ(account.executions.size(), 1U);
  EXPECT_EQ(account.executions[0].meta.venue_time, std::nullopt);
  EXPECT_EQ(account.executions[0].meta.flags, schemas::flag::kBadVenueTime);
}

TEST(CoinbaseExchangeOrders, IllTypedMessagesAreErrorsWithTheirPlace) {
  Exchange account;
  account.go_live();
  const auto cases = {std::pair{changed(fixture("exchange_match_taker"), R"("0.001")", R"("a")"), "size"},
                      std::pair{changed(fixture("exchange_match_taker"), R"("side":"buy",)", ""), "side"},
                      std::pair{changed(fixture("exchange_match_taker"), R"("buy")", R"("long")"), "side"},
                      std::pair{changed(fixture("exchange_done_filled"), R"("reason":"filled",)", ""), "reason"},
                      std::pair{changed(fixture("exchange_open"), R"("order_id")", R"("order")"), "order_id"}};
  for (const auto& [message, where] : cases) {
    const auto read = account.feed(message);
    ASSERT_FALSE(read) << message;
    EXPECT_EQ(read.error().where, where);
  }
  EXPECT_THAT(account.executions, IsEmpty());
}

TEST(CoinbaseExchangeOrders, CutMessagesAreErrorsAndNoEvents) {
  Exchange account;
  account.go_live();
  for (const char* name : {"exchange_match_self", "exchange_done_canceled", "exchange_balance"}) {
    const std::string whole = fixture(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto read = account.feed(std::string_view(whole).substr(0, size));
      ASSERT_FALSE(read) << name << " cut at " << size;
      EXPECT_EQ(read.error().code, Errc::kBadJson);
    }
  }
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.balances, IsEmpty());
}

TEST(CoinbaseExchangeOrders, UnknownMessagesAreCountedOnly) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed(R"({"type":"news","text":"hello"})"));
  ASSERT_TRUE(account.feed(R"({"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD"})"));
  EXPECT_THAT(account.drops, ElementsAre("unknown_type", "not_for_us"));
}

}  // namespace
}  // namespace millrace::normalize::coinbase
