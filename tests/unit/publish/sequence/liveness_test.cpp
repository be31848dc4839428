#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/sequence/harness.h"

namespace millrace::publish::test {
namespace {

using schemas::BookKind;
using schemas::Decoded;
using schemas::GapKind;
using schemas::GapMark;
using schemas::Heartbeat;
using schemas::StreamStatus;
using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = schemas::flag;

// Live, with the bbo, book and ticker streams on connection 1.
struct Live : Harness {
  Live() : Harness{live()} {
    sequencer.name_connection(1, "public-1");
    for (const Dataset dataset : {Dataset::kBbo, Dataset::kBook, Dataset::kTicker}) sequencer.assign(key(dataset), 1);
  }
  StreamState state(Dataset dataset) const { return sequencer.find(key(dataset))->state; }
  std::vector<std::string> reasons() const {
    std::vector<std::string> reasons;
    for (const auto& status : sink.all<Decoded<StreamStatus>>()) reasons.push_back(status.body.reason);
    return reasons;
  }
};

TEST(Staleness, FirstRecordHasNoEarlierProof) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 0);
}

TEST(Staleness, OnChangeIsProvedByAnyFrameOfItsConnection) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.sequencer.begin_frame(1, kStart + 300);  // somebody else's frame
  h.sequencer.begin_frame(1, kStart + 1'000);
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 700);
  h.bbo();  // the same frame again: proved by itself
  EXPECT_EQ(h.sink.meta().staleness_ns, 0);
}

TEST(Staleness, FramesOfOtherConnectionsProveNothing) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.sequencer.begin_frame(2, kStart + 900);
  h.sequencer.connection_alive(2, kStart + 950);
  h.sequencer.begin_frame(1, kStart + 1'000);
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 1'000);
}

TEST(Staleness, FramesBeforeTheFirstDataOfAConnectionProveNothing) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.sequencer.assign(h.key(Dataset::kBbo), 2);  // moved
  h.sequencer.begin_frame(2, kStart + 400);
  h.sequencer.begin_frame(2, kStart + 1'000);
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 1'000);
  h.sequencer.begin_frame(2, kStart + 1'100);
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 100);
}

TEST(Staleness, CadenceIsProvedByRecordsOnly) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.ticker();
  h.sequencer.begin_frame(1, kStart + 800);
  h.sequencer.begin_frame(1, kStart + 1'000);
  h.ticker();
  EXPECT_EQ(h.sink.meta().staleness_ns, 1'000);
}

TEST(Staleness, ARefreshIsOursAndProvesNothing) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.book(BookKind::kSnapshot);
  h.sequencer.begin_timer(kStart + 500);
  EventMeta refresh;
  refresh.flags = flag::kRefresh;
  h.book(BookKind::kSnapshot, refresh);
  EXPECT_EQ(h.sink.meta().staleness_ns, 500);
  EXPECT_EQ(h.sink.meta().receive_time, kStart + 500);
  h.sequencer.begin_frame(1, kStart + 900);
  h.book(BookKind::kDelta);
  EXPECT_EQ(h.sink.meta().staleness_ns, 900);
}

TEST(Status, SaysEveryChangeOnceWithWhatTheVenuePromises) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.sequencer.on_state(h.key(Dataset::kBook), StreamState::kSyncing, "subscribed");
  h.sequencer.on_state(h.key(Dataset::kBook), StreamState::kSyncing, "subscribed");
  const auto statuses = h.sink.all<Decoded<StreamStatus>>();
  ASSERT_EQ(statuses.size(), 1u);
  EXPECT_EQ(statuses[0].body.state, StreamState::kSyncing);
  EXPECT_EQ(statuses[0].body.reason, "subscribed");
  EXPECT_EQ(statuses[0].body.channel, "level2");
  EXPECT_EQ(statuses[0].body.loss_evidence, schemas::LossEvidence::kChecksum);
  EXPECT_EQ(statuses[0].body.evidence_depth, 10);
  EXPECT_EQ(statuses[0].body.connection, "public-1");
  EXPECT_EQ(statuses[0].body.worker, "w1");
  EXPECT_EQ(h.sink.puts[0].topic, "ops.venue.status.v1");
  EXPECT_EQ(h.sink.puts[0].key, "book/BTC/USD");
}

TEST(Status, OfflineStatesAreNeitherWrittenNorDoTheyOpenStreams) {
  Harness h;
  h.sequencer.on_state(h.key(Dataset::kBook), StreamState::kSyncing, "subscribed");
  EXPECT_THAT(h.sink.puts, IsEmpty());
  EXPECT_THAT(h.sink.streams, IsEmpty());
}

TEST(Status, DataMakesAStreamLiveButNotAHaltedOne) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kLive);
  h.sequencer.on_state(h.key(Dataset::kBbo), StreamState::kHalted, "maintenance");
  h.bbo();
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kHalted);
}

TEST(Status, AConnectionsFateIsItsStreamsFate) {
  Live h;
  h.sequencer.assign(h.key(Dataset::kTicker), 2);
  h.sequencer.connection_state(1, StreamState::kBackingOff, "closed", "1006", kStart);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kBackingOff);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kBackingOff);
  EXPECT_EQ(h.state(Dataset::kTicker), StreamState::kUnspecified);
}

TEST(Stale, OnChangeWhenItsConnectionIsSilentTooLongAndBackWhenItSpeaks) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.sequencer.tick(kStart + 10 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kLive);
  h.sequencer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kStale);
  h.sequencer.begin_frame(1, kStart + 12 * kSecond);
  h.bbo();
  EXPECT_EQ(h.sink.meta().flags, flag::kStale);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kLive);
  EXPECT_THAT(h.reasons(), ElementsAre("data", "silent", "data"));
}

TEST(Stale, NotAStreamThatWasSubscribedAndHasHadNoDataYet) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.sequencer.on_state(h.key(Dataset::kBbo), StreamState::kLive, "subscribed");
  h.sequencer.begin_frame(1, kStart + 9 * kSecond);  // of another stream
  h.sequencer.tick(kStart + 10 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kLive);
  h.sequencer.tick(kStart + 20 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kStale);
}

TEST(Stale, AStreamThatIsLiveWithoutAConnectionHasNoProofButItsRecords) {
  Harness h{Harness::live()};
  h.sequencer.begin_timer(kStart);
  h.sequencer.on_state(h.key(Dataset::kBbo), StreamState::kLive, "reference");
  h.bbo();
  EXPECT_EQ(h.sink.meta().staleness_ns, 0);
}

TEST(Stale, APongIsEnoughForOnChangeButNotForACadence) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.ticker();
  h.sequencer.connection_alive(1, kStart + 9 * kSecond);
  h.sequencer.tick(kStart + 3 * kSecond);  // cadence 1 s and 2 s of grace: just not yet
  EXPECT_EQ(h.state(Dataset::kTicker), StreamState::kLive);
  h.sequencer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBbo), StreamState::kLive);
  EXPECT_EQ(h.state(Dataset::kTicker), StreamState::kStale);
  EXPECT_EQ(h.sequencer.counters().streams[static_cast<std::size_t>(StreamState::kStale)].value(), 1u);
  EXPECT_EQ(h.sequencer.counters().oldest_staleness_ns.value(), 11u * kSecond);
}

TEST(Stale, ABookThatARestAnswerMadeWholeIsNotSilent) {
  Live h;
  h.sequencer.begin_timer(kStart);
  h.book(BookKind::kSnapshot);
  h.sequencer.on_state(h.key(Dataset::kBook), StreamState::kLive, "synced");
  h.sequencer.tick(kStart + kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kLive);
  // Nothing came over the connection yet, so its frames prove nothing of the book.
  h.sequencer.connection_alive(1, kStart + 11 * kSecond);
  h.sequencer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kStale);
}

TEST(Stale, AnUpdateThatWaitedForItsSnapshotCameOverTheConnection) {
  Live h;
  h.sequencer.begin_timer(kStart + 5);
  h.book(BookKind::kSnapshot);
  EventMeta waited;
  waited.receive_time = kStart;
  h.book(BookKind::kDelta, waited);
  h.sequencer.connection_alive(1, kStart + 11 * kSecond);
  h.sequencer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kLive);
}

TEST(Stale, ARefreshThatRepairsALossIsStillOurs) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.book(BookKind::kSnapshot);
  h.sink.room = false;
  h.book(BookKind::kDelta);
  h.sink.room = true;
  EventMeta refresh;
  refresh.flags = flag::kRefresh;
  h.sequencer.begin_timer(kStart + 9 * kSecond);
  h.book(BookKind::kSnapshot, refresh);  // goes out without REFRESH, because it tells something new
  h.sequencer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kStale);
}

TEST(Stale, ABookThatStaysBehindItsQuoteForTwoSeconds) {
  Live h;
  EventMeta meta;
  h.sequencer.begin_frame(1, kStart);
  meta.venue_seq = 10;
  h.book(BookKind::kSnapshot, meta);
  meta.venue_seq = 15;
  h.bbo(meta);
  h.sequencer.tick(kStart + kSecond);
  h.sequencer.begin_frame(1, kStart + 2 * kSecond);
  meta.venue_seq = 16;
  h.bbo(meta);  // the quote runs on: that does not start the wait anew
  h.sequencer.tick(kStart + 2 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kLive);
  h.sequencer.tick(kStart + 3 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kStale);
  EXPECT_EQ(h.reasons().back(), "behind_quote");
  h.sequencer.begin_frame(1, kStart + 3 * kSecond);
  meta.venue_seq = 16;
  h.book(BookKind::kDelta, meta);
  h.sequencer.tick(kStart + 4 * kSecond);
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kLive);
}

TEST(Heartbeats, NameOnceASecondTheStreamsWithoutARecord) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.bbo();
  h.sequencer.on_ack(StreamSlot{0}, 2, 1'234, 1);
  h.sequencer.tick(kStart + 1);
  auto beats = h.sink.all<Heartbeat>();
  ASSERT_EQ(beats.size(), 2u);  // book and ticker; bbo had a record
  EXPECT_EQ(beats[0].dataset, "book");
  EXPECT_EQ(beats[1].dataset, "ticker");

  h.sequencer.tick(kStart + kSecond);  // too early
  EXPECT_EQ(h.sink.all<Heartbeat>().size(), 2u);
  h.sequencer.tick(kStart + kSecond + 1);
  beats = h.sink.all<Heartbeat>();
  ASSERT_EQ(beats.size(), 5u);
  EXPECT_EQ(beats[3].dataset, "bbo");
  EXPECT_EQ(beats[3].worker, "w1");
  EXPECT_EQ(beats[3].thread, 3);
  EXPECT_EQ(beats[3].time, kStart + kSecond + 1);
  const auto& beat = beats[3].streams.at(0);
  EXPECT_EQ(beat.symbol, "BTC/USD");
  EXPECT_EQ(beat.epoch, 7);
  EXPECT_EQ(beat.next_seq, 2);
  EXPECT_EQ(beat.partition, 2);
  EXPECT_EQ(beat.acked_offset, 1'234);
  EXPECT_EQ(beat.state, StreamState::kLive);
  EXPECT_EQ(beat.age_ns, kSecond + 1);
  EXPECT_EQ(h.sink.puts.back().topic, "ops.venue.heartbeat.v1");
  EXPECT_EQ(h.sink.puts.back().key, "w1/3");
}

TEST(Heartbeats, NameAStreamWhoseRecordsTheBrokerRefuses) {
  Harness h{Harness::live()};
  const StreamKey trades = h.key(Dataset::kTrade);
  h.sequencer.assign(trades, 0);
  for (int second = 1; second <= 3; ++second) {
    h.sequencer.begin_frame(0, kStart + second * kSecond);
    h.trade();
    h.sequencer.on_lost(h.sequencer.find(trades)->slot, second, "too_large");
    h.sequencer.tick(kStart + second * kSecond);
    EXPECT_EQ(h.sink.all<Heartbeat>().size(), static_cast<std::size_t>(second)) << "readers have nothing else of it";
  }
}

TEST(Heartbeats, CarryTheHolesThatNoRecordDeclared) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.trade();
  h.sequencer.tick(kStart);
  h.sink.room = false;
  h.trade();
  h.sink.room = true;
  h.sequencer.tick(kStart + kSecond);
  for (const Heartbeat& heartbeat : h.sink.all<Heartbeat>()) {
    if (heartbeat.dataset != "trade") continue;
    EXPECT_THAT(heartbeat.streams.at(0).gap, ElementsAre(schemas::GapMark{GapKind::kLocal, 2, 2, 1, "overflow"}));
    return;
  }
  FAIL() << "no heartbeat names the trade stream";
}

TEST(Heartbeats, SplitBeforeTheyGrowTooLarge) {
  Harness h{Harness::live()};
  const std::string longest(200, 'x');
  for (int i = 0; i < 3'000; ++i) {
    h.sequencer.assign({h.table.intern(longest + std::to_string(i)), Dataset::kTrade}, 1);
  }
  h.sequencer.tick(kStart);
  std::size_t streams = 0;
  for (const auto& heartbeat : h.sink.all<Heartbeat>()) streams += heartbeat.streams.size();
  EXPECT_EQ(streams, 3'000u);
  EXPECT_GE(h.sink.puts.size(), 5u);
  for (const auto& put : h.sink.puts) EXPECT_LE(put.bytes, OpsRecords::kHeartbeatBytes);
}

TEST(Heartbeats, EndWhenAStreamIsReleased) {
  Live h;
  for (const Dataset dataset : {Dataset::kBbo, Dataset::kBook, Dataset::kTicker}) {
    h.sequencer.release(h.key(dataset), kStart);
  }
  EXPECT_EQ(h.state(Dataset::kBook), StreamState::kDisconnected);
  h.sequencer.tick(kStart);
  EXPECT_THAT(h.sink.all<Heartbeat>(), IsEmpty());
}

TEST(Heartbeats, DoNotNameReferenceDataThatNobodySubscribedTo) {
  Harness h{Harness::live()};
  h.sequencer.begin_frame(0, kStart);
  h.sequencer.on_instrument(h.key(Dataset::kInstrument), {}, {});
  h.sequencer.tick(kStart);
  h.sequencer.tick(kStart + kSecond);
  EXPECT_THAT(h.sink.all<Heartbeat>(), IsEmpty());
}

TEST(Acks, ATopicMadeAnewIsSaidAndItsBooksRefreshed) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.book(BookKind::kSnapshot);
  h.sequencer.on_topic_made_anew(StreamSlot{1});
  EXPECT_THAT(h.sequencer.take_refresh_requests(), ElementsAre(h.btc));
  const std::size_t before = h.reasons().size();
  h.sequencer.tick(kStart);
  ASSERT_EQ(h.reasons().size(), before + 1);
  EXPECT_EQ(h.reasons().back(), "topic_made_anew");
  h.book(BookKind::kDelta);
  EXPECT_THAT(h.sink.meta().gap, IsEmpty());
}

TEST(Acks, WhatALostRecordDeclaredIsDeclaredAgain) {
  Live h;
  const StreamSlot trades{3};  // behind those that are assigned
  h.sequencer.begin_frame(1, kStart);
  h.trade();
  h.sequencer.on_lost(trades, 1, "forbidden");
  h.trade();  // declares 1
  h.sink.room = false;
  h.trade();  // no room for 3
  h.sink.room = true;
  h.sequencer.on_lost(trades, 2, "forbidden");
  h.trade();
  const GapMark restart{GapKind::kRestart, {}, {}, {}, "restart"};
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(restart, GapMark{GapKind::kLocal, 1, 2, 2, "forbidden"},
                                             GapMark{GapKind::kLocal, 3, 3, 1, "overflow"}));
  h.sequencer.on_ack(trades, 0, 7, 4);
  h.trade();
  h.sequencer.on_lost(trades, 5, "forbidden");
  h.trade();
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 5, 5, 1, "forbidden"}));
}

TEST(Acks, AMissingRightIsSaidOnceAndItsEndToo) {
  Live h;
  h.sequencer.begin_frame(1, kStart);
  h.book(BookKind::kSnapshot);
  const std::size_t before = h.reasons().size();
  h.sequencer.on_lost(StreamSlot{1}, 1, "forbidden");
  h.sequencer.on_lost(StreamSlot{1}, 2, "forbidden");
  h.sequencer.tick(kStart);
  h.sequencer.tick(kStart + kSecond);
  ASSERT_EQ(h.reasons().size(), before + 1);
  EXPECT_EQ(h.reasons().back(), "forbidden");
  h.sequencer.on_ack(StreamSlot{1}, 0, 7, 3);
  h.sequencer.tick(kStart + 2 * kSecond);
  ASSERT_EQ(h.reasons().size(), before + 2);
  EXPECT_EQ(h.reasons().back(), "allowed");
}

TEST(Quarantine, KeepsAFewFramesAMinuteAndCountsTheRest) {
  Live h;
  const std::string huge(100'000, '{');
  for (int i = 0; i < 10; ++i) {
    h.sequencer.quarantine(1, {normalize::Errc::kBadJson, "data[0]"}, huge, kStart);
  }
  h.sequencer.quarantine(1, {normalize::Errc::kBadNumber, ""}, "other error", kStart);
  h.sequencer.quarantine(1, {normalize::Errc::kBadJson, ""}, "later", kStart + 60 * kSecond);
  const auto kept = h.sink.all<Decoded<schemas::Quarantine>>();
  ASSERT_EQ(kept.size(), 8u);
  EXPECT_EQ(kept[0].body.connection, "public-1");
  EXPECT_EQ(kept[0].body.error, "bad_json");
  EXPECT_EQ(kept[0].body.where, "data[0]");
  EXPECT_EQ(kept[0].body.frame.size(), OpsRecords::kFrameBytes);
  EXPECT_EQ(kept[0].body.frame_bytes, 100'000);
  EXPECT_EQ(kept[6].body.error, "bad_number");
  EXPECT_EQ(kept[7].body.suppressed, 4);
}

TEST(Ops, ARefusedStatusIsCounted) {
  Live h;
  h.sink.room = false;
  h.sequencer.on_state(h.key(Dataset::kBbo), StreamState::kSyncing, "subscribed");
  EXPECT_EQ(h.sequencer.counters().ops_refused.value(), 1u);
}

}  // namespace
}  // namespace millrace::publish::test
