#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ingest/worker/first_data.h"
#include "ingest/worker/refresh_schedule.h"
#include "ingest/worker/storm_rule.h"

namespace millrace::ingest {
namespace {

using normalize::Dataset;
using normalize::InstrumentId;
using normalize::Subscription;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

StormRule::Verdict frames(StormRule& rule, int count, schemas::UnixNanos now) {
  StormRule::Verdict any;
  for (int i = 0; i < count; ++i) {
    const auto verdict = rule.on_bad_frame(now);
    any.begins |= verdict.begins;
    any.reconnect |= verdict.reconnect;
  }
  return any;
}

TEST(StormRule, AFewBadFramesAreNoStorm) {
  StormRule rule;
  for (int minute = 0; minute < 60; ++minute) {
    EXPECT_FALSE(frames(rule, StormRule::kFrames - 1, minute * 60 * kSecond).begins);
  }
}

TEST(StormRule, AStormIsToldOnceAndReconnects) {
  StormRule rule;
  const auto first = frames(rule, StormRule::kFrames, kSecond);
  EXPECT_TRUE(first.begins);
  EXPECT_TRUE(first.reconnect);
  EXPECT_FALSE(frames(rule, 1000, 2 * kSecond).begins);
}

TEST(StormRule, ThereIsAtMostOneReconnectAnHour) {
  StormRule rule;
  int reconnects = 0;
  for (std::int64_t now = kSecond; now < 2 * kHour; now += 60 * kSecond) {
    reconnects += frames(rule, StormRule::kFrames, now).reconnect ? 1 : 0;
  }
  EXPECT_EQ(reconnects, 2);
}

class FirstDataTest : public testing::Test {
 protected:
  static constexpr std::int64_t kDeadline = 10 * kSecond;
  const Subscription book{"A", Dataset::kBook};
  const Subscription trade{"A", Dataset::kTrade};
  const std::vector<Subscription> both{book, trade};
  static normalize::DatasetCapability row(Dataset dataset) {
    normalize::DatasetCapability row{};
    row.dataset = dataset;
    return row;
  }
  static normalize::Capabilities capabilities_of(std::span<const normalize::DatasetCapability> rows) {
    normalize::Capabilities all;
    all.datasets = rows;
    return all;
  }
  const normalize::DatasetCapability rows[2] = {row(Dataset::kBook), row(Dataset::kTrade)};
  const normalize::Capabilities capabilities = capabilities_of(rows);
  FirstData watch{kDeadline, capabilities};

  static bool nothing(const Subscription&) { return false; }
  static bool everything(const Subscription&) { return true; }
};

TEST_F(FirstDataTest, AStreamThatHasSpokenIsForgotten) {
  watch.expect(both, 0);
  const auto overdue = watch.check(kDeadline, everything);
  EXPECT_THAT(overdue.resubscribe, IsEmpty());
  EXPECT_EQ(watch.waiting(), 0u);
}

TEST_F(FirstDataTest, ASilentStreamIsSubscribedAgainAfterItsDeadlineAndNotBefore) {
  watch.expect(both, 0);
  EXPECT_THAT(watch.check(kDeadline - 1, nothing).resubscribe, IsEmpty());
  EXPECT_THAT(watch.check(kDeadline, nothing).resubscribe, ElementsAre(book, trade));
  EXPECT_THAT(watch.check(kDeadline + 1, nothing).resubscribe, IsEmpty());
}

TEST_F(FirstDataTest, ABookThatStaysSilentAsksForANewConnection) {
  watch.expect(both, 0);
  watch.check(kDeadline, nothing);
  EXPECT_TRUE(watch.check(2 * kDeadline, nothing).reconnect);
}

TEST_F(FirstDataTest, AQuietTradeStreamIsLeftAlone) {
  watch.expect(std::vector{trade}, 0);
  watch.check(kDeadline, nothing);
  const auto overdue = watch.check(2 * kDeadline, nothing);
  EXPECT_FALSE(overdue.reconnect);
  EXPECT_THAT(overdue.given_up, ElementsAre(trade));
  EXPECT_EQ(watch.waiting(), 0u);
}

TEST_F(FirstDataTest, AnUnsubscribedStreamIsNoLongerExpected) {
  watch.expect(both, 0);
  watch.forget(std::vector{book});
  EXPECT_THAT(watch.check(kDeadline, nothing).resubscribe, ElementsAre(trade));
}

TEST(RefreshSchedule, EachBookComesOncePerPeriodAtAMomentOfItsOwn) {
  RefreshSchedule schedule(60 * kSecond, 7);
  for (std::uint32_t i = 0; i < 100; ++i) schedule.add(InstrumentId{i}, 0);
  std::size_t most = 0;
  std::set<InstrumentId> seen;
  for (std::int64_t now = 0; now <= 60 * kSecond; now += kSecond) {
    const auto& due = schedule.take_due(now);
    most = std::max(most, due.size());
    for (const InstrumentId book : due) EXPECT_TRUE(seen.insert(book).second);
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_LT(most, 10u);
}

TEST(RefreshSchedule, ARemovedBookIsNotDueAnyMore) {
  RefreshSchedule schedule(kSecond, 7);
  schedule.add(InstrumentId{1}, 0);
  schedule.add(InstrumentId{2}, 0);
  schedule.remove(InstrumentId{1});
  EXPECT_THAT(schedule.take_due(kSecond), ElementsAre(InstrumentId{2}));
  EXPECT_THAT(schedule.all(), ElementsAre(InstrumentId{2}));
}

TEST(RefreshSchedule, AfterALongPauseEachBookIsDueOnce) {
  RefreshSchedule schedule(kSecond, 7);
  schedule.add(InstrumentId{1}, 0);
  schedule.add(InstrumentId{2}, 0);
  EXPECT_THAT(schedule.take_due(1000 * kSecond), UnorderedElementsAre(InstrumentId{1}, InstrumentId{2}));
  EXPECT_THAT(schedule.take_due(1000 * kSecond + 1), IsEmpty());
}

}  // namespace
}  // namespace millrace::ingest
