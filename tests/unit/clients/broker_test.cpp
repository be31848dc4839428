// The listener library against a real broker: what only Kafka can show. One broker for all tests; each has its own
// prefix, and so its own topics and group.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "millrace/listener.h"
#include "tests/unit/clients/support/broker_topics.h"
#include "tests/unit/clients/support/child.h"
#include "tests/unit/clients/support/recording_listener.h"
#include "tests/unit/clients/support/records.h"
#include "tests/unit/publish/support/on_real_broker.h"

namespace millrace::test {
namespace {

using schemas::StreamState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

bool contains(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

class WithKafka : public OnRealBroker {
 protected:
  void prepare() override {
    prefix = test_name();
    topics = std::make_unique<BrokerTopics>(broker->brokers(), prefix);
  }

  Options options() const {
    Options options;
    options.brokers = broker->brokers();
    options.prefix = prefix;
    options.group = prefix + "-group";
    options.venues = {"kraken"};
    options.begin = Begin::kEarliest;
    options.silence = std::chrono::hours{1};  // workers are heard when the test says so
    return options;
  }
  // Heartbeats until the listener has heard them: where it begins to read them is not known.
  void beat_until_connected(RecordingListener& heard, const std::string& account) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!contains(heard.await(0), "connected " + account)) {
      ASSERT_TRUE(std::chrono::steady_clock::now() < limit);
      topics->put_heartbeat({.account = account});
    }
  }
  // A started listener that writes down everything.
  struct Running {
    std::shared_ptr<RecordingListener> heard = std::make_shared<RecordingListener>();
    std::unique_ptr<Listener> listener;
  };
  Running run(Options options, Handling handling = {}) const {
    Running running;
    running.listener = std::make_unique<Listener>(std::move(options));
    running.listener->add("heard", running.heard, {Subscription{}}, handling);
    running.listener->start();
    return running;
  }
  std::string prefix;
  std::unique_ptr<BrokerTopics> topics;
};

TEST_F(WithKafka, TellsWhatTheTopicsHold) {
  topics->make();
  topics->put({.symbol = ""}, status("execution", StreamState::kLive, "subscribed"));
  topics->put({}, fill("T1", schemas::OrderStatus::kFilled));
  topics->put({.symbol = ""}, balance("BTC", "1.5"));
  topics->put_in_transaction({}, recovery(100));
  auto running = run(options());
  beat_until_connected(*running.heard, "main");
  EXPECT_THAT(running.heard->await(4),
              UnorderedElementsAre("filled T1", "balance BTC 1.5", "connected main", "recovered 100"));
  topics->put({.account = "other"}, fill("T2"));
  topics->put_in_transaction({}, recovery(200));
  topics->put({.symbol = ""}, status("execution", StreamState::kBackingOff, "closed"));
  auto lines = running.heard->await(7);
  lines.erase(lines.begin(), lines.begin() + 4);
  EXPECT_THAT(lines, UnorderedElementsAre("partial T2", "recovered 200", "disconnected main closed"));
  EXPECT_TRUE(running.listener->stop());
}

TEST_F(WithKafka, RestartedGoesOnWhereItEndedAndRemembersWhatItTold) {
  topics->make();
  for (const char* id : {"T1", "T2", "T3"}) topics->put({}, fill(id));
  topics->put_in_transaction({}, recovery(100));
  {
    auto running = run(options());
    EXPECT_THAT(running.heard->await(4), ElementsAre("partial T1", "partial T2", "partial T3", "recovered 100"));
    EXPECT_TRUE(running.listener->stop());
  }
  topics->put({}, fill("T4"));
  topics->put({}, fill("T2"));  // as a sweep repeats it
  topics->put({}, fill("T5"));
  auto running = run(options());
  EXPECT_THAT(running.heard->await(3), UnorderedElementsAre("partial T4", "partial T5", "recovered 100"));
  EXPECT_EQ(running.listener->status().repeats, 1);
}

TEST_F(WithKafka, GroupThatBeginsAtTheEndMissesNothingAfterItsFirstStart) {
  topics->make();
  topics->put({}, fill("before"));
  Options late = options();
  late.begin = Begin::kLatest;
  {
    auto running = run(late);
    topics->await_committed(late.group, 1);
    EXPECT_TRUE(running.listener->stop());
  }
  topics->put({}, fill("between"));
  auto running = run(late);
  const auto lines = running.heard->await(1);
  EXPECT_EQ(lines.front(), "partial between");
}

TEST_F(WithKafka, EventOfAListenerThatThrowsIsInTheDeadLetterTopic) {
  topics->make();
  const std::string bytes = encoded(Stamp{}, fill("T1"));
  topics->put({}, fill("T1"));
  auto running = run(options(), {.retries = 1, .first_backoff = std::chrono::milliseconds{1}});
  running.heard->throw_next(2);
  running.heard->await(1);
  topics->put({}, fill("T2"));
  const auto letters = topics->read_letters(prefix + ".dlq." + prefix + "-group.v1", 1);
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(letters[0].key, "main");
  EXPECT_EQ(letters[0].value, bytes);
  const auto partition = std::to_string(BrokerTopics::partition_of("main"));
  EXPECT_THAT(letters[0].headers,
              UnorderedElementsAre(Pair("reason", "exception"), Pair("listener", "heard"),
                                   Pair("callback", "on_partially_filled"), Pair("detail", "told to throw"),
                                   Pair("attempts", "2"), Pair("topic", prefix + ".account.kraken.execution.v1"),
                                   Pair("partition", partition), Pair("offset", "0")));
}

// Twice as many events as one process may tell: the first is killed in the middle, without a word to anybody.
TEST_F(WithKafka, KilledProcessLosesNothing) {
  constexpr int kFills = 600;
  topics->make();
  const auto put_fills = [&](int from, int to) {
    for (int i = from; i < to; ++i) topics->put({}, fill("F" + std::to_string(i)));
  };
  put_fills(0, kFills / 2);
  const std::vector<std::string> command{LISTENER_EXAMPLE, broker->brokers(), prefix, prefix + "-group", "kraken"};
  std::set<std::string> ids;
  const auto read_id = [&](Child& child) {
    const std::string line = child.read_line();
    ids.insert(line.substr(line.rfind(' ') + 1));
  };
  {
    Child first(command);
    while (ids.size() < 100) read_id(first);
    first.kill();
  }
  put_fills(kFills / 2, kFills);
  Child second(command);
  while (ids.size() < kFills && !HasFailure()) read_id(second);
  EXPECT_THAT(ids, SizeIs(kFills));
  EXPECT_EQ(second.stop(), 0);
}

// Of three partitions the first two go to one process and the last one to the other.
TEST_F(WithKafka, ProcessesOfAGroupShareTheAccountsAndTakeThemOver) {
  topics->make();
  const std::string first = BrokerTopics::account_in(0);
  const std::string last = BrokerTopics::account_in(2);
  topics->put({.account = first, .symbol = ""}, status("execution", StreamState::kLive, "subscribed"));
  topics->put({.account = last, .symbol = ""}, status("execution", StreamState::kLive, "subscribed"));
  auto one = run(options());
  beat_until_connected(*one.heard, first);
  beat_until_connected(*one.heard, last);
  EXPECT_THAT(one.heard->await(2), SizeIs(2));
  auto two = run(options());
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (two.heard->await(0).empty()) {
    ASSERT_TRUE(std::chrono::steady_clock::now() < limit);
    for (const std::string& account : {first, last}) topics->put_heartbeat({.account = account});
  }
  const std::string connected = two.heard->await(1).front();
  const std::string taken = connected == "connected " + first ? first : last;
  topics->put({.account = taken}, fill("T1"));
  EXPECT_THAT(two.heard->await(2), ElementsAre("connected " + taken, "partial T1"))
      << "each tells of the accounts that it holds";
  EXPECT_TRUE(two.listener->stop());
  topics->put({.account = taken}, fill("T2"));
  // The first one hears of its own account again when the second comes, and of the other one when it leaves.
  std::vector<std::string> lines;
  for (std::size_t calls = 3; !contains(lines, "partial T2") && !HasFailure(); ++calls) lines = one.heard->await(calls);
  EXPECT_FALSE(contains(lines, "partial T1")) << "told by the other one, and committed";
}

TEST_F(WithKafka, BrokerThatDiesAndComesBackIsReadOn) {
  topics->make();
  topics->put({}, fill("T1"));
  Options quiet = options();
  quiet.log = [](LogLevel, std::string_view) {};
  auto running = run(quiet);
  running.heard->await(1);
  topics->await_committed(quiet.group, 1);
  broker->kill();
  broker->up();
  topics->put({}, fill("T2"));
  EXPECT_THAT(running.heard->await(2), ElementsAre("partial T1", "partial T2"));
  EXPECT_TRUE(running.listener->status().running);
}

TEST_F(WithKafka, MissingTopicsAreErrorsThatSayWhatToDo) {
  const auto start = [&](const Options& options) {
    Listener listener(options);
    listener.start();
  };
  EXPECT_THAT([&] { start(options()); }, ThrowsMessage<std::runtime_error>(HasSubstr("millrace topics apply")));
  topics->make();
  Options own = options();
  own.dead_letter_topic = prefix + ".letters";
  own.create_dead_letter_topic = false;
  EXPECT_THAT([&] { start(own); }, ThrowsMessage<std::runtime_error>(HasSubstr(prefix + ".letters does not exist")));
  own.create_dead_letter_topic = true;
  start(own);
  own.create_dead_letter_topic = false;
  start(own);
}

}  // namespace
}  // namespace millrace::test
