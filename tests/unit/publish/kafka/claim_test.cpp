#include "publish/kafka/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "publish/lane/market_lane.h"
#include "schemas/codec/encode.h"
#include "tests/unit/publish/support/lane_harness.h"
#include "tests/unit/publish/support/mock_cluster.h"

namespace millrace::test {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::chrono::seconds kTimeout{20};

schemas::Claim claim_of(const std::string& worker) { return {worker, "instance", 0, {"kraken"}, 1}; }

publish::KafkaSettings settings_of(const MockCluster& cluster) { return lane_settings(cluster.brokers()).kafka; }

// Writes a status record of each epoch to kraken's status topic.
void write_status(const MockCluster& cluster, const std::vector<std::int64_t>& epochs,
                  schemas::Origin origin = schemas::Origin::kLive) {
  const auto identity = schemas::make_stream_identity("kraken", "XBT/USD", "BTC-USD");
  LaneHarness harness(lane_settings(cluster.brokers()));
  harness.warm({"ops.kraken.status.v1"});
  for (const std::int64_t epoch : epochs) {
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = epoch;
    meta.origin = origin;
    std::string bytes;
    schemas::encode(meta, schemas::StreamStatus{}, bytes);
    const std::string key = "book/" + std::to_string(epoch);
    ASSERT_TRUE(harness.lane.put("ops.kraken.status.v1", key, bytes, schemas::MessageType::kStreamStatus));
  }
  ASSERT_EQ(harness.lane.close(kTimeout), 0U);
}

TEST(Claim, EpochIsTheOffsetPlusOneAndRises) {
  MockCluster cluster;
  cluster.make_topic("t.ctl.claim.v1", 1);
  EXPECT_EQ(publish::write_claim(settings_of(cluster), claim_of("a"), kTimeout), 1);
  EXPECT_EQ(publish::write_claim(settings_of(cluster), claim_of("b"), kTimeout), 2);
}

TEST(Claim, LastEpochIsTheHighestOfAllPartitions) {
  MockCluster cluster;
  cluster.make_topic("t.ops.kraken.status.v1", 3);
  EXPECT_EQ(publish::last_epoch(settings_of(cluster), "kraken", kTimeout), 0);
  write_status(cluster, {4, 17, 9, 3});
  EXPECT_EQ(publish::last_epoch(settings_of(cluster), "kraken", kTimeout), 17);
}

TEST(Claim, EpochAboveTheStatusIsTaken) {
  MockCluster cluster;
  cluster.make_topic("t.ctl.claim.v1", 1);
  cluster.make_topic("t.ops.kraken.status.v1", 1);
  EXPECT_EQ(publish::take_epoch(settings_of(cluster), claim_of("a"), kTimeout), 1);
  write_status(cluster, {1});
  EXPECT_EQ(publish::take_epoch(settings_of(cluster), claim_of("a"), kTimeout), 2);
}

TEST(Claim, StatusesOfTheSidecarCountItsInstancesNotEpochs) {
  MockCluster cluster;
  cluster.make_topic("t.ctl.claim.v1", 1);
  cluster.make_topic("t.ops.kraken.status.v1", 1);
  write_status(cluster, {37}, schemas::Origin::kReplay);
  EXPECT_EQ(publish::last_epoch(settings_of(cluster), "kraken", kTimeout), 0);
  EXPECT_EQ(publish::take_epoch(settings_of(cluster), claim_of("a"), kTimeout), 1);
}

TEST(Claim, EpochThatIsNotAboveTheStatusIsRefused) {
  MockCluster cluster;
  cluster.make_topic("t.ctl.claim.v1", 1);
  cluster.make_topic("t.ops.kraken.status.v1", 1);
  write_status(cluster, {1});
  EXPECT_THAT([&] { publish::take_epoch(settings_of(cluster), claim_of("a"), kTimeout); },
              ThrowsMessage<std::runtime_error>(HasSubstr("already written under epoch 1")));
}

TEST(Claim, ClaimTopicWithTwoPartitionsIsRefused) {
  MockCluster cluster;
  cluster.make_topic("t.ctl.claim.v1", 2);
  EXPECT_THAT([&] { publish::write_claim(settings_of(cluster), claim_of("a"), kTimeout); },
              ThrowsMessage<std::runtime_error>(HasSubstr("has 2 partitions")));
}

TEST(Claim, WithoutABrokerTheErrorSaysSo) {
  publish::KafkaSettings settings;
  settings.brokers = "127.0.0.1:1";
  EXPECT_THAT([&] { publish::write_claim(settings, claim_of("a"), std::chrono::milliseconds{100}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("is the broker up?")));
}

}  // namespace
}  // namespace millrace::test
