#include "tests/sim/market/number.h"

#include <gtest/gtest.h>

#include "tests/sim/market/book.h"

namespace millrace::sim {
namespace {

TEST(SimNumber, KeepsTrailingZerosAndPadsOnRequest) {
  EXPECT_EQ(fixed(5, 1), "0.5");
  EXPECT_EQ(fixed(100'000, 8), "0.00100000");
  EXPECT_EQ(fixed(-17, 2), "-0.17");
  EXPECT_EQ(fixed(640'001, 1, 8), "64000.10000000");
  EXPECT_EQ(fixed(7, 0), "7");
  EXPECT_EQ(fixed(7, 0, 2), "7.00");
}

TEST(SimNumber, ReadsPlainAndExponentTextExactlyOrNotAtAll) {
  EXPECT_EQ(parse_fixed("63388.7", 1), 633'887);
  EXPECT_EQ(parse_fixed("1e-05", 8), 1'000);
  EXPECT_EQ(parse_fixed("40.0", 0), 40);
  EXPECT_EQ(parse_fixed("0.123", 2), std::nullopt) << "would be rounded";
  EXPECT_EQ(parse_fixed("99999999999999999999", 0), std::nullopt);
  EXPECT_EQ(parse_fixed("12x", 0), std::nullopt);
  EXPECT_EQ(decimals_in("1e-08"), 8);
  EXPECT_EQ(decimals_in("61837.63000000"), 8);
}

TEST(SimNumber, WritesTimesWithSixOrNineDigits) {
  std::string text;
  append_rfc3339(text, 1'696'613'755'440'295'123);
  EXPECT_EQ(text, "2023-10-06T17:35:55.440295Z");
  text.clear();
  append_rfc3339(text, 1'696'613'755'000'000'007, 9);
  EXPECT_EQ(text, "2023-10-06T17:35:55.000000007Z");
}

TEST(SimBook, KeepsLevelsBestFirstOnBothSides) {
  Book book;
  for (const std::int64_t price : {10, 12, 11}) book.set(Side::kBid, price, 5);
  for (const std::int64_t price : {15, 13, 14}) book.set(Side::kAsk, price, 5);
  EXPECT_EQ(book.best(Side::kBid)->price, 12);
  EXPECT_EQ(book.best(Side::kAsk)->price, 13);
  EXPECT_EQ(book.side(Side::kAsk).at(2).price, 15);
  EXPECT_EQ(book.side(Side::kBid).rank(10), 2U);
  book.set(Side::kBid, 12, 0);
  EXPECT_EQ(book.best(Side::kBid)->price, 11);
  book.set(Side::kBid, 99, 0);  // an absent level
  EXPECT_EQ(book.side(Side::kBid).size(), 2U);
}

}  // namespace
}  // namespace millrace::sim
