#include "replay/history/selection.h"

#include <gtest/gtest.h>

namespace millrace::history {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(Times, AreNanosecondsOrIso8601) {
  EXPECT_EQ(parse_time("0"), 0);
  EXPECT_EQ(parse_time("1700000000123456789"), 1'700'000'000'123'456'789);
  EXPECT_EQ(parse_time("2023-11-14T22:13:20Z"), 1'700'000'000 * kSecond);
  EXPECT_EQ(parse_time("2023-11-14T22:13:20"), 1'700'000'000 * kSecond);
  EXPECT_EQ(parse_time("2023-11-14 22:13:20.5"), 1'700'000'000 * kSecond + kSecond / 2);
  EXPECT_EQ(parse_time("2023-11-14t22:13:20.000000001z"), 1'700'000'000 * kSecond + 1);
  EXPECT_EQ(parse_time("2023-11-14T23:43:20+01:30"), 1'700'000'000 * kSecond);
  EXPECT_EQ(parse_time("2023-11-14T17:13:20-0500"), 1'700'000'000 * kSecond);
  EXPECT_EQ(parse_time("2023-11-14T22:13"), 1'699'999'980 * kSecond);
  EXPECT_EQ(parse_time("1970-01-02"), 86'400 * kSecond);
  EXPECT_EQ(parse_time("2024-02-29"), 1'709'164'800 * kSecond);
}

TEST(Times, ThatAreNoneAreRefused) {
  for (const char* text : {"",
                           "now",
                           "-5",
                           "+5",
                           "1e9",
                           "12 ",
                           "99999999999999999999",
                           "2023-02-29",
                           "2023-13-01",
                           "2023-00-10",
                           "2023-1-1",
                           "2023-11-14T",
                           "2023-11-14T24:00:00",
                           "2023-11-14T22",
                           "2023-11-14T22:60",
                           "2023-11-14T22:13:61",
                           "2023-11-14T22:13:20.",
                           "2023-11-14T22:13:20.1234567890",
                           "2023-11-14T22:13:20Zx",
                           "2023-11-14T22:13:20+1",
                           "2023-11-14T22:13:20+25:00",
                           "2023-11-14X22:13:20",
                           "2023-11-14T-1:13:20",
                           "9999-01-01"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Times, AreWrittenSoThatTheyCanBeReadAgain) {
  EXPECT_EQ(time_text(1'700'000'000'123'456'789), "2023-11-14T22:13:20.123456789Z");
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(parse_time(time_text(1'700'000'000'000'000'001)), 1'700'000'000'000'000'001);
}

TEST(Selecting, NothingNamedIsEverythingButReferenceData) {
  const Selection all;
  EXPECT_TRUE(all.has_dataset("kraken", "book"));
  EXPECT_TRUE(all.has_dataset("alpaca", "execution"));
  EXPECT_FALSE(all.has_dataset("kraken", "instrument"));
  EXPECT_TRUE(all.has_owner("BTC-USD", "BTC/USD"));
}

TEST(Selecting, TakesOurNamesAndTheVenuesInAnyCase) {
  const Selection some{{"kraken"}, {"book", "instrument"}, {"btc-usd", "XETHZUSD"}};
  EXPECT_TRUE(some.has_dataset("kraken", "instrument"));
  EXPECT_FALSE(some.has_dataset("kraken", "trade"));
  EXPECT_FALSE(some.has_dataset("binance-spot", "book"));
  EXPECT_TRUE(some.has_owner("BTC-USD", "XBT/USD"));
  EXPECT_TRUE(some.has_owner("ETH-USD", "xethzusd"));
  EXPECT_FALSE(some.has_owner("SOL-USD", "SOL/USD"));
}

}  // namespace
}  // namespace millrace::history
