#include "normalize/venues/binance/update_chain.h"

#include <gtest/gtest.h>

namespace millrace::normalize::binance {
namespace {

// The sheet's worked example for spot, section 4.6.
TEST(SpotChain, FollowsTheWorkedExample) {
  UpdateChain chain(ChainRule::kSpot);
  chain.load(100);
  EXPECT_EQ(chain.judge({95, 99, {}}), UpdateVerdict::kStale);
  ASSERT_EQ(chain.judge({98, 101, {}}), UpdateVerdict::kApply);
  chain.applied({98, 101, {}});
  EXPECT_EQ(chain.last_id(), 101);
  ASSERT_EQ(chain.judge({102, 104, {}}), UpdateVerdict::kApply);
  chain.applied({102, 104, {}});
  EXPECT_EQ(chain.judge({106, 107, {}}), UpdateVerdict::kGap);
  EXPECT_EQ(chain.last_missing({106, 107, {}}), 105);
}

TEST(SpotChain, AnUpdateThatBeginsRightAfterTheSnapshotIsContiguous) {
  UpdateChain chain(ChainRule::kSpot);
  chain.load(100);
  EXPECT_EQ(chain.judge({101, 101, {}}), UpdateVerdict::kApply);
  EXPECT_EQ(chain.judge({102, 102, {}}), UpdateVerdict::kGap);
  EXPECT_EQ(chain.judge({90, 100, {}}), UpdateVerdict::kStale);
}

TEST(SpotChain, TellsARepeatFromAnOldUpdate) {
  UpdateChain chain(ChainRule::kSpot);
  chain.load(100);
  chain.applied({101, 104, {}});
  EXPECT_EQ(chain.judge({101, 104, {}}), UpdateVerdict::kDuplicate);
  EXPECT_EQ(chain.judge({99, 103, {}}), UpdateVerdict::kStale);
  EXPECT_EQ(chain.judge({103, 106, {}}), UpdateVerdict::kApply);
}

// The sheet's worked example for futures.
TEST(FuturesChain, FollowsTheWorkedExample) {
  UpdateChain chain(ChainRule::kFutures);
  chain.load(1027024);
  EXPECT_EQ(chain.judge({1027000, 1027011, 1026990}), UpdateVerdict::kStale);
  ASSERT_EQ(chain.judge({1027020, 1027030, 1027011}), UpdateVerdict::kApply);
  chain.applied({1027020, 1027030, 1027011});
  EXPECT_EQ(chain.judge({1027031, 1027040, 1027030}), UpdateVerdict::kApply);
  EXPECT_EQ(chain.judge({1027036, 1027040, 1027035}), UpdateVerdict::kGap);
  EXPECT_EQ(chain.last_missing({1027036, 1027040, 1027035}), 1027035);
}

TEST(FuturesChain, FirstIdsSayNothingAboutContiguity) {
  UpdateChain chain(ChainRule::kFutures);
  chain.load(100);
  chain.applied({95, 110, 90});
  EXPECT_EQ(chain.judge({250, 260, 110}), UpdateVerdict::kApply);
  EXPECT_EQ(chain.judge({111, 120, 109}), UpdateVerdict::kGap);
  EXPECT_EQ(chain.judge({111, 120, {}}), UpdateVerdict::kGap);
}

TEST(FuturesChain, TheFirstUpdateMustContainOrFollowTheSnapshot) {
  UpdateChain chain(ChainRule::kFutures);
  chain.load(100);
  EXPECT_EQ(chain.judge({90, 100, 80}), UpdateVerdict::kApply);    // ends with it
  EXPECT_EQ(chain.judge({105, 110, 100}), UpdateVerdict::kApply);  // names it as its predecessor
  EXPECT_EQ(chain.judge({105, 110, 101}), UpdateVerdict::kGap);
  EXPECT_EQ(chain.judge({90, 99, 80}), UpdateVerdict::kStale);
}

TEST(FuturesChain, AnUpdateLostBeforeTheFirstOneIsSeenAlthoughTheSnapshotHasItsRows) {
  UpdateChain chain(ChainRule::kFutures);
  chain.load(100);
  chain.skipped({70, 80, 60});
  EXPECT_EQ(chain.judge({105, 110, 100}), UpdateVerdict::kGap) << "81 to 100 never came";
  EXPECT_EQ(chain.first_missing(), 81);
  EXPECT_EQ(chain.judge({105, 110, 80}), UpdateVerdict::kApply);
  EXPECT_EQ(chain.judge({95, 110, 90}), UpdateVerdict::kApply) << "what contains the snapshot joins it";
}

}  // namespace
}  // namespace millrace::normalize::binance
