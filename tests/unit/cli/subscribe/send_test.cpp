#include "cli/subscribe/send.h"

#include <gtest/gtest.h>

#include <map>

#include "publish/kafka/murmur2.h"
#include "tests/unit/publish/support/mock_cluster.h"
#include "tests/unit/publish/support/topic_reader.h"

namespace millrace::cli {
namespace {

constexpr std::chrono::seconds kTimeout{30};
constexpr std::int32_t kPartitions = 4;

class SendAll : public testing::Test {
 protected:
  SendAll() { settings_.brokers = cluster_.brokers(); }

  std::vector<Unsent> send(std::vector<SubscriptionRecord> records, std::chrono::milliseconds timeout = kTimeout) {
    return send_all(settings_, records, timeout);
  }
  // Keys and values of the topic; each must be in the partition of its key.
  std::map<std::string, std::string> readable() const {
    std::map<std::string, std::string> found;
    for (std::int32_t partition = 0; partition < kPartitions; ++partition) {
      for (const auto& record : test::read_partition(settings_.brokers, "millrace.ctl.subscription.v1", partition)) {
        EXPECT_EQ(publish::partition_of(record.key, kPartitions), partition);
        found[record.key] = record.value;
      }
    }
    return found;
  }

  test::MockCluster cluster_;
  publish::KafkaSettings settings_;
};

TEST_F(SendAll, ThousandsOfRecordsAreAcknowledgedWhereTheirKeysBelong) {
  cluster_.make_topic("millrace.ctl.subscription.v1", kPartitions);
  std::vector<SubscriptionRecord> records;
  for (int i = 0; i < 12'000; ++i) records.push_back({"kraken/S" + std::to_string(i), "value"});
  EXPECT_TRUE(send(records).empty());
  EXPECT_EQ(readable().size(), records.size());
}

TEST_F(SendAll, ALaterRecordOfAKeyReplacesTheEarlierOne) {
  cluster_.make_topic("millrace.ctl.subscription.v1", kPartitions);
  EXPECT_TRUE(send({{"kraken/A", "first"}, {"kraken/B", "first"}}).empty());
  EXPECT_TRUE(send({{"kraken/A", ""}, {"kraken/B", "second"}}).empty());
  const auto found = readable();
  EXPECT_EQ(found.at("kraken/A"), "");
  EXPECT_EQ(found.at("kraken/B"), "second");
}

TEST_F(SendAll, WhatIsRefusedIsNamed) {
  cluster_.make_topic("millrace.ctl.subscription.v1", 1);
  cluster_.fail_writes({RD_KAFKA_RESP_ERR_INVALID_RECORD});
  const auto unsent = send({{"kraken/A", "value"}});
  ASSERT_EQ(unsent.size(), 1u);
  EXPECT_EQ(unsent[0].record, 0u);
  EXPECT_EQ(unsent[0].why, "invalid");
}

TEST_F(SendAll, WhatNobodyAnsweredIsNamed) {
  test::MockCluster two(2);
  two.make_topic("millrace.ctl.subscription.v1", 2);
  two.leader("millrace.ctl.subscription.v1", 0, 1);
  two.leader("millrace.ctl.subscription.v1", 1, 2);
  settings_.brokers = two.brokers();
  std::vector<SubscriptionRecord> records;
  for (int i = 0; i < 8; ++i) records.push_back({"kraken/S" + std::to_string(i), "value"});
  two.down(2);
  std::map<std::size_t, std::string_view> why;
  for (const Unsent& one : send(records, std::chrono::seconds(3))) why[one.record] = one.why;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (publish::partition_of(records[i].key, 2) == 0) continue;
    EXPECT_EQ(why[i], "no_answer") << records[i].key;
  }
}

}  // namespace
}  // namespace millrace::cli
