#include <gtest/gtest.h>

#include <set>
#include <string>

#include "normalize/error.h"
#include "normalize/symbols/dataset.h"

namespace millrace::normalize {
namespace {

TEST(DatasetNames, EveryDatasetIsFoundByItsOwnName) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < kDatasetCount; ++i) {
    const auto dataset = static_cast<Dataset>(i);
    EXPECT_EQ(dataset_from_name(name(dataset)), dataset) << name(dataset);
    EXPECT_TRUE(seen.insert(name(dataset)).second) << "twice: " << name(dataset);
  }
}

TEST(DatasetNames, AreThoseOfTheTopics) {
  EXPECT_EQ(name(Dataset::kBook), "book");
  EXPECT_EQ(name(Dataset::kBboBook), "bbo-book");
  EXPECT_EQ(name(Dataset::kTradeAgg), "trade-agg");
  EXPECT_EQ(name(Dataset::kInstrument), "instrument");
  EXPECT_EQ(name(Dataset::kCandle15d), "candle-15d");
  EXPECT_EQ(name(Dataset::kExecution), "execution");
  EXPECT_EQ(name(Dataset::kBalance), "balance");
}

TEST(DatasetNames, AMinuteAndAMonthAreNotTheSameCandle) {
  EXPECT_EQ(dataset_from_name("candle-1m"), Dataset::kCandle1m);
  EXPECT_EQ(dataset_from_name("candle-1M"), Dataset::kCandle1M);
}

TEST(DatasetNames, WhatIsNoNameIsRefused) {
  for (const char* wrong : {"", "Book", "book ", "candle-", "candle-7m", "executions"}) {
    EXPECT_FALSE(dataset_from_name(wrong)) << wrong;
  }
}

TEST(DatasetNames, OnlyCandlesHaveAnInterval) {
  EXPECT_EQ(candle_interval(Dataset::kCandle1m), "1m");
  EXPECT_EQ(candle_interval(Dataset::kCandle1w), "1w");
  EXPECT_EQ(candle_interval(Dataset::kBook), "");
}

TEST(Errors, EachHasANameOfItsOwnAndAReaction) {
  std::set<std::string_view> seen;
  for (auto code = static_cast<int>(Errc::kBadJson); code <= static_cast<int>(Errc::kRefused); ++code) {
    const std::string_view text = name(static_cast<Errc>(code));
    EXPECT_NE(text, "unknown") << code;
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
  EXPECT_EQ(reaction_to(Errc::kBadJson), Reaction::kQuarantine);
  EXPECT_EQ(reaction_to(Errc::kBadChecksum), Reaction::kResync);
  EXPECT_EQ(reaction_to(Errc::kSequenceGap), Reaction::kResync);
  EXPECT_EQ(reaction_to(Errc::kRefused), Reaction::kReport);
}

TEST(Errors, ValueOfAFailureThrowsWithNameAndPlace) {
  const Result<int> failed = Error{Errc::kBadNumber, "data[0].price"};
  try {
    (void)failed.value();
    FAIL() << "did not throw";
  } catch (const std::exception& thrown) {
    EXPECT_STREQ(thrown.what(), "bad_number at data[0].price");
  }
}

}  // namespace
}  // namespace millrace::normalize
