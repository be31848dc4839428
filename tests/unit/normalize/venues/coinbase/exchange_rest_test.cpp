#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"
#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// What REST says of Coinbase Exchange: fills, the clock, refusals (sheet, 6 and 8).
namespace millrace::normalize::coinbase {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr schemas::UnixNanos kFirst = 1755497882110000000;  // 06:18:02.11, trade 78098253
constexpr schemas::UnixNanos kLast = 1755497890500000000;   // 06:18:10.5, trade 78098260

Walked walk_exchange(SweepRange range, const std::vector<std::string>& pages) {
  const auto venue = make_account_venue("coinbase-exchange", {});
  range.symbol = "BTC-USD";
  return walk(*venue, std::move(range), pages);
}

// A row of GET /fills at `second` of the minute.
std::string row(int trade_id, int second, std::string_view order = "o") {
  return fmt::format(R"({{"created_at":"2025-08-18T06:18:{:02}Z","trade_id":{},"product_id":"BTC-USD","order_id":"{}",)"
                     R"("liquidity":"M","price":"1","size":"2","fee":"0.1","side":"buy"}})",
                     second, trade_id, order);
}

TEST(CoinbaseExchangeFills, FillOfRestAgreesWithTheStreams) {
  Exchange account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("exchange_match_maker"));
  ASSERT_TRUE(account.feed_file("exchange_match_self"));
  const auto walked =
      walk_exchange({.symbol = {}, .from = kFirst, .to = kLast}, {fixture("exchange_rest_fills"), "[]"});
  ASSERT_THAT(walked.fills, SizeIs(3));
  for (const auto& [meta, live] : account.executions) {
    const auto same = std::find_if(walked.fills.begin(), walked.fills.end(), [&live = live](const FoundFill& fill) {
      return fill.execution.event_id == live.event_id;
    });
    ASSERT_NE(same, walked.fills.end()) << live.event_id;
    EXPECT_EQ(same->symbol, meta.symbol);
    EXPECT_EQ(same->instrument, meta.instrument);
    EXPECT_EQ(same->venue_time, meta.venue_time);
    EXPECT_EQ(same->execution.kind, live.kind);
    EXPECT_EQ(same->execution.side, live.side);
    EXPECT_EQ(same->execution.order_id, live.order_id);
    EXPECT_EQ(same->execution.execution_id, live.execution_id);
    EXPECT_EQ(same->execution.liquidity, live.liquidity);
    EXPECT_EQ(same->execution.fee_asset, live.fee_asset);
    EXPECT_EQ(text(same->execution.last_quantity), text(live.last_quantity));
    EXPECT_EQ(text(same->execution.last_price), text(live.last_price));
    EXPECT_EQ(text(same->execution.fee), text(live.fee));
  }
}

TEST(CoinbaseExchangeFills, PagesOverlapByOneTradeId) {
  const auto page = fmt::format("[{},{}]", row(12, 30), row(11, 20));
  const auto older = fmt::format("[{},{},{}]", row(11, 20), row(11, 20, "mine too"), row(9, 1));
  const auto walked = walk_exchange({.symbol = {}, .from = kFirst, .to = kFirst + 60 * kSecond}, {page, older});
  EXPECT_FALSE(walked.error);
  EXPECT_THAT(walked.targets,
              ElementsAre("/fills?product_id=BTC-USD&limit=1000", "/fills?product_id=BTC-USD&limit=1000&after=12"));
  std::vector<std::string> ids;
  for (const FoundFill& fill : walked.fills) ids.push_back(fill.execution.event_id);
  EXPECT_THAT(ids, testing::UnorderedElementsAre(
                       "coinbase-exchange/main/o/BTC-USD/12", "coinbase-exchange/main/o/BTC-USD/11",
                       "coinbase-exchange/main/o/BTC-USD/11", "coinbase-exchange/main/mine too/BTC-USD/11"));
}

TEST(CoinbaseExchangeFills, HistoryThatEndsInsideTheRangeEndsWithAnEmptyPage) {
  const auto page = fmt::format("[{},{}]", row(12, 30), row(11, 20));
  const auto walked = walk_exchange({.symbol = {}, .from = kFirst, .to = kFirst + 60 * kSecond},
                                    {page, fmt::format("[{}]", row(11, 20)), "[]"});
  EXPECT_FALSE(walked.error);
  EXPECT_THAT(walked.targets,
              ElementsAre("/fills?product_id=BTC-USD&limit=1000", "/fills?product_id=BTC-USD&limit=1000&after=12",
                          "/fills?product_id=BTC-USD&limit=1000&after=11"));
}

TEST(CoinbaseExchangeFills, BothEndsOfTheRangeBelongToIt) {
  const auto page = fmt::format("[{},{},{},{}]", row(4, 31), row(3, 30), row(2, 20), row(1, 19));
  constexpr schemas::UnixNanos kMinute = 1755497880000000000;
  const auto walked =
      walk_exchange({.symbol = {}, .from = kMinute + 20 * kSecond, .to = kMinute + 30 * kSecond}, {page});
  ASSERT_THAT(walked.fills, SizeIs(2));
  EXPECT_EQ(walked.fills[0].execution.execution_id, "3");
  EXPECT_EQ(walked.fills[1].execution.execution_id, "2");
  EXPECT_THAT(walked.targets, SizeIs(1));  // the last row is older than the range
}

TEST(CoinbaseExchangeFills, PageThatDoesNotContinueTheOneBeforeProvesNothing) {
  const auto page = fmt::format("[{},{}]", row(12, 30), row(11, 20));
  const auto again = walk_exchange({.symbol = {}, .from = kFirst, .to = kLast}, {page, page});
  ASSERT_TRUE(again.error);
  EXPECT_EQ(*again.error, (Error{Errc::kSequenceGap, "fills[0].trade_id"}));
  const auto disorder =
      walk_exchange({.symbol = {}, .from = kFirst, .to = kLast}, {fmt::format("[{},{}]", row(11, 20), row(12, 30))});
  ASSERT_TRUE(disorder.error);
  EXPECT_EQ(*disorder.error, (Error{Errc::kSequenceGap, "fills[1].trade_id"}));
}

TEST(CoinbaseExchangeFills, CutOrIllTypedPagesAreErrors) {
  const SweepRange range{.symbol = {}, .from = kFirst, .to = kLast};
  const std::string page = fixture("exchange_rest_fills");
  EXPECT_EQ(walk_exchange(range, {page.substr(0, page.size() / 2)}).error->code, Errc::kBadJson);
  EXPECT_EQ(walk_exchange(range, {"{}"}).error->code, Errc::kWrongType);
  EXPECT_EQ(walk_exchange(range, {changed(page, "2025-08-18T06:18:10.5Z", "soon")}).error->where,
            "fills[0].created_at");
  EXPECT_EQ(walk_exchange(range, {changed(page, R"("sell")", R"("")")}).error->where, "fills[1].side");
}

TEST(CoinbaseExchangeRest, VerdictsByStatusAndBody) {
  const Exchange account;
  const auto verdict = [&](std::string_view body, int status) { return account.judge(body, status).verdict; };
  EXPECT_EQ(verdict("[]", 200), Verdict::kGood);
  EXPECT_EQ(verdict("<html>", 200), Verdict::kTransient);
  EXPECT_EQ(verdict("", 200), Verdict::kTransient);
  EXPECT_EQ(verdict(R"({"message":"invalid signature"})", 401), Verdict::kAuth);
  EXPECT_EQ(verdict(R"({"message":"invalid api key"})", 401), Verdict::kAuth);
  EXPECT_EQ(verdict(R"({"message":"request timestamp expired"})", 401), Verdict::kClock);
  EXPECT_EQ(verdict(R"({"message":"Forbidden"})", 403), Verdict::kAuth);
  EXPECT_EQ(verdict(R"({"message":"Public rate limit exceeded"})", 429), Verdict::kRateLimited);
  EXPECT_EQ(verdict(R"({"message":"NotFound"})", 404), Verdict::kRefused);
  EXPECT_EQ(verdict(R"({"message":"bad"})", 400), Verdict::kRefused);
  EXPECT_EQ(verdict("<html>502</html>", 502), Verdict::kTransient);
  EXPECT_EQ(verdict("connection reset", 0), Verdict::kTransient);
  EXPECT_EQ(account.judge(R"({"message":"invalid signature"})", 401).detail, "HTTP 401 invalid signature");
}

TEST(CoinbaseExchangeRest, NoSuchOrderIsAnAnswer) {
  const Exchange account;
  EXPECT_EQ(account.venue->judge({"order/1/abc", "/orders/abc", R"({"message":"NotFound"})", {}, 404, 0}).verdict,
            Verdict::kGood);
}

TEST(CoinbaseExchangeRest, TimeOfTheVenue) {
  const Exchange account;
  const auto request = account.venue->time_request();
  EXPECT_EQ(request.target, "/time");
  EXPECT_EQ(request.signing, Signing::kNone);
  const test::PaddedText body(fixture("exchange_rest_time"));
  const auto time = account.venue->read_time({"time", "/time", body.view(), {}, 200, 0});
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 1420674445201000000);
  const test::PaddedText broken(R"({"iso":"now"})");
  EXPECT_EQ(account.venue->read_time({"time", "/time", broken.view(), {}, 200, 0}).error().code, Errc::kBadTime);
}

TEST(CoinbaseExchangeRest, AddressesAreTheVenuesOwnOrTheConfigured) {
  const Exchange account;
  EXPECT_EQ(account.venue->ws_url(), "wss://ws-feed.exchange.coinbase.com");
  EXPECT_EQ(account.venue->rest_url(), "https://api.exchange.coinbase.com");
  VenueOptions options;
  options.ws_url = "wss://127.0.0.1:1/x";
  options.rest_url = "https://127.0.0.1:1";
  const auto venue = make_account_venue("coinbase-exchange", options);
  EXPECT_EQ(venue->ws_url(), "wss://127.0.0.1:1/x");
  EXPECT_EQ(venue->rest_url(), "https://127.0.0.1:1");
  EXPECT_TRUE(venue->capabilities().fills_per_symbol);
  EXPECT_TRUE(venue->token().request.target.empty());
}

}  // namespace
}  // namespace millrace::normalize::coinbase
