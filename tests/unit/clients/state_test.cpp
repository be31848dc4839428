// Connections, watermarks and status().

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/clients/support/engine_harness.h"

namespace millrace::test {
namespace {

using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;

class State : public testing::Test {
 protected:
  void SetUp() override {
    all = harness.add("all");
    harness.begin();
  }
  void put_status(const char* dataset, StreamState state, const char* reason, bool old = false,
                  std::int64_t epoch = 1) {
    harness.put({.symbol = "", .epoch = epoch}, status(dataset, state, reason), old);
  }
  // The state topics are read to their end, and the worker of account "main" is heard.
  void caught_up() {
    harness.caught_up();
    harness.put_heartbeat();
  }
  // All that was told, with a fill behind it that is read last: so nothing that is told falsely is missed.
  std::vector<std::string> told(std::size_t calls) {
    harness.step();
    harness.put({}, fill("end" + std::to_string(ends++)));
    harness.step();
    return all->await(calls + static_cast<std::size_t>(ends));
  }

  EngineHarness harness;
  std::shared_ptr<RecordingListener> all;
  int ends = 0;
};

TEST_F(State, PresentConnectionIsToldOnceTheTopicIsReadAndThenEachChange) {
  put_status("execution", StreamState::kConnecting, "start", true);
  put_status("execution", StreamState::kLive, "subscribed", true);
  EXPECT_THAT(told(0), ElementsAre("partial end0"));
  caught_up();
  harness.step();
  EXPECT_THAT(all->await(2), ElementsAre("partial end0", "connected main"));
  put_status("execution", StreamState::kBackingOff, "closed");
  put_status("execution", StreamState::kConnecting, "retry");
  harness.step();
  put_status("execution", StreamState::kLive, "subscribed");
  harness.step();
  EXPECT_THAT(all->await(4),
              ElementsAre("partial end0", "connected main", "disconnected main retry", "connected main"));
}

TEST_F(State, BalancesCountOnlyBesideExecutions) {
  caught_up();
  put_status("balance", StreamState::kLive, "subscribed");
  harness.step();
  put_status("execution", StreamState::kLive, "subscribed");
  harness.step();
  put_status("balance", StreamState::kStale, "silent");
  harness.step();
  put_status("book", StreamState::kLive, "not of an account");
  harness.step();
  EXPECT_THAT(told(2), ElementsAre("connected main", "disconnected main silent", "partial end0"));
}

TEST_F(State, StatusOfAnOlderWriterIsLeftOut) {
  caught_up();
  put_status("execution", StreamState::kLive, "subscribed", false, 5);
  harness.step();
  put_status("execution", StreamState::kDisconnected, "stop", false, 4);
  EXPECT_THAT(told(1), ElementsAre("connected main", "partial end0"));
}

// A worker that is killed leaves its last word standing.
TEST_F(State, StatusOfAWorkerThatIsNotHeardIsNotBelieved) {
  harness.caught_up();
  put_status("execution", StreamState::kLive, "subscribed");
  harness.put({.origin = schemas::Origin::kReplay}, fill("by the sidecar"));
  harness.step();
  harness.timer->advance_ms(2'999);
  harness.step();
  EXPECT_THAT(all->await(1), ElementsAre("partial by the sidecar"));
  harness.timer->advance_ms(1);
  harness.step();
  EXPECT_THAT(all->await(2), ElementsAre("partial by the sidecar", "disconnected main no_heartbeat"));
  EXPECT_EQ(harness.engine->status().accounts.front().state, "SILENT");
  harness.put_heartbeat();
  harness.step();
  EXPECT_THAT(all->await(3).back(), "connected main");
}

TEST_F(State, SilenceEndsAConnectionAndASignOfLifeBringsItBack) {
  caught_up();
  put_status("execution", StreamState::kLive, "subscribed");
  harness.step();
  harness.timer->advance_ms(2'000);
  harness.put({}, order("alive", schemas::ExecutionKind::kNew, schemas::OrderStatus::kNew));
  harness.step();
  harness.timer->advance_ms(2'000);
  harness.put_heartbeat({.epoch = 0});  // of a writer that was followed by another one
  harness.step();
  EXPECT_TRUE(harness.engine->status().accounts.front().connected);
  harness.timer->advance_ms(1'000);
  harness.step();
  EXPECT_FALSE(harness.engine->status().accounts.front().connected);
  harness.put_heartbeat();
  harness.step();
  EXPECT_THAT(all->await(4),
              ElementsAre("connected main", "order alive NEW", "disconnected main no_heartbeat", "connected main"));
}

TEST_F(State, BacklogIsNoSignOfLife) {
  harness.revoke(0);
  harness.assign(0, 0);
  harness.caught_up();
  put_status("execution", StreamState::kLive, "subscribed");
  EXPECT_THAT(told(0), ElementsAre("partial end0"));
  harness.end(0, 1);
  EXPECT_THAT(told(1), ElementsAre("partial end0", "partial end1", "connected main"));
}

TEST_F(State, WhatTheSidecarSaysIsNotTheStreamsState) {
  caught_up();
  put_status("execution", StreamState::kLive, "subscribed");
  auto other = status("execution", StreamState::kDisconnected, "host_limited");
  other.channel = "sidecar";
  harness.put({.symbol = "", .epoch = 7}, other);
  EXPECT_THAT(told(1), ElementsAre("connected main", "partial end0"));
}

TEST_F(State, HaltIsAnErrorOfItsOwn) {
  caught_up();
  put_status("execution", StreamState::kConnecting, "start");
  harness.step();
  put_status("execution", StreamState::kHalted, "auth");
  put_status("execution", StreamState::kHalted, "auth");
  EXPECT_THAT(told(2), ElementsAre("disconnected main start", "error halted", "partial end0"));
}

TEST_F(State, AccountOfAnotherProcessIsToldWhenItComesOver) {
  caught_up();
  harness.revoke(0);
  put_status("execution", StreamState::kLive, "subscribed");
  harness.put({}, recovery(100));
  harness.step();
  harness.assign(0, 0);
  harness.step();
  EXPECT_THAT(all->await(2), ElementsAre("connected main", "recovered 100"));
  harness.revoke(0);
  harness.assign(0, 0);
  harness.step();
  EXPECT_THAT(told(3), ElementsAre("connected main", "recovered 100", "connected main", "partial end0"));
}

// The fills of a sweep are in the topic before its watermark, but in another partition: they may be read after it.
TEST_F(State, WatermarkWaitsForTheFillsThatWereThereBeforeIt) {
  caught_up();
  harness.source->ends[EngineHarness::executions()] = 2;
  harness.put({}, recovery(100));
  harness.put({}, fill("T1"));
  harness.step();
  EXPECT_THAT(all->await(1), ElementsAre("partial T1"));
  EXPECT_THAT(harness.engine->status().accounts.front().watermarks, IsEmpty());
  harness.source->ends[EngineHarness::executions()] = 50;  // what comes later is not waited for
  harness.put({}, fill("T2"));
  harness.step();
  EXPECT_THAT(all->await(3), ElementsAre("partial T1", "partial T2", "recovered 100"));
}

TEST_F(State, PlacesWithoutRecordsDoNotHoldUpAWatermark) {
  caught_up();
  harness.source->ends[EngineHarness::executions()] = 3;
  harness.put({}, recovery(100));
  harness.step();
  harness.end(0, 3);
  harness.step();
  EXPECT_THAT(all->await(1), ElementsAre("recovered 100"));
  harness.await_committed(3);
}

TEST_F(State, WatermarkWaitsForAnAnswerAboutTheEnd) {
  caught_up();
  harness.source->answers = false;
  harness.put({}, recovery(100));
  EXPECT_THAT(told(0), ElementsAre("partial end0"));
  harness.source->answers = true;
  harness.step();
  EXPECT_THAT(told(0), ElementsAre("partial end0", "partial end1")) << "asked once a second";
  harness.timer->advance_ms(1'000);
  harness.step();
  EXPECT_THAT(all->await(3), ElementsAre("partial end0", "partial end1", "recovered 100"));
}

TEST_F(State, LaggingReaderStillHearsOfWatermarks) {
  caught_up();
  harness.source->ends[EngineHarness::executions()] = 1;
  harness.put({}, recovery(100));
  harness.step();
  harness.source->ends[EngineHarness::executions()] = 2;
  harness.put({}, recovery(200));
  harness.put({}, recovery(300));
  harness.step();
  harness.put({}, fill("T1"));
  harness.step();
  EXPECT_THAT(all->await(2), ElementsAre("partial T1", "recovered 100"));
  harness.put({}, fill("T2"));
  harness.step();
  EXPECT_THAT(all->await(4), ElementsAre("partial T1", "recovered 100", "partial T2", "recovered 300"));
}

TEST_F(State, OfOldWatermarksTheLastOneOfEachScopeIsTold) {
  harness.put({}, recovery(100), true);
  harness.put({}, recovery(200), true);
  harness.put({}, recovery(150, {"ETH/USD"}), true);
  harness.step();
  caught_up();
  harness.step();
  EXPECT_THAT(all->await(2), ElementsAre("recovered 200", "recovered 150"));
}

TEST_F(State, SweepsThatFailOrBeginAreNoWatermark) {
  caught_up();
  auto failed = recovery(100);
  failed.phase = schemas::RecoveryPhase::kFailed;
  harness.put({}, failed);
  auto started = recovery(100);
  started.phase = schemas::RecoveryPhase::kStarted;
  harness.put({}, started);
  auto nothing = recovery(100);
  nothing.watermark.reset();
  harness.put({}, nothing);
  EXPECT_THAT(told(1), ElementsAre("error recovery_failed", "partial end0"));
}

TEST(StateScope, WatermarkOfSymbolsGoesToWhoWantsOneOfThem) {
  EngineHarness harness;
  auto btc = harness.add("btc", {{"", "", "BTC/USD"}});
  auto eth = harness.add("eth", {{"", "", "ETH/USD"}});
  harness.begin();
  harness.caught_up();
  harness.put({}, recovery(100, {"BTC/USD", "SOL/USD"}));
  harness.step();
  harness.put({}, recovery(200));
  harness.step();
  EXPECT_THAT(btc->await(2), ElementsAre("recovered 100", "recovered 200"));
  EXPECT_THAT(eth->await(1), ElementsAre("recovered 200"));
}

TEST_F(State, StatusSaysWhatIsKnown) {
  caught_up();
  put_status("execution", StreamState::kLive, "subscribed");
  harness.put({.receive_time = 1'700'000'000'000'000'123}, fill("T1"));
  harness.put({}, recovery(100));
  harness.put({}, recovery(90, {"ETH/USD"}));
  harness.step();
  all->await(4);
  harness.await_committed(1);
  harness.timer->advance_ms(1'500);
  const Status status = harness.engine->status();
  EXPECT_TRUE(status.running);
  EXPECT_EQ(status.uptime_ns, 1'500'000'000);
  EXPECT_EQ(status.records, 1);
  ASSERT_EQ(status.accounts.size(), 1U);
  const AccountStatus& account = status.accounts.front();
  EXPECT_EQ(account.venue, "kraken");
  EXPECT_EQ(account.account, "main");
  EXPECT_TRUE(account.connected);
  EXPECT_EQ(account.state, "LIVE");
  EXPECT_EQ(account.since, Stamp{}.receive_time);
  EXPECT_EQ(account.last_event, 1'700'000'000'000'000'123);
  ASSERT_EQ(account.watermarks.size(), 2U);
  EXPECT_EQ(account.watermarks[0].symbol, "");
  EXPECT_EQ(account.watermarks[0].time, 100);
  EXPECT_EQ(account.watermarks[1].symbol, "ETH/USD");
  ASSERT_EQ(status.listeners.size(), 1U);
  EXPECT_EQ(status.listeners.front().name, "all");
  EXPECT_EQ(status.listeners.front().subscriptions.size(), 1U);
  EXPECT_EQ(status.listeners.front().delivered, 4);
}

}  // namespace
}  // namespace millrace::test
