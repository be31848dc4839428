// What memory cannot hold waits on disk and follows in order; then records are live again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include "publish/kafka/record_header.h"
#include "tests/unit/publish/support/lane_harness.h"
#include "tests/unit/publish/support/mock_cluster.h"
#include "tests/unit/publish/support/topic_reader.h"

namespace millrace::test {
namespace {

namespace fs = std::filesystem;
using publish::RefusedBecause;
using testing::IsEmpty;

constexpr const char* kTrades = "market.kraken.trade.v1";
constexpr const char* kQuotes = "market.kraken.bbo.v1";

class MarketSpill : public testing::Test {
 protected:
  MarketSpill() {
    std::string made = (fs::temp_directory_path() / "millrace-market-spill-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root = made;
    cluster.make_topic("t.market.kraken.trade.v1", 2);
    cluster.make_topic("t.market.kraken.bbo.v1", 1);
  }
  ~MarketSpill() override { fs::remove_all(root); }

  publish::LaneSettings settings(std::int64_t disk = std::int64_t{1} << 30) const {
    publish::LaneSettings made = lane_settings(cluster.brokers());
    made.memory_limit = std::size_t{1} << 20;
    made.spill_folder = (root / "spill").string();
    made.spill_limit = disk;
    made.spills = [](std::string_view dataset) { return dataset != "bbo"; };
    return made;
  }
  // Records 0 to `count` of the stream, each of about 1 KB.
  static std::size_t publish(LaneHarness& harness, publish::StreamSlot stream, std::size_t count) {
    std::size_t taken = 0;
    for (; taken < count && harness.publish(stream, text(taken)); ++taken) {
      if (taken % 100 == 0) harness.lane.flush_batch();
    }
    return taken;
  }
  static std::string text(std::size_t n) { return std::to_string(n) + ":" + std::string(1'000, 'x'); }
  static std::uint64_t refused(const LaneHarness& harness, RefusedBecause reason) {
    return harness.lane.stats().refused[static_cast<std::size_t>(reason)].value();
  }

  MockCluster cluster;
  fs::path root;
};

TEST_F(MarketSpill, WhatMemoryCannotHoldFollowsInOrderAndThenRecordsAreLive) {
  LaneHarness harness(settings());
  ASSERT_THAT(harness.warm({kTrades}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  cluster.down(1);
  ASSERT_EQ(publish(harness, stream, 5'000), 5'000U);
  const publish::LaneStats& stats = harness.lane.stats();
  EXPECT_GT(stats.spilled.value(), 3'000U);
  EXPECT_GT(stats.on_disk.value(), 3'000'000U);
  EXPECT_LE(stats.ring_bytes.value(), std::uint64_t{1} << 20);

  cluster.up(1);
  ASSERT_TRUE(harness.poll_until_acked(5'000));
  harness.lane.poll();
  EXPECT_EQ(stats.on_disk.value(), 0U);
  const std::uint64_t spilled = stats.spilled.value();
  ASSERT_TRUE(harness.publish(stream, "live"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(5'001));
  EXPECT_EQ(stats.spilled.value(), spilled);

  const auto records = read_partition(cluster.brokers(), "t.market.kraken.trade.v1", harness.lane.partition(stream));
  ASSERT_EQ(records.size(), 5'001U);
  for (std::size_t i = 0; i < 5'000; ++i) ASSERT_EQ(records[i].value, text(i));
  EXPECT_TRUE(records.front().header.empty());
  EXPECT_FALSE(records[4'999].header.empty()) << "late records say what they are";
  EXPECT_EQ(records[5'000].value, "live");
  EXPECT_TRUE(records[5'000].header.empty());
  for (std::size_t i = 0; i < harness.acks.size(); ++i) {
    ASSERT_EQ(harness.acks[i].seq, static_cast<std::int64_t>(i) + 1) << "each is acknowledged once, in order";
  }
  EXPECT_THAT(harness.losses, IsEmpty());
}

TEST_F(MarketSpill, ADatasetThatConflatesIsRefused) {
  LaneHarness harness(settings());
  ASSERT_THAT(harness.warm({kQuotes}), IsEmpty());
  const auto quotes = harness.open("BTC-USD", "bbo");
  cluster.down(1);
  EXPECT_LT(publish(harness, quotes, 5'000), 1'100U);
  EXPECT_GT(refused(harness, RefusedBecause::kShare), 0U);
  EXPECT_EQ(harness.lane.stats().spilled.value(), 0U);
}

TEST_F(MarketSpill, BeyondTheDisksLimitIsRefusedAndCounted) {
  LaneHarness harness(settings(1'000'000));
  ASSERT_THAT(harness.warm({kTrades}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  cluster.down(1);
  const std::size_t taken = publish(harness, stream, 5'000);
  EXPECT_LT(taken, 3'000U);
  EXPECT_GT(refused(harness, RefusedBecause::kDisk), 0U);
  EXPECT_LE(harness.lane.stats().on_disk.value(), 1'000'000U);
  cluster.up(1);
  ASSERT_TRUE(harness.poll_until_acked(taken));
  harness.lane.poll();
  EXPECT_TRUE(harness.publish(stream, "room again"));
}

// A killed process cannot, but one that is ended can: what the broker has not got waits for the next.
TEST_F(MarketSpill, WhatIsLeftAtTheEndIsTheNextProcessesInOrder) {
  {
    LaneHarness harness(settings());
    ASSERT_THAT(harness.warm({kTrades}), IsEmpty());
    const auto stream = harness.open("BTC-USD");
    cluster.down(1);
    ASSERT_EQ(publish(harness, stream, 3'000), 3'000U);
    EXPECT_EQ(harness.lane.close(std::chrono::milliseconds{100}), 0U) << "nothing is lost";
  }
  LaneHarness next(settings());
  std::vector<std::string> left;
  next.lane.take_leftover([&](const publish::SpilledRecord& record) {
    EXPECT_EQ(record.topic, kTrades);
    EXPECT_EQ(record.key, "BTC-USD");
    EXPECT_EQ(record.seq, static_cast<std::int64_t>(left.size()) + 1);
    left.push_back(record.bytes);
  });
  ASSERT_EQ(left.size(), 3'000U);
  for (std::size_t i = 0; i < left.size(); ++i) ASSERT_EQ(left[i], text(i));
  next.lane.take_leftover([](const publish::SpilledRecord&) { FAIL() << "handed over once"; });
}

TEST_F(MarketSpill, AFolderThatCannotBeUsedMeansRefusalUntilItCan) {
  const auto blocked = settings();
  std::ofstream{blocked.spill_folder} << "no folder";
  LaneHarness harness(blocked);
  ASSERT_THAT(harness.warm({kTrades}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  cluster.down(1);
  EXPECT_LT(publish(harness, stream, 5'000), 1'100U);
  EXPECT_GT(refused(harness, RefusedBecause::kDisk), 0U);
  fs::remove(blocked.spill_folder);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!harness.publish(stream, text(0)) && std::chrono::steady_clock::now() < deadline) {
    harness.lane.poll();
  }
  EXPECT_EQ(harness.lane.stats().spilled.value(), 1U);
}

TEST_F(MarketSpill, ASignOfLifeDoesNotWait) {
  LaneHarness harness(settings());
  cluster.make_topic("t.ops.kraken.heartbeat.v1", 1);
  cluster.make_topic("t.ops.kraken.gap.v1", 1);
  ASSERT_THAT(harness.warm({"ops.kraken.heartbeat.v1", "ops.kraken.gap.v1"}), IsEmpty());
  cluster.down(1);
  const std::string body(10'000, 'x');
  int taken = 0;
  while (taken < 1'000 && harness.lane.put("ops.kraken.gap.v1", "k", body, schemas::MessageType::kGap)) ++taken;
  EXPECT_EQ(taken, 1'000) << "the ledger of holes waits on disk";
  taken = 0;
  while (taken < 1'000 && harness.lane.put("ops.kraken.heartbeat.v1", "k", body, schemas::MessageType::kHeartbeat)) {
    ++taken;
  }
  EXPECT_LT(taken, 200);
}

}  // namespace
}  // namespace millrace::test
