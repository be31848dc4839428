// A consumer group on a real broker: the mock one knows no cooperative rebalance.

#include "publish/kafka/group_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_plan.h"
#include "tests/unit/publish/support/on_real_broker.h"

namespace millrace::test {
namespace {

using publish::GroupMember;
using publish::Revocation;
using publish::Transactor;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr seconds kWait{30};
constexpr std::int32_t kPartitions = 6;

// Holds what it is given, gives up what it is asked for, and keeps the values by key.
struct Holder : publish::GroupListener {
  Holder(const publish::KafkaSettings& kafka, const std::string& topic) : member(kafka, "g." + topic, topic, kWait) {}

  void on_assigned(const std::vector<std::int32_t>& partitions) override {
    held.insert(partitions.begin(), partitions.end());
  }
  void on_revoked(const std::vector<std::int32_t>& partitions, Revocation how) override {
    lost |= how == Revocation::kLost;
    for (const std::int32_t partition : partitions) held.erase(partition), ended.erase(partition);
    member.give_up();
  }
  void on_record(std::int32_t, std::string_view key, std::optional<std::string_view> value) override {
    values[std::string(key)] = value ? std::string(*value) : "(none)";
  }
  void on_end(std::int32_t partition) override { ended.insert(partition); }
  void poll() { member.poll(milliseconds{20}, *this); }

  GroupMember member;
  std::set<std::int32_t> held, ended;
  std::map<std::string, std::string> values;
  bool lost = false;
};

class Groups : public OnRealBroker {
 protected:
  void prepare() override {
    publish::TopicAdmin admin(kafka());
    EXPECT_THAT(admin.create({{"t." + topic(), kPartitions, {}}, {"t.claims." + topic(), 1, {}}}, 1), IsEmpty());
  }

  static std::string topic() { return test_name(); }
  static publish::TransactionRecord record(std::string where, std::string key, std::string bytes) {
    return {std::move(where), std::move(key), std::move(bytes), schemas::MessageType::kClaim};
  }
  template <class Done, class... Members>
  static void poll_until(const Done& done, Members&... members) {
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while (!done() && std::chrono::steady_clock::now() < deadline) (members.poll(), ...);
    ASSERT_TRUE(done());
  }
};

TEST_F(Groups, AMemberReadsWhatItHoldsWholeAndMayCommit) {
  Transactor writer(kafka(), "writer." + topic());
  writer.init(kWait);
  std::string error;
  ASSERT_EQ(
      writer.commit({record(topic(), "a", "1"), record(topic(), "b", "2"), record(topic(), "a", "3")}, kWait, error),
      Transactor::Outcome::kCommitted)
      << error;
  Holder one(kafka(), topic());
  EXPECT_EQ(one.member.partitions(), kPartitions);
  poll_until([&] { return one.ended.size() == kPartitions; }, one);
  EXPECT_EQ(one.values, (std::map<std::string, std::string>{{"a", "3"}, {"b", "2"}}));

  Transactor claims(kafka(), "claims." + topic());
  claims.init(kWait);
  std::int64_t first = -1;
  ASSERT_EQ(one.member.commit(claims, record("claims." + topic(), "w", "x"), kWait, error, first),
            Transactor::Outcome::kCommitted)
      << error;
  std::int64_t second = -1;
  ASSERT_EQ(one.member.commit(claims, record("claims." + topic(), "w", "x"), kWait, error, second),
            Transactor::Outcome::kCommitted)
      << error;
  EXPECT_EQ(first, 0);
  EXPECT_GT(second, first);
}

TEST_F(Groups, PartitionsMoveToANewMemberAndBackWhenItLeaves) {
  Holder one(kafka(), topic());
  poll_until([&] { return one.held.size() == kPartitions; }, one);
  {
    Holder two(kafka(), topic());
    poll_until([&] { return one.held.size() == kPartitions / 2 && two.held.size() == kPartitions / 2; }, one, two);
    for (const std::int32_t partition : two.held) EXPECT_FALSE(one.held.contains(partition));
  }
  poll_until([&] { return one.held.size() == kPartitions; }, one);
  EXPECT_FALSE(one.lost);
}

// Nobody answers for the first member any more, as while its process stands still.
TEST_F(Groups, AMemberThatTheGroupHasLeftBehindMayNotCommit) {
  auto settings = kafka();
  settings.properties["max.poll.interval.ms"] = "6000";
  Holder one(settings, topic());
  poll_until([&] { return one.held.size() == kPartitions; }, one);
  Transactor claims(kafka(), "claims." + topic());
  claims.init(kWait);
  // A second member comes, and the first one does not answer within the time that the group gives it.
  std::string error;
  std::int64_t offset = -1;
  Holder two(settings, topic());
  poll_until([&] { return two.held.size() == kPartitions; }, two);
  EXPECT_EQ(one.member.commit(claims, record("claims." + topic(), "w", "x"), kWait, error, offset),
            Transactor::Outcome::kFailed);
  EXPECT_FALSE(error.empty());
}

TEST_F(Groups, ATopicThatDoesNotExistIsSaid) {
  EXPECT_THAT([] { GroupMember member(kafka(), "g", "nowhere", kWait); },
              testing::ThrowsMessage<std::runtime_error>(HasSubstr("millrace topics apply")));
}

}  // namespace
}  // namespace millrace::test
