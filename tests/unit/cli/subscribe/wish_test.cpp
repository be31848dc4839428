#include "cli/subscribe/wish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <variant>

#include "schemas/codec/decode.h"

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

schemas::Subscription read(const SubscriptionRecord& record) {
  return std::get<schemas::Subscription>(*schemas::decode(schemas::MessageType::kSubscription, record.value));
}

TEST(SymbolsFile, HasOneALineAndRemarks) {
  std::istringstream lines("BTC/USD\n\n  # remark\n\tETH/USD \r\nSOL/USD");
  std::vector<std::string> symbols{"XRP/USD"};
  append_symbols(lines, symbols);
  EXPECT_THAT(symbols, ElementsAre("XRP/USD", "BTC/USD", "ETH/USD", "SOL/USD"));
}

TEST(Wish, OfAnUnknownVenueNamesTheOneThatIsMeant) {
  EXPECT_THAT(problem({"krakn", {"BTC/USD"}, {}}), HasSubstr("unknown venue \"krakn\", did you mean \"kraken\"?"));
  EXPECT_EQ(venue_problem("binance-usdm"), "");
}

TEST(Wish, AsksForWhatTheVenueOffers) {
  EXPECT_EQ(problem({"kraken", {"BTC/USD"}, {"book", "bbo", "trade"}}), "");
  EXPECT_THAT(problem({"kraken", {"BTC/USD"}, {"boook"}}),
              HasSubstr("unknown dataset \"boook\", did you mean \"book\"?"));
  EXPECT_THAT(problem({"kraken", {"BTC/USD"}, {"book", "trade-agg"}}),
              HasSubstr("kraken does not offer trade-agg; it has book, "));
  EXPECT_THAT(problem({"kraken", {"BTC/USD"}, {"execution"}}), HasSubstr("kraken does not offer execution"));
  EXPECT_THAT(problem({"kraken", {"BTC/USD"}, {"instrument"}}), HasSubstr("always published"));
  EXPECT_THAT(problem({"kraken", {"BTC/USD"}, {"bbo-book"}}), HasSubstr("bbo_from_book"));
}

TEST(Wish, NeedsSymbolsThatCanBeSome) {
  EXPECT_THAT(problem({"kraken", {}, {}}), HasSubstr("--symbols-file"));
  EXPECT_THAT(problem({"kraken", {"BTC/USD", ""}, {}}), HasSubstr("empty"));
  EXPECT_THAT(problem({"kraken", {"BTC/USD ETH/USD"}, {}}), HasSubstr("\"BTC/USD ETH/USD\": a symbol has no blanks"));
  EXPECT_THAT(problem({"kraken", {"BTC\n"}, {}}), HasSubstr("\"BTC\\n\""));
  EXPECT_THAT(problem({"kraken", {"\xff"}, {}}), HasSubstr("UTF-8"));
  EXPECT_THAT(problem({"kraken", {std::string(257, 'A')}, {}}), HasSubstr("256"));
}

TEST(Wish, IsARecordForEachSymbolOnce) {
  const auto records =
      records_of({"kraken", {"BTC/USD", "ETH/USD", "BTC/USD"}, {"book", "trade", "book"}}, 5, "me@here");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "kraken/BTC/USD");
  EXPECT_EQ(records[1].key, "kraken/ETH/USD");
  const auto second = read(records[1]);
  EXPECT_EQ(second.venue, "kraken");
  EXPECT_EQ(second.symbol, "ETH/USD");
  EXPECT_THAT(second.datasets, ElementsAre("book", "trade"));
  EXPECT_EQ(second.time, 5);
  EXPECT_EQ(second.by, "me@here");
}

TEST(Wish, IsTakenBackByRecordsWithoutValue) {
  const auto records = removals_of({"binance-spot", {"BTCUSDT", "BTCUSDT", "ETHUSDT"}, {}});
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].key, "binance-spot/BTCUSDT");
  EXPECT_EQ(records[1].key, "binance-spot/ETHUSDT");
  EXPECT_TRUE(records[0].value.empty() && records[1].value.empty());
}

}  // namespace
}  // namespace millrace::cli
