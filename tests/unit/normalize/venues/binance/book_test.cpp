#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"

// The rules of books: snapshot, chain, gap, resync, overlap, limits.
namespace millrace::test {
namespace {

using normalize::Errc;
using schemas::BookKind;
using schemas::Level;
using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;

std::string spot_update(int first, int last, std::string_view bids = R"(["10","1"])", std::string_view asks = "") {
  return fmt::format(
      R"({{"stream":"abc@depth@100ms","data":{{"e":"depthUpdate","E":1700000000000,"s":"ABC","U":{},"u":{},"b":[{}],"a":[{}]}}}})",
      first, last, bids, asks);
}
std::string snapshot(int id, std::string_view bids = R"(["9","5"])", std::string_view asks = R"(["11","5"])") {
  return fmt::format(R"({{"lastUpdateId":{},"bids":[{}],"asks":[{}]}})", id, bids, asks);
}
constexpr std::string_view kTarget = "/api/v3/depth?symbol=ABC&limit=1000";

class SpotBook : public testing::Test {
 protected:
  explicit SpotBook(const normalize::VenueOptions& options = {}) : venue{"binance-spot", options} {}

  void open() {
    venue.open({{"ABC", Dataset::kBook}});
    venue.clear();
  }
  // Live at id 100.
  void go_live() {
    open();
    ASSERT_TRUE(venue.feed(spot_update(95, 99)));
    ASSERT_TRUE(venue.answer(kTarget, snapshot(100)));
    venue.clear();
  }
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> out;
    for (const Recorded& event : venue.out.events) out.push_back(*event.meta.venue_seq);
    return out;
  }

  VenueHarness venue;
};

TEST_F(SpotBook, AsksForASnapshotWithTheFirstUpdateAndPublishesNothingBefore) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(98, 101)));
  EXPECT_THAT(venue.out.events, IsEmpty());
  ASSERT_EQ(venue.todo.rest.size(), 1U);
  EXPECT_EQ(venue.todo.rest[0].key, "depth/ABC");
  EXPECT_EQ(venue.todo.rest[0].target, kTarget);
  EXPECT_EQ(venue.todo.rest[0].weight, 50);
  EXPECT_EQ(venue.todo.rest[0].not_before, 0);
  ASSERT_TRUE(venue.feed(spot_update(102, 104)));
  EXPECT_EQ(venue.todo.rest.size(), 1U) << "one request is enough";
}

TEST_F(SpotBook, AsksForASnapshotWhenTheSubscriptionIsAcknowledged) {
  venue.open({{"ABC", Dataset::kBook}});
  EXPECT_THAT(venue.todo.rest, IsEmpty());
  ASSERT_TRUE(venue.feed(R"({"result":null,"id":1})"));
  EXPECT_EQ(venue.todo.rest.size(), 1U);
}

TEST_F(SpotBook, ReplaysWhatWaitedOneByOneWithItsOwnReceiveTime) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(95, 99)));
  ASSERT_TRUE(venue.feed(spot_update(98, 101)));
  const UnixNanos received = venue.now;
  ASSERT_TRUE(venue.feed(spot_update(102, 104)));
  ASSERT_TRUE(venue.answer(kTarget, snapshot(100)));
  EXPECT_THAT(ids(), ElementsAre(100, 101, 104));
  const auto& events = venue.out.events;
  EXPECT_EQ(events[0].book.kind, BookKind::kSnapshot);
  EXPECT_EQ(events[0].meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(events[0].meta.flags, schemas::flag::kSnapshot);
  EXPECT_EQ(events[0].meta.receive_time, std::nullopt);
  EXPECT_EQ(events[1].book.kind, BookKind::kDelta);
  EXPECT_EQ(events[1].book.venue_seq_first, 98);
  EXPECT_EQ(events[1].meta.receive_time, received);
  EXPECT_EQ(events[1].meta.origin, schemas::Origin::kLive);
  EXPECT_EQ(events[1].meta.venue_send_time, 1'700'000'000'000'000'000);
  EXPECT_EQ(events[1].meta.venue_time, std::nullopt);
  EXPECT_THAT(venue.out.drops, ElementsAre("stale"));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  EXPECT_EQ(venue.out.states.back().state, StreamState::kLive);
}

TEST_F(SpotBook, ASnapshotTooOldForWhatWaitsIsAskedForAgainLater) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(110, 112)));
  venue.todo.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(108)));
  EXPECT_THAT(venue.out.events, IsEmpty());
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  ASSERT_EQ(venue.todo.rest.size(), 1U);
  const UnixNanos first = venue.todo.rest[0].not_before - venue.now;
  EXPECT_GT(first, 0);
  venue.todo.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(108)));
  EXPECT_EQ(venue.todo.rest[0].not_before - venue.now, 2 * first);
  ASSERT_TRUE(venue.answer(kTarget, snapshot(109)));
  EXPECT_THAT(ids(), ElementsAre(109, 112));
}

TEST_F(SpotBook, AGapIsDeclaredAndCostsThisInstrumentOnly) {
  go_live();
  ASSERT_TRUE(venue.feed(spot_update(101, 104)));
  venue.clear();
  const auto got = venue.feed(spot_update(106, 107));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().code, Errc::kSequenceGap);
  EXPECT_THAT(venue.out.events, IsEmpty());
  ASSERT_EQ(venue.out.gaps.size(), 1U);
  const schemas::GapMark want{schemas::GapKind::kVenue, 105, 105, std::nullopt, "sequence"};
  EXPECT_EQ(venue.out.gaps[0].mark, want);
  EXPECT_EQ(venue.out.gaps[0].dataset, Dataset::kBook);
  EXPECT_EQ(venue.out.states.back().state, StreamState::kRecovering);
  ASSERT_EQ(venue.todo.rest.size(), 1U);
  EXPECT_EQ(venue.todo.rest[0].not_before, 0) << "at once";
  EXPECT_FALSE(venue.todo.reconnect);
}

TEST_F(SpotBook, AfterAGapTheNextSnapshotResumesWithWhatWaited) {
  go_live();
  (void)venue.feed(spot_update(106, 107));
  ASSERT_TRUE(venue.feed(spot_update(108, 109)));
  venue.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(107)));
  EXPECT_THAT(ids(), ElementsAre(107, 109));
  EXPECT_THAT(venue.out.gaps, IsEmpty()) << "declared once, when it was seen";
  ASSERT_TRUE(venue.feed(spot_update(110, 110)));
  EXPECT_THAT(ids(), ElementsAre(107, 109, 110));
}

TEST_F(SpotBook, AHoleAmongWhatWaitedIsDeclaredAndTheRestWaitsOn) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(99, 101)));
  ASSERT_TRUE(venue.feed(spot_update(105, 106)));
  venue.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(100)));
  EXPECT_THAT(ids(), ElementsAre(100, 101));
  ASSERT_EQ(venue.out.gaps.size(), 1U);
  EXPECT_EQ(venue.out.gaps[0].mark.from, 102);
  EXPECT_EQ(venue.out.gaps[0].mark.to, 104);
  EXPECT_EQ(venue.todo.rest.size(), 1U);
  venue.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(104)));
  EXPECT_THAT(ids(), ElementsAre(104, 106));
}

TEST_F(SpotBook, GapsInQuickSuccessionAreAnsweredMoreAndMoreSlowly) {
  go_live();
  int id = 100;
  UnixNanos pause = 0;
  for (int round = 0; round < 6; ++round) {
    id += 10;
    venue.todo.clear();
    (void)venue.feed(spot_update(id, id));
    ASSERT_EQ(venue.todo.rest.size(), 1U);
    const UnixNanos next = std::max<UnixNanos>(0, venue.todo.rest[0].not_before - venue.now);
    EXPECT_TRUE(round == 0 ? next == 0 : next >= pause);
    pause = next;
    ASSERT_TRUE(venue.answer(kTarget, snapshot(id)));
  }
  EXPECT_GT(pause, 1'000'000'000);
}

TEST_F(SpotBook, AnUnansweredRequestIsRepeatedWhenItsTimeIsUp) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(95, 99)));
  ASSERT_TRUE(venue.todo.wake_at.has_value());
  const UnixNanos at = *venue.todo.wake_at;
  venue.todo.clear();
  venue.wake(at - 1);
  EXPECT_THAT(venue.todo.rest, IsEmpty());
  EXPECT_EQ(venue.todo.wake_at, at);
  venue.wake(at);
  EXPECT_EQ(venue.todo.rest.size(), 1U);
}

TEST_F(SpotBook, ARefusedSnapshotIsReportedAndAskedForAgain) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(95, 99)));
  venue.todo.clear();
  const auto got = venue.answer(kTarget, R"({"code":-1003,"msg":"Too many requests"})", 429);
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().code, Errc::kRefused);
  ASSERT_EQ(venue.todo.rest.size(), 1U);
  EXPECT_GT(venue.todo.rest[0].not_before, venue.now);
  venue.todo.clear();
  EXPECT_TRUE(venue.answer(kTarget, "<html>").has_error());
  EXPECT_EQ(venue.todo.rest.size(), 1U);
}

TEST_F(SpotBook, ASnapshotOlderThanTheLiveBookIsIgnored) {
  go_live();
  ASSERT_TRUE(venue.feed(spot_update(101, 105)));
  venue.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(104)));
  EXPECT_THAT(venue.out.events, IsEmpty());
  EXPECT_THAT(venue.out.drops, ElementsAre("stale"));
  ASSERT_TRUE(venue.answer(kTarget, snapshot(106)));
  EXPECT_THAT(ids(), ElementsAre(106));
}

TEST_F(SpotBook, TwoOverlappingConnectionsPublishEachUpdateOnce) {
  go_live();
  const std::size_t second = venue.connect();
  venue.connect();
  (void)second;
  venue.open({{"ABC", Dataset::kBook}}, second);
  for (int id = 101; id < 110; ++id) {
    ASSERT_TRUE(venue.feed(spot_update(id, id)));
    ASSERT_TRUE(venue.feed(spot_update(id, id), second));
  }
  venue.close(0);
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  for (int id = 109; id < 113; ++id) ASSERT_TRUE(venue.feed(spot_update(id, id), second));
  EXPECT_THAT(ids(), ElementsAre(101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  for (const auto& state : venue.out.states) EXPECT_NE(state.state, StreamState::kRecovering);
}

TEST_F(SpotBook, ALostConnectionIsDeclaredWithTheNextSnapshot) {
  go_live();
  venue.close(0);
  EXPECT_EQ(venue.out.states.back().state, StreamState::kRecovering);
  EXPECT_THAT(venue.out.gaps, IsEmpty());
  const std::size_t next = venue.connect();
  venue.open({{"ABC", Dataset::kBook}}, next);
  ASSERT_TRUE(venue.feed(spot_update(150, 151), next));
  ASSERT_TRUE(venue.answer(kTarget, snapshot(149), 200, next));
  ASSERT_EQ(venue.out.gaps.size(), 1U);
  const schemas::GapMark want{schemas::GapKind::kVenue, 101, 149, std::nullopt, "connection"};
  EXPECT_EQ(venue.out.gaps[0].mark, want);
  EXPECT_THAT(ids(), ElementsAre(149, 151));
}

TEST_F(SpotBook, OneSnapshotIsAskedForAgainWhenItsConnectionDies) {
  open();
  ASSERT_TRUE(venue.feed(spot_update(95, 99)));
  const std::size_t second = venue.connect();
  venue.open({{"ABC", Dataset::kBook}}, second);
  venue.close(0);
  venue.clear();
  ASSERT_TRUE(venue.feed(spot_update(100, 101), second));
  EXPECT_EQ(venue.todo.rest.size(), 1U);
}

TEST_F(SpotBook, NumbersFinerThanBeforeRescaleTheBook) {
  go_live();
  ASSERT_TRUE(venue.feed(spot_update(101, 101, R"(["9.5","1"],["8","2"],["7.25","0.125"])")));
  const Recorded& event = venue.out.events.at(0);
  EXPECT_EQ(event.book.price_exponent, -2);
  EXPECT_EQ(event.book.quantity_exponent, -3);
  EXPECT_THAT(event.bids, ElementsAre(Level{950, 1000}, Level{800, 2000}, Level{725, 125}));
  ASSERT_TRUE(venue.venue->refresh(*venue.venue->instruments().find("ABC"), venue.out));
  const Recorded& whole = venue.out.events.at(1);
  EXPECT_THAT(whole.bids, ElementsAre(Level{950, 1000}, Level{900, 5000}, Level{800, 2000}, Level{725, 125}));
  EXPECT_THAT(whole.asks, ElementsAre(Level{1100, 5000}));
  EXPECT_EQ(whole.meta.flags, schemas::flag::kSnapshot | schemas::flag::kRefresh);
  EXPECT_EQ(whole.meta.venue_seq, 101);
}

TEST_F(SpotBook, OnlyALiveBookCanBeRefreshed) {
  open();
  const auto id = *venue.venue->instruments().find("ABC");
  EXPECT_FALSE(venue.venue->refresh(id, venue.out));
  EXPECT_FALSE(venue.venue->refresh(normalize::InstrumentId{77}, venue.out));
  EXPECT_THAT(venue.out.events, IsEmpty());
}

TEST_F(SpotBook, ACrossedBookIsFlaggedAndAfterASecondFetchedAnewOnce) {
  go_live();
  ASSERT_TRUE(venue.feed(spot_update(101, 101, R"(["12","1"])")));
  EXPECT_EQ(venue.out.events.back().meta.flags, schemas::flag::kCrossed);
  EXPECT_THAT(venue.todo.rest, IsEmpty());
  venue.now += 1'000'000'000;
  ASSERT_TRUE(venue.feed(spot_update(102, 102)));
  EXPECT_EQ(venue.todo.rest.size(), 1U);
  ASSERT_EQ(venue.out.gaps.size(), 1U) << "the updates until the snapshot are missing";
  EXPECT_EQ(venue.out.gaps[0].mark.reason, "crossed");
  EXPECT_EQ(venue.out.gaps[0].mark.from, 103);
  ASSERT_TRUE(venue.answer(kTarget, snapshot(103, R"(["12","1"])")));
  venue.clear();
  for (int id = 104; id < 108; ++id) {
    venue.now += 1'000'000'000;
    ASSERT_TRUE(venue.feed(spot_update(id, id)));
  }
  EXPECT_THAT(venue.todo.rest, IsEmpty());
  EXPECT_EQ(venue.out.events.back().meta.flags, schemas::flag::kCrossed);
}

TEST_F(SpotBook, WhatWaitsForASnapshotIsBounded) {
  open();
  for (int id = 1; id <= 1500; ++id) ASSERT_TRUE(venue.feed(spot_update(id, id)));
  EXPECT_EQ(venue.out.drops.size(), 500U);
  EXPECT_EQ(venue.out.drops.front(), "no_snapshot");
  venue.todo.clear();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(400)));
  EXPECT_THAT(venue.out.events, IsEmpty()) << "the updates after 400 are gone: too old";
  ASSERT_TRUE(venue.answer(kTarget, snapshot(500)));
  EXPECT_EQ(venue.out.events.size(), 1001U);
}

TEST_F(SpotBook, InARecordingTheSnapshotMayComeLate) {
  for (int id = 1; id <= 1500; ++id) ASSERT_TRUE(venue.feed(spot_update(id, id)));
  EXPECT_THAT(venue.out.drops, IsEmpty());
  ASSERT_TRUE(venue.answer(kTarget, snapshot(400)));
  EXPECT_EQ(venue.out.events.size(), 1101U);
  EXPECT_EQ(venue.out.drops.size(), 400U);
  EXPECT_EQ(venue.out.drops.front(), "stale");
}

TEST_F(SpotBook, AFailingFrameReachesNobodyAndItsLossIsSeen) {
  go_live();
  const auto got = venue.feed(spot_update(101, 102, R"(["10","1"],["10.5","x"])"));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kBadNumber, "data.b[1].quantity"}));
  EXPECT_THAT(venue.out.events, IsEmpty());
  ASSERT_TRUE(venue.feed(spot_update(103, 103)).has_error());
  EXPECT_EQ(venue.out.gaps.size(), 1U);
}

TEST_F(SpotBook, UpdatesAfterUnsubscribingAreDropped) {
  go_live();
  venue.change({}, {{"ABC", Dataset::kBook}});
  ASSERT_EQ(venue.todo.send.size(), 1U);
  EXPECT_EQ(venue.todo.send[0], R"({"method":"UNSUBSCRIBE","params":["abc@depth@100ms"],"id":2})");
  venue.clear();
  ASSERT_TRUE(venue.feed(spot_update(101, 101)));
  EXPECT_THAT(venue.out.drops, ElementsAre("unsubscribed"));
  EXPECT_THAT(venue.todo.rest, IsEmpty());
}

// Live books keep three levels here.
class LimitedBook : public SpotBook {
 protected:
  static normalize::VenueOptions options() {
    normalize::VenueOptions out;
    out.max_levels = 3;
    out.snapshot_levels = 5;
    return out;
  }
  LimitedBook() : SpotBook(options()) {}
};

TEST_F(LimitedBook, LevelsThatFallOutAreDeletedInTheSameRecord) {
  open();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(100, R"(["9","1"],["8","1"],["7","1"],["6","1"])")));
  const Recorded whole = venue.out.events.at(0);
  EXPECT_THAT(whole.bids, ElementsAre(Level{9, 1}, Level{8, 1}, Level{7, 1}));
  EXPECT_EQ(whole.meta.flags, schemas::flag::kSnapshot | schemas::flag::kDepthLimited);
  EXPECT_EQ(whole.book.depth, std::nullopt);  // ours is no limit of the venue
  ASSERT_TRUE(venue.feed(spot_update(101, 101, R"(["10","2"],["5","4"])")));
  const Recorded& delta = venue.out.events.at(1);
  EXPECT_THAT(delta.bids, ElementsAre(Level{10, 2}, Level{5, 4}, Level{5, 0}, Level{7, 0}));
  EXPECT_EQ(delta.meta.flags, schemas::flag::kDepthLimited);
}

TEST_F(LimitedBook, ProvenDepthEndsWhereTheBookWasCut) {
  open();
  ASSERT_TRUE(venue.answer(kTarget, snapshot(100, R"(["9","1"],["8","1"],["7","1"],["6","1"])")));
  EXPECT_EQ(venue.out.events.at(0).book.proven_depth, 3);
  ASSERT_TRUE(venue.feed(spot_update(101, 101, R"(["8","0"],["3","7"])")));
  EXPECT_EQ(venue.out.events.at(1).book.proven_depth, 2) << "nothing is known below 7";
}

TEST_F(SpotBook, ProvenDepthIsAbsentWhileTheSnapshotWasWhole) {
  go_live();
  ASSERT_TRUE(venue.feed(spot_update(101, 101)));
  EXPECT_EQ(venue.out.events.at(0).book.proven_depth, std::nullopt);
  ASSERT_TRUE(venue.answer("/api/v3/depth?limit=2&symbol=ABC", snapshot(102, R"(["9","1"],["8","1"])")));
  EXPECT_EQ(venue.out.events.at(1).book.proven_depth, 2) << "as many as asked for: cut";
}

TEST(BboFromBook, IsPublishedWhenItChangesAndOnlyThen) {
  normalize::VenueOptions options;
  options.bbo_from_book = true;
  VenueHarness venue{"binance-spot", options};
  ASSERT_TRUE(venue.answer(kTarget, snapshot(100)));
  ASSERT_TRUE(venue.feed(spot_update(101, 101, R"(["8","1"])")));
  ASSERT_TRUE(venue.feed(spot_update(102, 102, R"(["9","6"])")));
  std::vector<schemas::Bbo> quotes;
  for (const auto& event : venue.out.events) {
    if (event.dataset == Dataset::kBboBook) quotes.push_back(event.bbo);
  }
  ASSERT_EQ(quotes.size(), 2U);
  EXPECT_EQ(quotes[0].bid, (Level{9, 5}));
  EXPECT_EQ(quotes[1].bid, (Level{9, 6}));
  EXPECT_EQ(quotes[1].ask, (Level{11, 5}));
}

TEST(SpotBookSymbols, AnEscapedSymbolIsTheSameSymbol) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.answer("GET /api/v3/depth?symbol=%E5%B8%81USDT&limit=1000", snapshot(100)));
  ASSERT_TRUE(venue.feed(R"({"e":"depthUpdate","E":1,"s":"\u5e01USDT","U":101,"u":102,"b":[["10","1"]],"a":[]})"));
  ASSERT_EQ(venue.out.events.size(), 2U);
  EXPECT_EQ(venue.out.events[1].symbol, "\u5e01USDT");
}

TEST(FuturesBook, CarriesTheChainAndTheVenuesTimes) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(VenueHarness::fixture("binance", "ws_depth_usdm.json")));
  ASSERT_TRUE(venue.answer("GET /fapi/v1/depth?symbol=BTCUSDT&limit=1000",
                           VenueHarness::fixture("binance", "rest_depth_usdm.json")));
  ASSERT_EQ(venue.out.events.size(), 2U);
  EXPECT_EQ(venue.out.events[0].meta.venue_time, 1672515782099'000'000);
  EXPECT_EQ(venue.out.events[0].meta.venue_send_time, 1672515782100'000'000);
  const Recorded& delta = venue.out.events[1];
  EXPECT_EQ(delta.meta.venue_seq, 1027030);
  EXPECT_EQ(delta.book.venue_seq_first, 1027020);
  EXPECT_EQ(delta.book.venue_seq_prev, 1027011);
  EXPECT_EQ(delta.meta.venue_time, 1672515782130'000'000);
  EXPECT_THAT(delta.bids, ElementsAre(Level{165001, 25}));
  EXPECT_THAT(delta.asks, ElementsAre(Level{165002, 0}));
}

// Recorders that write JSON anew sort the keys as they like; "u" in front is what tells a quote otherwise.
TEST(FuturesBook, AnUpdateMayBeginWithItsLastId) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.answer("GET /fapi/v1/depth?symbol=BTCUSDT&limit=1000",
                           VenueHarness::fixture("binance", "rest_depth_usdm.json")));
  ASSERT_TRUE(venue.feed(
      R"({"u":1027030,"s":"BTCUSDT","pu":1027011,"e":"depthUpdate","b":[["16500.10","2.5"]],"a":[],"U":1027020})"));
  EXPECT_EQ(venue.out.events.back().meta.venue_seq, 1027030);
  EXPECT_EQ(venue.out.events.back().book.kind, BookKind::kDelta);
}

TEST(FuturesBook, AnUpdateWithoutItsPredecessorIsAnError) {
  VenueHarness venue{"binance-usdm"};
  const auto got = venue.feed(spot_update(1, 2));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kMissingField, "pu"}));
}

TEST(BookFixtures, TheSpotSnapshotAndUpdateJoin) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(VenueHarness::fixture("binance", "ws_depth_spot.json")));
  ASSERT_TRUE(venue.answer("GET /api/v1/depth?symbol=BNBBTC&limit=1000",
                           VenueHarness::fixture("binance", "rest_depth_spot.json")));
  ASSERT_EQ(venue.out.events.size(), 2U);
  EXPECT_THAT(venue.out.events[0].bids, ElementsAre(Level{24, 40}, Level{22, 15}));
  EXPECT_THAT(venue.out.events[1].bids, ElementsAre(Level{24, 100}, Level{22, 0}));
}

}  // namespace
}  // namespace millrace::test
