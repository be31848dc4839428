#include "replay/history/dedupe.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

using schemas::Origin;

class DedupeTest : public testing::Test {
 protected:
  bool first(std::int64_t seq, std::int64_t epoch = 1, Origin origin = Origin::kLive, const char* owner = "A") {
    Record record;
    record.stream = streams.find("market.kraken.trade.v1", owner, "");
    record.epoch = epoch;
    record.seq = seq;
    record.origin = origin;
    return dedupe.first(record);
  }

  StreamTable streams{Selection{}};
  Dedupe dedupe;
};

TEST_F(DedupeTest, ARepeatIsOfTheSameStreamOriginEpochAndSeq) {
  EXPECT_TRUE(first(1));
  EXPECT_FALSE(first(1));
  EXPECT_TRUE(first(2));
  EXPECT_TRUE(first(1, 2));
  EXPECT_TRUE(first(1, 1, Origin::kReplay));
  EXPECT_TRUE(first(1, 1, Origin::kHistory));
  EXPECT_TRUE(first(1, 1, Origin::kLive, "B"));
  EXPECT_FALSE(first(1, 1, Origin::kReplay));
  EXPECT_FALSE(first(2));
}

TEST_F(DedupeTest, LiveAndSnapshotAreOneNumbering) {
  EXPECT_TRUE(first(1, 1, Origin::kSnapshot));
  EXPECT_TRUE(first(2, 1, Origin::kLive));
  EXPECT_FALSE(first(1, 1, Origin::kLive));
}

TEST(SeqSpans, AgreeWithASet) {
  std::mt19937_64 engine{1};
  for (int round = 0; round < 20; ++round) {
    SeqSpans spans;
    std::set<std::int64_t> seen;
    for (int i = 0; i < 2000; ++i) {
      const auto seq = static_cast<std::int64_t>(engine() % 1500);
      ASSERT_EQ(spans.add(seq), seen.insert(seq).second) << seq;
    }
  }
}

TEST(SeqSpans, ForgetTheOldestHoleWhenThereAreTooMany) {
  SeqSpans spans;
  for (std::int64_t seq = 0; seq <= 2 * static_cast<std::int64_t>(SeqSpans::kMost); seq += 2) spans.add(seq);
  EXPECT_TRUE(spans.add(0));   // forgotten
  EXPECT_FALSE(spans.add(4));  // kept
}

}  // namespace
}  // namespace millrace::history
