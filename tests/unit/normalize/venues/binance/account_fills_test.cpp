#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <random>
#include <set>

#include "normalize/account/decimal_math.h"
#include "normalize/venues/binance/account_fills.h"
#include "tests/unit/normalize/venues/binance/account_texts.h"

// The walk over a symbol's fills, against a venue that answers as the sheet says (section 6).
namespace millrace::test {
namespace {

using normalize::Errc;
using normalize::FoundFill;
using normalize::PrivateRequest;
using normalize::binance::SymbolFills;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kMilli = 1'000'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kStart = 1'700'000'000'000;

const normalize::binance::AccountConfig& config_of(std::string_view venue) {
  for (const auto& config : normalize::binance::account_configs()) {
    if (config.name == venue) return config;
  }
  throw std::invalid_argument("no such venue");
}

std::optional<std::int64_t> parameter(std::string_view target, std::string_view name) {
  const std::string wanted = fmt::format("{}=", name);
  std::size_t at = target.find(wanted);
  if (at == std::string_view::npos || (target[at - 1] != '&' && target[at - 1] != '?')) return std::nullopt;
  at += wanted.size();
  std::int64_t value = 0;
  std::from_chars(target.data() + at, target.data() + target.size(), value);
  return value;
}

struct Fill {
  std::int64_t id, order, time;  // ms
  auto operator<=>(const Fill&) const = default;
};

// myTrades and userTrades over fills in the order of their ids.
class FillVenue {
 public:
  std::vector<Fill> fills;
  bool newest_first = false;  // a full window answer holds its last rows
  std::size_t requests = 0;
  std::int64_t longest_window = kDayMs;
  std::size_t ignore = 0;  // so many rows at the front of each page by id

  std::string answer(std::string_view target) {
    ++requests;
    const auto limit = static_cast<std::size_t>(parameter(target, "limit").value());
    const auto from_id = parameter(target, "fromId");
    const auto start = parameter(target, "startTime");
    const auto end = parameter(target, "endTime");
    if (from_id && (start || end)) throw std::logic_error("fromId with times");
    if (!from_id && *end - *start > longest_window) throw std::logic_error("window too long");
    if (!from_id && *end < *start) throw std::logic_error("window the wrong way round");
    std::vector<Fill> rows;
    for (const Fill& fill : fills) {
      if (from_id ? fill.id >= *from_id : fill.time >= *start && fill.time <= *end) rows.push_back(fill);
    }
    if (rows.size() > limit && newest_first && !from_id) rows.erase(rows.begin(), rows.end() - std::ptrdiff_t(limit));
    rows.resize(std::min(rows.size(), limit));
    if (from_id) rows.erase(rows.begin(), rows.begin() + std::ptrdiff_t(std::min(ignore, rows.size())));
    return text_of(rows);
  }

 private:
  static std::string text_of(const std::vector<Fill>& rows) {
    std::string out = "[";
    for (const Fill& fill : rows) {
      out += fmt::format(R"({}{{"symbol":"ETHBTC","id":{},"orderId":{},"price":"2","qty":"1","commission":"0.1",)"
                         R"("commissionAsset":"BNB","time":{},"isBuyer":true,"isMaker":false}})",
                         out.size() > 1 ? "," : "", fill.id, fill.order, fill.time);
    }
    return out + "]";
  }
};

struct Walked {
  std::set<std::string> ids;
  std::optional<normalize::Error> error;
};

// `between`: called before each answer but the first.
template <class Between>
Walked walk(FillVenue& venue, SymbolFills& fills, Between&& between) {
  Walked out;
  std::vector<FoundFill> found;
  auto request = std::optional(fills.begin());
  for (int page = 0; request; ++page) {
    if (page > 100'000) throw std::logic_error("a walk without end");
    if (page > 0) between();
    auto next = AccountHarness::page(fills, *request, venue.answer(request->target), found);
    if (!next) {
      out.error = next.error();
      return out;
    }
    request = *next;
  }
  for (const FoundFill& fill : found) out.ids.insert(fill.execution.event_id);
  return out;
}
Walked walk(FillVenue& venue, SymbolFills fills) {
  return walk(venue, fills, [] {});
}

SymbolFills spot_walk(std::int64_t from_ms, std::int64_t to_ms, int page = 0) {
  return SymbolFills(config_of("binance-spot"), "main", {"ETHBTC", from_ms * kMilli, to_ms * kMilli}, page);
}

std::set<std::string> ids_of(const std::vector<Fill>& fills, std::int64_t from_ms, std::int64_t to_ms) {
  std::set<std::string> out;
  for (const Fill& fill : fills) {
    if (fill.time < from_ms || fill.time > to_ms) continue;
    out.insert(fmt::format("binance-spot/main/{}/ETHBTC/{}", fill.order, fill.id));
  }
  return out;
}

TEST(BinanceFills, ASpotRowIsAFill) {
  const auto venue = normalize::make_account_venue("binance-spot", {});
  const auto fills = venue->walk_fills("main", {"BNBBTC", 1499865549590 * kMilli, 1499865549590 * kMilli});
  std::vector<FoundFill> found;
  const PrivateRequest request = fills->begin();
  EXPECT_EQ(request.target, "/api/v3/myTrades?symbol=BNBBTC&startTime=1499865549590&endTime=1499865549590&limit=1000");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.signing, normalize::Signing::kSign);
  EXPECT_EQ(request.weight, 20);
  const auto next = AccountHarness::page(*fills, request, account_fixture("account_fills_spot.json"), found);
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->has_value());
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].symbol, "BNBBTC");
  EXPECT_EQ(found[0].venue_time, 1499865549590 * kMilli);
  const schemas::Execution& body = found[0].execution;
  EXPECT_EQ(body.kind, schemas::ExecutionKind::kTrade);
  EXPECT_EQ(body.event_id, "binance-spot/main/100234/BNBBTC/28457");
  EXPECT_EQ(body.order_id, "100234");
  EXPECT_EQ(body.execution_id, "28457");
  EXPECT_EQ(body.side, schemas::Side::kBuy);
  EXPECT_EQ(normalize::plain_text(*body.last_price), "4.000001");
  EXPECT_EQ(normalize::plain_text(*body.last_quantity), "12");
  EXPECT_EQ(normalize::plain_text(*body.fee), "10.1");
  EXPECT_EQ(body.fee_asset, "BNB");
  EXPECT_EQ(body.liquidity, schemas::Liquidity::kTaker);
  EXPECT_EQ(body.revision, 1);
}

TEST(BinanceFills, AFuturesRowIsAFill) {
  const auto venue = normalize::make_account_venue("binance-usdm", {});
  const auto fills = venue->walk_fills("main", {"BTCUSDT", 1569514978020 * kMilli, 1569514978020 * kMilli});
  const PrivateRequest request = fills->begin();
  EXPECT_TRUE(request.target.starts_with("/fapi/v1/userTrades?symbol=BTCUSDT&startTime=1569514978020&"));
  EXPECT_EQ(request.weight, 5);
  std::vector<FoundFill> found;
  ASSERT_TRUE(AccountHarness::page(*fills, request, account_fixture("account_fills_usdm.json"), found));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].execution.event_id, "binance-usdm/main/25851813/BTCUSDT/698759");
  EXPECT_EQ(found[0].execution.side, schemas::Side::kSell);
  EXPECT_EQ(found[0].execution.liquidity, schemas::Liquidity::kTaker);
  EXPECT_EQ(normalize::plain_text(*found[0].execution.fee), "0.0781901");
}

TEST(BinanceFills, TheStreamGivesTheSameEventAsRest) {
  auto account = live_account();
  SpotReport report = spot_fill(77, 1, 5);
  report.n = "0.1";
  report.N = "\"BNB\"";
  ASSERT_TRUE(account.feed(report.text()));
  FillVenue venue;
  venue.fills = {{77, 5, report.T}};
  auto fills = spot_walk(report.T, report.T);
  std::vector<FoundFill> found;
  ASSERT_TRUE(AccountHarness::page(fills, fills.begin(), venue.answer(fills.begin().target), found));
  ASSERT_THAT(found, SizeIs(1));
  ASSERT_THAT(account.executions, SizeIs(1));
  const schemas::Execution& live = account.executions[0].body;
  const schemas::Execution& rest = found[0].execution;
  EXPECT_EQ(rest.event_id, live.event_id);
  EXPECT_EQ(found[0].symbol, account.executions[0].meta.symbol);
  EXPECT_EQ(rest.side, live.side);
  EXPECT_EQ(normalize::compare(*rest.last_price, *live.last_price), 0);
  EXPECT_EQ(normalize::compare(*rest.last_quantity, *live.last_quantity), 0);
  EXPECT_EQ(rest.order_id, live.order_id);
  EXPECT_EQ(normalize::compare(*rest.fee, *live.fee), 0);
  EXPECT_EQ(rest.fee_asset, live.fee_asset);
  EXPECT_EQ(found[0].venue_time, account.executions[0].meta.venue_time);
}

TEST(BinanceFills, AnEmptyRangeOfOneDayIsOneRequest) {
  FillVenue venue;
  const Walked got = walk(venue, spot_walk(kStart, kStart + kDayMs - 1));
  EXPECT_EQ(got.error, std::nullopt);
  EXPECT_THAT(got.ids, IsEmpty());
  EXPECT_EQ(venue.requests, 1u);
}

TEST(BinanceFills, LongRangesGoByWindowsUntilTheFirstFill) {
  FillVenue venue;
  for (int day = 4; day < 30; ++day) venue.fills.push_back({day, day, kStart + day * kDayMs + day});
  const Walked got = walk(venue, spot_walk(kStart, kStart + 20 * kDayMs));
  EXPECT_EQ(got.error, std::nullopt);
  EXPECT_EQ(got.ids, ids_of(venue.fills, kStart, kStart + 20 * kDayMs));
  EXPECT_LE(venue.requests, 7u);
}

TEST(BinanceFills, NothingFallsBetweenTwoWindows) {
  for (const std::int64_t at : {kDayMs - 2, kDayMs - 1, kDayMs, kDayMs + 1}) {
    FillVenue venue;
    venue.fills = {{1, 1, kStart + at}};
    const Walked got = walk(venue, spot_walk(kStart, kStart + 2 * kDayMs));
    EXPECT_THAT(got.ids, SizeIs(1)) << at;
  }
}

TEST(BinanceFills, FuturesWindowsAreSevenDays) {
  FillVenue venue;
  venue.longest_window = 7 * kDayMs;
  SymbolFills fills(config_of("binance-usdm"), "main", {"ETHBTC", kStart * kMilli, (kStart + 20 * kDayMs) * kMilli});
  const Walked got = walk(venue, fills, [] {});
  EXPECT_EQ(got.error, std::nullopt);
  EXPECT_EQ(venue.requests, 3u);
}

TEST(BinanceFills, NothingIsAskedOfTheYearsBeforeTheVenue) {
  FillVenue venue;
  const Walked got = walk(venue, spot_walk(0, 1'498'867'200'000 + kDayMs - 1));
  EXPECT_EQ(got.error, std::nullopt);
  EXPECT_EQ(venue.requests, 1u);
}

TEST(BinanceFills, ManyFillsInOneMillisecondAreAllFound) {
  for (const int page : {50, 100, 300, 500}) {
    FillVenue venue;
    for (int i = 0; i < 300; ++i) venue.fills.push_back({1000 + i, i, kStart + 5});
    const Walked got = walk(venue, spot_walk(kStart, kStart + 10, page));
    EXPECT_EQ(got.error, std::nullopt);
    EXPECT_THAT(got.ids, SizeIs(300)) << page;
  }
}

TEST(BinanceFills, BothLegsOfASelfTradeAreFound) {
  for (const int page : {2, 3, 4, 5}) {
    FillVenue venue;
    for (int i = 0; i < 7; ++i) {
      venue.fills.push_back({i, 2 * i, kStart});
      venue.fills.push_back({i, 2 * i + 1, kStart});
    }
    const Walked got = walk(venue, spot_walk(kStart, kStart + 10, page));
    EXPECT_EQ(got.error, std::nullopt) << page;
    EXPECT_THAT(got.ids, SizeIs(14)) << page;
  }
}

TEST(BinanceFills, AFillMadeBetweenTwoPagesHurtsNone) {
  FillVenue venue;
  for (int i = 0; i < 20; ++i) venue.fills.push_back({i, i, kStart + i});
  const auto before = venue.fills;
  auto fills = spot_walk(kStart, kStart + 1000, 4);
  std::int64_t next = 20;
  const Walked got = walk(venue, fills, [&] {
    if (next < 30) venue.fills.push_back({next, next, kStart + 100 + next});
    ++next;
  });
  EXPECT_EQ(got.error, std::nullopt);
  for (const std::string& id : ids_of(before, kStart, kStart + 1000)) EXPECT_THAT(got.ids, testing::Contains(id));
}

TEST(BinanceFills, BothEndsAreInclusiveAndNothingElseIsTold) {
  FillVenue venue;
  for (int i = 0; i < 10; ++i) venue.fills.push_back({i, i, kStart + i});
  for (const int page : {2, 3, 100}) {
    const Walked got = walk(venue, spot_walk(kStart + 3, kStart + 6, page));
    EXPECT_EQ(got.ids, ids_of(venue.fills, kStart + 3, kStart + 6)) << page;
  }
}

TEST(BinanceFills, TiesAtTheEndGoOnOverPages) {
  FillVenue venue;
  for (int i = 0; i < 20; ++i) venue.fills.push_back({i, i, kStart + 7});
  const Walked got = walk(venue, spot_walk(kStart, kStart + 7, 4));
  EXPECT_THAT(got.ids, SizeIs(20));
}

// Times are told in ms: what happened within the first one may be meant.
TEST(BinanceFills, ARangeThatBeginsInsideAMillisecondTakesAllOfIt) {
  FillVenue venue;
  venue.fills = {{1, 1, kStart}, {2, 2, kStart + 1}};
  SymbolFills fills(config_of("binance-spot"), "main", {"ETHBTC", kStart * kMilli + 7, kStart * kMilli + 999'999});
  const Walked got = walk(venue, fills, [] {});
  EXPECT_EQ(got.ids, ids_of(venue.fills, kStart, kStart));
}

TEST(BinanceFills, AVenueThatGivesTheLastRowsOfAWindowIsFoundOut) {
  FillVenue venue;
  venue.newest_first = true;
  for (int i = 0; i < 20; ++i) venue.fills.push_back({i, i, kStart + i});
  const Walked got = walk(venue, spot_walk(kStart, kStart + 100, 4));
  ASSERT_TRUE(got.error.has_value());
  EXPECT_EQ(got.error->code, Errc::kSequenceGap);
  EXPECT_THAT(got.error->where, HasSubstr("earlier"));
}

TEST(BinanceFills, APageThatDoesNotContinueTheOneBeforeEndsTheWalk) {
  FillVenue venue;
  venue.ignore = 1;
  for (int i = 0; i < 20; ++i) venue.fills.push_back({i, i, kStart + i});
  const Walked got = walk(venue, spot_walk(kStart, kStart + 100, 4));
  ASSERT_TRUE(got.error.has_value());
  EXPECT_EQ(got.error->code, Errc::kSequenceGap);
  EXPECT_THAT(got.error->where, HasSubstr("does not begin"));
}

Errc error_of(std::string_view body) {
  auto fills = spot_walk(kStart, kStart + 10);
  std::vector<FoundFill> found;
  const auto got = AccountHarness::page(fills, fills.begin(), body, found);
  EXPECT_EQ(found.empty(), got.has_error());
  return got ? Errc{} : got.error().code;
}

TEST(BinanceFills, WhatIsWrongWithAPageEndsTheWalk) {
  const std::string row =
      R"({"symbol":"ETHBTC","id":2,"orderId":1,"price":"2","qty":"1","commission":"0","commissionAsset":"BNB",)"
      R"("time":1700000000001,"isBuyer":true,"isMaker":true})";
  const auto with = [&](std::string from, std::string to) {
    std::string out = row;
    out.replace(out.find(from), from.size(), to);
    return out;
  };
  EXPECT_EQ(error_of("[" + row + "]"), Errc{});
  EXPECT_EQ(error_of("[" + row.substr(0, 40)), Errc::kBadJson);
  EXPECT_EQ(error_of("[" + row + "] x"), Errc::kBadJson);
  EXPECT_EQ(error_of(row), Errc::kWrongType);
  EXPECT_EQ(error_of("[1]"), Errc::kWrongType);
  EXPECT_EQ(error_of("[" + row + "," + with("\"id\":2", "\"id\":1") + "]"), Errc::kSequenceGap);
  EXPECT_EQ(error_of("[" + with("ETHBTC", "BNBBTC") + "]"), Errc::kUnknownInstrument);
  EXPECT_EQ(error_of("[" + with("1700000000001", "-5") + "]"), Errc::kBadTime);
  EXPECT_EQ(error_of("[" + with("\"isBuyer\"", "\"_\"") + "]"), Errc::kMissingField);
  EXPECT_EQ(error_of("[" + with("\"qty\":\"1\"", "\"qty\":\"one\"") + "]"), Errc::kBadNumber);
}

TEST(BinanceFills, SymbolsAreEncoded) {
  SymbolFills fills(config_of("binance-spot"), "main", {"币安人生USDT", kStart * kMilli, kStart * kMilli});
  EXPECT_THAT(fills.begin().target, HasSubstr("symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT&"));
}

// Any ledger, any page size, any range: complete, whatever the ties.
TEST(BinanceFills, RandomLedgersAreWalkedCompletely) {
  std::mt19937 random(7);
  const auto up_to = [&random](int most) { return static_cast<std::int64_t>(random() % (unsigned(most) + 1)); };
  for (int round = 0; round < 400; ++round) {
    FillVenue venue;
    Fill fill{up_to(5), 0, kStart};
    for (std::int64_t left = up_to(60); left > 0; --left) {
      fill.id += 1 + up_to(3);
      fill.time += up_to(2) == 0 ? up_to(int(kDayMs)) : up_to(1);
      fill.order = up_to(1000);
      venue.fills.push_back(fill);
      if (up_to(4) == 0) venue.fills.push_back({fill.id, fill.order + 1, fill.time});
    }
    const std::int64_t from = kStart - 5 + up_to(int(kDayMs));
    const std::int64_t to = from + up_to(10) * kDayMs + up_to(1000);
    const Walked got = walk(venue, spot_walk(from, to, 2 + int(up_to(8))));
    ASSERT_EQ(got.error, std::nullopt) << round << " " << got.error->where;
    ASSERT_EQ(got.ids, ids_of(venue.fills, from, to)) << round;
  }
}

}  // namespace
}  // namespace millrace::test
