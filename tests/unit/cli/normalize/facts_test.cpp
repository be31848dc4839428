#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <limits>

#include "cli/normalize/book_facts.h"
#include "cli/normalize/exact_sum.h"
#include "cli/normalize/summary.h"
#include "replay/history/sha256.h"
#include "tests/unit/cli/normalize/fake_venue.h"

namespace millrace::cli::test {
namespace {

using normalize::Book;
using normalize::BookAudit;
using normalize::BookOutcome;
using normalize::InstrumentId;

TEST(ExactSum, NeitherRoundsNorOverflows) {
  ExactSum sum;
  EXPECT_EQ(sum.text(), "0");
  sum.add({1, -8});
  sum.add({15, 1});
  EXPECT_EQ(sum.text(), "150.00000001");
  sum.add({-1, -8});
  EXPECT_EQ(sum.text(), "150");
  sum.add({-15005, -2});
  EXPECT_EQ(sum.text(), "-0.05");

  ExactSum large;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  large.add_product({kMax, 0}, {kMax, -18});
  large.add_product({kMax, 0}, {kMax, -18});
  EXPECT_EQ(large.text(), "170141183460469231694.793815568465002498");  // 2 * (2^63 - 1)^2 / 10^18
}

TEST(Sha256, AgreesWithTheStandardAndGoesOnAfterALook) {
  history::Sha256 hash;
  EXPECT_EQ(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash.add("a");
  hash.hex();
  hash.add("bc");
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// One book that is told what became of each message.
struct BookStory {
  BookStory() {
    book.price_exponent = -1;
    book.quantity_exponent = -2;
  }
  void tell(BookOutcome outcome, std::optional<std::int64_t> id = {}, bool in_buffer = false,
            std::optional<bool> checksum = {}) {
    facts.add({InstrumentId{0}, outcome, &book, in_buffer, checksum, id});
  }
  boost::json::value at(std::string_view pointer) const { return boost::json::value(facts.json()).at_pointer(pointer); }
  std::int64_t number(std::string_view key) const { return facts.json().at(key).to_number<std::int64_t>(); }

  Book book;
  BookFacts facts;
};

TEST(BookFacts, CountChangesOfTheBestPricesAndHashThem) {
  BookStory story;
  story.book.bids.set(100, 50);
  story.book.asks.set(101, 25);
  story.tell(BookOutcome::kSnapshot, 1);
  story.book.bids.set(90, 1);
  story.tell(BookOutcome::kApplied, 2);  // far from the best: no change
  story.book.asks.set(101, 0);
  story.tell(BookOutcome::kApplied, 3);
  EXPECT_EQ(story.number("bbo_changes"), 1);
  EXPECT_EQ(story.number("bbo_changes_all"), 2);
  history::Sha256 expected;
  expected.add("10 0.5 10.1 0.25\n10 0.5 - -\n");
  EXPECT_EQ(story.facts.json().at("bbo_sha256").as_string(), expected.hex());
  EXPECT_NE(story.facts.after_update(2), nullptr);
  EXPECT_EQ(story.facts.after_update(1), nullptr);  // a snapshot is no update
}

TEST(BookFacts, ADifferentExponentIsNoChange) {
  BookStory story;
  story.book.bids.set(100, 50);
  story.tell(BookOutcome::kSnapshot, 1);
  ASSERT_TRUE(story.book.refine(-3, -4));
  story.tell(BookOutcome::kApplied, 2);
  EXPECT_EQ(story.number("bbo_changes_all"), 1);
}

TEST(BookFacts, TheFinalBookHasTheBestTenAndIsNullAfterABadChecksumOrGap) {
  BookStory story;
  for (int i = 0; i < 12; ++i) story.book.bids.set(100 - i, 1);
  story.tell(BookOutcome::kSnapshot, 5);
  const auto last = story.facts.json().at("final").as_object();
  EXPECT_EQ(last.at("bids").as_array().size(), 10u);
  EXPECT_EQ(last.at("bids").as_array()[0], (boost::json::array{"10", "0.01"}));
  EXPECT_EQ(last.at("levels").as_array()[0].to_number<int>(), 12);
  EXPECT_EQ(last.at("last_id").to_number<int>(), 5);

  story.tell(BookOutcome::kBadChecksum, 6, false, false);
  EXPECT_TRUE(story.facts.json().at("final").is_null());
  EXPECT_EQ(story.number("applied"), 1);
  story.tell(BookOutcome::kSnapshot, 7, false, true);
  EXPECT_FALSE(story.facts.json().at("final").is_null());
  story.tell(BookOutcome::kGap);
  EXPECT_TRUE(story.facts.json().at("final").is_null());
  EXPECT_EQ(story.at("/gaps/count").to_number<int>(), 1);
  EXPECT_EQ(story.number("updates"), 1);  // the frame behind the hole is counted as what becomes of it
  EXPECT_EQ(story.at("/checksum/ok").to_number<int>(), 1);
  EXPECT_EQ(story.at("/checksum/bad").to_number<int>(), 1);
}

TEST(BookFacts, ASnapshotWithABadChecksumIsNoFinalBook) {
  BookStory story;
  story.book.bids.set(100, 1);
  story.tell(BookOutcome::kSnapshot, {}, false, false);
  EXPECT_EQ(story.number("snapshots"), 1);
  EXPECT_EQ(story.at("/checksum/bad").to_number<int>(), 1);
  EXPECT_TRUE(story.facts.json().at("final").is_null());
}

TEST(BookFacts, EachFateOfAnUpdateHasItsCount) {
  BookStory story;
  story.tell(BookOutcome::kSnapshot);
  story.tell(BookOutcome::kApplied, 1, true);
  story.tell(BookOutcome::kStale);
  story.tell(BookOutcome::kNoSnapshot);
  story.tell(BookOutcome::kInvalid);
  story.tell(BookOutcome::kDuplicate);
  for (const char* key : {"snapshots", "applied", "in_buffer", "no_snapshot", "invalid", "duplicates"}) {
    EXPECT_EQ(story.number(key), 1) << key;
  }
  EXPECT_EQ(story.number("updates"), 5);
  EXPECT_EQ(story.at("/stale/count").to_number<int>(), 1);
}

boost::json::value parsed(const Summary& summary) { return boost::json::parse(summary.text()); }

TEST(Summary, ComparesQuotesWithTheBookOfTheSameIdWhereverItStands) {
  FakeVenue venue;
  const std::array<normalize::DatasetCapability, 1> datasets{
      {{Dataset::kBbo, "quote", schemas::LossEvidence::kNone, {}, 0, "", ""}}};
  venue.abilities.datasets = datasets;
  Summary summary{venue};
  const InstrumentId id = venue.table.intern("X/Y");
  const auto quote = [&](std::int64_t seq, std::int64_t quantity) {
    schemas::Bbo bbo;
    bbo.price_exponent = -2;  // not the book's exponent
    bbo.bid = {1000, quantity};
    EventMeta meta;
    meta.venue_seq = seq;
    summary.on_bbo({id, Dataset::kBbo}, meta, bbo);
  };
  quote(2, 5);
  Book book;
  book.price_exponent = -1;
  book.bids.set(100, 5);
  venue.audit->on_book_message({id, BookOutcome::kApplied, &book, false, {}, 2});
  quote(2, 6);
  quote(3, 5);
  const auto got = parsed(summary).at_pointer("/instruments/X~1Y/quotes/0");
  EXPECT_EQ(got, boost::json::parse(R"({"channel":"quote","count":3,"same_update_id":2,"equal_to_book":1})"));
}

TEST(Summary, TellsTradesOfASnapshotFromLiveOnes) {
  FakeVenue venue;
  Summary summary{venue};
  const StreamKey key{venue.table.intern("X/Y"), Dataset::kTrade};
  schemas::Trade trade;
  trade.trade_id = "41";
  trade.price = 105;
  trade.price_exponent = -1;
  trade.quantity = 3;
  trade.aggressor = schemas::Side::kSell;
  summary.on_trade(key, {}, trade);
  trade.trade_id = "42";
  trade.aggressor = schemas::Side::kBuy;
  summary.on_trade(key, {}, trade);
  EventMeta history;
  history.origin = schemas::Origin::kSnapshot;
  trade.trade_id = "";
  summary.on_trade(key, history, trade);
  const auto got = parsed(summary).at_pointer("/instruments/X~1Y/trades/0");
  EXPECT_EQ(got.at("live"), boost::json::parse(R"({"count":2,"qty_sum":"6","price_qty_sum":"63","first_id":"41",
                                                   "last_id":"42","buys":1,"sells":1})"));
  EXPECT_TRUE(got.at_pointer("/history/first_id").is_null());
}

TEST(Summary, LeavesTheVenueWithoutAnAudit) {
  FakeVenue venue;
  {
    Summary summary{venue};
    EXPECT_EQ(venue.audit, &summary);
  }
  EXPECT_EQ(venue.audit, nullptr);
}

}  // namespace
}  // namespace millrace::cli::test
