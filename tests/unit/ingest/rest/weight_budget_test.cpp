#include "ingest/rest/weight_budget.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;
using Nanos = WeightBudget::Nanos;

TEST(WeightBudget, AWholeMinuteMayBeUsedAtOnceAndThenTheNextRequestWaitsForTheWindow) {
  WeightBudget budget(100);
  EXPECT_EQ(budget.take(1000s, 60), 0s);
  EXPECT_EQ(budget.take(1000s, 40), 0s);
  EXPECT_EQ(budget.take(1010s, 1), 51s);  // the slot of 1000 s leaves at 1061 s
  EXPECT_EQ(budget.take(1061s, 1), 0s);
}

TEST(WeightBudget, ARefusedRequestCostsNothing) {
  WeightBudget budget(100);
  budget.take(1000s, 90);
  budget.take(1000s, 50);
  EXPECT_EQ(budget.used(1000s), 90);
}

TEST(WeightBudget, WaitsOnlyForAsManyOldSlotsAsTheRequestNeeds) {
  WeightBudget budget(100);
  budget.take(1000s, 50);
  budget.take(1020s, 50);
  EXPECT_EQ(budget.take(1030s, 50), 31s);
  EXPECT_EQ(budget.take(1030s, 51), 51s);
}

TEST(WeightBudget, WhatIsHeavierThanTheMinuteGoesAlone) {
  WeightBudget budget(10);
  EXPECT_EQ(budget.take(1000s, 50), 0s);
  EXPECT_GT(budget.take(1001s, 1), 0s);
}

TEST(WeightBudget, WithoutALimitNothingWaits) {
  WeightBudget budget(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(budget.take(1s, 1000), 0s);
}

TEST(WeightBudget, TheHostsOwnCountAddsWhatOthersUsed) {
  WeightBudget budget(100);
  budget.take(1000s, 10);
  budget.correct(1001s, 80);
  EXPECT_EQ(budget.used(1001s), 80);
  budget.correct(1001s, 50);  // less than ours: the host's minute began later than our window
  EXPECT_EQ(budget.used(1001s), 80);
  EXPECT_GT(budget.take(1002s, 30), 0s);
}

TEST(WeightBudget, AStopHoldsEverythingUntilItsEndAndIsNeverShortened) {
  WeightBudget budget(100);
  budget.stop_until(1030s);
  budget.stop_until(1010s);
  EXPECT_EQ(budget.take(1000s, 1), 30s);
  EXPECT_TRUE(budget.stopped(1029s));
  EXPECT_EQ(budget.take(1030s, 1), 0s);
}

TEST(WeightBudget, NoSixtySecondsEverHoldMoreThanTheLimit) {
  std::mt19937 random(7);
  WeightBudget budget(300);
  std::vector<std::pair<Nanos, std::int64_t>> taken;
  Nanos now = 500s;
  for (int i = 0; i < 20'000; ++i) {
    now += std::chrono::milliseconds(random() % 700);
    const std::int64_t weight = 1 + static_cast<std::int64_t>(random() % 50);
    if (budget.take(now, weight) == 0s) taken.emplace_back(now, weight);
  }
  ASSERT_GT(taken.size(), 500u);
  std::size_t begin = 0;
  std::int64_t sum = 0;
  for (const auto& [time, weight] : taken) {
    sum += weight;
    while (taken[begin].first <= time - 60s) sum -= taken[begin++].second;
    ASSERT_LE(sum, 300);
  }
}

}  // namespace
}  // namespace millrace::ingest
