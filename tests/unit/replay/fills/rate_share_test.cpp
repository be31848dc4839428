#include "replay/fills/rate_share.h"

#include <gtest/gtest.h>

#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {
namespace {

constexpr schemas::UnixNanos kNow = 1'700'000'000 * kSecond;

TEST(RateShare, TakesNoMoreThanItsPartOfTheMinute) {
  RateShare share(1'000, 30);
  EXPECT_EQ(share.take(kNow, 200), 0);
  EXPECT_EQ(share.take(kNow, 100), 0);
  EXPECT_EQ(share.take(kNow + kSecond, 1), 60 * kSecond);
  EXPECT_EQ(share.take(kNow + 61 * kSecond, 300), 0);
}

TEST(RateShare, LeavesWhatTheHostSaysIsUsed) {
  RateShare share(1'000, 30);
  share.host_used(kNow, 950);
  EXPECT_EQ(share.take(kNow, 50), 0);
  EXPECT_GT(share.take(kNow, 1), 0);
  EXPECT_EQ(share.take(kNow + 61 * kSecond, 300), 0);
}

TEST(RateShare, ARefusalCostsNeitherPart) {
  RateShare share(1'000, 30);
  share.host_used(kNow, 900);
  EXPECT_GT(share.take(kNow, 200), 0);  // the host's limit
  EXPECT_EQ(share.take(kNow, 100), 0);  // would fail if the 200 had been charged
  EXPECT_EQ(share.take(kNow + 61 * kSecond, 300), 0);
}

TEST(RateShare, AHostThatWantsQuietGetsIt) {
  RateShare share(0, 30);
  share.stop_until(kNow + 7 * kSecond);
  EXPECT_EQ(share.take(kNow, 1), 7 * kSecond);
  EXPECT_EQ(share.take(kNow + 7 * kSecond, 1), 0);
}

TEST(RateShare, WithoutAKnownLimitNothingWaits) {
  RateShare share(0, 30);
  for (int i = 0; i < 100'000; ++i) ASSERT_EQ(share.take(kNow, 100), 0);
}

TEST(RateShare, ATinyHostStillGivesOneRequest) {
  RateShare share(2, 30);
  EXPECT_EQ(share.take(kNow, 1), 0);
  EXPECT_GT(share.take(kNow, 1), 0);
}

}  // namespace
}  // namespace millrace::fills::test
