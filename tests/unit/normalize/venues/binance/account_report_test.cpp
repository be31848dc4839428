#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/venues/binance/account_average.h"
#include "tests/unit/normalize/venues/binance/account_texts.h"

// What single messages of the private streams say.
namespace millrace::test {
namespace {

using normalize::Errc;
using schemas::BalanceKind;
using schemas::Execution;
using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::Side;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kMilli = 1'000'000;

// The one execution that `text` gives, or an error.
HeldExecution only(AccountHarness& account, std::string_view text) {
  account.clear();
  const auto got = account.feed(text);
  if (!got) throw std::logic_error(got.error().where);
  if (account.executions.size() != 1) throw std::logic_error("not one execution");
  return account.executions[0];
}

TEST(BinanceExecutionReport, ANewOrderIsToldWhole) {
  auto account = live_account();
  const HeldExecution got = only(account, account_fixture("account_new_spot.json"));
  EXPECT_EQ(got.meta.symbol, "ETHBTC");
  EXPECT_EQ(got.meta.instrument, "ETH-BTC");
  EXPECT_EQ(got.meta.venue_time, 1499405658657 * kMilli);
  EXPECT_EQ(got.meta.venue_send_time, 1499405658658 * kMilli);
  EXPECT_EQ(got.meta.venue_seq, std::nullopt);
  EXPECT_EQ(got.meta.origin, schemas::Origin::kLive);
  EXPECT_EQ(got.meta.flags, 0u);
  EXPECT_EQ(got.body.kind, ExecutionKind::kNew);
  EXPECT_EQ(got.body.status, OrderStatus::kNew);
  EXPECT_EQ(got.body.event_id, "binance-spot/main/4293153/ETHBTC/NEW/8641984");
  EXPECT_EQ(got.body.revision, 1);
  EXPECT_EQ(got.body.order_id, "4293153");
  EXPECT_EQ(got.body.client_order_id, "mUvoqJxFIILMdfAW5iGSOW");
  EXPECT_EQ(got.body.execution_id, "8641984");
  EXPECT_EQ(got.body.side, Side::kBuy);
  EXPECT_EQ(got.body.order_type, "LIMIT");
  EXPECT_EQ(got.body.time_in_force, "GTC");
  EXPECT_EQ(plain(got.body.price), "0.1026441");
  EXPECT_EQ(plain(got.body.stop_price), "-") << "0 is no price";
  EXPECT_EQ(plain(got.body.quantity), "1");
  EXPECT_EQ(plain(got.body.cumulative_quantity), "0");
  EXPECT_EQ(plain(got.body.leaves_quantity), "1");
  EXPECT_EQ(plain(got.body.average_price), "-");
  EXPECT_EQ(plain(got.body.last_quantity), "-");
  EXPECT_EQ(plain(got.body.fee), "-");
  EXPECT_EQ(got.body.reason, "");
  EXPECT_FALSE(got.body.unseen_order);
}

TEST(BinanceExecutionReport, AFillHasItsTradeItsFeeAndItsSideOfTheTrade) {
  auto account = live_account();
  only(account, account_fixture("account_new_spot.json"));
  const HeldExecution got = only(account, account_fixture("account_trade_spot.json"));
  EXPECT_EQ(got.body.kind, ExecutionKind::kTrade);
  EXPECT_EQ(got.body.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(got.body.event_id, "binance-spot/main/4293153/ETHBTC/77517");
  EXPECT_EQ(got.body.execution_id, "77517");
  EXPECT_EQ(plain(got.body.last_quantity), "0.4");
  EXPECT_EQ(plain(got.body.last_price), "0.102644");
  EXPECT_EQ(plain(got.body.cumulative_quantity), "0.4");
  EXPECT_EQ(plain(got.body.leaves_quantity), "0.6");
  EXPECT_EQ(plain(got.body.average_price), "0.102644");
  EXPECT_EQ(plain(got.body.fee), "0.0004");
  EXPECT_EQ(got.body.fee_asset, "BNB");
  EXPECT_EQ(got.body.liquidity, Liquidity::kMaker);
}

TEST(BinanceExecutionReport, ACancelNamesTheOrderByItsOriginalClientId) {
  auto account = live_account();
  const HeldExecution got = only(account, account_fixture("account_cancel_spot.json"));
  EXPECT_EQ(got.body.kind, ExecutionKind::kCancelled);
  EXPECT_EQ(got.body.client_order_id, "mUvoqJxFIILMdfAW5iGSOW");
  EXPECT_EQ(got.body.event_id, "binance-spot/main/4293153/ETHBTC/CANCELED/8642000");
  EXPECT_EQ(plain(got.body.leaves_quantity), "0");
  EXPECT_TRUE(got.body.unseen_order) << "its beginning was not told";
}

struct WordCase {
  std::string x, X;
  ExecutionKind kind;
  OrderStatus status;
};

TEST(BinanceExecutionReport, EveryKindAndStatusHasItsWord) {
  const WordCase cases[] = {
      {"NEW", "PENDING_NEW", ExecutionKind::kPendingNew, OrderStatus::kPendingNew},
      {"NEW", "NEW", ExecutionKind::kNew, OrderStatus::kNew},
      {"CANCELED", "CANCELED", ExecutionKind::kCancelled, OrderStatus::kCancelled},
      {"REPLACED", "NEW", ExecutionKind::kReplaced, OrderStatus::kNew},
      {"REJECTED", "REJECTED", ExecutionKind::kRejected, OrderStatus::kRejected},
      {"EXPIRED", "EXPIRED", ExecutionKind::kExpired, OrderStatus::kExpired},
      {"EXPIRED", "EXPIRED_IN_MATCH", ExecutionKind::kExpired, OrderStatus::kExpired},
      {"TRADE_PREVENTION", "NEW", ExecutionKind::kStatus, OrderStatus::kNew},
      {"TRADE_PREVENTION", "EXPIRED_IN_MATCH", ExecutionKind::kExpired, OrderStatus::kExpired},
  };
  auto account = live_account();
  std::int64_t order = 100;
  for (const WordCase& one : cases) {
    SpotReport report;
    report.x = one.x;
    report.X = one.X;
    report.i = ++order;
    const HeldExecution got = only(account, report.text());
    EXPECT_EQ(got.body.kind, one.kind) << one.x << " " << one.X;
    EXPECT_EQ(got.body.status, one.status) << one.x << " " << one.X;
  }
}

TEST(BinanceExecutionReport, AnUnknownWordIsAnErrorThatSaysWhere) {
  auto account = live_account();
  SpotReport report;
  report.X = "DREAMING";
  const auto got = account.feed(report.text());
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kWrongType, "executionReport.X=DREAMING"}));
  EXPECT_THAT(account.executions, IsEmpty());
}

TEST(BinanceExecutionReport, ReasonsAreAsSent) {
  auto account = live_account();
  SpotReport rejected;
  rejected.x = rejected.X = "REJECTED";
  rejected.r = "INSUFFICIENT_BALANCES";
  EXPECT_EQ(only(account, rejected.text()).body.reason, "INSUFFICIENT_BALANCES");
  SpotReport expired;
  expired.x = expired.X = "EXPIRED";
  expired.i = 2;
  expired.more = R"(,"eR":"INSUFFICIENT_LIQUIDITY")";
  EXPECT_EQ(only(account, expired.text()).body.reason, "INSUFFICIENT_LIQUIDITY");
}

// Old messages carry the prevented quantity in l and L.
TEST(BinanceExecutionReport, APreventedTradeIsNoFill) {
  auto account = live_account();
  SpotReport report;
  report.x = "TRADE_PREVENTION";
  report.X = "EXPIRED_IN_MATCH";
  report.l = "3";
  report.L = "2";
  report.more = R"(,"v":77,"pl":"3","pL":"2","pY":"6","A":"3","u":1,"U":37)";
  const HeldExecution got = only(account, report.text());
  EXPECT_EQ(got.body.kind, ExecutionKind::kExpired);
  EXPECT_EQ(got.body.reason, "TRADE_PREVENTION");
  EXPECT_EQ(plain(got.body.last_quantity), "-");
  EXPECT_THAT(account.states, IsEmpty()) << "no quantity is missing";
}

TEST(BinanceExecutionReport, WhatWasPreventedIsNotLeft) {
  auto account = live_account();
  SpotReport report = spot_fill(5, 1);
  report.more = R"(,"A":"3")";
  EXPECT_EQ(plain(only(account, report.text()).body.leaves_quantity), "6") << "10 - 1 - 3";
}

TEST(BinanceExecutionReport, AnAmendedOrderGoesOnUnderItsNewClientId) {
  auto account = live_account();
  only(account, SpotReport{}.text());
  SpotReport amended;
  amended.x = "REPLACED";
  amended.c = "new-name";
  amended.C = "mine";
  amended.q = "4";
  amended.I = 2;
  const HeldExecution got = only(account, amended.text());
  EXPECT_EQ(got.body.client_order_id, "new-name");
  EXPECT_EQ(plain(got.body.quantity), "4");
  EXPECT_EQ(plain(got.body.leaves_quantity), "4");
}

TEST(BinanceExecutionReport, AnAverageThatWouldHaveToBeRoundedIsAbsent) {
  auto account = live_account();
  only(account, SpotReport{}.text());
  EXPECT_EQ(plain(only(account, spot_fill(1, 1).text()).body.average_price), "2");
  SpotReport third = spot_fill(2, 3);
  third.l = "2";
  third.Z = "10";  // 10 / 3
  EXPECT_EQ(plain(only(account, third.text()).body.average_price), "-") << "nor that of the fill before";
}

TEST(BinanceExecutionReport, MicrosecondsAreRead) {
  auto account = live_account();
  SpotReport report;
  report.T = 1'700'000'000'123'456;
  const HeldExecution got = only(account, report.text());
  EXPECT_EQ(got.meta.venue_time, 1'700'000'000'123'456'000);
}

TEST(BinanceExecutionReport, ATimeThatIsNoneIsFlaggedAndLosesNothing) {
  auto account = live_account();
  SpotReport report;
  report.T = 7'000'000'000'000'000'000;
  const HeldExecution got = only(account, report.text());
  EXPECT_EQ(got.meta.venue_time, std::nullopt);
  EXPECT_EQ(got.meta.flags, schemas::flag::kBadVenueTime);
}

TEST(BinanceExecutionReport, AFillWithoutTradeIdIsAnError) {
  auto account = live_account();
  SpotReport report = spot_fill(-1, 1);
  const auto got = account.feed(report.text());
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kMissingField, "executionReport.t"}));
}

TEST(BinanceExecutionReport, SpotTradeIdsBeginWithZero) {
  auto account = live_account();
  EXPECT_EQ(only(account, spot_fill(0, 1).text()).body.event_id, "binance-spot/main/1/ETHBTC/0");
}

TEST(BinanceOrderTradeUpdate, OrdersAndFillsOfFutures) {
  auto account = live_account("binance-usdm");
  const HeldExecution opened = only(account, account_fixture("account_new_usdm.json"));
  EXPECT_EQ(opened.meta.instrument, "BTC-USDT-PERP");
  EXPECT_EQ(opened.body.kind, ExecutionKind::kNew);
  EXPECT_EQ(opened.body.event_id, "binance-usdm/main/8886774/BTCUSDT/NEW/NEW/1568879465650/0");
  EXPECT_EQ(opened.body.execution_id, "");
  EXPECT_EQ(plain(opened.body.price), "-");
  EXPECT_EQ(plain(opened.body.stop_price), "7103.04");
  EXPECT_EQ(plain(opened.body.fee), "-");
  const HeldExecution filled = only(account, account_fixture("account_trade_usdm.json"));
  EXPECT_EQ(filled.body.kind, ExecutionKind::kTrade);
  EXPECT_EQ(filled.body.status, OrderStatus::kFilled);
  EXPECT_EQ(filled.body.event_id, "binance-usdm/main/8886774/BTCUSDT/698759");
  EXPECT_EQ(filled.body.liquidity, Liquidity::kTaker);
  EXPECT_EQ(plain(filled.body.average_price), "7101.5");
  EXPECT_EQ(plain(filled.body.fee), "0.0028406");
  EXPECT_EQ(filled.body.fee_asset, "USDT");
  EXPECT_EQ(filled.meta.venue_time, 1568879465800 * kMilli);
  EXPECT_EQ(filled.meta.venue_send_time, 1568879465801 * kMilli);
}

struct FuturesCase {
  std::string x, X, c, l, z;
  std::int64_t t;
  ExecutionKind kind;
  OrderStatus status;
};

TEST(BinanceOrderTradeUpdate, OnlyATradeIsAFill) {
  const FuturesCase cases[] = {
      {"TRADE", "FILLED", "mine", "10", "10", 5, ExecutionKind::kTrade, OrderStatus::kFilled},
      {"TRADE", "FILLED", "settlement_autoclose-9", "10", "10", 6, ExecutionKind::kTrade, OrderStatus::kFilled},
      {"CALCULATED", "FILLED", "autoclose-1", "10", "10", 7, ExecutionKind::kLiquidation, OrderStatus::kFilled},
      {"CALCULATED", "NEW_ADL", "adl_autoclose", "10", "10", 8, ExecutionKind::kAdl, OrderStatus::kFilled},
      {"CALCULATED", "NEW_INSURANCE", "autoclose-2", "4", "4", 9, ExecutionKind::kLiquidation,
       OrderStatus::kPartiallyFilled},
      {"CALCULATED", "NEW", "autoclose-3", "0", "0", 0, ExecutionKind::kStatus, OrderStatus::kNew},
      {"CALCULATED", "NEW_ADL", "adl_autoclose", "0", "0", 0, ExecutionKind::kStatus, OrderStatus::kNew},
      {"AMENDMENT", "NEW", "mine", "0", "0", 0, ExecutionKind::kReplaced, OrderStatus::kNew},
      {"CANCELED", "CANCELED", "mine", "0", "0", 0, ExecutionKind::kCancelled, OrderStatus::kCancelled},
      {"EXPIRED", "EXPIRED_IN_MATCH", "mine", "0", "0", 0, ExecutionKind::kExpired, OrderStatus::kExpired},
  };
  auto account = live_account("binance-usdm");
  std::int64_t order = 100;
  for (const FuturesCase& one : cases) {
    FuturesReport report;
    report.x = one.x;
    report.X = one.X;
    report.c = one.c;
    report.l = one.l;
    report.z = one.z;
    report.t = one.t;
    report.i = ++order;
    const HeldExecution got = only(account, report.text());
    EXPECT_EQ(got.body.kind, one.kind) << one.x << " " << one.c;
    EXPECT_EQ(got.body.status, one.status) << one.x << " " << one.X;
    EXPECT_EQ(got.body.last_quantity.has_value(), one.t != 0) << one.x;
  }
}

TEST(BinanceOrderTradeUpdate, ALiquidationWithoutTradeIdIsKnownByItsTime) {
  auto account = live_account("binance-usdm");
  FuturesReport report;
  report.x = "CALCULATED";
  report.X = "FILLED";
  report.c = "autoclose-1";
  report.l = report.z = "10";
  EXPECT_EQ(only(account, report.text()).body.event_id,
            "binance-usdm/main/1/BTCUSDT/CALCULATED/FILLED/1700000000000/10");
}

TEST(BinanceOrderTradeUpdate, FeesMayBeMissingAndReasonsAreAsSent) {
  auto account = live_account("binance-usdm");
  FuturesReport report;
  report.x = "TRADE";
  report.X = "PARTIALLY_FILLED";
  report.l = report.z = "1";
  report.L = report.ap = "2";
  report.t = 5;
  report.more = "";
  EXPECT_EQ(plain(only(account, report.text()).body.fee), "-");
  FuturesReport expired;
  expired.x = expired.X = "EXPIRED";
  expired.z = "1";
  expired.er = "6";
  EXPECT_EQ(only(account, expired.text()).body.reason, "6");
}

TEST(BinanceBalances, APositionOfSpotIsAbsolute) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(account_fixture("account_position_spot.json")));
  ASSERT_THAT(account.balances, SizeIs(2));
  const HeldBalance& got = account.balances[0];
  EXPECT_EQ(got.meta.symbol, "");
  EXPECT_EQ(got.meta.venue_time, 1564034571073 * kMilli);
  EXPECT_EQ(got.meta.venue_send_time, 1564034571105 * kMilli);
  EXPECT_EQ(got.meta.origin, schemas::Origin::kLive);
  EXPECT_EQ(got.body.kind, BalanceKind::kChange);
  EXPECT_EQ(got.body.asset, "ETH");
  EXPECT_EQ(plain(got.body.available), "10000");
  EXPECT_EQ(plain(got.body.locked), "0.5");
  EXPECT_EQ(plain(got.body.total), "10000.5");
  EXPECT_EQ(account.balances[1].body.asset, "BTC");
}

TEST(BinanceBalances, DepositsAndOutsideLocksAreChanges) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(account_fixture("account_delta_spot.json")));
  ASSERT_TRUE(account.feed(account_fixture("account_lock_spot.json")));
  ASSERT_THAT(account.balances, SizeIs(2));
  EXPECT_EQ(account.balances[0].body.kind, BalanceKind::kDelta);
  EXPECT_EQ(plain(account.balances[0].body.change), "100");
  EXPECT_EQ(plain(account.balances[0].body.total), "-");
  EXPECT_EQ(account.balances[0].body.cause, "balanceUpdate");
  EXPECT_EQ(account.balances[0].body.event_id, "binance-spot/main/BTC/balanceUpdate/1573200697068/100.00000000");
  EXPECT_EQ(account.balances[1].body.cause, "externalLockUpdate");
  EXPECT_EQ(account.balances[1].body.wallet, "external-lock");
}

TEST(BinanceBalances, FundingIsABalanceAndNeverAnExecution) {
  auto account = live_account("binance-usdm");
  ASSERT_TRUE(account.feed(account_fixture("account_update_usdm.json")));
  EXPECT_THAT(account.executions, IsEmpty());
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(account.balances[0].body.kind, BalanceKind::kChange);
  EXPECT_EQ(plain(account.balances[0].body.total), "122624.12345678");
  EXPECT_EQ(plain(account.balances[0].body.change), "-0.50123456");
  EXPECT_EQ(account.balances[0].body.cause, "FUNDING_FEE");
  EXPECT_EQ(account.balances[0].meta.venue_time, 1564745798938 * kMilli);
}

// bc leaves out profit and fee: 0 with every trade.
TEST(BinanceBalances, AChangeOfZeroIsNotTold) {
  auto account = live_account("binance-usdm");
  ASSERT_TRUE(
      account.feed(R"({"e":"ACCOUNT_UPDATE","E":2,"T":1,"a":{"m":"ORDER","B":[{"a":"USDT","wb":"5","bc":"0"}]}})"));
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(plain(account.balances[0].body.change), "-");
}

TEST(BinanceBalances, APositionChangeWithoutBalancesIsFine) {
  auto account = live_account("binance-usdm");
  EXPECT_TRUE(account.feed(R"({"e":"ACCOUNT_UPDATE","E":2,"T":1,"a":{"m":"MARGIN_TYPE_CHANGE","P":[]}})"));
  EXPECT_THAT(account.balances, IsEmpty());
}

TEST(BinanceBalances, NothingOfAFrameIsToldIfOneRowIsBad) {
  auto account = live_account();
  const auto got = account.feed(
      R"({"event":{"e":"outboundAccountPosition","E":2,"u":1,"B":[{"a":"A","f":"1","l":"0"},{"a":"B","f":"x","l":"0"}]}})");
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kBadNumber, "outboundAccountPosition.B[1].f"}));
  EXPECT_THAT(account.balances, IsEmpty());
}

// 25 digits occur.
TEST(BinanceBalances, WideNumbersKeepTheirDigits) {
  auto account = live_account();
  ASSERT_TRUE(account.feed(
      R"({"event":{"e":"outboundAccountPosition","E":2,"u":1,"B":[{"a":"A","f":"1234567890123456789.123456","l":"0.000001"}]}})"));
  ASSERT_THAT(account.balances, SizeIs(1));
  EXPECT_EQ(plain(account.balances[0].body.available), "1234567890123456789.123456");
  EXPECT_EQ(plain(account.balances[0].body.total), "1234567890123456789.123457");
}

// The harness throws if a frame that is in error told anything.
TEST(BinancePrivateFrames, ACutFrameIsAnErrorAndTellsNothing) {
  for (const char* const name : {"account_new_spot.json", "account_trade_spot.json", "account_position_spot.json",
                                 "account_delta_spot.json", "account_subscribed_spot.json"}) {
    auto account = live_account();
    const std::string text = account_fixture(name);
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(account.feed(text.substr(0, size))) << name << " cut to " << size;
    }
  }
}

TEST(BinancePrivateFrames, WhatAnOrderNeedsIsMissedByName) {
  const std::string text = account_fixture("account_trade_spot.json");
  for (const std::string key : {"s", "S", "x", "X", "i", "l", "z", "L", "t"}) {
    auto account = live_account();
    std::string without = text;
    const std::size_t at = without.find("\"" + key + "\":", without.find("\"event\":{"));
    ASSERT_NE(at, std::string::npos) << key;
    without.replace(at + 1, key.size(), "_");
    const auto got = account.feed(without);
    ASSERT_TRUE(got.has_error()) << key;
    EXPECT_EQ(got.error(), (normalize::Error{Errc::kMissingField, "executionReport." + key}));
  }
}

std::string quotient(std::string_view a, std::string_view b) {
  const auto out = normalize::binance::exact_quotient(*schemas::parse_wide_decimal(a), *schemas::parse_wide_decimal(b));
  return plain(out);
}

TEST(BinanceAverage, IsExactOrAbsent) {
  EXPECT_EQ(quotient("10.50", "2.10"), "5");
  EXPECT_EQ(quotient("1", "8"), "0.125");
  EXPECT_EQ(quotient("1", "125"), "0.008");
  EXPECT_EQ(quotient("7", "700"), "0.01");
  EXPECT_EQ(quotient("1", "1024"), "0.0009765625");
  EXPECT_EQ(quotient("0.04105760", "0.40000000"), "0.102644");
  EXPECT_EQ(quotient("1000", "0.001"), "1000000");
  EXPECT_EQ(quotient("10", "3"), "-");
  EXPECT_EQ(quotient("1", "0"), "-");
  EXPECT_EQ(quotient("0", "1"), "-");
  EXPECT_EQ(quotient("-1", "1"), "-") << "the venue's word for not known";
  EXPECT_EQ(quotient("9223372036854775807", "4"), "-") << "does not fit";
  EXPECT_EQ(quotient("12345678901234567890123", "1"), "-");
}

}  // namespace
}  // namespace millrace::test
