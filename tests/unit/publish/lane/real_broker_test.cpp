// What the mock broker cannot show: a topic made anew, a broker killed and restarted, the admin API.

#include "tests/unit/publish/support/on_real_broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_plan.h"
#include "tests/unit/publish/support/lane_harness.h"
#include "tests/unit/publish/support/topic_reader.h"

namespace millrace::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTopic = "market.kraken.trade.v1";
constexpr const char* kFullTopic = "t.market.kraken.trade.v1";

// One broker for all of these tests: it takes a second or two to start.
class WithBroker : public OnRealBroker {
 protected:
  void TearDown() override {
    if (broker && has_topic()) broker->delete_topic(kFullTopic);
  }

  static publish::WantedTopic wanted(std::int32_t partitions) {
    return {kFullTopic, partitions, {{"cleanup.policy", "delete"}, {"max.message.bytes", "4194304"}}};
  }
  static void make_topic(std::int32_t partitions) {
    publish::TopicAdmin admin(lane_settings(broker->brokers()).kafka);
    // A topic that is being deleted may still be in the way.
    EXPECT_THAT(admin.create({wanted(partitions)}, 1), IsEmpty());
  }
  static bool has_topic() {
    publish::TopicAdmin admin(lane_settings(broker->brokers()).kafka);
    return !admin.look(kFullTopic).topics.empty();
  }
};

TEST_F(WithBroker, TopicsAreMadeAndFoundAsWanted) {
  publish::TopicAdmin admin(lane_settings(broker->brokers()).kafka);
  EXPECT_THAT(admin.create({wanted(3)}, 1), IsEmpty());
  EXPECT_THAT(admin.create({wanted(3)}, 1), IsEmpty()) << "somebody else was faster: no error";
  auto cluster = admin.look("t.");
  admin.describe(cluster.topics);
  EXPECT_EQ(plan_topics({wanted(3)}, cluster, 1).front().verdict, publish::TopicVerdict::kSame);
  EXPECT_EQ(plan_topics({wanted(4)}, cluster, 1).front().verdict, publish::TopicVerdict::kConflict);
}

TEST_F(WithBroker, MissingTopicIsAnErrorThatSaysWhatToDo) {
  LaneHarness harness(lane_settings(broker->brokers()));
  EXPECT_THAT(harness.warm({"market.kraken.nowhere.v1"}), ElementsAre(HasSubstr("millrace topics apply")));
}

TEST_F(WithBroker, KilledAndRestartedUnderLoadNothingIsLostOrSwapped) {
  make_topic(2);
  LaneHarness harness(lane_settings(broker->brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto stream = harness.open("BTC-USD");
  std::size_t published = 0;
  const auto publish_some = [&] {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(harness.publish(stream, std::to_string(published)));
      ++published;
    }
    harness.lane.flush_batch();
  };
  while (harness.acks.size() < 1000) {
    publish_some();
    ASSERT_TRUE(harness.poll_until_acked(published - 50));
  }
  publish_some();  // on their way when it is killed
  broker->kill();
  for (int i = 0; i < 20; ++i) publish_some();
  broker->up();
  ASSERT_TRUE(harness.poll_until_acked(published));
  EXPECT_THAT(harness.losses, IsEmpty());

  const auto records = read_partition(broker->brokers(), kFullTopic, harness.lane.partition(stream));
  std::size_t next = 0;
  for (const ReadRecord& record : records) {
    if (std::stoul(record.value) < next) continue;  // a repeat
    EXPECT_EQ(record.value, std::to_string(next));
    ++next;
  }
  EXPECT_EQ(next, published);
}

TEST_F(WithBroker, TopicMadeAnewIsTold) {
  make_topic(1);
  LaneHarness harness(lane_settings(broker->brokers()));
  ASSERT_THAT(harness.warm({kTopic}), IsEmpty());
  const auto one = harness.open("BTC-USD");
  const auto two = harness.open("ETH-USD");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(harness.publish(one, "old"));
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(10));

  broker->delete_topic(kFullTopic);
  make_topic(1);
  // Some may be refused while the topic is away; each of those is told.
  ASSERT_TRUE(harness.poll_until([&] {
    harness.publish(one, "new");
    return !harness.made_anew.empty();
  }));
  EXPECT_THAT(harness.made_anew, ElementsAre(one, two)) << "all streams of the partition need a new start";
  EXPECT_EQ(harness.lane.stats().made_anew.value(), 1U);
  EXPECT_EQ(harness.lane.close(std::chrono::seconds{20}), 0U);
}

}  // namespace
}  // namespace millrace::test
