// A worker that goes on must name each of its streams, by record or heartbeat: the quiet tape with heartbeats taken
// out.

#include <gmock/gmock.h>

#include <algorithm>

#include "cli/verify/life_signs.h"
#include "cli/verify/spans.h"
#include "millrace/v1/stream_status.pb.h"
#include "tests/unit/cli/verify_tape.h"

namespace millrace::cli {
namespace {

using ::testing::HasSubstr;
using testing::kMillisecond;
using testing::kStart;
using testing::kStatus;
using testing::kTrades;
using testing::quiet_tape;
using testing::Tape;
using testing::TapeRecord;

bool is_heartbeat(const TapeRecord& record) { return record.topic.find("heartbeat") != std::string::npos; }

// The quiet tape without the heartbeats of a dataset in seconds from..to.
Tape tape_without(const std::string& dataset, std::int64_t from, std::int64_t to) {
  Tape tape = quiet_tape();
  std::erase_if(tape.records, [&](const TapeRecord& record) {
    if (!is_heartbeat(record)) return false;
    const auto beat = Tape::parse<v1::Heartbeat>(record);
    const std::int64_t second = (beat.time_ns() - kStart) / (1000 * kMillisecond);
    return beat.dataset() == dataset && from <= second && second <= to;
  });
  return tape;
}

VerifierOptions of_the_tape() {
  VerifierOptions options;
  options.prefix = "t";
  return options;
}

void add_status(Tape& tape, std::int64_t second, v1::StreamState state, const std::string& reason) {
  v1::StreamStatus status;
  status.mutable_meta()->set_venue("kraken");
  status.mutable_meta()->set_instrument("MATIC-USD");
  status.mutable_meta()->set_epoch(7);
  status.mutable_meta()->set_receive_time_ns(kStart + second * 1000 * kMillisecond);
  status.set_dataset("trade");
  status.set_state(state);
  status.set_reason(reason);
  tape.add(kStatus, "trade/MATIC-USD", status.SerializeAsString());
}

TEST(VerifySilence, AQuietWorkerThatNamesItsStreamsIsNotSilent) {
  const auto report = quiet_tape().verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.silences(), 0);
}

TEST(VerifySilence, FourSecondsWithoutRecordAndHeartbeatAreTooMany) {
  const auto report = tape_without("trade", 4, 7).verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.silences(), 1);
  EXPECT_THAT(report.to_table(false),
              HasSubstr("kraken/trade/MATIC-USD: epoch 7: neither record nor heartbeat in 4 s"));
  EXPECT_THAT(report.to_json(), HasSubstr(R"("silences":1)"));
  EXPECT_TRUE(tape_without("trade", 4, 6).verify().ok());
}

TEST(VerifySilence, AStreamThatIsNeverHeardOfAgainIsSilentToTheEndOfItsWorker) {
  EXPECT_EQ(tape_without("trade", 6, 9).verify().silences(), 1);
  EXPECT_EQ(tape_without("trade", 7, 9).verify().silences(), 0) << "the worker ended, too";
  EXPECT_EQ(tape_without("bbo", 3, 9).verify().silences(), 1);
}

TEST(VerifySilence, ARecordIsASignOfLifeToo) {
  auto tape = tape_without("trade", 4, 7);
  tape.alter<v1::Trade>(kTrades, 5,
                        [](auto& trade) { trade.mutable_meta()->set_publish_time_ns(kStart + 5000 * kMillisecond); });
  EXPECT_TRUE(tape.verify().ok());
}

TEST(VerifySilence, AWorkerThatStandsStillIsNoStreamsSilence) {
  Tape tape = quiet_tape();
  std::erase_if(tape.records, [](const TapeRecord& record) {
    const auto after = [&](std::int64_t second) { return kStart + second * 1000 * kMillisecond; };
    if (!is_heartbeat(record)) return false;
    const auto time = Tape::parse<v1::Heartbeat>(record).time_ns();
    return time > after(3) && time < after(9);
  });
  EXPECT_TRUE(tape.verify().ok());
}

TEST(VerifySilence, AnotherWorkersLifeSaysNothing) {
  auto tape = tape_without("trade", 3, 9);
  for (TapeRecord& record : tape.records) {
    if (!is_heartbeat(record)) continue;
    auto beat = Tape::parse<v1::Heartbeat>(record);
    if (beat.dataset() != "trade") beat.mutable_stream(0)->set_epoch(8);
    record.value = beat.SerializeAsString();
  }
  EXPECT_EQ(tape.verify({}, 0).silences(), 0);
}

TEST(VerifySilence, NobodyWaitsForWhatWasUnsubscribed) {
  auto tape = tape_without("trade", 3, 9);
  EXPECT_EQ(tape.verify().silences(), 1);
  add_status(tape, 3, v1::STREAM_STATE_DISCONNECTED, "stopped");
  EXPECT_EQ(tape.verify().silences(), 1);
  add_status(tape, 3, v1::STREAM_STATE_DISCONNECTED, "unsubscribed");
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
}

TEST(VerifySilence, WhatWasHandedOverIsTheNextOnesToShow) {
  Tape tape = tape_without("trade", 4, 9);
  add_status(tape, 4, v1::STREAM_STATE_DISCONNECTED, "handed_over");
  EXPECT_EQ(tape.verify().silences(), 0);
}

TEST(VerifySilence, AStreamThatALaterEpochHasTakenOverIsNotSilentInTheOneBefore) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  WorkerLife workers;
  for (std::int64_t second = 1; second <= 20; ++second) workers[7].add(second), workers[9].add(second);
  LifeSigns life;
  life.add(7, 2 * kSecondNs);
  EXPECT_EQ(life.silences(workers, {1, 20}).size(), 1U);
  for (std::int64_t second = 4; second <= 20; ++second) life.add(9, second * kSecondNs);
  EXPECT_TRUE(life.silences(workers, {1, 20}).empty());
}

TEST(VerifySilence, TheTimeBeforeTheTakeoverCounts) {
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  WorkerLife workers;
  for (std::int64_t second = 1; second <= 20; ++second) workers[7].add(second);
  LifeSigns life;
  life.add(7, 2 * kSecondNs);
  life.add(9, 12 * kSecondNs);
  EXPECT_EQ(life.silences(workers, {1, 20}).size(), 1U);
}

// --- what was not read cannot be called silent ---

// While the last partition was read, the worker went on, and nobody looked whether the others had more.
TEST(VerifySilence, AnEndThatWasNotReadIsNotSilent) {
  for (const bool all_read : {false, true}) {
    Verifier verifier(of_the_tape());
    tape_without("trade", 3, 9).feed(verifier);
    if (all_read) verifier.on_all_read(kStart + 60'000 * kMillisecond);
    EXPECT_EQ(verifier.silent(), all_read);
    EXPECT_EQ(verifier.finish(kStart + 60'000 * kMillisecond).silences(), all_read ? 1 : 0);
  }
}

TEST(VerifySilence, WhatCameAfterAllWasReadIsNotJudged) {
  Verifier verifier(of_the_tape());
  verifier.on_all_read(kStart + 5'000 * kMillisecond);
  tape_without("trade", 3, 9).feed(verifier);
  verifier.on_all_read(kStart + 60'000 * kMillisecond);
  EXPECT_EQ(verifier.finish(kStart + 60'000 * kMillisecond).silences(), 0);
}

// A broker that comes back gets what waited for it partition by partition.
TEST(VerifySilence, HeartbeatsThatComeLaterThanRecordsDenyIt) {
  Tape records = tape_without("trade", 3, 9), heartbeats = quiet_tape();
  std::erase_if(heartbeats.records, [](const TapeRecord& record) { return !is_heartbeat(record); });
  Verifier verifier(of_the_tape());
  records.feed(verifier);
  verifier.on_all_read(kStart + 60'000 * kMillisecond);
  EXPECT_TRUE(verifier.silent());
  heartbeats.feed(verifier);
  EXPECT_FALSE(verifier.silent());
  EXPECT_EQ(verifier.finish(kStart + 60'000 * kMillisecond).silences(), 0);
}

TEST(VerifySilence, WhatTheBrokerForgotIsNotSilent) {
  auto tape = tape_without("trade", 4, 7);
  // Heartbeats are kept for an hour, records for days.
  std::erase_if(tape.records, [](const TapeRecord& record) {
    return is_heartbeat(record) && Tape::parse<v1::Heartbeat>(record).time_ns() < kStart + 8000 * kMillisecond;
  });
  EXPECT_EQ(tape.verify().silences(), 0);
}

TEST(Spans, NeighboursAreOneSpanInAnyOrder) {
  Spans spans;
  for (const std::int64_t number : {5, 9, 7, 6, 5, 1}) spans.add(number);
  EXPECT_EQ(spans.all().size(), 3u);
  EXPECT_EQ(spans.count(0, 100), 5);
  EXPECT_EQ(spans.count(6, 9), 3);
  EXPECT_EQ(spans.count(8, 8), 0);
  EXPECT_TRUE(spans.contains(6));
  EXPECT_FALSE(spans.contains(8));
  spans.add(8);
  EXPECT_EQ(spans.all().size(), 2u);
}

TEST(Spans, SlackJoinsWhatIsNear) {
  Spans spans(3);
  for (const std::int64_t number : {0, 8, 4}) spans.add(number);
  EXPECT_EQ(spans.all().size(), 1u);
  spans.add(13);
  EXPECT_EQ(spans.all().size(), 2u);
}

}  // namespace
}  // namespace millrace::cli
