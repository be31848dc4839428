// Listeners that throw, hang or are slow, and what is committed meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "tests/unit/clients/support/engine_harness.h"

namespace millrace::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Handling kHandling{.deadline = milliseconds{1'000},
                             .queue_size = 4,
                             .room_wait = milliseconds{500},
                             .retries = 3,
                             .first_backoff = milliseconds{100},
                             .longest_backoff = milliseconds{300}};

// Two listeners of everything: one that misbehaves and one that does not.
class HandlingTest : public testing::Test {
 protected:
  void SetUp() override {
    bad = harness.add("bad", {Subscription{}}, kHandling);
    good = harness.add("good");
    harness.begin();
  }
  void put_fill(const char* id) { harness.put({}, fill(id)); }
  ListenerStatus status_of_bad() { return harness.engine->status().listeners.front(); }

  EngineHarness harness;
  std::shared_ptr<RecordingListener> bad, good;
};

TEST_F(HandlingTest, OneThatThrowsIsToldAgainAfterGrowingPauses) {
  bad->throw_next(3);
  put_fill("T1");
  put_fill("T2");
  harness.step();
  for (const std::int64_t pause : {100, 200, 300}) {
    EXPECT_EQ(harness.timer->await_sleeper(), pause);
    EXPECT_THAT(good->await(2), SizeIs(2)) << "the others go on";
    EXPECT_EQ(harness.committed(), 0) << "nothing is committed that somebody still has to be told";
    harness.timer->advance_ms(pause);
  }
  EXPECT_THAT(bad->await(5), ElementsAre("partial T1", "partial T1", "partial T1", "partial T1", "partial T2"));
  harness.await_committed(2);
  EXPECT_EQ(status_of_bad().thrown, 3);
  EXPECT_THAT(harness.letters->lines(), IsEmpty());
}

TEST_F(HandlingTest, OneThatThrowsToTheLastHasItsEventParkedAndGoesOn) {
  harness.letters->hold(true);
  bad->throw_next(4);
  put_fill("T1");
  put_fill("T2");
  harness.step();
  for (int i = 0; i < 3; ++i) harness.timer->advance_ms(harness.timer->await_sleeper());
  EXPECT_THAT(bad->await(5), ElementsAre("partial T1", "partial T1", "partial T1", "partial T1", "partial T2"));
  ASSERT_THAT(harness.letters->lines(), ElementsAre("exception bad 0"));
  const client::DeadLetter letter = harness.letters->all().front();
  EXPECT_EQ(letter.detail, "told to throw");
  EXPECT_EQ(letter.callback, "on_partially_filled");
  EXPECT_EQ(letter.attempts, 4);
  good->await(2);
  harness.step();
  EXPECT_EQ(harness.committed(), 0) << "the letter is not safe yet";
  harness.letters->hold(false);
  harness.await_committed(2);
  harness.engine->stop();
  EXPECT_THAT(harness.log, testing::Contains(HasSubstr("listener bad: on_partially_filled threw: told to throw")));
}

TEST_F(HandlingTest, OneThatHangsIsMarkedAndItsEventsAreParkedUntilItReturns) {
  bad->hang_next();
  put_fill("T1");
  put_fill("T2");
  harness.step();
  bad->await_hanging();
  harness.timer->advance_ms(999);
  harness.step();
  EXPECT_FALSE(status_of_bad().hung);
  EXPECT_THAT(harness.letters->lines(), IsEmpty());

  harness.timer->advance_ms(1);
  harness.step();
  EXPECT_TRUE(status_of_bad().hung);
  EXPECT_THAT(harness.letters->lines(), ElementsAre("deadline bad 0", "hung bad 1"));
  put_fill("T3");
  harness.step();
  EXPECT_THAT(harness.letters->lines(), ElementsAre("deadline bad 0", "hung bad 1", "hung bad 2"));
  EXPECT_THAT(good->await(3), ElementsAre("partial T1", "partial T2", "partial T3"));
  harness.await_committed(3);

  bad->release();
  EXPECT_THAT(bad->await(2), ElementsAre("partial T1", "error parked"));
  put_fill("T4");
  harness.step();
  EXPECT_THAT(bad->await(3), ElementsAre("partial T1", "error parked", "partial T4"));
  harness.await_committed(4);
  EXPECT_FALSE(status_of_bad().hung);
  EXPECT_EQ(status_of_bad().parked, 3);
  EXPECT_EQ(bad->most_at_once(), 1);
}

TEST_F(HandlingTest, OneThatHangsAndThenThrowsIsNotToldAgain) {
  bad->hang_next();
  bad->throw_next(1);
  put_fill("T1");
  put_fill("T2");
  harness.step();
  bad->await_hanging();
  harness.timer->advance_ms(1'000);
  harness.step();
  bad->release();
  EXPECT_THAT(bad->await(2), ElementsAre("partial T1", "error parked"));
  harness.await_committed(2);
  EXPECT_THAT(harness.letters->lines(), ElementsAre("deadline bad 0", "hung bad 1"));
}

// Nobody reads on while it waits for room, so another thread has to move the time.
TEST_F(HandlingTest, FullQueueIsWaitedForAndThenEventsAreParkedUntilItIsHalfEmpty) {
  bad->hang_next();
  put_fill("1");
  harness.step();
  bad->await_hanging();
  for (const char* id : {"2", "3", "4", "5", "6", "7"}) put_fill(id);
  auto reading = std::async(std::launch::async, [this] { return harness.step(); });
  EXPECT_EQ(harness.timer->await_sleeper(), 500);
  EXPECT_THAT(harness.letters->lines(), IsEmpty());
  harness.timer->advance_ms(500);
  EXPECT_TRUE(reading.get());
  EXPECT_THAT(harness.letters->lines(), ElementsAre("queue_full bad 5", "queue_full bad 6"));
  EXPECT_THAT(good->await(7), SizeIs(7));

  bad->release();
  EXPECT_THAT(bad->await(5), SizeIs(5));
  put_fill("8");
  harness.step();
  EXPECT_THAT(bad->await(7), ElementsAre("partial 1", "partial 2", "partial 3", "partial 4", "partial 5",
                                         "error parked", "partial 8"));
  harness.await_committed(8);
}

TEST_F(HandlingTest, SlowListenerWithABacklogMissesNothing) {
  bad->hang_next();
  for (int i = 0; i < 50; ++i) put_fill(std::to_string(i).c_str());
  auto reading = std::async(std::launch::async, [this] { return harness.step(); });
  EXPECT_EQ(harness.timer->await_sleeper(), 500) << "it waits for room";
  bad->release();
  EXPECT_TRUE(reading.get());
  EXPECT_THAT(bad->await(50), SizeIs(50));
  EXPECT_THAT(harness.letters->lines(), IsEmpty());
}

TEST_F(HandlingTest, WaitForRoomEndsWhenTheCallTurnsOutToHang) {
  bad->hang_next();
  put_fill("1");
  harness.step();
  bad->await_hanging();
  harness.timer->advance_ms(900);
  for (const char* id : {"2", "3", "4", "5", "6"}) put_fill(id);
  auto reading = std::async(std::launch::async, [this] { return harness.step(); });
  EXPECT_EQ(harness.timer->await_sleeper(), 100) << "not longer than the call's deadline";
  harness.timer->advance_ms(100);
  EXPECT_TRUE(reading.get());
  EXPECT_THAT(harness.letters->lines(),
              ElementsAre("deadline bad 0", "hung bad 1", "hung bad 2", "hung bad 3", "hung bad 4", "hung bad 5"));
  bad->release();
}

TEST_F(HandlingTest, ReadingPausesWhileTooManyEventsAreBeingParked) {
  harness.letters->hold(true);
  bad->hang_next();
  for (const char* id : {"1", "2", "3"}) put_fill(id);
  harness.step();
  bad->await_hanging();
  harness.timer->advance_ms(1'000);
  harness.step();
  EXPECT_TRUE(harness.source->held);
  EXPECT_EQ(harness.engine->status().parking, 3U);
  harness.letters->hold(false);
  harness.step();
  EXPECT_FALSE(harness.source->held);
  bad->release();
}

TEST_F(HandlingTest, WhatWasNotToldBeforeTheStopIsNotCommitted) {
  bad->hang_next();
  put_fill("T1");
  put_fill("T2");
  put_fill("T3");
  harness.step();
  bad->await_hanging();
  good->await(3);
  auto stopping = std::async(std::launch::async, [this] { return harness.engine->stop(); });
  EXPECT_EQ(harness.timer->await_sleeper(), 10'000);
  bad->release();
  EXPECT_TRUE(stopping.get());
  EXPECT_EQ(harness.committed(), 1) << "the call under way has returned, the queue stays for the next start";
  EXPECT_TRUE(harness.source->closed);
  EXPECT_FALSE(harness.engine->status().running);
  EXPECT_THAT(bad->await(1), ElementsAre("partial T1"));
}

TEST_F(HandlingTest, ListenerThatNeverReturnsIsLeftBehind) {
  bad->hang_next();
  put_fill("T1");
  harness.step();
  bad->await_hanging();
  auto stopping = std::async(std::launch::async, [this] { return harness.engine->stop(); });
  harness.timer->advance_ms(harness.timer->await_sleeper());
  EXPECT_FALSE(stopping.get());
  EXPECT_EQ(harness.committed(), 0);
  harness.engine.reset();
  bad->release();  // its thread ends with nothing but itself left
}

TEST_F(HandlingTest, PartitionThatWasTakenAwayIsNotToldFromTheQueue) {
  bad->hang_next();
  put_fill("T1");
  put_fill("T2");
  harness.put({.account = "other"}, fill("O1"));
  harness.step();
  bad->await_hanging();
  harness.revoke(0);
  harness.step();
  EXPECT_EQ(harness.committed(), 0) << "the next reader begins with the event whose call had not returned";
  bad->release();
  EXPECT_THAT(bad->await(2), ElementsAre("partial T1", "partial O1"));
  harness.await_committed(1, 1);
}

TEST_F(HandlingTest, RefusedCommitIsRepeated) {
  harness.source->refuse_now = true;
  put_fill("T1");
  harness.step();
  EXPECT_EQ(harness.committed(), -1);
  harness.source->refuse_now = false;
  harness.await_committed(1);
  harness.source->committed.clear();
  harness.source->refuse_later = true;
  harness.await_committed(1);
}

TEST_F(HandlingTest, EndOfReadingIsToldToAll) {
  harness.source->fatal = "kafka: fenced";
  EXPECT_FALSE(harness.step());
  EXPECT_THAT(bad->await(1), ElementsAre("error consumer"));
  EXPECT_THAT(good->await(1), ElementsAre("error consumer"));
  const Status status = harness.engine->status();
  EXPECT_FALSE(status.running);
  EXPECT_EQ(status.error, "kafka: fenced");
}

}  // namespace
}  // namespace millrace::test
