// What a worker reads of its predecessor, from a real broker.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/account/told_accounts.h"
#include "publish/kafka/topic_admin.h"
#include "publish/lane/account_lane.h"
#include "publish/sequence/account_writer.h"
#include "tests/unit/publish/support/on_real_broker.h"

namespace millrace::ingest {
namespace {

using schemas::ExecutionKind;
using schemas::OrderStatus;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr seconds kWait{30};
const std::vector<std::string> kTopics = {"account.kraken.execution.v1", "account.kraken.balance.v1",
                                          "ops.kraken.status.v1"};

// Each test has topics of its own, under its name as prefix.
class ReadTold : public test::OnRealBroker {
 protected:
  void prepare() override {
    told.add("kraken", "main");
    told.add("kraken", "other");
  }

  static publish::KafkaSettings kafka() { return OnRealBroker::kafka(test_name()); }
  static void make_topics() {
    std::vector<publish::WantedTopic> wanted;
    for (const std::string& topic : kTopics) wanted.push_back({kafka().prefix + "." + topic, 3, {}});
    publish::TopicAdmin admin(kafka());
    ASSERT_THAT(admin.create(wanted, 1), IsEmpty());
  }
  std::vector<std::string> open(std::string_view account) const {
    std::vector<std::string> ids;
    for (const auto& one : told.of("kraken", account).before().orders) ids.push_back(one.known.order.order_id);
    return ids;
  }
  ToldAccounts told;
};

// One life of a worker, of which all that it told reaches the broker.
class Life {
 public:
  Life(const publish::KafkaSettings& kafka, std::string account, std::int64_t epoch)
      : lane_(settings(kafka)), writer_("kraken", std::move(account), warm(lane_), options(epoch)) {
    lane_.set_listener(&writer_);
  }
  ~Life() { EXPECT_EQ(lane_.close(kWait), 0U); }

  void tell(const std::string& order, ExecutionKind kind, OrderStatus status) {
    schemas::Execution body;
    body.order_id = order;
    body.kind = kind;
    body.status = status;
    normalize::AccountMeta meta;
    meta.symbol = "BTC/USD";
    writer_.begin_frame(++now_);
    writer_.on_execution(meta, body);
    lane_.flush_batch();
  }

 private:
  static publish::AccountLaneSettings settings(const publish::KafkaSettings& kafka) {
    publish::AccountLaneSettings settings;
    settings.kafka = kafka;
    return settings;
  }
  // A broker tells of a topic that was just made a moment later.
  static publish::AccountLane& warm(publish::AccountLane& lane) {
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while (!lane.warm(kTopics, kWait).empty() && std::chrono::steady_clock::now() < deadline) {
    }
    return lane;
  }
  static publish::AccountWriterOptions options(std::int64_t epoch) {
    publish::AccountWriterOptions options;
    options.epoch = epoch;
    options.clock = [] { return schemas::UnixNanos{1}; };
    return options;
  }

  publish::AccountLane lane_;
  publish::AccountWriter writer_;
  schemas::UnixNanos now_ = 0;
};

TEST_F(ReadTold, WhatThePredecessorsLeftOpen) {
  make_topics();
  {
    Life first(kafka(), "main", 1);
    first.tell("1", ExecutionKind::kNew, OrderStatus::kNew);
    first.tell("2", ExecutionKind::kNew, OrderStatus::kNew);
    first.tell("3", ExecutionKind::kNew, OrderStatus::kNew);
    first.tell("2", ExecutionKind::kCancelled, OrderStatus::kCancelled);
  }
  {
    Life second(kafka(), "main", 2);
    second.tell("3", ExecutionKind::kExpired, OrderStatus::kExpired);
    second.tell("4", ExecutionKind::kNew, OrderStatus::kNew);
  }
  {
    Life another(kafka(), "other", 3);
    another.tell("1", ExecutionKind::kNew, OrderStatus::kNew);
    another.tell("4", ExecutionKind::kCancelled, OrderStatus::kCancelled);
  }
  read_told(kafka(), kWait, told);
  EXPECT_THAT(open("main"), UnorderedElementsAre("1", "4"));
  EXPECT_THAT(open("other"), ElementsAre("1"));
  EXPECT_EQ(told.unreadable(), 0);
}

TEST_F(ReadTold, AnEmptyTopicHasNoOrders) {
  make_topics();
  { const Life warm(kafka(), "main", 1); }
  read_told(kafka(), kWait, told);
  EXPECT_THAT(open("main"), IsEmpty());
}

TEST_F(ReadTold, AMissingTopicIsNoReasonToFail) {
  read_told(kafka(), kWait, told);
  EXPECT_THAT(open("main"), IsEmpty());
}

}  // namespace
}  // namespace millrace::ingest
