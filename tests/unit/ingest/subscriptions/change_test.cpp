#include "ingest/subscriptions/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::ingest {
namespace {

using normalize::Dataset;
using normalize::Subscription;
using testing::ElementsAre;
using testing::IsEmpty;

const Subscription kBtcBook{"BTC/USD", Dataset::kBook};
const Subscription kBtcTrade{"BTC/USD", Dataset::kTrade};
const Subscription kEthBook{"ETH/USD", Dataset::kBook};

TEST(SubscriptionChange, NamesWhatIsNewAndWhatIsGone) {
  const std::vector present{kBtcBook, kBtcTrade};
  const std::vector wanted{kEthBook, kBtcBook};
  const auto change = change_between(present, wanted);
  EXPECT_THAT(change.add, ElementsAre(kEthBook));
  EXPECT_THAT(change.remove, ElementsAre(kBtcTrade));
}

TEST(SubscriptionChange, TheSameSetInAnotherOrderIsNoChange) {
  const std::vector present{kBtcBook, kEthBook};
  const std::vector wanted{kEthBook, kBtcBook};
  EXPECT_TRUE(change_between(present, wanted).empty());
}

TEST(Shards, AllDatasetsOfAnInstrumentLiveOnOneThread) {
  Shards shards(3);
  std::vector<Subscription> wanted;
  for (int i = 0; i < 30; ++i) {
    for (const Dataset dataset : {Dataset::kBook, Dataset::kTrade}) wanted.push_back({std::to_string(i), dataset});
  }
  const auto parts = shards.split(wanted);
  for (const auto& part : parts) {
    EXPECT_EQ(part.size(), 20u);
    for (const Subscription& one : part) {
      EXPECT_EQ(std::ranges::count(part, one.symbol, &Subscription::symbol), 2);
    }
  }
}

TEST(Shards, AKnownInstrumentStaysWhereItIsWhenTheListChanges) {
  Shards shards(2);
  const auto first = shards.thread_of("A");
  shards.thread_of("B");
  const std::vector<Subscription> changed{{"C", Dataset::kBook}, {"A", Dataset::kTrade}};
  shards.split(changed);
  EXPECT_EQ(shards.thread_of("A"), first);
}

}  // namespace
}  // namespace millrace::ingest
