// Offsets, and what options and listeners are refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "clients/cpp/src/offsets.h"
#include "tests/unit/clients/support/engine_harness.h"

namespace millrace::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

TEST(OffsetTracker, CommitsUpToTheFirstThatIsNotDone) {
  client::OffsetTracker offsets(10);
  EXPECT_EQ(offsets.committable(), 10);
  for (const std::int64_t offset : {10, 11, 15}) offsets.add(offset);
  offsets.done(11);
  EXPECT_EQ(offsets.committable(), 10);
  offsets.done(10);
  EXPECT_EQ(offsets.committable(), 15);
  offsets.pass(20);
  EXPECT_EQ(offsets.committable(), 15);
  offsets.done(15);
  EXPECT_EQ(offsets.committable(), 20);
  offsets.done(15);
  offsets.pass(18);
  EXPECT_EQ(offsets.committable(), 20);
}

Options good_options() {
  Options options;
  options.brokers = "127.0.0.1:1";
  options.group = "risk";
  options.venues = {"kraken"};
  return options;
}

TEST(ListenerOptions, DeadLetterTopicHasTheGroupsName) {
  EXPECT_EQ(client::with_defaults(good_options()).dead_letter_topic, "millrace.dlq.risk.v1");
}

TEST(ListenerOptions, EachErrorNamesItsOption) {
  const auto refuses = [](auto change, const char* name) {
    Options options = good_options();
    change(options);
    EXPECT_THAT([&] { Listener{options}; }, ThrowsMessage<std::invalid_argument>(StartsWith(name)));
  };
  refuses([](Options& it) { it.brokers.clear(); }, "brokers");
  refuses([](Options& it) { it.group.clear(); }, "group");
  refuses([](Options& it) { it.group = "a b"; }, "group");
  refuses([](Options& it) { it.venues.clear(); }, "venues");
  refuses([](Options& it) { it.venues = {"a/b"}; }, "venues");
  refuses([](Options& it) { it.remembered_ids = 0; }, "remembered_ids");
  refuses([](Options& it) { it.lookback = -1; }, "lookback");
  refuses([](Options& it) { it.kafka["enable.auto.commit"] = "true"; }, "kafka.enable.auto.commit");
  refuses([](Options& it) { it.kafka["no.such.setting"] = "1"; }, "kafka.no.such.setting");
}

TEST(ListenerOptions, RefusedValueIsNotRepeatedAsItMayBeASecret) {
  Options options = good_options();
  options.kafka["security.protocol"] = "hunter2";
  EXPECT_THAT([&] { Listener{options}; }, ThrowsMessage<std::invalid_argument>(
                                              AllOf(StartsWith("kafka.security.protocol"), Not(HasSubstr("hunter2")))));
}

TEST(ListenerAdd, RefusesWhatCannotWork) {
  EngineHarness harness;
  const auto listener = harness.add("one");
  const auto refuses = [&](std::string name, std::shared_ptr<AccountListener> object, std::vector<Subscription> what,
                           Handling handling, const char* why) {
    EXPECT_THAT([&] { harness.engine->add(name, object, what, handling); },
                ThrowsMessage<std::invalid_argument>(HasSubstr(why)));
  };
  const auto second = std::make_shared<RecordingListener>();
  refuses("two", nullptr, {{}}, {}, "no listener");
  refuses("two", listener, {{}}, {}, "one object");
  refuses("one", second, {{}}, {}, "one is there already");
  refuses("two", second, {}, {}, "no subscription");
  refuses("two", second, {{}}, {.deadline = std::chrono::milliseconds{0}}, "handling.deadline");
  refuses("two", second, {{}}, {.queue_size = 0}, "handling.queue_size");
  refuses("two", second, {{}}, {.room_wait = std::chrono::hours{1}}, "handling.room_wait");
  refuses("two", second, {{}}, {.retries = -1}, "handling.retries");
  harness.begin();
  EXPECT_THROW(harness.add("two"), std::logic_error);
  EXPECT_THROW(harness.engine->begin(), std::logic_error);
}

TEST(ListenerStart, BrokerThatDoesNotAnswerIsAnError) {
  Options options = good_options();
  options.start_timeout = std::chrono::milliseconds{200};
  options.log = [](LogLevel, std::string_view) {};
  Listener listener(options);
  EXPECT_THAT([&] { listener.start(); }, ThrowsMessage<std::runtime_error>(HasSubstr("is the broker up?")));
  EXPECT_FALSE(listener.status().running);
  EXPECT_TRUE(listener.stop());
}

}  // namespace
}  // namespace millrace::test
