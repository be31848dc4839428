// A tape of records on which every promise holds, and each kind of damage to it: every one must make the verifier say
// no.

#include <gmock/gmock.h>

#include "tests/unit/cli/verify_tape.h"

namespace millrace::cli {
namespace {

using testing::good_tape;
using ::testing::HasSubstr;
using testing::kHeartbeats;
using testing::kKrakenBook;
using testing::kMillisecond;
using testing::kPerpetualBook;
using testing::kSpotBook;
using testing::kSpotQuote;
using testing::kStart;
using testing::kStatus;
using testing::kTrades;
using testing::Tape;
using testing::TapeRecord;

v1::GapMark& add_mark(v1::Meta& meta, v1::GapKind kind, std::int64_t from, std::int64_t to) {
  auto& mark = *meta.add_gap();
  mark.set_kind(kind);
  mark.set_from(from);
  mark.set_to(to);
  return mark;
}

TEST(Verify, AGoodTapeKeepsEveryPromise) {
  const auto report = good_tape().verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().records, 22);
  EXPECT_EQ(report.streams.size(), 5u);
  EXPECT_EQ(report.books_checked(), 3);
  EXPECT_EQ(report.total().declared_gaps, 0);
  EXPECT_EQ(report.total().staleness_max_ns, 100 * kMillisecond);
}

TEST(Verify, EveryKindOfCheckWasMade) {
  for (const auto& stream : good_tape().verify().streams) {
    if (stream.dataset != "book") continue;
    EXPECT_EQ(stream.book.refreshes, 1) << stream.venue;
    EXPECT_EQ(stream.book.checksums, stream.venue == "kraken" ? 2 : 0);
    EXPECT_EQ(stream.quotes, stream.venue == "binance-spot" ? 2 : 0);
  }
}

// --- numbers ---

TEST(Verify, ADroppedRecordIsLost) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
  EXPECT_EQ(report.total().undeclared_gaps, 1);
}

TEST(Verify, ADroppedFirstRecordIsLost) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 1));
  // The broker keeps the partition from its beginning.
  tape.at<v1::Trade>(kTrades, 2).offset = 0;
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
}

TEST(Verify, ADroppedLastRecordIsLostByTheHeartbeat) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 5));
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
}

TEST(Verify, AnAcknowledgedOffsetThatHoldsAnotherStreamIsALossAtOnce) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 5));
  v1::Trade other;
  other.mutable_meta()->set_venue("kraken");
  other.mutable_meta()->set_instrument("ETH-USD");
  other.mutable_meta()->set_epoch(7);
  other.mutable_meta()->set_seq(1);
  other.mutable_meta()->add_gap()->set_kind(v1::GAP_KIND_RESTART);
  tape.add(kTrades, "ETH-USD", other.SerializeAsString()).offset = 4;
  const auto report = tape.verify({}, 0);
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
}

TEST(Verify, ANumberWithoutAcknowledgementIsNotLostWhileItMayBeOnItsWay) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 5));
  for (auto& record : tape.records) {
    if (record.topic != kHeartbeats) continue;
    auto beat = Tape::parse<v1::Heartbeat>(record);
    beat.mutable_stream(0)->set_acked_offset(3);
    record.value = beat.SerializeAsString();
  }
  EXPECT_TRUE(tape.verify({}, 9).ok());
  EXPECT_FALSE(tape.verify({}, 11).ok());
}

TEST(Verify, AHoleCoveredByALocalMarkIsDeclared) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  tape.alter<v1::Trade>(kTrades, 4, [](auto& trade) { add_mark(*trade.mutable_meta(), v1::GAP_KIND_LOCAL, 3, 3); });
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().declared_gaps, 1);
  EXPECT_EQ(report.total().lost, 0);
}

TEST(Verify, AHoleHalfCoveredIsHalfLost) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  tape.drop(tape.at<v1::Trade>(kTrades, 2));
  tape.alter<v1::Trade>(kTrades, 4, [](auto& trade) { add_mark(*trade.mutable_meta(), v1::GAP_KIND_LOCAL, 3, 3); });
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().lost, 1);
}

TEST(Verify, AVenueMarkDoesNotCoverOurOwnNumbers) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  tape.alter<v1::Trade>(kTrades, 4, [](auto& trade) { add_mark(*trade.mutable_meta(), v1::GAP_KIND_VENUE, 3, 3); });
  EXPECT_FALSE(tape.verify().ok());
}

TEST(Verify, AMarkOnALaterRecordWithinTenSecondsCounts) {
  for (const std::int64_t late_by : {9'000, 11'000}) {
    auto tape = good_tape();
    tape.drop(tape.at<v1::Trade>(kTrades, 3));
    tape.alter<v1::Trade>(kTrades, 5, [&](auto& trade) {
      const auto found = kStart + 400 * kMillisecond;
      trade.mutable_meta()->set_receive_time_ns(found + late_by * kMillisecond);
      add_mark(*trade.mutable_meta(), v1::GAP_KIND_LOCAL, 3, 3);
    });
    EXPECT_EQ(tape.verify().ok(), late_by < 10'000) << late_by;
  }
}

TEST(Verify, AHoleDeclaredByTheHeartbeatIsDeclared) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 5));
  for (auto& record : tape.records) {
    if (record.topic != kHeartbeats) continue;
    auto beat = Tape::parse<v1::Heartbeat>(record);
    beat.mutable_stream(0)->set_acked_offset(3);
    auto& mark = *beat.mutable_stream(0)->add_gap();
    mark.set_kind(v1::GAP_KIND_LOCAL);
    mark.set_from(5);
    mark.set_to(5);
    record.value = beat.SerializeAsString();
  }
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().declared_gaps, 1);
}

TEST(Verify, ARepeatIsRefusedUnlessItWasSentAgain) {
  auto tape = good_tape();
  const TapeRecord twin = tape.at<v1::Trade>(kTrades, 2);
  auto& repeat = tape.add(kTrades, twin.key, twin.value);
  auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().duplicates, 1);
  repeat.resent = true;
  report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().duplicates, 1);
  EXPECT_EQ(report.resent, 1);
}

TEST(Verify, ALateRequestOfTheProducerThatDiedIsExplainedByItsCopy) {
  auto tape = good_tape();
  const TapeRecord twin = tape.at<v1::Trade>(kTrades, 2);
  tape.at<v1::Trade>(kTrades, 2).resent = true;
  tape.add(kTrades, twin.key, twin.value);
  EXPECT_TRUE(tape.verify().ok());
}

TEST(Verify, SwappedRecordsAreOutOfOrder) {
  auto tape = good_tape();
  std::swap(tape.at<v1::Trade>(kTrades, 3).value, tape.at<v1::Trade>(kTrades, 4).value);
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().out_of_order, 1);
  EXPECT_EQ(report.total().lost, 0);
}

TEST(Verify, ARepeatInsideADeclaredSpanThatWasSeenIsOnlyARepeat) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  // Merged marks may span numbers that were not lost.
  tape.alter<v1::Trade>(kTrades, 4, [](auto& trade) { add_mark(*trade.mutable_meta(), v1::GAP_KIND_LOCAL, 2, 3); });
  const TapeRecord twin = tape.at<v1::Trade>(kTrades, 2);
  tape.add(kTrades, twin.key, twin.value).resent = true;
  EXPECT_TRUE(tape.verify().ok());
}

TEST(Verify, ARecordOfAnotherEpochLeavesAHole) {
  for (const std::int64_t epoch : {6, 8}) {
    auto tape = good_tape();
    tape.alter<v1::Trade>(kTrades, 3, [&](auto& trade) { trade.mutable_meta()->set_epoch(epoch); });
    const auto report = tape.verify();
    EXPECT_FALSE(report.ok()) << epoch;
    EXPECT_GE(report.total().lost, 1);
    EXPECT_GE(report.total().fenced, 1);
  }
}

TEST(Verify, ANewEpochBeginsAtOneWithARestart) {
  auto tape = good_tape();
  v1::Trade trade = Tape::parse<v1::Trade>(tape.at<v1::Trade>(kTrades, 1));
  trade.mutable_meta()->set_epoch(8);
  auto& next = tape.add(kTrades, "MATIC-USD", trade.SerializeAsString());
  EXPECT_TRUE(tape.verify().ok());
  trade.mutable_meta()->clear_gap();
  next.value = trade.SerializeAsString();
  EXPECT_FALSE(tape.verify().ok());
  trade.mutable_meta()->add_gap()->set_kind(v1::GAP_KIND_RESTART);
  trade.mutable_meta()->set_seq(2);
  next.value = trade.SerializeAsString();
  EXPECT_FALSE(tape.verify().ok());
}

TEST(Verify, WhatTheBrokerNoLongerKeepsIsNotLost) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 1));
  tape.drop(tape.at<v1::Trade>(kTrades, 2));
  EXPECT_TRUE(tape.verify().ok());
}

TEST(Verify, LowerEpochsAreLeftAsideWhenAsked) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  VerifierOptions options;
  options.from_epoch = 8;
  const auto report = tape.verify(options);
  EXPECT_EQ(report.total().records, 0);
  EXPECT_FALSE(report.ok()) << "nothing was proven";
}

// --- books ---

TEST(Verify, AWrongPriceInADeltaMakesTheRefreshDiffer) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 3, [](auto& book) { book.set_bid_price(0, book.bid_price(0) + 1); });
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.books_wrong(), 1);
  EXPECT_THAT(report.to_table(false), HasSubstr("refresh differs, bid level 2"));
}

TEST(Verify, AMissingLevelInTheRefreshIsWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 5, [](auto& book) {
    book.mutable_bid_price()->RemoveLast();
    book.mutable_bid_quantity()->RemoveLast();
  });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, AnotherQuantityInTheRefreshIsWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kSpotBook, 6, [](auto& book) { book.set_ask_quantity(2, 39999); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, AnAlteredChecksumIsWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kKrakenBook, 2, [](auto& book) { book.set_venue_checksum(2114181698); });
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(report.to_table(false), HasSubstr("checksum is 2114181697, the venue's 2114181698"));
}

TEST(Verify, AWrongLevelUnderAChecksumIsWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kKrakenBook, 1, [](auto& book) { book.set_ask_quantity(9, book.ask_quantity(9) + 1); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, WrongDecimalsUnderAChecksumAreWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kKrakenBook, 1, [](auto& book) { book.set_price_decimals(5); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
  tape = good_tape();
  tape.alter<v1::Book>(kKrakenBook, 1, [](auto& book) { book.set_quantity_decimals(7); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
  tape = good_tape();
  tape.alter<v1::Book>(kKrakenBook, 1, [](auto& book) { book.clear_price_decimals(); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, ABookWithUpdatesThatNothingChecksIsRefused) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Book>(kPerpetualBook, 5));
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.books_unchecked(), 1);
  EXPECT_THAT(report.to_table(false), HasSubstr("nothing to check the book against"));
}

TEST(Verify, AWrongQuoteAtTheSameUpdateIdIsWrong) {
  for (const std::int64_t seq : {1, 3}) {  // read before and after the book
    auto tape = good_tape();
    tape.alter<v1::Bbo>(kSpotQuote, seq, [](auto& quote) { quote.set_ask_quantity(quote.ask_quantity() + 1); });
    const auto report = tape.verify();
    EXPECT_EQ(report.books_wrong(), 1) << seq;
    EXPECT_FALSE(report.ok());
  }
}

TEST(Verify, AnAbsentSideIsNotTheSameQuote) {
  auto tape = good_tape();
  tape.alter<v1::Bbo>(kSpotQuote, 3, [](auto& quote) {
    quote.clear_ask_price();
    quote.clear_ask_quantity();
  });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, ABrokenChainOfUpdateIdsIsAnUndeclaredGap) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kSpotBook, 4, [](auto& book) { book.set_venue_seq_first(107); });
  EXPECT_EQ(tape.verify().total().undeclared_gaps, 1);
  tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 4, [](auto& book) { book.set_venue_seq_prev(1013); });
  EXPECT_EQ(tape.verify().total().undeclared_gaps, 1);
  EXPECT_FALSE(tape.verify().ok());
}

TEST(Verify, AnUpdateThatDoesNotReachItsSnapshotIsABrokenChain) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kSpotBook, 3, [](auto& book) { book.set_venue_seq_first(102); });
  EXPECT_EQ(tape.verify().total().undeclared_gaps, 1);
}

// Other symbols' ids lie between, so that only `pu` shows that it is the next one.
TEST(Verify, AnUpdateThatNamesTheSnapshotAsItsPredecessorFollowsIt) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 2, [](auto& book) {
    book.set_venue_seq_first(1006);
    book.set_venue_seq_prev(1000);
  });
  EXPECT_TRUE(tape.verify().ok());
}

TEST(Verify, ABrokenChainWithAVenueMarkIsDeclared) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 4, [](auto& book) {
    book.set_venue_seq_prev(1013);
    add_mark(*book.mutable_meta(), v1::GAP_KIND_VENUE, 1008, 1013);
  });
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().declared_gaps, 1);
}

TEST(Verify, ADeltaWithoutABookIsWrong) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kSpotBook, 2, [](auto& book) { book.set_kind(v1::BOOK_KIND_DELTA); });
  EXPECT_EQ(tape.verify().books_wrong(), 1);
}

TEST(Verify, AfterADeclaredHoleTheBookWaitsForASnapshot) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Book>(kPerpetualBook, 3));
  tape.alter<v1::Book>(kPerpetualBook, 4, [](auto& book) { add_mark(*book.mutable_meta(), v1::GAP_KIND_LOCAL, 3, 3); });
  const auto report = tape.verify();
  EXPECT_EQ(report.books_wrong(), 0) << "what cannot be known is not called wrong";
  EXPECT_EQ(report.books_unchecked(), 1) << "nor right";
}

TEST(Verify, ARepeatedDeltaChangesNoBook) {
  auto tape = good_tape();
  const TapeRecord twin = tape.at<v1::Book>(kPerpetualBook, 2);
  // Behind a later change of the same level.
  tape.alter<v1::Book>(kPerpetualBook, 3, [](auto& book) { book.set_bid_price(0, 6499998); });
  auto refresh = Tape::parse<v1::Book>(tape.at<v1::Book>(kPerpetualBook, 5));
  auto& last = tape.at<v1::Book>(kPerpetualBook, 5);
  refresh.set_bid_quantity(1, 300);
  refresh.mutable_bid_price()->SwapElements(2, 3);
  refresh.mutable_bid_quantity()->SwapElements(2, 3);
  refresh.mutable_bid_price()->RemoveLast();
  refresh.mutable_bid_quantity()->RemoveLast();
  last.value = twin.value;
  last.resent = true;
  tape.add(kPerpetualBook, twin.key, refresh.SerializeAsString());
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().duplicates, 1);
}

TEST(Verify, ALevelThatDoesNotFitIsWrongAndNoCrash) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 3, [](auto& book) {
    book.set_price_exponent(300);
    book.set_bid_price(0, INT64_MAX);
  });
  EXPECT_FALSE(tape.verify().ok());
  tape = good_tape();
  tape.alter<v1::Book>(kPerpetualBook, 1, [](auto& book) { book.set_price_exponent(INT32_MIN); });
  EXPECT_FALSE(tape.verify().ok());
}

// --- what is there at all ---

TEST(Verify, AnExpectedStreamMustHaveARecordOrAHeartbeat) {
  VerifierOptions options;
  options.expected = {{"kraken", "book", "MATIC/USD"}, {"binance-spot", "bbo", "btcusdt"}};
  EXPECT_TRUE(good_tape().verify(options).ok());
  options.expected.push_back({"kraken", "bbo", "MATIC/USD"});
  const auto report = good_tape().verify(options);
  EXPECT_FALSE(report.ok());
  EXPECT_THAT(report.missing, ::testing::ElementsAre("kraken/bbo/MATIC/USD"));
}

TEST(Verify, AHeartbeatAloneIsASignOfLife) {
  Tape tape;
  const auto good = good_tape();
  for (const auto& record : good.records) {
    if (record.topic != kTrades) tape.records.push_back(record);
  }
  VerifierOptions options;
  options.expected = {{"kraken", "trade", "MATIC-USD"}};
  EXPECT_TRUE(tape.verify(options, 0).missing.empty());
}

TEST(Verify, NothingAtAllIsNoProof) { EXPECT_FALSE(Tape{}.verify().ok()); }

TEST(Verify, BytesThatDoNotDecodeAreRefused) {
  for (const auto& topic : {kTrades, kKrakenBook, kHeartbeats, kStatus}) {
    auto tape = good_tape();
    tape.add(topic, "MATIC-USD", "\xFF\xFF garbage");
    const auto report = tape.verify();
    EXPECT_EQ(report.undecodable, 1) << topic;
    EXPECT_FALSE(report.ok());
  }
}

TEST(Verify, ABookThatIsNeitherSnapshotNorDeltaIsRefused) {
  auto tape = good_tape();
  tape.alter<v1::Book>(kSpotBook, 5, [](auto& book) { book.clear_kind(); });
  EXPECT_EQ(tape.verify().undecodable, 1);
}

TEST(Verify, AnotherKeyVenueOrPartitionIsMisplaced) {
  auto tape = good_tape();
  tape.at<v1::Trade>(kTrades, 5).key = "ETH-USD";
  EXPECT_EQ(tape.verify().misplaced, 1);
  tape = good_tape();
  tape.alter<v1::Trade>(kTrades, 5, [](auto& trade) { trade.mutable_meta()->set_venue("binance-spot"); });
  EXPECT_EQ(tape.verify().misplaced, 1);
  tape = good_tape();
  tape.at<v1::Trade>(kTrades, 5).partition = 1;
  EXPECT_EQ(tape.verify().misplaced, 1);
  EXPECT_FALSE(tape.verify().ok());
}

TEST(Verify, TopicsOfOthersAreLeftAlone) {
  auto tape = good_tape();
  tape.add("other.market.kraken.trade.v1", "x", "\xFF");
  tape.add("t.ops.kraken.quarantine.v1", "x", "\xFF");
  tape.add("unrelated", "x", "\xFF");
  EXPECT_TRUE(tape.verify().ok());
}

TEST(Verify, JsonReportSaysWhatTheTableSays) {
  auto tape = good_tape();
  tape.drop(tape.at<v1::Trade>(kTrades, 3));
  const auto json = tape.verify().to_json();
  for (const char* part :
       {R"("ok":false)", R"("records":21)", R"("streams":5)", R"("lost":1)", R"("undeclared_gaps":1)",
        R"("declared_gaps":0)", R"("duplicates":0)", R"("out_of_order":0)", R"("books_checked":3)",
        R"("books_wrong":0)", R"("epochs":[{"epoch":7,"first_seq":1,"last_seq":5}])"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
}

}  // namespace
}  // namespace millrace::cli
