#include "normalize/venues/kraken/checksum.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <sstream>
#include <string>

#include "tests/unit/normalize/kraken/kraken_test.h"

namespace millrace::normalize::kraken {
namespace {

// The documented rule, spelled out: digits of each level, point and leading zeros gone.
std::string text_of(const LadderSide& side) {
  std::vector<Level> levels(kCheckedLevels);
  levels.resize(side.top(kCheckedLevels, levels.data()));
  std::string text;
  for (const Level& level : levels) text += std::to_string(level.price) + std::to_string(level.quantity);
  return text;
}

std::uint32_t documented(const Book& book) {
  const std::string text = text_of(book.asks) + text_of(book.bids);
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const unsigned char*>(text.data()), static_cast<unsigned>(text.size())));
}

TEST(KrakenChecksum, TheDocumentedBitcoinLadderGivesItsTextAndItsSum) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot_btc.json"));
  ASSERT_EQ(kraken.out.books.size(), 1U);
  EXPECT_EQ(kraken.out.books[0].book.venue_checksum, 3310070434);
  Book book;
  for (const Level& level : kraken.out.books[0].bids) book.bids.set(level.price, level.quantity);
  for (const Level& level : kraken.out.books[0].asks) book.asks.set(level.price, level.quantity);
  SideText asks;
  SideText bids;
  EXPECT_TRUE(asks.follow(book.asks));
  EXPECT_TRUE(bids.follow(book.bids));
  EXPECT_EQ(
      asks.view(),
      "45285210000045286415457195345286615457110945289615456091145290215890660452918154553491452947445474945296135"
      "380000452975994554245299518772827");
  EXPECT_EQ(
      bids.view(),
      "452835100000004528341545820154528211000000045281010000000452803154592586452790799000045277633101034527753000"
      "000045277315460273745276615445238");
}

TEST(KrakenChecksum, AnEmptyBookHasTheSumOfNothing) {
  BookChecksum checksum;
  EXPECT_EQ(checksum.of(Book{}), 0U);
}

TEST(KrakenChecksum, FollowSaysWhetherAnythingOfTheTenBestChanged) {
  LadderSide side(LadderSide::Kind::kAsk);
  for (int i = 0; i < 20; ++i) side.set(100 + i, 5);
  SideText text;
  EXPECT_TRUE(text.follow(side));
  EXPECT_FALSE(text.follow(side));
  side.set(115, 9);
  EXPECT_FALSE(text.follow(side)) << "the eleventh and below do not count";
  side.set(109, 9);
  EXPECT_TRUE(text.follow(side));
}

TEST(KrakenChecksum, CachedDigitsEqualTheRuleAfterEveryRandomChange) {
  std::mt19937 random(7);
  Book book;
  BookChecksum checksum;
  for (int i = 0; i < 20'000; ++i) {
    const bool bid = random() % 2 == 0;
    LadderSide& side = bid ? book.bids : book.asks;
    const std::int64_t price = static_cast<std::int64_t>(bid ? 9'980 + random() % 30 : 10'000 + random() % 30);
    // Deletions, small numbers and the widest ones.
    const std::int64_t quantities[] = {0, 1, 5'100, 78'879'110, std::numeric_limits<std::int64_t>::max()};
    const Level level{price, quantities[random() % 5]};
    side.set(level.price, level.quantity);
    const std::vector<Level> bids(bid ? 1 : 0, level);
    const std::vector<Level> asks(bid ? 0 : 1, level);
    ASSERT_EQ(checksum.of(book, bids, asks), documented(book)) << "change " << i;
  }
}

TEST(KrakenChecksum, RescalingABookRewritesBothSides) {
  Book book;
  BookChecksum checksum;
  for (int i = 0; i < 12; ++i) {
    book.bids.set(1'000 - i, 10 + i);
    book.asks.set(1'001 + i, 20 + i);
  }
  ASSERT_EQ(checksum.of(book), documented(book));
  ASSERT_TRUE(book.refine(-2, -3));
  EXPECT_EQ(checksum.of(book), documented(book));
}

TEST(KrakenChecksum, EveryRecordedLadderAgreesWithTheVenue) {
  const auto lines = capture("checksum_vectors.jsonl");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/checksum_vectors.jsonl";
  ASSERT_EQ(lines.size(), 200U);
  for (const CaptureLine& line : lines) {
    Connection kraken;
    ASSERT_TRUE(kraken.feed(line.view())) << line.view();
    EXPECT_EQ(kraken.out.books.size(), 1U);
  }
}

}  // namespace
}  // namespace millrace::normalize::kraken
