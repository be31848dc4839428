// The account lane against a real broker: what it promises when the broker is away, or the topic is.

#include "publish/lane/account_lane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_plan.h"
#include "schemas/codec/encode.h"
#include "tests/unit/publish/support/on_real_broker.h"
#include "tests/unit/publish/support/topic_reader.h"

namespace millrace::test {
namespace {

using publish::AccountLane;
using publish::AccountLaneSettings;
using publish::RecordHeader;
using publish::StreamSlot;
using schemas::MessageType;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTopic = "account.kraken.execution.v1";
constexpr const char* kFullTopic = "t.account.kraken.execution.v1";
constexpr const char* kStatusTopic = "ops.kraken.status.v1";
constexpr const char* kFullStatusTopic = "t.ops.kraken.status.v1";
constexpr int kPartitions = 2;

// A lane with one account's executions, and what it told.
struct Harness : publish::AckListener {
  explicit Harness(AccountLaneSettings settings) : lane(std::move(settings)) {
    lane.set_listener(this);
    // A broker tells of a topic that was just made a moment later.
    const auto deadline = std::chrono::steady_clock::now() + seconds{20};
    do {
      problems = lane.warm(std::vector<std::string>{kTopic, kStatusTopic}, seconds{20});
    } while (!problems.empty() && std::chrono::steady_clock::now() < deadline);
    if (problems.empty()) slot = lane.open({&identity, "execution", MessageType::kExecution});
  }

  // An encoded fill that says its number.
  void publish(std::size_t padding = 0) {
    schemas::Meta meta;
    meta.stream = &identity;
    meta.epoch = 3;
    meta.seq = ++seq;
    meta.origin = schemas::Origin::kLive;
    schemas::Execution body;
    body.order_id = std::to_string(seq);
    body.reason.assign(padding, 'x');
    std::string bytes;
    encode(meta, body, bytes);
    const auto room = lane.reserve(slot, bytes.size());
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), room.data());
    lane.commit(slot, bytes.size(), seq);
  }
  // A record that the topic of fills has nothing to do with.
  void tell() { EXPECT_TRUE(lane.put(kStatusTopic, "k", "v", MessageType::kStreamStatus)); }
  bool poll_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + seconds{60};
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      pollfd wake{lane.wake_fd(), POLLIN, 0};
      ::poll(&wake, 1, 50);
      lane.poll();
    }
    return true;
  }
  bool poll_until_acked(std::size_t count) {
    return poll_until([&] { return acked.size() >= count; });
  }

  void on_ack(StreamSlot, std::int32_t, std::int64_t, std::int64_t number) override { acked.push_back(number); }
  void on_lost(StreamSlot, std::int64_t, std::string_view) override { ADD_FAILURE() << "nothing is ever lost here"; }
  void on_topic_made_anew(StreamSlot) override { ++made_anew; }

  const schemas::StreamIdentity identity = schemas::make_stream_identity("kraken", "BTC/USD", "BTC-USD", "main");
  std::int64_t seq = 0;
  StreamSlot slot{};
  std::vector<std::string> problems;
  std::vector<std::int64_t> acked;
  int made_anew = 0;
  AccountLane lane;
};

class AccountLaneTest : public OnRealBroker {
 protected:
  void prepare() override {
    std::string made = (std::filesystem::temp_directory_path() / "millrace-lane-XXXXXX").string();
    ASSERT_NE(mkdtemp(made.data()), nullptr);
    folder = made;
    make_topic();
  }
  void TearDown() override {
    if (!broker) return;
    broker->delete_topic(kFullTopic);
    std::filesystem::remove_all(folder);
  }

  static void make_topic() {
    publish::TopicAdmin admin(kafka());
    EXPECT_THAT(admin.create({{kFullTopic, kPartitions, {}}}, 1), IsEmpty());
    EXPECT_THAT(admin.create({{kFullStatusTopic, 1, {}}}, 1), IsEmpty());
  }
  AccountLaneSettings settings(std::size_t memory = 1 << 20, std::int64_t disk = 1 << 30) const {
    AccountLaneSettings made;
    made.kafka = kafka();
    made.memory_limit = memory;
    made.spill_folder = folder + "/account";
    made.spill_limit = disk;
    return made;
  }
  static std::vector<ReadRecord> records() {
    return read_partition(broker->brokers(), kFullTopic, publish::partition_of("main", kPartitions));
  }
  // Numbers as the topic has them, repeats left out.
  static std::vector<std::int64_t> first_occurrences() {
    std::vector<std::int64_t> seqs;
    for (const ReadRecord& record : records()) {
      const auto seq = publish::decode_header(record.header).value().seq;
      if (seq > (seqs.empty() ? 0 : seqs.back())) seqs.push_back(seq);
    }
    return seqs;
  }
  static std::vector<std::int64_t> numbers(std::int64_t to) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 1; i <= to; ++i) all.push_back(i);
    return all;
  }
  std::string folder;
};

TEST_F(AccountLaneTest, EveryRecordHasItsKeyAndHeader) {
  Harness harness(settings());
  ASSERT_THAT(harness.problems, IsEmpty());
  for (int i = 0; i < 3; ++i) harness.publish();
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(3));
  EXPECT_THAT(harness.acked, ElementsAre(1, 2, 3));
  const auto found = records();
  ASSERT_EQ(found.size(), 3U);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].key, "main");
    const RecordHeader wanted{MessageType::kExecution, schemas::Origin::kLive, 0, 3, static_cast<std::int64_t>(i + 1)};
    EXPECT_EQ(publish::decode_header(found[i].header), wanted);
    const auto decoded = schemas::decode(MessageType::kExecution, found[i].value);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<schemas::Decoded<schemas::Execution>>(*decoded).body.order_id, std::to_string(i + 1));
  }
  EXPECT_EQ(harness.lane.close(seconds{10}), 0U);
}

// The sidecar commits the end of a sweep elsewhere, once its start is there.
TEST_F(AccountLaneTest, ARecoveryGoesToItsOpsTopicAndIsAcknowledged) {
  constexpr const char* kRecoveryTopic = "ops.kraken.recovery.v1";
  const std::string full = std::string("t.") + kRecoveryTopic;
  publish::TopicAdmin admin(kafka());
  ASSERT_THAT(admin.create({{full, 1, {}}}, 1), IsEmpty());
  Harness harness(settings());
  ASSERT_THAT(harness.problems, IsEmpty());
  ASSERT_TRUE(harness.poll_until(
      [&] { return harness.lane.warm(std::vector<std::string>{kRecoveryTopic}, seconds{20}).empty(); }));
  harness.slot = harness.lane.open({&harness.identity, "recovery", MessageType::kRecovery});
  const std::string bytes = "a recovery";
  std::memcpy(harness.lane.reserve(harness.slot, bytes.size()).data(), bytes.data(), bytes.size());
  harness.lane.commit(harness.slot, bytes.size(), 7);
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(1));
  EXPECT_THAT(harness.acked, ElementsAre(7));
  const auto found = read_partition(broker->brokers(), full, 0);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "main");
  EXPECT_EQ(found[0].value, bytes);
  broker->delete_topic(full);
}

TEST_F(AccountLaneTest, AMissingTopicIsAnErrorThatSaysWhatToDo) {
  AccountLane lane(settings());
  EXPECT_THAT(lane.warm(std::vector<std::string>{"account.nowhere.execution.v1"}, seconds{20}),
              ElementsAre(HasSubstr("millrace topics apply")));
  EXPECT_FALSE(lane.put(kStatusTopic, "k", "v", MessageType::kStreamStatus)) << "a topic that is not warm";
}

TEST_F(AccountLaneTest, AnOutageFillsMemoryThenDiskAndAllArrivesInOrder) {
  Harness harness(settings(100'000));
  ASSERT_THAT(harness.problems, IsEmpty());
  for (int i = 0; i < 50; ++i) harness.publish();
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(50));
  broker->kill();
  for (int i = 0; i < 2000; ++i) {
    harness.publish(500);
    if (i % 100 == 0) harness.lane.flush_batch();
  }
  EXPECT_LE(harness.lane.stats().ring_bytes.value(), 100'000U);
  EXPECT_GT(harness.lane.stats().spilled.value(), 1500U);
  EXPECT_GT(harness.lane.stats().on_disk.value(), 750'000U);
  EXPECT_FALSE(harness.lane.full());
  broker->up();
  ASSERT_TRUE(harness.poll_until_acked(2050));
  EXPECT_EQ(harness.acked, numbers(2050));
  EXPECT_EQ(first_occurrences(), numbers(2050));
  EXPECT_EQ(harness.lane.stats().on_disk.value(), 0U);
  EXPECT_EQ(harness.lane.close(seconds{10}), 0U);
}

TEST_F(AccountLaneTest, WhenTheDiskIsFullTooItSaysSoAndKeepsTheOrder) {
  Harness harness(settings(20'000, 20'000));
  ASSERT_THAT(harness.problems, IsEmpty());
  broker->kill();
  while (!harness.lane.full()) {
    ASSERT_LT(harness.seq, 1000);
    harness.publish(500);
  }
  for (int i = 0; i < 10; ++i) harness.publish(500);  // what was on its way when the owner learned it
  std::size_t told = 0;
  while (harness.lane.put(kTopic, "main", "", MessageType::kHeartbeat)) ASSERT_LT(++told, 1000U);
  EXPECT_GT(told, 0U) << "that it is full can still be told";
  EXPECT_LT(harness.lane.stats().records.value(), 300U) << "but memory does not grow with the outage";
  broker->up();
  ASSERT_TRUE(harness.poll_until_acked(static_cast<std::size_t>(harness.seq)));
  EXPECT_EQ(harness.acked, numbers(harness.seq));
  EXPECT_EQ(first_occurrences().back(), harness.seq);
  ASSERT_TRUE(harness.poll_until([&] { return !harness.lane.full(); }));
}

TEST_F(AccountLaneTest, ATopicThatIsGoneIsWaitedFor) {
  AccountLaneSettings impatient = settings();
  impatient.forgotten_after = seconds{2};
  Harness harness(std::move(impatient));
  ASSERT_THAT(harness.problems, IsEmpty());
  for (int i = 0; i < 5; ++i) harness.publish();
  harness.lane.flush_batch();
  ASSERT_TRUE(harness.poll_until_acked(5));
  broker->delete_topic(kFullTopic);
  ASSERT_TRUE(harness.poll_until([&] {
    harness.tell();  // for librdkafka may forget the record that is on its way
    if (harness.lane.stats().retried.value() == 0) harness.publish();
    return harness.lane.stats().retried.value() > 0;
  })) << "the broker refuses";
  make_topic();
  const std::int64_t last = harness.seq;
  ASSERT_TRUE(harness.poll_until_acked(static_cast<std::size_t>(last)));
  EXPECT_EQ(harness.acked, numbers(last)) << "each once, in order";
  EXPECT_EQ(harness.made_anew, 1);
}

// librdkafka's own broker, which can leave a partition without a leader: what waits for one is not reported.
class LeaderlessBroker {
 public:
  LeaderlessBroker()
      : owner_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)),
        cluster_(rd_kafka_mock_cluster_new(owner_, 1)) {
    rd_kafka_mock_topic_create(cluster_, kFullTopic, kPartitions, 1);
    rd_kafka_mock_topic_create(cluster_, kFullStatusTopic, 1, 1);
  }
  ~LeaderlessBroker() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  LeaderlessBroker(const LeaderlessBroker&) = delete;
  LeaderlessBroker& operator=(const LeaderlessBroker&) = delete;

  std::string servers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void leader(std::int32_t node) {
    for (int partition = 0; partition < kPartitions; ++partition) {
      rd_kafka_mock_partition_set_leader(cluster_, kFullTopic, partition, node);
    }
  }

 private:
  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

TEST(AccountLaneWithoutLeader, WhatIsNotReportedWhileOthersAreAcknowledgedIsSentAgain) {
  LeaderlessBroker broker;
  AccountLaneSettings settings;
  settings.kafka.brokers = broker.servers();
  settings.kafka.prefix = "t";
  settings.forgotten_after = seconds{1};
  Harness harness(settings);
  ASSERT_THAT(harness.problems, IsEmpty());
  broker.leader(-1);
  for (int i = 0; i < 5; ++i) harness.publish();
  ASSERT_TRUE(harness.poll_until([&] {
    harness.tell();
    return harness.lane.stats().renewals.value() >= 1;
  }));
  EXPECT_THAT(harness.acked, IsEmpty());
  broker.leader(1);
  ASSERT_TRUE(harness.poll_until_acked(5));
  EXPECT_THAT(harness.acked, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_GT(harness.lane.stats().resent.value(), 0U) << "and flagged, as nobody knows";
}

TEST_F(AccountLaneTest, WhatComesWhileAGroupIsOnItsWayGoesWithTheNext) {
  Harness harness(settings());
  ASSERT_THAT(harness.problems, IsEmpty());
  harness.lane.received_at(std::chrono::steady_clock::now());
  const auto handed_over = [&] { return harness.lane.stats().receive_to_publish.total(); };
  broker->kill();
  for (int i = 0; i < 3; ++i) harness.publish();
  harness.lane.flush_batch();
  EXPECT_EQ(handed_over(), 3U);
  for (int i = 0; i < 50; ++i) {
    harness.publish();
    harness.lane.flush_batch();
  }
  EXPECT_EQ(handed_over(), 3U) << "librdkafka's thread would not sleep with these in its queue";
  broker->up();
  ASSERT_TRUE(harness.poll_until_acked(53));
  EXPECT_EQ(harness.acked, numbers(53));
  EXPECT_EQ(first_occurrences(), numbers(53));
}

std::vector<publish::SpilledRecord> leftover_of(publish::Lane& lane) {
  std::vector<publish::SpilledRecord> left;
  lane.take_leftover([&](publish::SpilledRecord one) { left.push_back(std::move(one)); });
  return left;
}

TEST_F(AccountLaneTest, WhatIsLeftAtTheEndIsTheNextProcessesInOrder) {
  {
    Harness harness(settings(20'000));
    ASSERT_THAT(harness.problems, IsEmpty());
    broker->kill();
    for (int i = 0; i < 100; ++i) harness.publish(500);
    ASSERT_GT(harness.lane.stats().spilled.value(), 0U);
    EXPECT_EQ(harness.lane.close(milliseconds{10}), 100U);
  }
  broker->up();
  Harness next(settings());
  const auto left = leftover_of(next.lane);
  ASSERT_EQ(left.size(), 100U);
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].topic, kTopic);
    EXPECT_EQ(left[i].key, "main");
    EXPECT_EQ(left[i].seq, static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(publish::header_of(MessageType::kExecution, left[i].bytes, 0).seq, static_cast<std::int64_t>(i + 1));
  }
  EXPECT_THAT(leftover_of(next.lane), IsEmpty());
}

TEST_F(AccountLaneTest, WhatDoesNotFitOnDiskAtTheEndEndsTheProcessAllTheSame) {
  Harness harness(settings(20'000, 5'000));
  ASSERT_THAT(harness.problems, IsEmpty());
  broker->kill();
  for (int i = 0; i < 60; ++i) harness.publish(500);
  EXPECT_EQ(harness.lane.close(milliseconds{10}), 60U);
  broker->up();
}

}  // namespace
}  // namespace millrace::test
