#include "replay/fills/fill_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {
namespace {

using normalize::FoundFill;
using schemas::ExecutionKind;
using testing::ElementsAre;

LedgerFill at(const std::string& id, UnixNanos time) { return {id, "BTC", "order-" + id, time}; }

std::vector<std::string> ids(const std::vector<Outgoing>& all) {
  std::vector<std::string> ids;
  for (const Outgoing& one : all) ids.push_back(one.fill.execution.execution_id);
  return ids;
}

TEST(FillBatch, SortsByTimeAndTiesById) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("c", 20)), found(at("b", 10)), found(at("a", 20))}, 0, 100, 7);
  const auto all = batch.settle();
  EXPECT_THAT(ids(all), ElementsAre("b", "a", "c"));
  EXPECT_EQ(all[0].fill.execution.revision, 1);
  EXPECT_EQ(all[0].received, 7);
}

TEST(FillBatch, RowsOfSeveralPagesCountOnce) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("a", 10)), found(at("b", 10))}, 0, 100, 1);
  batch.take({found(at("b", 10)), found(at("c", 10))}, 0, 100, 2);
  EXPECT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.read(), 4);
  EXPECT_THAT(ids(batch.settle()), ElementsAre("a", "b", "c"));
}

TEST(FillBatch, WhatTheStreamToldMeanwhileIsLeftOut) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("a", 10)), found(at("b", 10))}, 0, 100, 1);
  known.add("BTC", 10, found(at("a", 10)).execution);
  EXPECT_THAT(ids(batch.settle()), ElementsAre("b"));
}

TEST(FillBatch, RowsOutsideOfTheRangeAreAnotherSweeps) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("early", 9)), found(at("first", 10)), found(at("last", 20)), found(at("late", 21))}, 10, 20, 1);
  EXPECT_EQ(batch.read(), 2);
  EXPECT_THAT(ids(batch.settle()), ElementsAre("first", "last"));
}

TEST(FillBatch, ARowWithoutATimeIsNeverLeftOut) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("a", 0))}, 10, 20, 1);
  EXPECT_THAT(ids(batch.settle()), ElementsAre("a"));
}

TEST(FillBatch, ARicherRowIsTheNextRevision) {
  KnownIds known;
  FoundFill poor = found(at("a", 10));
  poor.execution.fee.reset();
  known.add("BTC", 10, poor.execution);
  FillBatch batch(known);
  batch.take({found(at("a", 10))}, 0, 100, 1);
  const auto all = batch.settle();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].finding, Finding::kRicher);
  EXPECT_EQ(all[0].fill.execution.revision, 2);
  EXPECT_EQ(all[0].fill.execution.kind, ExecutionKind::kTrade);
}

TEST(FillBatch, AFillComesBeforeItsCancellation) {
  KnownIds known;
  FillBatch batch(known);
  FoundFill cancel = found(at("a", 10));
  cancel.execution.kind = ExecutionKind::kTradeCancel;
  batch.take({cancel, found(at("a", 10))}, 0, 100, 1);
  const auto all = batch.settle();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].finding, Finding::kMissing);
  EXPECT_EQ(all[0].fill.execution.revision, 1);
  EXPECT_EQ(all[1].finding, Finding::kCorrection);
  EXPECT_EQ(all[1].fill.execution.revision, 3);
  EXPECT_EQ(all[1].fill.execution.kind, ExecutionKind::kTradeCancel);
}

TEST(FillBatch, ARowThatContradictsTheTopicGoesOutAsACorrection) {
  KnownIds known;
  known.add("BTC", 10, found(at("a", 10)).execution);
  FillBatch batch(known);
  LedgerFill changed = at("a", 10);
  changed.quantity = "2";
  batch.take({found(changed)}, 0, 100, 1);
  const auto all = batch.settle();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fill.execution.kind, ExecutionKind::kTradeCorrection);
  EXPECT_EQ(all[0].fill.execution.revision, 3);
  EXPECT_EQ(batch.contradictions(), 1);
}

TEST(FillBatch, TheSameTradeIdOfTwoSymbolsIsTwoFills) {
  KnownIds known;
  FillBatch batch(known);
  LedgerFill other = at("a", 10);
  other.symbol = "ETH";
  batch.take({found(at("a", 10)), found(other)}, 0, 100, 1);
  EXPECT_THAT(ids(batch.settle()), ElementsAre("a", "a"));
}

TEST(FillBatch, ClearedItIsAsNew) {
  KnownIds known;
  FillBatch batch(known);
  batch.take({found(at("a", 10))}, 0, 100, 1);
  batch.clear();
  EXPECT_EQ(batch.read(), 0);
  EXPECT_TRUE(batch.settle().empty());
  batch.take({found(at("a", 10))}, 0, 100, 1);
  EXPECT_EQ(batch.settle().size(), 1u);
}

}  // namespace
}  // namespace millrace::fills::test
