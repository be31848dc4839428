#include "publish/kafka/producer.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/publish/support/mock_cluster.h"

namespace millrace::publish {
namespace {

struct NoReports : ReportListener {
  void on_report(void*, Fate, std::int32_t, std::int64_t) override {
    ADD_FAILURE() << "what was refused has no report";
  }
};

// librdkafka 2.0.2 frees headers twice when it refuses a record, if it made them: a process that sends to a topic that
// was deleted, or that it may not see any more, would die.
TEST(Producer, ARecordWithAHeaderThatIsRefusedAtOnceCostsNothing) {
  test::MockCluster cluster;
  cluster.make_topic("t", 2);
  KafkaSettings settings;
  settings.brokers = cluster.brokers();
  Producer producer(settings, -1);
  const TopicSlot topic = producer.add_topic("t");
  ASSERT_EQ(producer.partitions(topic, std::chrono::seconds{20}), 2);
  std::array<std::byte, 4> bytes{};
  const Outgoing nowhere{bytes, "key", 99, nullptr};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(producer.send_with_header(topic, nowhere, "header"), Fate::kNoTopic);
  NoReports reports;
  producer.poll(reports);
  EXPECT_EQ(producer.in_queue(), 0U);
}

}  // namespace
}  // namespace millrace::publish
