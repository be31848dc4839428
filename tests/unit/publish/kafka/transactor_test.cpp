// Transactions against a real broker: the mock one knows neither fencing nor markers.

#include "publish/kafka/transactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_plan.h"
#include "publish/kafka/topic_tail.h"
#include "tests/unit/publish/support/on_real_broker.h"

namespace millrace::test {
namespace {

using publish::TopicTail;
using publish::Transactor;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr seconds kWait{30};

// One broker for all of these tests; each has topics of its own.
class Transactions : public OnRealBroker {
 protected:
  void prepare() override {
    publish::TopicAdmin admin(kafka());
    EXPECT_THAT(admin.create({{"t." + fills(), 2, {}}, {"t." + cursors(), 1, {}}}, 1), IsEmpty());
  }

  static std::string fills() { return "fills." + test_name(); }
  static std::string cursors() { return "cursors." + test_name(); }
  static publish::TransactionRecord record(std::string topic, std::string key, std::string bytes) {
    return {std::move(topic), std::move(key), std::move(bytes), schemas::MessageType::kCursor};
  }
  static Transactor::Outcome commit(Transactor& transactor, const std::vector<publish::TransactionRecord>& records) {
    std::string error;
    const auto outcome = transactor.commit(records, kWait, error);
    EXPECT_EQ(error.empty(), outcome == Transactor::Outcome::kCommitted) << error;
    return outcome;
  }
  // "KEY=VALUE" of all that may be read, in the order of each partition.
  static std::vector<std::string> readable(const std::string& topic, std::int64_t since = 0) {
    TopicTail tail(kafka(), {{topic, since}}, kWait);
    std::vector<std::string> found;
    const auto ends = tail.ends(kWait);
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while (!tail.reached(ends) && std::chrono::steady_clock::now() < deadline) {
      tail.poll(milliseconds{100}, [&](const publish::TailRecord& one) {
        EXPECT_EQ(one.topic, topic);
        found.push_back(std::string(one.key) + "=" + std::string(one.value));
      });
    }
    EXPECT_TRUE(tail.reached(ends));
    return found;
  }
};

TEST_F(Transactions, RecordsOfOneAreReadableTogether) {
  Transactor transactor(kafka(), test_name());
  transactor.init(kWait);
  EXPECT_EQ(commit(transactor, {record(fills(), "a", "1"), record(cursors(), "c", "17")}),
            Transactor::Outcome::kCommitted);
  EXPECT_EQ(commit(transactor, {record(fills(), "a", "2")}), Transactor::Outcome::kCommitted);
  EXPECT_THAT(readable(fills()), ElementsAre("a=1", "a=2"));
  EXPECT_THAT(readable(cursors()), ElementsAre("c=17"));
}

TEST_F(Transactions, TheLaterOfTwoFencesTheEarlier) {
  Transactor earlier(kafka(), test_name());
  earlier.init(kWait);
  EXPECT_EQ(commit(earlier, {record(fills(), "a", "1")}), Transactor::Outcome::kCommitted);
  Transactor later(kafka(), test_name());
  later.init(kWait);
  EXPECT_EQ(commit(earlier, {record(fills(), "a", "lost")}), Transactor::Outcome::kFenced);
  EXPECT_EQ(commit(later, {record(fills(), "a", "2")}), Transactor::Outcome::kCommitted);
  EXPECT_THAT(readable(fills()), ElementsAre("a=1", "a=2"));
}

TEST_F(Transactions, WhatTheBrokerRefusesIsWrittenNowhere) {
  Transactor transactor(kafka(), test_name());
  transactor.init(kWait);
  const std::string too_large(5 * 1024 * 1024, 'x');
  EXPECT_EQ(commit(transactor, {record(fills(), "a", "half"), record(fills(), "a", too_large)}),
            Transactor::Outcome::kFailed);
  EXPECT_EQ(commit(transactor, {record(fills(), "a", "whole")}), Transactor::Outcome::kCommitted) << "it goes on";
  EXPECT_THAT(readable(fills()), ElementsAre("a=whole"));
}

TEST_F(Transactions, BeforeInitNothingIsWritten) {
  Transactor transactor(kafka(), test_name());
  EXPECT_EQ(commit(transactor, {record(fills(), "a", "1")}), Transactor::Outcome::kFailed);
  EXPECT_THAT(readable(fills()), IsEmpty());
}

TEST_F(Transactions, WithoutABrokerInitSaysWhose) {
  publish::KafkaSettings nowhere = kafka();
  nowhere.brokers = "127.0.0.1:1";
  Transactor transactor(nowhere, "sidecar-main");
  try {
    transactor.init(milliseconds{500});
    FAIL() << "nobody is there";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("sidecar-main"));
  }
}

}  // namespace
}  // namespace millrace::test
