#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "normalize/venues/kraken/account_pairs.h"
#include "tests/unit/normalize/kraken/account_test.h"

// All fills of a range over TradesHistory, or an error.
namespace millrace::normalize::kraken {
namespace {

using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::Side;
using schemas::UnixNanos;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr UnixNanos kFirst = 1'688'585'840'892'100'000;
constexpr UnixNanos kLast = 1'688'586'440'345'600'000;

std::string pairs() { return test::VenueHarness::fixture("kraken", "account_rest_asset_pairs.json"); }

// A walk behind its AssetPairs, and what it read so far.
struct Walk {
  explicit Walk(UnixNanos from = kFirst, UnixNanos to = kLast)
      : walk(account.venue->walk_fills("main", {"", from, to})) {
    asked = walk->begin();
    EXPECT_TRUE(page(pairs()));
  }
  // Answers what it asked last; false: an error, else `asked` is what it asks next, and `complete` if nothing.
  bool page(std::string_view body) {
    auto next = test::AccountHarness::page(*walk, asked, body, fills);
    if (!next) {
      error = next.error();
      return false;
    }
    complete = !*next;
    if (*next) asked = **next;
    return true;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& one : fills) all.push_back(one.execution.execution_id);
    return all;
  }

  Account account;
  std::unique_ptr<FillWalk> walk;
  PrivateRequest asked;
  std::vector<FoundFill> fills;
  Error error{};
  bool complete = false;
};

// A venue with `count` fills, number 0 the newest.
class History {
 public:
  explicit History(int count) {
    for (int i = 0; i < count; ++i) ids_.push_back(fmt::format("T{:05}", i));
  }
  void add_newest(const std::string& id) { ids_.insert(ids_.begin(), id); }
  void remove(std::size_t at) { ids_.erase(ids_.begin() + static_cast<std::ptrdiff_t>(at)); }

  // Fifty rows from the offset that the request names.
  std::string answer(const PrivateRequest& request) const {
    const std::size_t offset = std::stoul(request.body.substr(request.body.find("&ofs=") + 5));
    std::string rows;
    for (std::size_t i = offset; i < std::min(offset + 50, ids_.size()); ++i) {
      rows += fmt::format(R"({}"{}":{{"ordertxid":"O1","pair":"XXBTZUSD","time":1688585900.0001,"type":"buy",)"
                          R"("ordertype":"limit","price":"29500.50","vol":"0.5","fee":"1","maker":true}})",
                          rows.empty() ? "" : ",", ids_[i]);
    }
    return fmt::format(R"({{"error":[],"result":{{"count":{},"trades":{{{}}}}}}})", ids_.size(), rows);
  }
  std::size_t size() const { return ids_.size(); }

 private:
  std::vector<std::string> ids_;
};

TEST(KrakenFillWalk, BeginsWithTheNamesOfThePairs) {
  const Account kraken;
  const auto walk = kraken.venue->walk_fills("main", {"", kFirst, kLast});
  const PrivateRequest first = walk->begin();
  EXPECT_EQ(first.method, "GET");
  EXPECT_EQ(first.target, "/0/public/AssetPairs");
  EXPECT_EQ(first.signing, Signing::kNone);
  std::vector<FoundFill> fills;
  const auto next = test::AccountHarness::page(*walk, first, pairs(), fills);
  ASSERT_TRUE(next);
  ASSERT_TRUE(*next);
  EXPECT_EQ((*next)->method, "POST");
  EXPECT_EQ((*next)->target, "/0/private/TradesHistory");
  EXPECT_EQ((*next)->body, "type=all&consolidate_taker=false&start=1688585840&end=1688586441&ofs=0");
  EXPECT_EQ((*next)->signing, Signing::kSign);
  EXPECT_EQ((*next)->weight, 4);
  EXPECT_THAT(fills, IsEmpty());
}

TEST(KrakenFillWalk, AFillIsTheOneThatTheStreamTells) {
  Walk walk;
  ASSERT_TRUE(walk.page(test::VenueHarness::fixture("kraken", "account_rest_trades_history.json")));
  EXPECT_TRUE(walk.complete);
  ASSERT_THAT(walk.fills, SizeIs(2));
  const FoundFill& fill = walk.fills[1];
  EXPECT_EQ(fill.symbol, "BTC/USDT");
  EXPECT_EQ(fill.instrument, "BTC-USDT");
  EXPECT_EQ(fill.venue_time, kFirst);
  EXPECT_EQ(fill.execution.kind, ExecutionKind::kTrade);
  EXPECT_EQ(fill.execution.event_id, "kraken/main/O26VBY-ISGAE-JP5TLU/TCCCTY-WJ6EO-4FP4VZ");
  EXPECT_EQ(fill.execution.revision, 1);
  EXPECT_EQ(fill.execution.execution_id, "TCCCTY-WJ6EO-4FP4VZ");
  EXPECT_EQ(fill.execution.order_id, "O26VBY-ISGAE-JP5TLU");
  EXPECT_EQ(fill.execution.side, Side::kBuy);
  EXPECT_EQ(fill.execution.order_type, "limit");
  EXPECT_EQ(fill.execution.liquidity, Liquidity::kMaker);
  EXPECT_EQ(text(fill.execution.last_price), "29500.5");
  EXPECT_EQ(text(fill.execution.last_quantity), "0.5");
  EXPECT_FALSE(fill.execution.fee) << "of which asset, the row does not say";
  EXPECT_EQ(walk.fills[0].symbol, "ETH/USD");
  EXPECT_EQ(walk.fills[0].execution.side, Side::kSell);
  EXPECT_EQ(walk.fills[0].execution.liquidity, Liquidity::kTaker);
}

TEST(KrakenFillWalk, TheSameFillFromBothSourcesAgrees) {
  LiveAccount stream;
  ASSERT_TRUE(stream.feed_file("executions_trade"));
  const auto& live = stream.executions.at(0);
  Walk walk(0, 2'000'000'000 * kNanosPerSecond);
  ASSERT_TRUE(
      walk.page(R"({"error":[],"result":{"count":1,"trades":{"TGBB7L-HT5LX-J3BZ4A":{"ordertxid":"OK4GJX-KSTLS-7DZZO5",)"
                R"("pair":"XXBTZUSD","time":1695378785.71,"type":"sell","ordertype":"limit","price":"26599.90000",)"
                R"("vol":"0.00500000","fee":"0.3458","maker":false}}}})"));
  const FoundFill& found = walk.fills.at(0);
  EXPECT_EQ(found.execution.event_id, live.body.event_id);
  EXPECT_EQ(found.symbol, live.meta.symbol);
  EXPECT_EQ(found.instrument, live.meta.instrument);
  EXPECT_EQ(found.execution.side, live.body.side);
  EXPECT_EQ(found.execution.order_id, live.body.order_id);
  EXPECT_EQ(text(found.execution.last_price), text(live.body.last_price));
  EXPECT_EQ(text(found.execution.last_quantity), text(live.body.last_quantity));
  EXPECT_EQ(found.execution.liquidity, live.body.liquidity);
}

TEST(KrakenFillWalk, BothEndsOfTheRangeAreInItAndWhatLiesOutsideIsLeftOut) {
  Walk exact;
  EXPECT_TRUE(exact.page(test::VenueHarness::fixture("kraken", "account_rest_trades_history.json")));
  EXPECT_THAT(exact.fills, SizeIs(2));
  // The stream's time may be finer than the row's, which is rounded to 100 us.
  Walk rounded(kFirst + 99'000, kLast - 99'000);
  EXPECT_TRUE(rounded.page(test::VenueHarness::fixture("kraken", "account_rest_trades_history.json")));
  EXPECT_THAT(rounded.fills, SizeIs(2));
  Walk inside(kFirst + 200'000, kLast - 200'000);
  EXPECT_TRUE(inside.page(test::VenueHarness::fixture("kraken", "account_rest_trades_history.json")));
  EXPECT_TRUE(inside.complete);
  EXPECT_THAT(inside.fills, IsEmpty());
}

TEST(KrakenFillWalk, TheAskedSecondsHoldTheRangeForSure) {
  EXPECT_THAT(Walk(1'700'000'000 * kNanosPerSecond, 1'700'000'000 * kNanosPerSecond).asked.body,
              testing::HasSubstr("&start=1699999999&end=1700000001&"));
  EXPECT_THAT(
      Walk(1'700'000'000 * kNanosPerSecond + 500'000'000, 1'700'000'000 * kNanosPerSecond + 999'950'000).asked.body,
      testing::HasSubstr("&start=1700000000&end=1700000002&"));
  EXPECT_THAT(Walk(0, 1).asked.body, testing::HasSubstr("&start=0&end=1&"));
}

TEST(KrakenFillWalk, PagesAreReadUntilTheCountIsReached) {
  for (const int count : {0, 1, 49, 50, 51, 100, 137}) {
    const History history(count);
    Walk walk;
    int pages = 0;
    while (!walk.complete && pages < 10) {
      ASSERT_TRUE(walk.page(history.answer(walk.asked))) << walk.error.where;
      ++pages;
    }
    EXPECT_EQ(pages, std::max(1, (count + 49) / 50)) << count;
    EXPECT_THAT(walk.fills, SizeIs(static_cast<std::size_t>(count)));
  }
}

TEST(KrakenFillWalk, AFillThatArrivesBetweenTwoPagesIsNotMissed) {
  History history(120);
  Walk walk;
  ASSERT_TRUE(walk.page(history.answer(walk.asked)));
  history.add_newest("TLATE");
  int pages = 0;
  while (!walk.complete && pages++ < 10) ASSERT_TRUE(walk.page(history.answer(walk.asked)));
  ASSERT_TRUE(walk.complete);
  auto ids = walk.ids();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_THAT(ids, SizeIs(121));
  EXPECT_EQ(ids.back(), "TLATE");
}

TEST(KrakenFillWalk, AFillThatIsTakenBackBetweenTwoPagesLosesNoOther) {
  History history(120);
  Walk walk;
  ASSERT_TRUE(walk.page(history.answer(walk.asked)));
  history.remove(10);
  int pages = 0;
  while (!walk.complete && pages++ < 10) ASSERT_TRUE(walk.page(history.answer(walk.asked)));
  ASSERT_TRUE(walk.complete);
  auto ids = walk.ids();
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_THAT(ids, SizeIs(120)) << "the one taken back had been read";
}

TEST(KrakenFillWalk, ACountThatNeverFitsIsAnErrorInTheEnd) {
  Walk walk;
  const char* const page =
      R"({"error":[],"result":{"count":3,"trades":{"T1":{"ordertxid":"O1","pair":"XXBTZUSD","time":1688585900.5,)"
      R"("type":"buy","price":"1","vol":"1"}}}})";
  int pages = 0;
  while (walk.page(page) && pages < 100) ++pages;
  EXPECT_LT(pages, 30);
  EXPECT_FALSE(walk.complete);
  EXPECT_EQ(walk.error.code, Errc::kSequenceGap);
  EXPECT_THAT(walk.error.where, testing::HasSubstr("result.count: 1 rows of 3"));
}

struct Broken {
  const char* name;
  const char* from;
  const char* to;
  Errc code;
  const char* where;
};
class KrakenBrokenPage : public testing::TestWithParam<Broken> {};
TEST_P(KrakenBrokenPage, EndsTheWalkAndAddsNothing) {
  std::string body = test::VenueHarness::fixture("kraken", "account_rest_trades_history.json");
  const std::size_t at = body.rfind(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  body.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  Walk walk;
  EXPECT_FALSE(walk.page(body));
  EXPECT_EQ(walk.error, (Error{GetParam().code, GetParam().where}));
  EXPECT_THAT(walk.fills, IsEmpty());
}
#define ROW "result.trades.TCCCTY-WJ6EO-4FP4VZ"
INSTANTIATE_TEST_SUITE_P(
    All, KrakenBrokenPage,
    testing::Values(Broken{"no_count", "\"count\"", "\"total\"", Errc::kMissingField, "result.count"},
                    Broken{"count_is_negative", "\"count\":2", "\"count\":-2", Errc::kBadNumber, "result.count"},
                    Broken{"no_trades", "\"trades\"", "\"rows\"", Errc::kMissingField, "result.trades"},
                    Broken{"no_order", "\"ordertxid\"", "\"order\"", Errc::kMissingField, ROW ".ordertxid"},
                    Broken{"no_pair", "\"pair\"", "\"market\"", Errc::kMissingField, ROW ".pair"},
                    Broken{"no_price", "\"price\"", "\"px\"", Errc::kMissingField, ROW ".price"},
                    Broken{"bad_quantity", "0.50000000", "half", Errc::kBadNumber, ROW ".vol"},
                    Broken{"no_side", "\"buy\"", "\"both\"", Errc::kWrongType, ROW ".type"},
                    Broken{"bad_time", "1688585840.8921", "\"noon\"", Errc::kBadTime, ROW ".time"},
                    Broken{"an_error", "\"error\":[]", "\"error\":[\"EService:Busy\"]", Errc::kRefused,
                           "EService:Busy"},
                    Broken{"no_result", "\"result\"", "\"answer\"", Errc::kMissingField, "result"}),
    [](const auto& one) { return std::string(one.param.name); });
#undef ROW

TEST(KrakenFillWalk, EveryCutOfAPageIsAnError) {
  const std::string body = test::VenueHarness::fixture("kraken", "account_rest_trades_history.json");
  for (std::size_t size = 0; size < body.size(); ++size) {
    Walk walk;
    ASSERT_FALSE(walk.page(body.substr(0, size))) << size;
    ASSERT_THAT(walk.fills, IsEmpty());
  }
}

TEST(KrakenFillWalk, AnAnswerOutOfTurnIsAnError) {
  const History history(120);
  Walk walk;
  const PrivateRequest first = walk.asked;
  ASSERT_TRUE(walk.page(history.answer(walk.asked)));
  walk.asked = first;
  EXPECT_FALSE(walk.page(history.answer(first)));
  EXPECT_EQ(walk.error, (Error{Errc::kSequenceGap, "answer fills/0 in place of fills/50"}));
}

TEST(KrakenFillWalk, BrokenNamesOfPairsAreAnError) {
  const Account kraken;
  const std::string body = pairs();
  for (std::size_t size = 0; size < body.size(); ++size) {
    const auto walk = kraken.venue->walk_fills("main", {"", kFirst, kLast});
    std::vector<FoundFill> fills;
    ASSERT_FALSE(test::AccountHarness::page(*walk, walk->begin(), body.substr(0, size), fills)) << size;
  }
}

TEST(KrakenPairs, EverySpellingOfRestBecomesTheStreams) {
  AccountPairs pairs;
  const std::string body =
      R"({"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD"},)"
      R"("XBTUSDT":{"altname":"XBTUSDT","wsname":"XBT/USDT"},"XDGEUR":{"altname":"XDGEUR","wsname":"XDG/EUR"},)"
      R"("ETHXBT":{"altname":"ETHXBT","wsname":"ETH/XBT"},"XBTUSD.d":{"altname":"XBTUSD.d"},"SOLWUSD":{"wsname":"SOL/WUSD"}}})";
  const test::PaddedText padded(body);
  ASSERT_TRUE(pairs.read(padded.view()));
  EXPECT_EQ(pairs.symbol_of("XXBTZUSD"), "BTC/USD");
  EXPECT_EQ(pairs.symbol_of("XBTUSD"), "BTC/USD");
  EXPECT_EQ(pairs.symbol_of("XBT/USD"), "BTC/USD");
  EXPECT_EQ(pairs.symbol_of("BTC/USD"), "BTC/USD");
  EXPECT_EQ(pairs.symbol_of("XBTUSDT"), "BTC/USDT");
  EXPECT_EQ(pairs.symbol_of("XDGEUR"), "DOGE/EUR");
  EXPECT_EQ(pairs.symbol_of("ETHXBT"), "ETH/BTC");
  EXPECT_EQ(pairs.symbol_of("LUNAUSD"), "LUNA/USD") << "listed no more";
  EXPECT_EQ(pairs.symbol_of("LUNAWUSD"), "LUNA/WUSD") << "the longest quote";
  EXPECT_EQ(pairs.symbol_of("XREPZEUR"), "REP/EUR");
  EXPECT_EQ(pairs.symbol_of("XETHXXBT"), "ETH/BTC");
  EXPECT_EQ(pairs.symbol_of("XBTUSD.d"), "XBTUSD.d") << "a dark pool";
  EXPECT_EQ(pairs.symbol_of("USD"), "USD");
}

}  // namespace
}  // namespace millrace::normalize::kraken
