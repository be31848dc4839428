#include "replay/fills/known_ids.h"

#include <gtest/gtest.h>

#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {
namespace {

using normalize::FoundFill;
using schemas::ExecutionKind;
using schemas::Liquidity;

LedgerFill ledger_fill(const std::string& id, UnixNanos time = 1'000) { return {id, "BTC", "order-" + id, time}; }

void add(KnownIds& known, const FoundFill& fill) { known.add(fill.symbol, fill.venue_time, fill.execution); }

TEST(KnownIds, WhatTheTopicDoesNotHaveIsMissing) {
  KnownIds known;
  add(known, found(ledger_fill("1")));
  const auto judgement = known.judge(found(ledger_fill("2")));
  EXPECT_EQ(judgement.finding, Finding::kMissing);
  EXPECT_EQ(judgement.revision, 1);
}

TEST(KnownIds, TheSameNumbersInAnotherSpellingAreKnown) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  add(known, found(fill));
  fill.quantity = "1.000";
  fill.price = "1e2";
  fill.fee = "0.10";
  const auto judgement = known.judge(found(fill));
  EXPECT_EQ(judgement.finding, Finding::kKnown);
  EXPECT_FALSE(judgement.contradiction);
}

TEST(KnownIds, ACopyWithTheFeeIsTheNextRevisionOfOneWithout) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  fill.fee = "";
  add(known, found(fill));
  fill.fee = "0.1";
  const auto judgement = known.judge(found(fill));
  EXPECT_EQ(judgement.finding, Finding::kRicher);
  EXPECT_EQ(judgement.revision, 2);
}

TEST(KnownIds, ACopyWithoutTheFeeIsNothingNew) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  add(known, found(fill));
  fill.fee = "";
  EXPECT_EQ(known.judge(found(fill)).finding, Finding::kKnown);
}

TEST(KnownIds, ACopyThatHasMoreOfOneAndLessOfAnotherIsLeft) {
  KnownIds known;
  FoundFill streamed = found(ledger_fill("1"));
  streamed.execution.fee.reset();
  streamed.execution.liquidity = Liquidity::kMaker;
  add(known, streamed);
  EXPECT_EQ(known.judge(found(ledger_fill("1"))).finding, Finding::kKnown);
}

TEST(KnownIds, MakerOrTakerAloneIsRicherToo) {
  KnownIds known;
  add(known, found(ledger_fill("1")));
  FoundFill richer = found(ledger_fill("1"));
  richer.execution.liquidity = Liquidity::kTaker;
  EXPECT_EQ(known.judge(richer).finding, Finding::kRicher);
}

TEST(KnownIds, AnotherFeeIsTheNextRevisionAndCounted) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  add(known, found(fill));
  fill.fee = "0.2";
  const auto judgement = known.judge(found(fill));
  EXPECT_EQ(judgement.finding, Finding::kRicher);
  EXPECT_TRUE(judgement.contradiction);
}

TEST(KnownIds, AnotherPriceIsACorrectionAndCounted) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  add(known, found(fill));
  fill.price = "101";
  const auto judgement = known.judge(found(fill));
  EXPECT_EQ(judgement.finding, Finding::kCorrection);
  EXPECT_EQ(judgement.revision, 3);
  EXPECT_TRUE(judgement.contradiction);
}

TEST(KnownIds, TheRowThatWasCorrectedMayStillBeListed) {
  KnownIds known;
  add(known, found(ledger_fill("1")));
  FoundFill corrected = found(ledger_fill("1"));
  corrected.execution.kind = ExecutionKind::kTradeCorrection;
  corrected.execution.last_price = schemas::parse_wide_decimal("99");
  EXPECT_EQ(known.judge(corrected).revision, 3);
  corrected.execution.revision = 3;
  add(known, corrected);
  EXPECT_EQ(known.judge(corrected).finding, Finding::kKnown);
  EXPECT_EQ(known.judge(found(ledger_fill("1"))).finding, Finding::kKnown);
}

TEST(KnownIds, ACancelledFillIsACorrectionOnce) {
  KnownIds known;
  add(known, found(ledger_fill("1")));
  FoundFill cancel = found(ledger_fill("1"));
  cancel.execution.kind = ExecutionKind::kTradeCancel;
  const auto judgement = known.judge(cancel);
  EXPECT_EQ(judgement.finding, Finding::kCorrection);
  EXPECT_EQ(judgement.revision, 3);
  EXPECT_FALSE(judgement.contradiction);
  cancel.execution.revision = 3;
  add(known, cancel);
  EXPECT_EQ(known.judge(cancel).finding, Finding::kKnown);
  EXPECT_EQ(known.judge(found(ledger_fill("1"))).finding, Finding::kKnown);
}

TEST(KnownIds, OfOneRevisionTheFirstHolds) {
  KnownIds known;
  LedgerFill fill = ledger_fill("1");
  fill.fee = "";
  add(known, found(fill));
  fill.fee = "0.1";
  add(known, found(fill));  // the same revision with the fee: consumers drop it
  EXPECT_EQ(known.judge(found(fill)).finding, Finding::kRicher);
}

TEST(KnownIds, ALiquidationIsTheFillThatRestListsAsATrade) {
  KnownIds known;
  FoundFill liquidation = found(ledger_fill("1"));
  liquidation.execution.kind = ExecutionKind::kLiquidation;
  add(known, liquidation);
  EXPECT_EQ(known.judge(found(ledger_fill("1"))).finding, Finding::kKnown);
}

TEST(KnownIds, ReportsOfOrdersAreNotKept) {
  KnownIds known;
  FoundFill report = found(ledger_fill("1"));
  for (const ExecutionKind kind : {ExecutionKind::kNew, ExecutionKind::kCancelled, ExecutionKind::kFunding}) {
    report.execution.kind = kind;
    add(known, report);
  }
  EXPECT_EQ(known.size(), 0u);
}

TEST(KnownIds, ForgetsByTheVenuesTimeAndSaysSo) {
  KnownIds known;
  add(known, found(ledger_fill("2", 2'000)));
  add(known, found(ledger_fill("1", 1'000)));
  EXPECT_EQ(known.whole_from(), 0);
  known.forget_before(2'000);
  EXPECT_EQ(known.size(), 1u);
  EXPECT_EQ(known.whole_from(), 1'001);
  EXPECT_EQ(known.judge(found(ledger_fill("1", 1'000))).finding, Finding::kMissing);
  EXPECT_EQ(known.judge(found(ledger_fill("2", 2'000))).finding, Finding::kKnown);
}

TEST(KnownIds, KeepsNoMoreThanItsLimit) {
  KnownIds known(100);
  for (int i = 0; i < 1'000; ++i) add(known, found(ledger_fill(std::to_string(i), i)));
  EXPECT_EQ(known.size(), 100u);
  EXPECT_EQ(known.whole_from(), 900);
  EXPECT_EQ(known.judge(found(ledger_fill("900", 900))).finding, Finding::kKnown);
}

}  // namespace
}  // namespace millrace::fills::test
