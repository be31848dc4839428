#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"
#include "tests/unit/normalize/venues/alpaca/alpaca_test.h"

// What Alpaca's REST says: fills, the clock, refusals (sheet, 6 and 8).
namespace millrace::normalize::alpaca {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr schemas::UnixNanos kFirst = 1650390305010000000;  // 2022-04-19T17:45:05.01Z
constexpr schemas::UnixNanos kLast = 1650390305024916000;
constexpr schemas::UnixNanos kDay = 86400 * kSecond;

struct Walked {
  std::vector<FoundFill> fills;
  std::vector<std::string> targets;
  std::optional<Error> error;
};

Walked walk(SweepRange range, const std::vector<std::string>& pages) {
  Walked walked;
  const auto venue = make_account_venue("alpaca", {});
  const auto fill_walk = venue->walk_fills("main", std::move(range));
  std::optional<PrivateRequest> next = fill_walk->begin();
  for (const std::string& page : pages) {
    if (!next) break;
    walked.targets.push_back(next->target);
    auto done = test::AccountHarness::page(*fill_walk, *next, page, walked.fills);
    if (!done) {
      walked.error = done.error();
      return walked;
    }
    next = *done;
  }
  if (next) walked.targets.push_back(next->target);
  return walked;
}

TEST(AlpacaFills, FillOfRestAgreesWithTheStreams) {
  Account account;
  account.go_live();
  ASSERT_TRUE(account.feed_file("partial_fill"));
  ASSERT_TRUE(account.feed_file("fill"));
  const auto walked = walk({.symbol = {}, .from = kFirst, .to = kLast}, {fixture("rest_fills")});
  ASSERT_THAT(walked.fills, SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& live = account.executions[i];
    const FoundFill& found = walked.fills[i];
    EXPECT_EQ(found.execution.event_id, live.body.event_id);
    EXPECT_EQ(found.execution.kind, live.body.kind);
    EXPECT_EQ(found.execution.status, live.body.status);
    EXPECT_EQ(found.execution.side, live.body.side);
    EXPECT_EQ(found.execution.order_id, live.body.order_id);
    EXPECT_EQ(found.symbol, live.meta.symbol);
    EXPECT_EQ(found.instrument, live.meta.instrument);
    EXPECT_EQ(text(found.execution.last_quantity), text(live.body.last_quantity));
    EXPECT_EQ(text(found.execution.last_price), text(live.body.last_price));
    EXPECT_EQ(text(found.execution.cumulative_quantity), text(live.body.cumulative_quantity));
    EXPECT_EQ(text(found.execution.leaves_quantity), text(live.body.leaves_quantity));
  }
  EXPECT_EQ(walked.fills[0].venue_time, kFirst);
}

// Whatever zone the venue's dates are in, New York's or UTC.
TEST(AlpacaFills, EachDayThatTheRangeMayTouchIsAskedForWhole) {
  const std::string prefix = "/v2/account/activities/FILL?date=";
  const auto midday = walk({.symbol = {}, .from = kFirst, .to = kLast}, {"[]", "[]", "[]"});
  EXPECT_THAT(midday.targets, ElementsAre(prefix + "2022-04-19&direction=asc"));
  constexpr schemas::UnixNanos kMidnight = 1650412800 * kSecond;  // 2022-04-20T00:00:00Z
  const auto night =
      walk({.symbol = {}, .from = kMidnight + 4 * 3600 * kSecond, .to = kMidnight + kDay}, {"[]", "[]", "[]", "[]"});
  EXPECT_THAT(night.targets, ElementsAre(prefix + "2022-04-19&direction=asc", prefix + "2022-04-20&direction=asc",
                                         prefix + "2022-04-21&direction=asc"));
  EXPECT_FALSE(night.error);
}

TEST(AlpacaFills, BothEndsOfTheRangeBelongToItAndOtherSymbolsDoNot) {
  EXPECT_THAT(walk({.symbol = {}, .from = kFirst, .to = kLast}, {fixture("rest_fills")}).fills, SizeIs(2));
  EXPECT_THAT(walk({.symbol = {}, .from = kFirst + 1, .to = kLast}, {fixture("rest_fills")}).fills, SizeIs(1));
  EXPECT_THAT(walk({.symbol = {}, .from = kFirst, .to = kLast - 1}, {fixture("rest_fills")}).fills, SizeIs(1));
  EXPECT_THAT(walk({.symbol = "BTC/USD", .from = kFirst, .to = kLast}, {fixture("rest_fills")}).fills, IsEmpty());
}

TEST(AlpacaFills, RowThatWasMadeVoidIsACancelOfItsFill) {
  const auto page = changed(fixture("rest_fills"), R"("order_status":"partially_filled")",
                            R"("order_status":"partially_filled","status":"canceled")");
  const auto walked = walk({.symbol = {}, .from = kFirst, .to = kLast}, {page});
  ASSERT_THAT(walked.fills, SizeIs(2));
  EXPECT_EQ(walked.fills[0].execution.kind, schemas::ExecutionKind::kTradeCancel);
  EXPECT_EQ(walked.fills[0].execution.revision, 3);
  EXPECT_EQ(walked.fills[0].execution.event_id, "alpaca/main/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f/790.86");
}

// Pages lose fills of one millisecond (8); a day's list has no pages, so that three hundred of them are just rows.
TEST(AlpacaFills, ThreeHundredFillsOfOneMillisecondAreAllFound) {
  std::string page;
  for (int i = 1; i <= 300; ++i) {
    page += fmt::format(
        R"({}{{"activity_type":"FILL","id":"20220419134505010::{}","cum_qty":"{}","leaves_qty":"0","price":"1","qty":"1",)"
        R"("side":"buy","symbol":"AAPL","transaction_time":"2022-04-19T17:45:05.01Z","order_id":"o","type":"partial_fill"}})",
        i > 1 ? "," : "", 1000 - i, i);
  }
  const auto walked = walk({.symbol = {}, .from = kFirst, .to = kFirst}, {"[" + page + "]"});
  EXPECT_FALSE(walked.error);
  EXPECT_THAT(walked.fills, SizeIs(300));
}

TEST(AlpacaFills, VenueThatIgnoresTheDateProvesNothing) {
  const auto walked =
      walk({.symbol = {}, .from = kFirst + 10 * kDay, .to = kLast + 10 * kDay}, {fixture("rest_fills")});
  ASSERT_TRUE(walked.error);
  EXPECT_EQ(walked.error->code, Errc::kSequenceGap);
  EXPECT_THAT(walked.fills, IsEmpty());
}

TEST(AlpacaFills, CutOrIllTypedPagesAreErrors) {
  const SweepRange range{.symbol = {}, .from = kFirst, .to = kLast};
  const std::string page = fixture("rest_fills");
  EXPECT_EQ(walk(range, {page.substr(0, page.size() / 2)}).error->code, Errc::kBadJson);
  EXPECT_EQ(walk(range, {"{}"}).error->code, Errc::kWrongType);
  EXPECT_EQ(walk(range, {changed(page, R"("type":"partial_fill")", R"("type":"gift")")}).error->where, "fills[0].type");
  EXPECT_EQ(walk(range, {changed(page, R"("cum_qty":"790.86",)", "")}).error->where, "fills[0].cum_qty");
  EXPECT_EQ(walk(range, {changed(page, "2022-04-19T17:45:05.01Z", "then")}).error->where, "fills[0].transaction_time");
}

TEST(AlpacaRest, VerdictsByStatusAndBody) {
  const Account account;
  const auto verdict = [&](std::string_view body, int status) { return account.judge(body, status).verdict; };
  EXPECT_EQ(verdict("[]", 200), Verdict::kGood);
  EXPECT_EQ(verdict(fixture("rest_account"), 200), Verdict::kGood);
  EXPECT_EQ(verdict("<html>", 200), Verdict::kTransient);
  EXPECT_EQ(verdict(R"({"code":40010001,"message":"no"})", 200), Verdict::kRefused);
  EXPECT_EQ(verdict(R"({"code":40110000,"message":"access key verification failed : verification failure"})", 401),
            Verdict::kAuth);
  EXPECT_EQ(verdict(R"({"message":"forbidden."})", 403), Verdict::kAuth);
  EXPECT_EQ(verdict(R"({"code":42910000,"message":"rate limit exceeded"})", 429), Verdict::kRateLimited);
  EXPECT_EQ(verdict(R"({"code":42210000,"message":"bad"})", 422), Verdict::kRefused);
  EXPECT_EQ(verdict(fixture("rest_not_found"), 404), Verdict::kRefused);
  EXPECT_EQ(verdict("oops", 500), Verdict::kTransient);
  EXPECT_EQ(verdict("connection reset", 0), Verdict::kTransient);
  EXPECT_EQ(account.judge(R"({"code":40110000,"message":"no"})", 401).detail, "HTTP 401 40110000 no");
  EXPECT_EQ(account.venue->judge({"order/1/abc", "/v2/orders/abc", "{}", {}, 404, 0}).verdict, Verdict::kGood);
}

TEST(AlpacaRest, TimeOfTheVenueHasAnOffset) {
  const Account account;
  EXPECT_EQ(account.venue->time_request().target, "/v2/clock");
  EXPECT_EQ(account.venue->time_request().signing, Signing::kSign);
  const test::PaddedText body(fixture("rest_clock"));
  const auto time = account.venue->read_time({"time", "/v2/clock", body.view(), {}, 200, 0});
  ASSERT_TRUE(time);
  EXPECT_EQ(*time, 1562518508427247519);
  const test::PaddedText broken(R"({"timestamp":"noon"})");
  EXPECT_EQ(account.venue->read_time({"time", "", broken.view(), {}, 200, 0}).error().code, Errc::kBadTime);
}

}  // namespace
}  // namespace millrace::normalize::alpaca
