// Streams that come from other workers and go to them: epochs, and what a later claim begins anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/sequence/harness.h"

namespace millrace::publish::test {
namespace {

using schemas::BookKind;
using testing::IsEmpty;
using testing::SizeIs;
namespace flag = schemas::flag;
using Leaving = Sequencer::Leaving;

constexpr ConnectionId kConnection = 0;

struct Claims : testing::Test {
  Harness h{Harness::live()};
  StreamKey book = h.key(Dataset::kBook);
  StreamKey quote = h.key(Dataset::kBbo);
  StreamKey trades = h.key(Dataset::kTrade);

  const schemas::Meta& meta() const { return h.sink.meta(); }
  void acknowledge(StreamKey key) {
    const Stream& stream = *h.sequencer.find(key);
    for (auto left = stream.in_flight; left > 0; --left) h.sequencer.on_ack(stream.slot, 0, 5, stream.seq);
  }
  std::vector<std::string> reasons() const {
    std::vector<std::string> found;
    for (const auto& status : h.sink.all<schemas::Decoded<schemas::StreamStatus>>())
      found.push_back(status.body.reason);
    return found;
  }
};

TEST_F(Claims, ABookThatIsTakenOverOpensWithoutLevelsAndProvesNothing) {
  h.sequencer.assign(book, kConnection);
  h.sequencer.take_over(book, kStart);
  ASSERT_THAT(h.sink.records, SizeIs(1));
  const auto& record = std::get<schemas::Decoded<schemas::Book>>(h.sink.records[0]);
  EXPECT_EQ(record.meta.seq, 1);
  EXPECT_EQ(record.meta.flags, flag::kReset | flag::kSnapshot);
  ASSERT_THAT(record.meta.gap, SizeIs(1));
  EXPECT_EQ(record.meta.gap[0].kind, GapKind::kRestart);
  EXPECT_EQ(record.body.kind, BookKind::kSnapshot);
  EXPECT_THAT(record.body.bids, IsEmpty());
  EXPECT_NE(h.sequencer.find(book)->state, StreamState::kLive);
  h.sequencer.take_over(book, kStart);
  EXPECT_THAT(h.sink.records, SizeIs(1)) << "once an epoch";
}

TEST_F(Claims, TradesHaveNoOpeningRecord) {
  h.sequencer.take_over(trades, kStart);
  EXPECT_THAT(h.sink.records, IsEmpty());
}

TEST_F(Claims, WhatIsAssignedGoesOnUnderItsClaimAndTheRestBeginsAnew) {
  h.sequencer.assign(trades, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  h.bbo();
  acknowledge(quote);
  h.sequencer.begin_claim(9);
  h.trade();
  EXPECT_EQ(meta().epoch, 7);
  EXPECT_EQ(meta().seq, 2);
  h.bbo();
  EXPECT_EQ(meta().epoch, 9);
  EXPECT_EQ(meta().seq, 1);
  EXPECT_THAT(meta().gap, SizeIs(1));
}

TEST_F(Claims, WhatWasHandedOverIsNotWrittenHereUntilItIsAssignedAgain) {
  h.sequencer.assign(trades, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  h.sequencer.hand_over(trades, Leaving::kHandedOver, kStart);
  h.sequencer.begin_claim(9);
  h.trade();
  EXPECT_THAT(h.sink.records, SizeIs(1)) << "an older claim than the other worker's would only be noise, a later one "
                                            "would outdate that worker";
  EXPECT_FALSE(h.sequencer.settled());
  acknowledge(trades);
  EXPECT_TRUE(h.sequencer.settled());
  h.sequencer.assign(trades, kConnection);
  h.trade();
  EXPECT_EQ(meta().epoch, 9);
  EXPECT_EQ(meta().seq, 1);
}

TEST_F(Claims, AHandOverIsToldAndALossIsNot) {
  h.sequencer.assign(trades, kConnection);
  h.sequencer.assign(quote, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  h.bbo();
  const auto before = reasons().size();
  h.sequencer.hand_over(trades, Leaving::kLost, kStart);
  EXPECT_THAT(reasons(), SizeIs(before));
  h.sequencer.hand_over(quote, Leaving::kHandedOver, kStart);
  ASSERT_THAT(reasons(), SizeIs(before + 1));
  EXPECT_EQ(reasons().back(), "handed_over");
}

TEST_F(Claims, ReportsThatComeLateBelongToTheEpochBefore) {
  h.sequencer.assign(trades, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  const StreamSlot before = h.sequencer.find(trades)->slot;
  h.sequencer.hand_over(trades, Leaving::kLost, kStart);
  h.sequencer.begin_claim(9);
  h.sequencer.assign(trades, kConnection);
  h.trade();
  h.sequencer.on_lost(before, 1, "too_large");
  h.trade();
  EXPECT_EQ(meta().epoch, 9);
  EXPECT_EQ(meta().seq, 2);
  EXPECT_THAT(meta().gap, IsEmpty()) << "seq 1 of this epoch is not the one that was lost";
}

TEST_F(Claims, ManyClaimsTakeNoMoreStreamsThanHaveReportsOnTheirWayAtOnce) {
  h.sequencer.assign(trades, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  for (std::int64_t claim = 9; claim < 30; ++claim) {
    const StreamSlot before = h.sequencer.find(trades)->slot;
    h.sequencer.begin_claim(claim);
    h.sequencer.renew(trades, kStart);
    h.trade();
    EXPECT_NE(h.sequencer.find(trades)->slot, before);
    EXPECT_EQ(meta().epoch, claim);
    EXPECT_EQ(meta().seq, 1);
    h.sequencer.on_ack(before, 0, 5, 1);
  }
  EXPECT_THAT(h.sink.streams, SizeIs(2));
}

struct ClaimsInAGroup : testing::Test {
  static SequencerOptions options() {
    SequencerOptions in_group = Harness::live();
    in_group.in_doubt = [] { return false; };
    return in_group;
  }
  Harness h{options()};
  StreamKey quote = h.key(Dataset::kBbo);

  void quote_of(std::int64_t bid) {
    schemas::Bbo body;
    body.bid = schemas::Level{bid, 1};
    h.sequencer.on_bbo(quote, {}, body);
  }
  const auto& last() const { return std::get<schemas::Decoded<schemas::Bbo>>(h.sink.records.back()); }
};

TEST_F(ClaimsInAGroup, AQuietQuoteThatIsRenewedIsSaidAgain) {
  h.sequencer.assign(quote, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  quote_of(100);
  h.sequencer.begin_claim(9);
  h.sequencer.renew(quote, kStart + 5);
  EXPECT_EQ(last().meta.epoch, 9);
  EXPECT_EQ(last().meta.flags, flag::kReset);
  EXPECT_EQ(last().meta.receive_time, kStart + 5);
  ASSERT_TRUE(last().body.bid);
  EXPECT_EQ(last().body.bid->price, 100);
  h.sequencer.begin_claim(11);
  h.sequencer.renew(quote, kStart + 6);
  EXPECT_EQ(last().meta.epoch, 11);
  EXPECT_TRUE(last().body.bid) << "as often as it is renewed";
}

TEST_F(ClaimsInAGroup, AQuoteThatFoundNoRoomIsForgottenWithItsEpoch) {
  h.sequencer.begin_frame(kConnection, kStart);
  h.sink.room = false;
  quote_of(100);
  h.sink.room = true;
  h.sequencer.begin_claim(9);
  h.sequencer.on_gap(quote, {GapKind::kVenue, {}, {}, {}, "reconnect"});
  h.sequencer.tick(kStart + kSecond);
  EXPECT_THAT(h.sink.records, IsEmpty());
}

TEST_F(ClaimsInAGroup, AQuoteThatAnotherWorkerHadMeanwhileIsNotSaidAgain) {
  h.sequencer.assign(quote, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  quote_of(100);
  h.sequencer.hand_over(quote, Leaving::kLost, kStart);
  h.sequencer.begin_claim(9);
  h.sequencer.take_over(quote, kStart + 5);
  EXPECT_EQ(last().meta.epoch, 9);
  EXPECT_FALSE(last().body.bid);
}

TEST(Doubt, NoStateIsToldUntilItHasPassed) {
  bool in_doubt = true;
  SequencerOptions options = Harness::live();
  options.in_doubt = [&] { return in_doubt; };
  Harness h{options};
  h.sequencer.assign(h.key(Dataset::kTrade), kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.trade();
  const auto told = [&] { return h.sink.all<schemas::Decoded<schemas::StreamStatus>>(); };
  EXPECT_THAT(told(), IsEmpty());
  in_doubt = false;
  h.sequencer.tell_again();
  h.sequencer.tick(kStart);
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_EQ(told()[0].body.reason, "told_again");
  EXPECT_EQ(told()[0].body.state, StreamState::kLive);
}

TEST_F(Claims, WhatIsRenewedKeepsItsConnectionAndStateAndABookComesWhole) {
  h.sequencer.assign(book, kConnection);
  h.sequencer.begin_frame(kConnection, kStart);
  h.book(BookKind::kSnapshot);
  acknowledge(book);
  h.sequencer.begin_claim(9);
  h.sequencer.renew(book, kStart + 1);
  EXPECT_EQ(meta().epoch, 9);
  EXPECT_EQ(meta().seq, 1);
  EXPECT_EQ(h.sequencer.find(book)->state, StreamState::kLive);
  EXPECT_EQ(h.sequencer.find(book)->connection, kConnection);
  EventMeta refresh;
  refresh.flags = flag::kRefresh;
  h.book(BookKind::kSnapshot, refresh);
  EXPECT_EQ(meta().seq, 2);
  EXPECT_EQ(meta().flags & flag::kRefresh, 0U) << "it does not repeat what readers have";
  h.book(BookKind::kDelta);
  EXPECT_EQ(meta().seq, 3);
}

}  // namespace
}  // namespace millrace::publish::test
