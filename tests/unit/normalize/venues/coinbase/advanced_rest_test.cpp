#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"
#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// What REST says of Coinbase Advanced: fills, the clock, refusals (sheet, 6 and 8).
namespace millrace::normalize::coinbase {
namespace {

using schemas::ExecutionKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr schemas::UnixNanos kFrom = 1705314600 * kSecond;  // 2024-01-15T10:30:00Z
constexpr schemas::UnixNanos kTo = kFrom + 900 * kSecond;

Walked walk_advanced(SweepRange range, const std::vector<std::string>& pages) {
  const auto venue = make_account_venue("coinbase-advanced", {});
  return walk(*venue, std::move(range), pages);
}

TEST(CoinbaseAdvancedFills, FillIsKnownByItsEntry) {
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {fixture("advanced_rest_fills")});
  ASSERT_FALSE(walked.error);
  ASSERT_THAT(walked.fills, SizeIs(4));
  const FoundFill& fill = walked.fills[1];
  EXPECT_EQ(fill.symbol, "BTC-USD");
  EXPECT_EQ(fill.instrument, "BTC-USD");
  EXPECT_EQ(fill.venue_time, kFrom);
  EXPECT_EQ(fill.execution.kind, ExecutionKind::kTrade);
  EXPECT_EQ(fill.execution.event_id, "coinbase-advanced/main/order-1/entry-1");
  EXPECT_EQ(fill.execution.execution_id, "entry-1");
  EXPECT_EQ(fill.execution.side, schemas::Side::kBuy);
  EXPECT_EQ(fill.execution.liquidity, schemas::Liquidity::kMaker);
  EXPECT_EQ(text(fill.execution.last_price), "45123.45");
  EXPECT_EQ(text(fill.execution.last_quantity), "0.005");
  EXPECT_EQ(text(fill.execution.fee), "1.14");
  EXPECT_EQ(fill.execution.fee_asset, "USD");
  EXPECT_EQ(fill.execution.revision, 1);
}

TEST(CoinbaseAdvancedFills, SizeInQuoteUnitsIsDividedByThePrice) {
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {fixture("advanced_rest_fills")});
  EXPECT_EQ(text(walked.fills[0].execution.last_quantity), "0.04");
  EXPECT_EQ(walked.fills[0].execution.fee_asset, "USDC");
}

// A rounded quantity would be a wrong one.
TEST(CoinbaseAdvancedFills, SizeThatThePriceDoesNotDivideIsNoQuantity) {
  const auto page = changed(fixture("advanced_rest_fills"), R"("price":"2500")", R"("price":"2499.99")");
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {page});
  EXPECT_FALSE(walked.fills[0].execution.last_quantity);
  EXPECT_EQ(walked.fills[0].execution.reason, "size_in_quote 100");
}

TEST(CoinbaseAdvancedFills, CorrectionsAreOfTheFillThatTheyAreAboutOldestFirst) {
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {fixture("advanced_rest_fills")});
  ASSERT_THAT(walked.fills, SizeIs(4));
  const auto& correction = walked.fills[2].execution;
  EXPECT_EQ(correction.kind, ExecutionKind::kTradeCorrection);
  EXPECT_EQ(correction.event_id, "coinbase-advanced/main/order-1/entry-1");
  EXPECT_EQ(correction.revision, 3);
  EXPECT_EQ(text(correction.last_price), "45123.4");
  const auto& reversal = walked.fills[3].execution;
  EXPECT_EQ(reversal.kind, ExecutionKind::kTradeCancel);
  EXPECT_EQ(reversal.event_id, "coinbase-advanced/main/order-1/entry-1");
  EXPECT_EQ(reversal.revision, 4);
}

TEST(CoinbaseAdvancedFills, FillOfACorrectionFromBeforeTheRangeIsAskedFor) {
  const std::string page = fixture("advanced_rest_fills");
  const std::string rows = page.substr(0, page.find(R"(,{"entry_id":"entry-2")"));
  const std::string fill = R"({"fills":[)" + page.substr(page.find(R"({"entry_id":"entry-1")"));
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {rows + R"(],"cursor":""})", fill});
  ASSERT_FALSE(walked.error);
  ASSERT_THAT(walked.targets, SizeIs(2));
  EXPECT_EQ(walked.targets[1], "/api/v3/brokerage/orders/historical/fills?trade_ids=trade-1&limit=100");
  ASSERT_THAT(walked.fills, SizeIs(2));  // the fill itself is not of the range
  EXPECT_EQ(walked.fills[0].execution.event_id, "coinbase-advanced/main/order-1/entry-1");
  EXPECT_EQ(walked.fills[1].execution.event_id, "coinbase-advanced/main/order-1/entry-1");
  EXPECT_EQ(walked.fills[1].execution.revision, 4);
}

TEST(CoinbaseAdvancedFills, CorrectionOfAFillThatIsNowhereHasItsOwnEntry) {
  const auto page = changed(fixture("advanced_rest_fills"), R"("trade_id":"trade-1")", R"("trade_id":"trade-0")");
  const auto walked = walk_advanced({.symbol = {}, .from = kFrom, .to = kTo}, {page, R"({"fills":[],"cursor":""})"});
  ASSERT_THAT(walked.fills, SizeIs(4));
  EXPECT_EQ(walked.fills[3].execution.event_id, "coinbase-advanced/main/order-1/entry-4");
  EXPECT_EQ(walked.fills[3].execution.revision, 3);
}

TEST(CoinbaseAdvancedFills, PagesFollowTheCursorAndCorrectionsWaitForTheLast) {
  const auto first = changed(fixture("advanced_rest_fills"), R"("cursor":"")", R"("cursor":"a b")");
  const auto range = SweepRange{.symbol = "BTC-USD", .from = kFrom, .to = kTo};
  const auto walked = walk_advanced(range, {first, R"({"fills":[],"cursor":""})"});
  const std::string target =
      "/api/v3/brokerage/orders/historical/fills?start_sequence_timestamp=2024-01-15T10%3A29%3A59.000000000Z"
      "&end_sequence_timestamp=2024-01-15T10%3A46%3A00.000000000Z&limit=100&product_ids=BTC-USD";
  EXPECT_THAT(walked.targets, ElementsAre(target, target + "&cursor=a%20b"));
  EXPECT_THAT(walked.fills, SizeIs(4));
  EXPECT_THAT(walk_advanced(range, {first}).fills, SizeIs(2));
}

TEST(CoinbaseAdvancedFills, CursorThatLeadsNowhereProvesNothing) {
  const auto page = changed(fixture("advanced_rest_fills"), R"("cursor":"")", R"("cursor":"a")");
  const SweepRange range{.symbol = {}, .from = kFrom, .to = kTo};
  EXPECT_EQ(*walk_advanced(range, {page, page}).error, (Error{Errc::kSequenceGap, "cursor"}));
  EXPECT_EQ(*walk_advanced(range, {R"({"fills":[],"cursor":"a"})"}).error, (Error{Errc::kSequenceGap, "cursor"}));
}

TEST(CoinbaseAdvancedFills, CutOrIllTypedPagesAreErrors) {
  const SweepRange range{.symbol = {}, .from = kFrom, .to = kTo};
  const std::string page = fixture("advanced_rest_fills");
  EXPECT_EQ(walk_advanced(range, {page.substr(0, page.size() / 2)}).error->code, Errc::kBadJson);
  EXPECT_EQ(walk_advanced(range, {"{}"}).error->where, "fills");
  EXPECT_EQ(walk_advanced(range, {changed(page, R"("entry_id":"entry-4")", R"("entry_id":"")")}).error->where,
            "fills[0].entry_id");
  EXPECT_EQ(walk_advanced(range, {changed(page, "REVERSAL", "GIFT")}).error->where, "fills[0].trade_type");
}

TEST(CoinbaseAdvancedRest, VerdictsByStatusAndBody) {
  const Advanced account;
  const auto verdict = [&](std::string_view body, int status) { return account.judge(body, status).verdict; };
  EXPECT_EQ(verdict(R"({"fills":[],"cursor":""})", 200), Verdict::kGood);
  EXPECT_EQ(verdict(fixture("advanced_rest_rate_limited"), 429), Verdict::kRateLimited);
  EXPECT_EQ(verdict(fixture("advanced_rest_rate_limited"), 200), Verdict::kRateLimited);
  EXPECT_EQ(verdict(R"({"error":"INVALID_ARGUMENT","error_details":"bad product","message":"bad product"})", 400),
            Verdict::kRefused);
  EXPECT_EQ(verdict(R"({"error":"INVALID_ARGUMENT","message":"bad product"})", 200), Verdict::kRefused);
  EXPECT_EQ(verdict("Unauthorized", 401), Verdict::kClock) << "one word for all reasons";
  EXPECT_EQ(account.judge(fixture("advanced_rest_rate_limited"), 429).detail, "HTTP 429 Too many requests");
}

TEST(CoinbaseAdvancedRest, TimeOfTheVenueIsInMilliseconds) {
  const Advanced account;
  EXPECT_EQ(account.venue->time_request().target, "/api/v3/brokerage/time");
  EXPECT_EQ(account.venue->time_request().signing, Signing::kNone);
  const test::PaddedText body(fixture("advanced_rest_time"));
  const auto time = account.venue->read_time({"time", "", body.view(), {}, 200, 0});
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 1683914400123000000);
}

TEST(CoinbaseAdvancedRest, AddressesAndEvidence) {
  const Advanced account;
  EXPECT_EQ(account.venue->ws_url(), "wss://advanced-trade-ws-user.coinbase.com");
  EXPECT_EQ(account.venue->rest_url(), "https://api.coinbase.com");
  EXPECT_EQ(account.venue->capabilities().evidence, schemas::LossEvidence::kSequence);
  EXPECT_FALSE(account.venue->capabilities().fills_per_symbol);
}

}  // namespace
}  // namespace millrace::normalize::coinbase
