#include "publish/lane/market_lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/record_header.h"
#include "tests/unit/publish/support/lane_harness.h"
#include "tests/unit/publish/support/mock_cluster.h"
#include "tests/unit/publish/support/topic_reader.h"

namespace millrace::test {
namespace {

using publish::RefusedBecause;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTopic = "market.kraken.trade.v1";
constexpr const char* kFullTopic = "t.market.kraken.trade.v1";

std::uint64_t refused(const LaneHarness& harness, RefusedBecause reason) {
  return harness.lane.stats().refused[static_cast<std::size_t>(reason)].value();
}

TEST(MarketLane, RecordsArriveInOrderOnTheKeysPartition) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 4);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(harness.publish(stream, "record " + std::to_string(i)));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(100));

  const auto partition = publish::partition_of("BTC-USD", 4);
  const auto records = read_partition(cluster.brokers(), kFullTopic, partition);
  ASSERT_EQ(records.size(), 100U);
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].value, "record " + std::to_string(i));
    EXPECT_EQ(records[i].key, "BTC-USD");
    EXPECT_TRUE(records[i].header.empty()) << "a header costs more than the encoding: not on live records";
  }
  EXPECT_EQ(harness.acks.back().partition, partition);
  EXPECT_EQ(harness.acks.back().offset, 99);
  EXPECT_EQ(harness.acks.back().seq, 100);
}

TEST(MarketLane, MissingTopicIsAnErrorThatSaysWhatToDo) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  LaneHarness harness(lane_settings(cluster.brokers()));
  const auto errors = harness.warm({kTopic});
  EXPECT_THAT(errors, IsEmpty());
  const auto stream = harness.open("BTC-USD", "book");  // its topic was not warmed
  EXPECT_FALSE(harness.publish(stream, "x"));
  EXPECT_EQ(refused(harness, RefusedBecause::kNoTopic), 1U);
  EXPECT_FALSE(harness.lane.put("ops.kraken.gap.v1", "k", "v", schemas::MessageType::kGap));
}

TEST(MarketLane, WithoutABrokerWarmSaysSo) {
  LaneHarness harness(lane_settings("127.0.0.1:1"));
  const std::vector<std::string> topics{kTopic};
  const auto errors = harness.lane.warm(topics, std::chrono::milliseconds{200});
  EXPECT_THAT(errors, ElementsAre(HasSubstr("is the broker up?")));
}

TEST(MarketLane, NothingIsLostOrSwappedWhileTheBrokerIsDown) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 2);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("ETH-USD");
  ASSERT_TRUE(harness.publish(stream, "before"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));

  cluster.down(1);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(harness.publish(stream, std::to_string(i)));
    harness.lane.flush_batch();
  }
  EXPECT_EQ(harness.acks.size(), 1U);
  cluster.up(1);
  ASSERT_TRUE(harness.poll_until_acked(501));

  const auto records = read_partition(cluster.brokers(), kFullTopic, harness.lane.partition(stream));
  ASSERT_EQ(records.size(), 501U);
  for (std::size_t i = 1; i < records.size(); ++i) EXPECT_EQ(records[i].value, std::to_string(i - 1));
}

TEST(MarketLane, OutageIsBoundedAndFullIsCounted) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  auto settings = lane_settings(cluster.brokers());
  settings.memory_limit = std::size_t{1} << 20;
  LaneHarness harness(settings);
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("ETH-USD");
  cluster.down(1);
  const std::string body(1000, 'x');
  std::size_t taken = 0;
  for (int i = 0; i < 5000; ++i) {
    if (harness.publish(stream, body)) ++taken;
    if (i % 100 == 0) harness.lane.flush_batch();
  }
  harness.lane.poll();
  EXPECT_LT(taken, 1100U);
  EXPECT_GT(taken, 400U) << "half of the budget is one partition's share";
  EXPECT_EQ(refused(harness, RefusedBecause::kShare), 5000 - taken);
  EXPECT_LE(harness.lane.stats().ring_bytes.value(), settings.memory_limit);

  cluster.up(1);
  ASSERT_TRUE(harness.poll_until_acked(taken));
  EXPECT_TRUE(harness.publish(stream, body)) << "room again";
}

TEST(MarketLane, PartitionWithoutLeaderLeavesRoomForTheOthers) {
  MockCluster cluster(2);
  cluster.make_topic(kFullTopic, 2);
  cluster.leader(kFullTopic, 0, 1);
  cluster.leader(kFullTopic, 1, 2);
  auto settings = lane_settings(cluster.brokers());
  settings.memory_limit = std::size_t{1} << 20;
  LaneHarness harness(settings);
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  // Two instruments on different partitions.
  std::map<std::int32_t, publish::StreamSlot> by_partition;
  for (int i = 0; by_partition.size() < 2; ++i) {
    const auto stream = harness.open("I" + std::to_string(i));
    by_partition.emplace(harness.lane.partition(stream), stream);
  }
  cluster.down(1);
  const std::string body(1000, 'x');
  while (harness.publish(by_partition[0], body)) harness.lane.flush_batch();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(harness.publish(by_partition[1], body)) << i;
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(200));
  EXPECT_EQ(harness.acks.back().stream, by_partition[1]);
  cluster.up(1);
}

TEST(MarketLane, FatalErrorMakesANewProducerAndSendsTheRingsAgainInOrder) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  ASSERT_TRUE(harness.publish_trade(stream, 7));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));

  // The first request in flight answered like this is a state that librdkafka cannot reason about: fatal.
  cluster.fail_writes({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(harness.publish_trade(stream, 7));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until([&] { return harness.lane.stats().renewals.value() == 1; }));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(harness.publish_trade(stream, 7));
  ASSERT_TRUE(harness.poll_until_acked(101));

  EXPECT_EQ(harness.lane.stats().resent.value(), 50U);
  EXPECT_THAT(harness.losses, IsEmpty());
  const auto records = read_partition(cluster.brokers(), kFullTopic, 0);
  ASSERT_EQ(records.size(), 101U);
  for (std::size_t i = 1; i <= 50; ++i) {
    const auto header = publish::decode_header(records[i].header);
    ASSERT_TRUE(header) << i;
    EXPECT_EQ(header->seq, static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(header->epoch, 7);
    EXPECT_EQ(header->origin, schemas::Origin::kLive);
    EXPECT_EQ(header->type, schemas::MessageType::kTrade);
    EXPECT_EQ(header->flags, publish::RecordHeader::kPossibleDuplicate);
  }
  EXPECT_TRUE(records[0].header.empty());
  EXPECT_TRUE(records[100].header.empty()) << "what the dead producer never had goes the fast way";
}

// What the broker answers when it refuses a record for good, and the word that we give it.
struct Refused {
  rd_kafka_resp_err_t answer;
  const char* reason;
};
class MarketLaneRefusal : public testing::TestWithParam<Refused> {};

TEST_P(MarketLaneRefusal, IsToldAndTheStreamFlowsOn) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  ASSERT_TRUE(harness.publish(stream, "first"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));

  cluster.fail_writes({GetParam().answer});
  ASSERT_TRUE(harness.publish(stream, "second"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until([&] { return !harness.losses.empty(); }));
  EXPECT_EQ(harness.losses[0].seq, 2);
  EXPECT_EQ(harness.losses[0].reason, GetParam().reason);

  // A record that is refused meanwhile is told too; in the end the stream flows again.
  ASSERT_TRUE(harness.poll_until([&] {
    harness.publish(stream, "more");
    return harness.acks.size() >= 2;
  }));
  EXPECT_EQ(harness.lane.close(std::chrono::seconds{20}), 0U);
  EXPECT_EQ(harness.acks.size() + harness.losses.size(), harness.lane.stats().records.value());
}

INSTANTIATE_TEST_SUITE_P(Answers, MarketLaneRefusal,
                         testing::Values(Refused{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "forbidden"},
                                         Refused{RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "too_large"},
                                         Refused{RD_KAFKA_RESP_ERR_INVALID_RECORD, "invalid"},
                                         Refused{RD_KAFKA_RESP_ERR_UNKNOWN, "other"}));

TEST(MarketLane, RecordLargerThanTheBrokersLimitIsTold) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  ASSERT_TRUE(harness.publish(stream, std::string(publish::kMaxMessageBytes + 1, 'x')));
  ASSERT_TRUE(harness.publish(stream, "small"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));
  ASSERT_EQ(harness.losses.size(), 1U);
  EXPECT_EQ(harness.losses[0].seq, 1);
  EXPECT_EQ(harness.losses[0].reason, "too_large");
  EXPECT_FALSE(harness.publish(stream, std::string(64 << 20, 'x'))) << "no such room at all";
}

TEST(MarketLane, FullQueueOfTheProducerKeepsRecordsInTheRing) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 2);
  auto settings = lane_settings(cluster.brokers());
  settings.kafka.properties["queue.buffering.max.messages"] = "10";
  LaneHarness harness(settings);
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto one = harness.open("A");
  const auto two = harness.open("B");
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(harness.publish(one, std::to_string(i)));
    ASSERT_TRUE(harness.publish(two, std::to_string(i)));
  }
  harness.lane.flush_batch();
  EXPECT_GT(harness.lane.stats().queue_full.value(), 0U);
  ASSERT_TRUE(harness.poll_until_acked(2000));
  for (const auto stream : {one, two}) {
    std::int64_t last = 0;
    for (const auto& ack : harness.acks) {
      if (ack.stream != stream) continue;
      EXPECT_EQ(ack.seq, ++last);
    }
  }
}

TEST(MarketLane, RecordsOfNoStreamGoByTheirOwnKey) {
  MockCluster cluster;
  cluster.make_topic("t.ops.kraken.status.v1", 3);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({"ops.kraken.status.v1"}), IsEmpty());
  std::string key = "book/BTC-USD";
  ASSERT_TRUE(harness.lane.put("ops.kraken.status.v1", key, "state", schemas::MessageType::kStreamStatus));
  const auto partition = publish::partition_of(key, 3);
  key.assign("overwritten");  // the lane has its own copy
  EXPECT_EQ(harness.lane.close(std::chrono::seconds{20}), 0U);
  const auto records = read_partition(cluster.brokers(), "t.ops.kraken.status.v1", partition);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].key, "book/BTC-USD");
  EXPECT_EQ(records[0].value, "state");
}

TEST(MarketLane, LatenciesAreCountedFromTheFramesReceiveTime) {
  MockCluster cluster;
  cluster.make_topic(kFullTopic, 1);
  LaneHarness harness(lane_settings(cluster.brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("A");
  ASSERT_TRUE(harness.publish(stream, "x"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));
  EXPECT_EQ(harness.lane.stats().receive_to_publish.total(), 1U);
  EXPECT_EQ(harness.lane.stats().receive_to_ack.total(), 1U);
  EXPECT_GE(harness.lane.stats().receive_to_ack.sum_ns(), harness.lane.stats().receive_to_publish.sum_ns());
}

}  // namespace
}  // namespace millrace::test
