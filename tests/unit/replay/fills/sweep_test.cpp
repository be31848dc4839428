// What a sweep does between its last page and the end, in the order that P3 wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/world.h"

namespace millrace::fills::test {
namespace {

using schemas::RecoveryPhase;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class SweepTest : public testing::Test {
 protected:
  World world;
};

TEST_F(SweepTest, PublishesWhatTheStreamDidNotTell) {
  world.stream(world.fill("told"));
  world.now += kSecond;
  world.fill("missed-1");
  world.now += kSecond;
  world.fill("missed-2");
  world.now += kMinute;
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("missed-1", "missed-2"));
  ASSERT_THAT(world.cursors, Not(IsEmpty()));
  EXPECT_EQ(world.cursor().scopes[0].complete_through, world.venue_now() - 30 * kSecond);
  EXPECT_THAT(world.overclaimed, IsEmpty());
}

TEST_F(SweepTest, TellsItsBeginningAndItsEnd) {
  world.fill("1");
  world.stream(world.fill("2"));
  world.now += kMinute;
  world.start();
  world.settle();
  ASSERT_THAT(world.recoveries, SizeIs(4));  // two days come in two pieces
  const schemas::Recovery& began = world.recoveries[2];
  EXPECT_EQ(began.phase, RecoveryPhase::kStarted);
  EXPECT_EQ(began.trigger, "start");
  EXPECT_EQ(began.instance, 1);
  EXPECT_EQ(began.sweep, 2);
  EXPECT_FALSE(began.watermark);
  const schemas::Recovery& done = world.recoveries[3];
  EXPECT_EQ(done.phase, RecoveryPhase::kCompleted);
  EXPECT_EQ(done.sweep, 2);
  EXPECT_EQ(done.from, began.from);
  EXPECT_EQ(done.to, world.venue_now());
  EXPECT_EQ(done.watermark, world.venue_now() - 30 * kSecond);
  EXPECT_EQ(done.requests, 2);
  EXPECT_EQ(done.fills_read, 2);
  EXPECT_EQ(done.fills_missing, 1);
  EXPECT_EQ(done.late_fills, 0);
  EXPECT_EQ(done.error, "");
}

TEST_F(SweepTest, WhatIsNewerThanTheWatermarkIsPublishedToo) {
  world.now += kMinute;
  world.fill("fresh");
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("fresh"));
  EXPECT_LT(world.cursor().scopes[0].complete_through, world.ledger[0].time);
}

TEST_F(SweepTest, CommitsOnlyAfterEveryAcknowledgement) {
  for (int i = 0; i < 5; ++i) world.fill("f" + std::to_string(i));
  world.settings.piece_ns = 10 * kDay;
  world.start();
  while (world.topic.size() < 4) ASSERT_TRUE(world.step());
  EXPECT_THAT(world.cursors, IsEmpty());
  EXPECT_EQ(world.core->progress().acknowledged, 4u);
  EXPECT_EQ(world.core->progress().to_publish, 5u);
  EXPECT_FALSE(world.core->cursor().through(""));
  ASSERT_TRUE(world.step());  // the last acknowledgement
  EXPECT_FALSE(world.core->cursor().through(""));
  EXPECT_FALSE(world.core->sign_of_life());  // while the commit is under way
  ASSERT_TRUE(world.step());                 // the commit
  EXPECT_TRUE(world.core->cursor().through(""));
  EXPECT_TRUE(world.core->sign_of_life());
}

TEST_F(SweepTest, AFillCountsAsSeenOnlyWhenTheBrokerHasIt) {
  world.settings.piece_ns = 10 * kDay;
  world.fill("1");
  world.start();
  while (world.core->progress().to_publish == 0) ASSERT_TRUE(world.step());
  EXPECT_EQ(world.core->known().size(), 0u);
  ASSERT_TRUE(world.step());
  EXPECT_EQ(world.core->known().size(), 1u);
}

TEST_F(SweepTest, AFillThatIsNotAcknowledgedHoldsTheCursorAndIsPublishedAgain) {
  world.settings.piece_ns = 10 * kDay;
  int refusals = 2;
  world.acknowledges = [&](const normalize::FoundFill& fill) {
    return fill.execution.execution_id != "2" || refusals-- <= 0;
  };
  for (const char* id : {"1", "2", "3"}) world.fill(id);
  world.start();
  world.settle();
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.cursors, IsEmpty());
  EXPECT_THAT(world.replayed(), ElementsAre("1", "3"));
  world.run(10 * kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("1", "3", "2"));  // those that were acknowledged are not repeated
  EXPECT_THAT(world.cursors, SizeIs(1));
  EXPECT_THAT(world.overclaimed, IsEmpty());
}

TEST_F(SweepTest, NoMoreThanTheWindowIsAtTheBroker) {
  world.settings.piece_ns = 10 * kDay;
  world.settings.most_unacked = 2;
  for (int i = 0; i < 7; ++i) world.fill("f" + std::to_string(i));
  int at_broker = 0, most = 0;
  world.acknowledges = [&](const normalize::FoundFill&) {
    most = std::max(most, ++at_broker - static_cast<int>(world.topic.size()));
    return true;
  };
  world.start();
  world.settle();
  EXPECT_EQ(most, 2);
  EXPECT_THAT(world.replayed(), SizeIs(7));
}

TEST_F(SweepTest, AfterARefusalNoMoreIsPublishedThanIsOnItsWay) {
  world.settings.piece_ns = 10 * kDay;
  world.settings.most_unacked = 2;
  int published = 0;
  world.acknowledges = [&](const normalize::FoundFill&) { return ++published != 1; };
  for (int i = 0; i < 7; ++i) world.fill("f" + std::to_string(i));
  world.start();
  world.settle();
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_EQ(published, 2);
}

TEST_F(SweepTest, AnswersThatBelongToNoCallAreIgnored) {
  world.settings.piece_ns = 10 * kDay;
  world.fill("1");
  world.start();
  for (int i = 0; i < 20; ++i) {
    world.core->on_committed(999, true, "", world.now);
    world.core->on_published(999, true, "", world.now);
    world.core->on_caught_up(999, true, "", world.now);
    world.core->on_answer(999, {"time", "/time", "17", "", 200, world.now}, world.now);
    world.core->on_token(999, false, world.now);
    world.core->on_cursor(999, nullptr, world.now);
    EXPECT_EQ(world.core->cursor().through("").has_value(), !world.cursors.empty());
    if (!world.step()) break;
  }
  EXPECT_THAT(world.cursors, SizeIs(1));
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
}

TEST_F(SweepTest, PublishesByTimeWhateverThePagesOrder) {
  world.settings.piece_ns = 10 * kDay;
  world.fill("b");
  world.fill("a");
  world.now += kSecond;
  world.fill("0");
  std::swap(world.ledger[0], world.ledger[2]);
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("a", "b", "0"));
}

TEST_F(SweepTest, WhatTheStreamTellsBeforeTheComparisonIsNotMissing) {
  world.settings.piece_ns = 10 * kDay;
  world.fill("1");
  world.before_catch_up = [&] {
    if (world.topic.empty()) world.stream(world.ledger[0]);
  };
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), IsEmpty());
  EXPECT_EQ(world.core->counters().fills_missing, 0);
}

TEST_F(SweepTest, WithoutTheTopicsEndNothingIsPublished) {
  world.settings.piece_ns = 10 * kDay;
  world.fill("1");
  world.broker_readable = false;
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), IsEmpty());
  ASSERT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_EQ(world.ends.back().why, Failure::kBroker);
  world.broker_readable = true;
  world.run(10 * kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
}

TEST_F(SweepTest, ARicherCopyIsRevisionTwoOnce) {
  world.settings.piece_ns = 10 * kDay;
  LedgerFill poor = world.fill("1");
  poor.fee = "";
  world.stream(poor);
  world.start();
  world.run(kHour);
  ASSERT_THAT(world.topic, SizeIs(2));
  EXPECT_EQ(world.topic[1].execution.revision, 2);
  EXPECT_EQ(world.topic[1].execution.event_id, world.topic[0].execution.event_id);
  EXPECT_TRUE(world.topic[1].execution.fee);
  EXPECT_EQ(world.core->counters().fills_richer, 1);
  EXPECT_EQ(world.core->counters().fills_missing, 0);
}

TEST_F(SweepTest, ALateFillIsPublishedCountedAndTold) {
  world.settings.piece_ns = 10 * kDay;
  world.start();
  world.fill("late", "BTC", 2 * kMinute);
  world.run(kMinute);
  world.core->on_token_renewed(world.now);
  world.run(kMinute - kSecond);
  EXPECT_GT(*world.core->cursor().through(""), world.ledger[0].time);  // 30 s were promised
  world.core->on_token_renewed(world.now);
  world.run(2 * kSecond);
  world.core->on_token_renewed(world.now);
  world.run(kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("late"));
  EXPECT_EQ(world.core->counters().late_fills, 1);
  EXPECT_EQ(world.ended(RecoveryPhase::kCompleted).back().late_fills, 1);
}

TEST_F(SweepTest, ACorrectionOfAnOldFillIsNotALateFill) {
  world.settings.piece_ns = 10 * kDay;
  world.stream(world.fill("1"));
  world.start();
  world.run(kMinute);
  world.core->on_token_renewed(world.now);
  world.run(kSecond);
  world.ledger[0].kind = schemas::ExecutionKind::kTradeCancel;
  world.core->on_token_renewed(world.now);
  world.run(kMinute);
  ASSERT_THAT(world.topic, SizeIs(2));
  EXPECT_EQ(world.topic[1].execution.kind, schemas::ExecutionKind::kTradeCancel);
  EXPECT_EQ(world.topic[1].execution.revision, 3);
  EXPECT_EQ(world.core->counters().late_fills, 0);
}

TEST_F(SweepTest, AFillThatNeverWasIsNoLateFill) {
  world.settings.piece_ns = 10 * kDay;
  world.start();
  world.settle();
  world.fill("busted", "BTC", 3 * kMinute).kind = schemas::ExecutionKind::kTradeCancel;
  world.run(2 * kMinute);
  world.core->on_token_renewed(world.now);
  world.run(2 * kMinute);
  world.core->on_token_renewed(world.now);
  world.run(kSecond);
  ASSERT_THAT(world.replayed(), ElementsAre("busted"));
  EXPECT_EQ(world.topic[0].execution.revision, 3);
  EXPECT_EQ(world.core->counters().late_fills, 0);
}

TEST_F(SweepTest, ACommitThatIsRefusedMovesNothing) {
  world.settings.piece_ns = 10 * kDay;
  int refusals = 1;
  world.commits = [&] { return refusals-- > 0 ? World::Commit::kRefused : World::Commit::kDone; };
  world.fill("1");
  world.start();
  world.settle();
  EXPECT_THAT(world.cursors, IsEmpty());
  EXPECT_FALSE(world.core->cursor().through(""));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  world.run(10 * kSecond);
  EXPECT_THAT(world.cursors, SizeIs(1));
  EXPECT_THAT(world.replayed(), ElementsAre("1"));  // acknowledged the first time
}

TEST_F(SweepTest, AMissingFillIsCountedByTheSweepThatPublishedIt) {
  world.settings.piece_ns = 10 * kDay;
  bool refuse_fill = true, refuse_commit = true;
  world.acknowledges = [&](const normalize::FoundFill& fill) {
    return fill.execution.execution_id == "1" || !std::exchange(refuse_fill, false);
  };
  world.commits = [&] { return std::exchange(refuse_commit, false) ? World::Commit::kRefused : World::Commit::kDone; };
  world.fill("1");
  world.fill("2");
  world.start();
  world.settle();
  EXPECT_EQ(world.core->counters().fills_missing, 1);  // the other one was not acknowledged
  world.run(kMinute);
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(2));  // and then a commit was refused
  EXPECT_THAT(world.cursors, SizeIs(1));
  EXPECT_EQ(world.core->counters().fills_missing, 2);
}

TEST_F(SweepTest, ADryRunLooksAndTouchesNothing) {
  world.fill("1");
  world.now += kHour;
  world.start();
  world.commits = [] { return World::Commit::kDone; };
  world.acknowledges = [](const normalize::FoundFill&) { return true; };
  world.run(kSecond);
  const std::size_t told = world.recoveries.size(), committed = world.cursors.size();
  world.fill("2");
  Wish wish;
  wish.from = world.now - 2 * kHour;
  wish.to = world.now;
  wish.dry_run = true;
  ASSERT_TRUE(world.core->by_hand(wish));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_THAT(world.dry, ElementsAre("2"));
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_EQ(world.recoveries.size(), told);
  EXPECT_EQ(world.cursors.size(), committed);
  EXPECT_TRUE(world.ends.back().ok);
  EXPECT_EQ(world.ends.back().recovery.fills_missing, 1);

  world.venue_fault = [](const std::string&) { return std::optional(Answer{400, ""}); };
  ASSERT_TRUE(world.core->by_hand(wish));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_FALSE(world.ends.back().ok);
  EXPECT_EQ(world.recoveries.size(), told);
}

}  // namespace
}  // namespace millrace::fills::test
