#include "replay/fills/sweep_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {
namespace {

constexpr UnixNanos kNow = 1'700'000'000 * kSecond;  // the venue's clock

class SweepPlanTest : public testing::Test {
 protected:
  SweepPlanTest() {
    settings.safety_lag_ns = 30 * kSecond;
    settings.overlap_ns = 5 * kMinute;
    settings.deep_ns = 2 * kDay;
    progress.span_ns = kDay;
    wish.trigger = Trigger::kReconnect;
  }

  void complete(const std::string& symbol, UnixNanos through) {
    schemas::Cursor record;
    record.scopes = {{symbol, through}};
    cursor.adopt(record);
  }
  normalize::Result<SweepPlan> plan(const std::set<std::string>& scopes = {""}, UnixNanos venue_now = kNow) {
    return plan_sweep(wish, scopes, cursor, progress, venue_now, whole_from, settings);
  }

  FillsSettings settings;
  CursorState cursor;
  Progress progress;
  Wish wish;
  UnixNanos whole_from = 0;
};

TEST_F(SweepPlanTest, ReadsFromTheOverlapToNowAndClaimsUpToTheLag) {
  complete("", kNow - kHour);
  const auto made = plan();
  ASSERT_TRUE(made);
  ASSERT_EQ(made->parts.size(), 1u);
  EXPECT_EQ(made->parts[0].from, kNow - kHour - 5 * kMinute);
  EXPECT_EQ(made->to, kNow);
  EXPECT_EQ(made->through, kNow - 30 * kSecond);
  EXPECT_EQ(made->target, made->to);
}

TEST_F(SweepPlanTest, ReadsWholeSecondsOutwardsAndClaimsThemInwards) {
  complete("", kNow - kHour + 999 * kMs);
  const auto made = plan({""}, kNow + 1);
  EXPECT_EQ(made->parts[0].from, kNow - kHour - 5 * kMinute);
  EXPECT_EQ(made->to, kNow + kSecond);
  EXPECT_EQ(made->through, kNow - 30 * kSecond);
}

TEST_F(SweepPlanTest, WithoutACursorItBeginsAsFarBackAsADeepSweep) {
  settings.deep_ns = 6 * kHour;
  EXPECT_EQ(plan()->parts[0].from, kNow - 6 * kHour);
}

TEST_F(SweepPlanTest, SweepsThatOnlyTimeAskedForLeaveTheLastSecondsToTheStream) {
  progress.grace_ns = 5 * kSecond;
  complete("", kNow - kHour);
  for (const Trigger trigger : {Trigger::kTimer, Trigger::kPoll, Trigger::kDeep}) {
    wish.trigger = trigger;
    EXPECT_EQ(plan()->to, kNow - 5 * kSecond);
    EXPECT_EQ(plan()->through, kNow - 30 * kSecond);
  }
  for (const Trigger trigger : {Trigger::kStart, Trigger::kHand, Trigger::kQuantityMismatch}) {
    wish.trigger = trigger;
    EXPECT_EQ(plan()->to, kNow);
  }
}

TEST_F(SweepPlanTest, EachScopeGoesOnFromItsOwnCursor) {
  complete("BTC", kNow - kHour);
  complete("ETH", kNow - 2 * kHour);
  const auto made = plan({"BTC", "ETH"});
  ASSERT_EQ(made->parts.size(), 2u);
  EXPECT_EQ(made->parts[0].from, kNow - kHour - 5 * kMinute);
  EXPECT_EQ(made->parts[1].from, kNow - 2 * kHour - 5 * kMinute);
  EXPECT_EQ(made->common_from(), made->parts[0].from);
}

TEST_F(SweepPlanTest, ALongRangeComesInPieces) {
  complete("", kNow - 50 * kHour + 5 * kMinute);
  auto made = plan();
  EXPECT_EQ(made->to, kNow - 26 * kHour);
  EXPECT_EQ(made->through, made->to);
  EXPECT_EQ(made->target, kNow);

  cursor.advance("", made->parts[0].from, made->through, false);
  progress.reached = made->to;
  progress.target = made->target;
  made = plan({""}, kNow + 7 * kSecond);
  EXPECT_EQ(made->parts[0].from, kNow - 26 * kHour);  // not by the overlap again
  EXPECT_EQ(made->to, kNow - 2 * kHour);
  EXPECT_EQ(made->target, kNow);  // as the first piece saw it
}

TEST_F(SweepPlanTest, AScopeThatLagsBehindIsReadAloneUntilItHasCaughtUp) {
  complete("BTC", kNow - kHour);
  const auto made = plan({"BTC", "NEW"});
  ASSERT_EQ(made->parts.size(), 1u);
  EXPECT_EQ(made->parts[0].symbol, "NEW");
  EXPECT_EQ(made->to, kNow - kDay);
}

TEST_F(SweepPlanTest, ADeepSweepReadsAllScopesFromTheSameMoment) {
  wish.trigger = Trigger::kDeep;
  wish.deep = true;
  progress.span_ns = 10 * kDay;
  complete("BTC", kNow - kHour);
  complete("ETH", kNow - 2 * kHour);
  const auto made = plan({"BTC", "ETH"});
  EXPECT_EQ(made->parts[0].from, kNow - 2 * kDay);
  EXPECT_EQ(made->parts[1].from, kNow - 2 * kDay);
}

TEST_F(SweepPlanTest, ADeepSweepGoesNoFurtherThanTheKnownIdsButNeverLessThanTheCursor) {
  wish.deep = true;
  progress.span_ns = 10 * kDay;
  complete("", kNow - kHour);
  whole_from = kNow - 3 * kHour;
  EXPECT_EQ(plan()->parts[0].from, kNow - 3 * kHour);
  whole_from = kNow;
  EXPECT_EQ(plan()->parts[0].from, kNow - kHour - 5 * kMinute);
}

TEST_F(SweepPlanTest, ByHandItReadsWhatWasAskedFor) {
  wish.trigger = Trigger::kHand;
  complete("", kNow - kHour);
  wish.from = kNow - 9 * kHour + 1;
  wish.to = kNow - 8 * kHour + 1;
  const auto made = plan();
  EXPECT_EQ(made->parts[0].from, kNow - 9 * kHour);
  EXPECT_EQ(made->to, kNow - 8 * kHour + kSecond);
  wish.to = kNow + kDay;
  EXPECT_EQ(plan()->to, kNow);
}

TEST_F(SweepPlanTest, AClockBehindTheCursorIsAnError) {
  complete("", kNow);
  EXPECT_TRUE(plan({""}, kNow - 5 * kMinute));
  const auto made = plan({""}, kNow - 6 * kMinute);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().where, testing::HasSubstr("clock"));
}

TEST_F(SweepPlanTest, ARangeThatEndsBeforeItBeginsIsAnError) {
  wish.from = kNow - kHour;
  wish.to = kNow - 2 * kHour;
  EXPECT_FALSE(plan());
}

TEST_F(SweepPlanTest, WithoutScopesThereIsNothingToDo) { EXPECT_FALSE(plan({})); }

TEST_F(SweepPlanTest, TheTailReachesAsFarBackAsAnySweep) {
  EXPECT_EQ(tail_from(cursor, kNow, settings), kNow - 2 * kDay);
  complete("", kNow - 9 * kDay);
  EXPECT_EQ(tail_from(cursor, kNow, settings), kNow - 9 * kDay - 5 * kMinute);
}

}  // namespace
}  // namespace millrace::fills::test
