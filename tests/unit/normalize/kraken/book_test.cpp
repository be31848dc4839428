#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "tests/unit/normalize/kraken/kraken_test.h"

// The rules of section 4.1 of the sheet, one test each.
namespace millrace::normalize::kraken {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = schemas::flag;

// A book message of EX/USD (prices 1 decimal, quantities 2) whose checksum is that of the text given: the levels from
// best to worst, digits only.
std::string message(const char* type, const std::string& bids, const std::string& asks, const std::string& checked) {
  const auto crc =
      crc32(0, reinterpret_cast<const unsigned char*>(checked.data()), static_cast<unsigned>(checked.size()));
  return std::string(R"({"channel":"book","type":")") + type + R"(","data":[{"symbol":"EX/USD","bids":[)" + bids +
         R"(],"asks":[)" + asks + R"(],"checksum":)" + std::to_string(crc) +
         R"(,"timestamp":"2023-10-06T17:35:55.440295Z"}]})";
}

std::string row(const char* price, const char* quantity) {
  return std::string(R"({"price":)") + price + R"(,"qty":)" + quantity + "}";
}

TEST(KrakenBook, TheDocumentedSnapshotAndUpdateAreProvenAndPublished) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  ASSERT_EQ(kraken.out.books.size(), 2U);
  const BookRecord& snapshot = kraken.out.books[0];
  EXPECT_EQ(snapshot.book.kind, schemas::BookKind::kSnapshot);
  EXPECT_EQ(snapshot.meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(snapshot.meta.flags, flag::kSnapshot | flag::kChecksumOk);
  EXPECT_EQ(snapshot.meta.venue_time, 1'696'613'755'440'295'000);
  EXPECT_EQ(snapshot.book.venue_checksum, 2439117997);
  EXPECT_EQ(snapshot.book.price_exponent, -4);
  EXPECT_EQ(snapshot.book.quantity_exponent, -8);
  EXPECT_EQ(snapshot.book.depth, 10);
  EXPECT_FALSE(snapshot.book.proven_depth) << "a snapshot proves all it holds";
  EXPECT_EQ(snapshot.bids[0], (Level{5666, 483'175'496'356}));
  const BookRecord& update = kraken.out.books[1];
  EXPECT_EQ(update.book.kind, schemas::BookKind::kDelta);
  EXPECT_EQ(update.meta.origin, schemas::Origin::kLive);
  EXPECT_EQ(update.meta.flags, flag::kChecksumOk);
  EXPECT_EQ(update.book.venue_checksum, 2114181697);
  EXPECT_EQ(update.book.proven_depth, 10);
  EXPECT_THAT(update.bids, ElementsAre(Level{5657, 109'839'475'580}));
  EXPECT_THAT(update.asks, IsEmpty());
}

TEST(KrakenBook, OfTheSamePriceTwiceInOneMessageTheLastCounts) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(message("snapshot", row("10.1", "1.00"), row("10.2", "2.00"), "102200101100")));
  const std::string twice = row("10.1", "5.00") + "," + row("10.1", "0.00") + "," + row("10.1", "3.00");
  ASSERT_TRUE(kraken.feed(message("update", twice, "", "102200101300")));
  EXPECT_EQ(kraken.out.books[1].bids.size(), 3U) << "rows as sent, in order";
  EXPECT_THAT(kraken.out.mirror.best(1), ElementsAre("bid 10.1 3", "ask 10.2 2"));
}

TEST(KrakenBook, RemovingALevelThatIsNotThereChangesNothing) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(message("snapshot", row("10.1", "1.00"), row("10.2", "2.00"), "102200101100")));
  ASSERT_TRUE(kraken.feed(message("update", row("9.9", "0"), "", "102200101100")));
  EXPECT_THAT(kraken.out.mirror.best(5), ElementsAre("bid 10.1 1", "ask 10.2 2"));
}

TEST(KrakenBook, WhatTheDepthPushesOutIsPublishedAsRemoved) {
  Connection kraken;
  std::string bids;
  std::string checked;
  for (int i = 9; i >= 0; --i) {
    bids += (bids.empty() ? "" : ",") + row(("20." + std::to_string(i)).c_str(), "1.00");
    checked += "20" + std::to_string(i) + "100";
  }
  ASSERT_TRUE(kraken.feed(message("snapshot", bids, "", checked)));
  checked = "210500" + checked.substr(0, checked.size() - 6);
  ASSERT_TRUE(kraken.feed(message("update", row("21.0", "5.00"), "", checked)));
  EXPECT_THAT(kraken.out.books[1].bids, ElementsAre(Level{210, 500}, Level{200, 0}));
  EXPECT_EQ(kraken.out.mirror.bids.size(), 10U);
}

TEST(KrakenBook, AnEmptyBookIsABook) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(message("snapshot", "", "", "")));
  ASSERT_TRUE(kraken.feed(message("update", row("10.1", "1.00"), "", "101100")));
  EXPECT_THAT(kraken.out.mirror.best(1), ElementsAre("bid 10.1 1"));
}

std::string ack_of_depth_25() {
  std::string ack = fixture("ws_ack_book.json");
  return ack.replace(ack.find("\"depth\":10"), 10, "\"depth\":25");
}

TEST(KrakenBook, TheDepthOfTheAckCounts) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(ack_of_depth_25()));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  EXPECT_EQ(kraken.out.books[0].book.depth, 25);
}

TEST(KrakenBook, AnAckBehindItsSnapshotCountsFromTheNextUpdateOn) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed(ack_of_depth_25()));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_EQ(kraken.out.books[1].book.depth, 25);
}

TEST(KrakenBook, TheAckOfAnotherConnectionSaysNothingOfTheDepth) {
  Connection kraken;
  const auto other = kraken.venue->connect();
  const std::string ack = ack_of_depth_25();
  const std::string text = padded(ack);
  const Frame frame{std::string_view(text).substr(0, ack.size()), kraken.now};
  ASSERT_TRUE(other->on_frame(frame, kraken.out, kraken.todo));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  EXPECT_EQ(kraken.out.books[0].book.depth, 10);
}

TEST(KrakenBook, ABadChecksumPublishesNothingDeclaresAHoleAndDropsUntilASnapshot) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  const auto got = kraken.feed_file("ws_book_update_bad_checksum.json");
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (Error{Errc::kBadChecksum, "data[0].checksum"}));
  EXPECT_EQ(reaction_to(got.error().code), Reaction::kResync);
  EXPECT_EQ(kraken.out.books.size(), 1U);
  ASSERT_EQ(kraken.out.gaps.size(), 1U);
  EXPECT_EQ(kraken.out.gaps[0].second, (schemas::GapMark{schemas::GapKind::kVenue, {}, {}, {}, "checksum"}));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_THAT(kraken.out.drops, ElementsAre("invalid"));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_EQ(kraken.out.books.size(), 2U);
  EXPECT_EQ(kraken.out.books[1].meta.flags, flag::kSnapshot | flag::kReset | flag::kChecksumOk);
  EXPECT_EQ(kraken.out.gaps.size(), 1U) << "one hole is declared once";
  EXPECT_THAT(kraken.out.states, ElementsAre("book LIVE live", "book RECOVERING checksum", "book LIVE live"));
}

TEST(KrakenBook, OtherSymbolsFlowOnBesideAnInvalidOne) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed(message("snapshot", row("10.1", "1.00"), row("10.2", "2.00"), "102200101100")));
  ASSERT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  ASSERT_TRUE(kraken.feed(message("update", row("10.1", "3.00"), "", "102200101300")));
  EXPECT_EQ(kraken.out.books.size(), 3U);
}

TEST(KrakenBook, AnUpdateBeforeAnySnapshotIsDropped) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_THAT(kraken.out.drops, ElementsAre("no_snapshot"));
  EXPECT_TRUE(kraken.out.published_nothing());
}

TEST(KrakenBook, AWrongSnapshotIsNoBook) {
  Connection kraken;
  ASSERT_FALSE(kraken.feed(message("snapshot", row("10.1", "1.00"), "", "wrong")));
  EXPECT_TRUE(kraken.out.published_nothing());
  ASSERT_FALSE(kraken.feed(message("snapshot", row("10.1", "1.00"), "", "wrong")));
  EXPECT_EQ(kraken.out.gaps.size(), 1U) << "the same hole, still open";
  EXPECT_FALSE(kraken.venue->refresh(InstrumentId{0}, kraken.out));
}

TEST(KrakenBook, ACrossedBookWithARightChecksumIsPublishedAndFlagged) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(message("snapshot", row("10.1", "1.00"), row("10.2", "2.00"), "102200101100")));
  ASSERT_TRUE(kraken.feed(message("update", row("10.3", "1.00"), "", "102200103100101100")));
  EXPECT_EQ(kraken.out.books[1].meta.flags, flag::kChecksumOk | flag::kCrossed);
}

TEST(KrakenBook, ReferencePrecisionCountsWhereTheWireLostZeros) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_instrument_snapshot.json"));
  const std::string one_level =
      R"({"channel":"book","type":"snapshot","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5,"qty":1e-05}],"asks":[],)";
  const std::string checked = "50001000";
  const auto crc = crc32(0, reinterpret_cast<const unsigned char*>(checked.data()), 8);
  ASSERT_TRUE(kraken.feed(one_level + R"("checksum":)" + std::to_string(crc) + "}]}"));
  EXPECT_THAT(kraken.out.books[0].bids, ElementsAre(Level{5000, 1000}));
  EXPECT_EQ(kraken.out.books[0].meta.flags & flag::kBadVenueTime, flag::kBadVenueTime) << "no timestamp was sent";
}

TEST(KrakenBook, WithoutReferenceTheMostDecimalsSeenSoFarCount) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(message("snapshot", row("10.1", "1.5"), row("10.2", "2"),
                                  "10220101"
                                  "15")));
  EXPECT_EQ(kraken.out.books[0].book.quantity_exponent, -1);
  ASSERT_TRUE(kraken.feed(message("update", row("10.1", "1.50"), "", "102200101150")));
  EXPECT_EQ(kraken.out.books[1].book.quantity_exponent, -2) << "a trailing zero is a digit of the precision";
  EXPECT_THAT(kraken.out.mirror.best(1), ElementsAre("bid 10.1 1.5", "ask 10.2 2"));
}

TEST(KrakenBook, AFinerPrecisionOfTheInstrumentChannelIsUsedFromTheNextUpdateOn) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_instrument_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  std::string finer = fixture("ws_instrument_update.json");
  finer.replace(finer.find("\"price_precision\":4"), 19, "\"price_precision\":5");
  ASSERT_TRUE(kraken.feed(finer));
  // The same book at five decimals has another text, hence another checksum than the documented one.
  EXPECT_FALSE(kraken.feed_file("ws_book_update.json"));
  EXPECT_EQ(kraken.out.instruments.back().second.price_decimals, 5);
}

TEST(KrakenBook, ARefreshIsTheWholeLiveBook) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  const Mirror before = kraken.out.mirror;
  ASSERT_TRUE(kraken.venue->refresh(InstrumentId{0}, kraken.out));
  const BookRecord& refresh = kraken.out.books.back();
  EXPECT_EQ(refresh.meta.flags, flag::kSnapshot | flag::kRefresh | flag::kChecksumOk);
  EXPECT_EQ(refresh.meta.origin, schemas::Origin::kLive);
  EXPECT_EQ(refresh.book.venue_checksum, 2114181697);
  EXPECT_EQ(refresh.book.proven_depth, 10);
  EXPECT_EQ(kraken.out.mirror.best(100), before.best(100));
}

TEST(KrakenBook, TheDerivedBboComesOnlyWhereTheBestChanged) {
  VenueOptions options;
  options.bbo_from_book = true;
  Connection kraken(options);
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));  // the tenth bid
  ASSERT_EQ(kraken.out.bbos.size(), 1U);
  EXPECT_EQ(kraken.out.bbos[0].second.bid, (Level{5666, 483'175'496'356}));
  ASSERT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  EXPECT_EQ(kraken.out.bbos.size(), 2U) << "said again behind a hole";
  EXPECT_EQ(kraken.out.gaps.size(), 2U) << "the hole is one of both streams";
}

}  // namespace
}  // namespace millrace::normalize::kraken
