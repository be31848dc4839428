#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/sequence/harness.h"

namespace millrace::publish::test {
namespace {

using schemas::BookKind;
using schemas::GapMark;
using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = schemas::flag;

TEST(Sequencer, NumbersEachStreamDenselyFromOne) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.trade();
  h.bbo();
  EXPECT_EQ(h.sink.meta().seq, 1);
  h.trade();
  EXPECT_EQ(h.sink.meta().seq, 2);
  EXPECT_EQ(h.sink.meta().stream->symbol, "BTC/USD");
  EXPECT_EQ(h.sink.meta().stream->venue, "venue");
}

TEST(Sequencer, OfflineHasEpochOneAndNoTimeOfItsOwn) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.trade();
  EXPECT_EQ(h.sink.meta().epoch, 1);
  EXPECT_EQ(h.sink.meta().publish_time, std::nullopt);
  EXPECT_THAT(h.sink.meta().gap, IsEmpty());
  EXPECT_THAT(h.sink.puts, IsEmpty());
}

TEST(Sequencer, LiveOpensAnEpochWithARestartGapThatNamesTheLastKnownId) {
  auto options = Harness::live();
  options.previous_venue_seq = [](std::string_view symbol, Dataset dataset) -> std::optional<std::int64_t> {
    if (symbol != "BTC/USD" || dataset != Dataset::kTrade) return std::nullopt;
    return 41;
  };
  Harness h{options};
  h.sequencer.begin_frame(0, kStart);
  h.clock = kStart + 5;
  h.trade();
  EXPECT_EQ(h.sink.meta().epoch, 7);
  EXPECT_EQ(h.sink.meta().publish_time, kStart + 5);
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kRestart, 41, {}, {}, "restart"}));
  h.trade();
  EXPECT_THAT(h.sink.meta().gap, IsEmpty());
}

TEST(Sequencer, KeepsWhatTheVenueSaidAndTheFramesReceiveTime) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  EventMeta meta;
  meta.venue_seq = 9;
  meta.venue_time = kStart - 3;
  meta.venue_send_time = kStart - 2;
  meta.origin = schemas::Origin::kSnapshot;
  h.trade(meta);
  EXPECT_EQ(h.sink.meta().venue_seq, 9);
  EXPECT_EQ(h.sink.meta().venue_time, kStart - 3);
  EXPECT_EQ(h.sink.meta().venue_send_time, kStart - 2);
  EXPECT_EQ(h.sink.meta().receive_time, kStart);
  EXPECT_EQ(h.sink.meta().origin, schemas::Origin::kSnapshot);
  meta.receive_time = kStart - 50;  // a frame that waited for its snapshot
  h.trade(meta);
  EXPECT_EQ(h.sink.meta().receive_time, kStart - 50);
  EXPECT_EQ(h.sink.meta().staleness_ns, 0);
}

TEST(Sequencer, FlagsAVenueTimeThatCannotBe) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  const auto flags_with = [&](std::optional<UnixNanos> time) {
    EventMeta meta;
    meta.venue_time = time;
    h.trade(meta);
    return h.sink.meta().flags;
  };
  EXPECT_EQ(flags_with(std::nullopt), 0u);
  EXPECT_EQ(flags_with(kStart + 86'400 * kSecond), 0u);
  EXPECT_EQ(flags_with(kStart + 86'400 * kSecond + 1), flag::kBadVenueTime);
  EXPECT_EQ(flags_with(1'230'768'000 * kSecond - 1), flag::kBadVenueTime);
  h.sequencer.begin_frame(0, 0);  // receive time not recorded
  EXPECT_EQ(flags_with(kStart), 0u);
}

TEST(Sequencer, AVenueGapStandsOnTheNextRecordAndInTheLedgerTwice) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.trade();
  h.sequencer.on_gap(h.key(Dataset::kTrade), {GapKind::kVenue, 5, 7, 3, "sequence"});
  h.sequencer.begin_frame(0, kStart + 10);
  h.trade();
  EXPECT_EQ(h.sink.meta().seq, 2);
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kVenue, 5, 7, 3, "sequence"}));

  const auto ledger = h.sink.all<schemas::Decoded<schemas::Gap>>();
  ASSERT_EQ(ledger.size(), 2u);
  EXPECT_EQ(ledger[0].body.detected_time, kStart);
  EXPECT_EQ(ledger[0].body.repaired_time, std::nullopt);
  EXPECT_EQ(ledger[1].body.detected_time, kStart);
  EXPECT_EQ(ledger[1].body.repaired_time, kStart + 10);
  EXPECT_EQ(ledger[1].body.repair, "declared");
  EXPECT_EQ(h.sink.puts[0].topic, "ops.venue.gap.v1");
  EXPECT_EQ(h.sink.puts[0].key, "trade/BTC/USD");
  EXPECT_EQ(h.sequencer.counters().gaps[static_cast<std::size_t>(GapKind::kVenue)].value("sequence"), 1u);
}

TEST(Sequencer, RefusedTradesUseNumbersUpAndTheNextOneDeclaresThemAtOnce) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.trade();
  h.sink.room = false;
  for (int i = 0; i < 3; ++i) h.trade();
  h.sink.room = true;
  h.trade();
  EXPECT_EQ(h.sink.meta().seq, 5);
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 2, 4, 3, "overflow"}));
  EXPECT_EQ(h.sink.meta().flags, 0u);  // trades are not conflated
  EXPECT_EQ(h.sequencer.counters().drops.value("overflow"), 3u);
  EXPECT_EQ(h.sequencer.counters().gaps[static_cast<std::size_t>(GapKind::kLocal)].value("overflow"), 1u);
}

TEST(Sequencer, AfterARefusalTheLatestQuoteSaysThatItStandsForSeveral) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.sink.room = false;
  h.bbo();
  h.sink.room = true;
  h.bbo();
  EXPECT_EQ(h.sink.meta().flags, flag::kConflated);
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 1, 1, 1, "overflow"}));
  h.bbo();
  EXPECT_EQ(h.sink.meta().flags, 0u);
}

TEST(Sequencer, ALostQuoteThatStaysTheLatestFollowsWhenThereIsRoom) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.bbo();
  h.sink.room = false;
  h.bbo();
  h.sequencer.begin_frame(0, kStart + 5);
  h.bbo();
  constexpr std::int64_t kSecond = 1'000'000'000;
  h.sequencer.tick(kStart + kSecond);
  EXPECT_EQ(h.sink.records.size(), 1u);
  h.sink.room = true;
  h.sequencer.tick(kStart + 2 * kSecond);
  ASSERT_EQ(h.sink.records.size(), 2u);
  EXPECT_EQ(h.sink.meta().receive_time, kStart + 5) << "the last of them, as old as it is";
  EXPECT_EQ(h.sink.meta().flags, flag::kConflated);
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 2, 4, 3, "overflow"}));
  h.sequencer.tick(kStart + 3 * kSecond);
  EXPECT_EQ(h.sink.records.size(), 2u) << "once";
}

TEST(Sequencer, ABookThatLostADeltaDropsDeltasUntilItsSnapshot) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.book(BookKind::kSnapshot);
  h.sink.room = false;
  h.book(BookKind::kDelta);
  h.sink.room = true;
  h.book(BookKind::kDelta);
  h.book(BookKind::kDelta);
  EXPECT_EQ(h.sink.records.size(), 1u);
  EXPECT_THAT(h.sequencer.take_refresh_requests(), ElementsAre(h.btc));
  EXPECT_THAT(h.sequencer.take_refresh_requests(), IsEmpty());

  EventMeta refresh;
  refresh.flags = flag::kRefresh;
  h.book(BookKind::kSnapshot, refresh);
  EXPECT_EQ(h.sink.meta().seq, 5);
  EXPECT_EQ(h.sink.meta().flags, flag::kSnapshot | flag::kConflated);  // news, so no REFRESH
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 2, 4, 3, "overflow"}));
  h.book(BookKind::kDelta);
  EXPECT_EQ(h.sink.meta().seq, 6);
  EXPECT_EQ(h.sequencer.counters().drops.value("awaiting_snapshot"), 2u);
}

TEST(Sequencer, ARefusedSnapshotIsAskedForAgain) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.sink.room = false;
  h.book(BookKind::kDelta);
  EXPECT_THAT(h.sequencer.take_refresh_requests(), ElementsAre(h.btc));
  h.book(BookKind::kSnapshot);
  EXPECT_THAT(h.sequencer.take_refresh_requests(), ElementsAre(h.btc));
}

TEST(Sequencer, ARecordLostLaterIsDeclaredByTheNextOne) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  for (int i = 0; i < 3; ++i) h.trade();
  h.sequencer.on_lost(StreamSlot{0}, 2, "too_large");
  h.trade();
  EXPECT_THAT(h.sink.meta().gap, ElementsAre(GapMark{GapKind::kLocal, 2, 2, 1, "too_large"}));
  h.sequencer.on_lost(StreamSlot{99}, 1, "too_large");  // nobody's: ignored
}

TEST(Sequencer, HolesOfBothKindsStandSideBySide) {
  Harness h;
  h.sequencer.begin_frame(0, kStart);
  h.sink.room = false;
  h.trade();
  h.sequencer.on_gap(h.key(Dataset::kTrade), {GapKind::kVenue, 3, 4, 2, "sequence"});
  h.trade();
  h.sink.room = true;
  h.trade();
  EXPECT_THAT(h.sink.meta().gap,
              ElementsAre(GapMark{GapKind::kLocal, 1, 1, 1, "overflow"}, GapMark{GapKind::kVenue, 3, 4, 2, "sequence"},
                          GapMark{GapKind::kLocal, 2, 2, 1, "overflow"}));
}

TEST(PendingGaps, TooManyBecomeOneThatCoversThemAll) {
  PendingGaps gaps;
  for (std::int64_t id = 0; id < 100; ++id) gaps.add({GapKind::kVenue, id * 10, id * 10 + 1, 2, "sequence"});
  gaps.add({GapKind::kLocal, 5, 5, 1, "overflow"});
  gaps.add({GapKind::kRestart, {}, {}, {}, "restart"});
  EXPECT_LE(gaps.marks().size(), PendingGaps::kMaxMarks);
  std::vector<bool> covered(100, false);
  for (const auto& mark : gaps.marks()) {
    for (std::int64_t id = 0; mark.kind == GapKind::kVenue && id < 100; ++id) {
      if (*mark.from <= id * 10 && id * 10 + 1 <= *mark.to) covered[static_cast<std::size_t>(id)] = true;
    }
  }
  EXPECT_THAT(covered, testing::Each(true));
}

TEST(PendingGaps, AnUnknownBoundStaysUnknownWhenMerged) {
  PendingGaps gaps;
  for (std::int64_t id = 0; id < 10; ++id) gaps.add({GapKind::kVenue, id * 10, {}, {}, "checksum"});
  EXPECT_EQ(gaps.marks().back().to, std::nullopt);
  EXPECT_EQ(gaps.marks().back().count, std::nullopt);
}

TEST(ReasonCounters, TooManyWordsCountAsOther) {
  ReasonCounters counters;
  for (int i = 0; i < 40; ++i) counters.add("word" + std::to_string(i));
  counters.add("word0", 2);
  EXPECT_EQ(counters.value("word0"), 3u);
  EXPECT_EQ(counters.value("other"), 40u - ReasonCounters::kMaxReasons);
}

}  // namespace
}  // namespace millrace::publish::test
