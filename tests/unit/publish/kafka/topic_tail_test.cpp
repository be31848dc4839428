#include "publish/kafka/topic_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_plan.h"
#include "publish/kafka/transactor.h"
#include "publish/wall_clock.h"
#include "tests/unit/publish/support/on_real_broker.h"

namespace millrace::test {
namespace {

using publish::TopicTail;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr seconds kWait{30};

class TailOfATopic : public OnRealBroker {
 protected:
  void prepare() override {
    publish::TopicAdmin admin(kafka());
    EXPECT_THAT(admin.create({{"t." + topic(), 3, {}}}, 1), IsEmpty());
    writer = std::make_unique<publish::Transactor>(kafka(), topic());
    writer->init(kWait);
  }

  static std::string topic() { return test_name(); }
  void write(const std::string& value) {
    std::string error;
    ASSERT_EQ(writer->commit({{topic(), "k", value, schemas::MessageType::kCursor}}, kWait, error),
              publish::Transactor::Outcome::kCommitted)
        << error;
  }
  // Records up to the end, `awaited` of them at least: a broker acknowledges a transaction before its records can be
  // read.
  static std::vector<std::string> read_to_end(TopicTail& tail, std::size_t awaited) {
    std::vector<std::string> found;
    const auto ends = tail.ends(kWait);
    const auto deadline = std::chrono::steady_clock::now() + kWait;
    while ((!tail.reached(ends) || found.size() < awaited) && std::chrono::steady_clock::now() < deadline) {
      tail.poll(milliseconds{100}, [&](const publish::TailRecord& one) { found.emplace_back(one.value); });
    }
    EXPECT_TRUE(tail.reached(ends));
    return found;
  }
  std::unique_ptr<publish::Transactor> writer;
};

TEST_F(TailOfATopic, AnEmptyTopicIsReadAtOnce) {
  TopicTail tail(kafka(), {{topic(), 0}}, kWait);
  EXPECT_THAT(tail.ends(kWait), SizeIs(3));
  EXPECT_THAT(read_to_end(tail, 0), IsEmpty());
}

TEST_F(TailOfATopic, FollowsWhatIsWritten) {
  write("1");
  TopicTail tail(kafka(), {{topic(), 0}}, kWait);
  EXPECT_THAT(read_to_end(tail, 1), ElementsAre("1"));
  const auto before = tail.ends(kWait);
  EXPECT_THAT(read_to_end(tail, 0), IsEmpty()) << "the marker of the transaction, which may have come late";
  write("2");
  EXPECT_TRUE(tail.reached(before)) << "what came later does not count";
  EXPECT_THAT(read_to_end(tail, 1), ElementsAre("2")) << "the marker at the end is passed, too";
}

TEST_F(TailOfATopic, BeginsAtATime) {
  write("old");
  const std::int64_t since = wall_clock() + 2'000'000;
  while (wall_clock() < since + 1'000'000) {
  }
  write("new");
  TopicTail tail(kafka(), {{topic(), since}}, kWait);
  EXPECT_THAT(read_to_end(tail, 1), ElementsAre("new"));
}

TEST_F(TailOfATopic, BeginsAtTheEndWhereNothingIsAsYoung) {
  write("old");
  TopicTail tail(kafka(), {{topic(), wall_clock() + 3'600'000'000'000}}, kWait);
  EXPECT_THAT(read_to_end(tail, 0), IsEmpty());
  write("new");
  EXPECT_THAT(read_to_end(tail, 1), ElementsAre("new"));
}

TEST_F(TailOfATopic, AMissingTopicSaysWhatToDo) {
  try {
    const TopicTail tail(kafka(), {{"nowhere", 0}}, kWait);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("t.nowhere"));
  }
}

}  // namespace
}  // namespace millrace::test
