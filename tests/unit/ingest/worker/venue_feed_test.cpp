#include "ingest/worker/venue_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "tests/unit/ingest/worker/feed_harness.h"

namespace millrace::ingest {
namespace {

using normalize::Subscription;
using test::FeedHarness;
using test::fixture;
using test::kSecond;
using test::kStart;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::int64_t kMilli = 1'000'000;

VenueConfig binance(std::vector<std::string> symbols = {"BTCUSDT"}) {
  VenueConfig config;
  config.name = "binance-spot";
  config.ws_url = "wss://127.0.0.1:1";
  config.rest_url = "https://127.0.0.1:1";
  config.symbols = std::move(symbols);
  config.dataset_names = {"book", "bbo", "trade"};
  return config;
}

std::string listing(std::string_view base) {
  return fmt::format(R"({{"symbol":"{0}USDT","status":"TRADING","baseAsset":"{0}","baseAssetPrecision":8,)"
                     R"("quoteAsset":"USDT","quoteAssetPrecision":8,"filters":[)"
                     R"({{"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000.00","tickSize":"0.01"}},)"
                     R"({{"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"9000.000","stepSize":"0.001"}},)"
                     R"({{"filterType":"NOTIONAL","minNotional":"5.00"}}]}})",
                     base);
}

std::string exchange_info() {
  return R"({"timezone":"UTC","serverTime":1790000000000,"rateLimits":[],"exchangeFilters":[],"symbols":[)" +
         listing("BTC") + "," + listing("ETH") + "]}";
}

std::string depth(std::int64_t first, std::int64_t last, std::string_view symbol = "BTCUSDT") {
  return fmt::format(R"({{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1790000000000,"s":"{}",)"
                     R"("U":{},"u":{},"b":[["100.00","{}.000"]],"a":[]}}}})",
                     symbol, first, last, last);
}

std::string quote(std::int64_t id) {
  return fmt::format(R"({{"stream":"btcusdt@bookTicker","data":{{"u":{},"s":"BTCUSDT","b":"100.00","B":"1.000",)"
                     R"("a":"101.00","A":"2.000"}}}})",
                     id);
}

std::string trade(std::int64_t id) {
  return fmt::format(R"({{"stream":"btcusdt@trade","data":{{"e":"trade","E":1790000000000,"s":"BTCUSDT","t":{},)"
                     R"("p":"100.50","q":"0.001","T":1790000000000,"m":true,"M":true}}}})",
                     id);
}

constexpr std::string_view kSnapshot =
    R"({"lastUpdateId":100,"bids":[["100.00","1.000"],["99.00","2.000"]],"asks":[["101.00","1.000"]]})";

std::string ack(const std::string& request) {
  const auto id = request.substr(request.rfind("\"id\":") + 5);
  return "{\"result\":null,\"id\":" + id;
}

// A Binance feed whose one connection has a live book at update 101, a quote and a trade.
class LiveBinance : public testing::Test {
 protected:
  explicit LiveBinance(VenueConfig config = binance()) : harness(std::move(config)) {
    harness.feed->start(harness.now);
    EXPECT_TRUE(harness.answer(exchange_info()));
    EXPECT_EQ(harness.links.size(), 1u);
    harness.link(0).open(harness.now);
    for (const std::string& text : std::vector(harness.link(0).sent)) harness.link(0).receive(ack(text), harness.now);
    harness.link(0).receive(depth(99, 101), harness.now);
    while (harness.answer(kSnapshot)) {
    }
    harness.link(0).receive(quote(101), harness.now);
    harness.link(0).receive(trade(1), harness.now);
  }

  template <class Body>
  std::vector<std::int64_t> seqs(std::string_view dataset) const {
    std::vector<std::int64_t> found;
    for (const auto& record : harness.of<Body>(dataset)) found.push_back(record.meta.seq);
    return found;
  }

  FeedHarness harness;
};

TEST(VenueFeed, NoConnectionStartsBeforeReferenceDataIsThere) {
  FeedHarness harness(binance());
  harness.feed->start(kStart);
  harness.tick(kStart + 60 * kSecond);
  EXPECT_THAT(harness.links, IsEmpty());
  ASSERT_THAT(harness.asked, SizeIs(1));
  EXPECT_THAT(harness.asked[0].request.target, HasSubstr("exchangeInfo"));
  harness.answer(exchange_info());
  ASSERT_THAT(harness.links, SizeIs(1));
  EXPECT_TRUE(harness.link(0).started);
}

TEST(VenueFeed, ReferenceDataThatCannotBeUsedIsAskedForAgainLater) {
  FeedHarness harness(binance());
  harness.feed->start(kStart);
  harness.answer("{\"code\":-1003}", 403);
  ASSERT_THAT(harness.asked, SizeIs(1));
  EXPECT_GT(harness.asked[0].request.not_before, kStart);
  harness.answer("{\"symbols\":[");
  EXPECT_THAT(harness.links, IsEmpty());
  ASSERT_THAT(harness.asked, SizeIs(1));
  harness.answer(exchange_info());
  EXPECT_THAT(harness.links, SizeIs(1));
}

TEST(VenueFeed, AnUnknownSymbolIsHaltedAndTheOthersGoOn) {
  FeedHarness harness(binance({"BTCUSDT", "NOPEUSDT"}));
  harness.feed->start(kStart);
  harness.answer(exchange_info());
  EXPECT_THAT(harness.statuses(), Contains("book NOPEUSDT HALTED unknown_symbol"));
  EXPECT_EQ(harness.feed->counters().streams_refused.value(), 3u);
  ASSERT_THAT(harness.links, SizeIs(1));
  harness.link(0).open(kStart);
  for (const std::string& text : harness.link(0).sent) EXPECT_THAT(text, Not(HasSubstr("nope")));
}

TEST_F(LiveBinance, EveryStreamIsNumberedFromOneUnderTheClaim) {
  EXPECT_THAT(seqs<schemas::Book>("book"), ElementsAre(1, 2));
  EXPECT_THAT(seqs<schemas::Bbo>("bbo"), ElementsAre(1));
  EXPECT_THAT(seqs<schemas::Trade>("trade"), ElementsAre(1));
  EXPECT_EQ(harness.of<schemas::Book>("book")[0].meta.epoch, 7);
}

TEST_F(LiveBinance, EverythingThatPassedIsRecorded) {
  const auto& lines = harness.recorded;
  EXPECT_EQ(std::ranges::count(lines, Direction::kControl, &CaptureLine::direction), 1);
  EXPECT_EQ(std::ranges::count(lines, Direction::kOut, &CaptureLine::direction),
            static_cast<std::ptrdiff_t>(harness.link(0).sent.size()));
  std::vector<std::string> requests;
  for (const CaptureLine& line : lines) {
    if (line.via == Via::kRest) requests.push_back(*line.request);
  }
  EXPECT_THAT(requests, ElementsAre(HasSubstr("exchangeInfo"), HasSubstr("GET /api/v3/depth?symbol=BTCUSDT")));
}

TEST_F(LiveBinance, AGapResyncsTheBookAndIsDeclaredWhileTradesFlowOn) {
  harness.link(0).receive(depth(110, 111), harness.now);
  ASSERT_THAT(harness.asked, SizeIs(1));
  EXPECT_THAT(harness.asked[0].request.target, HasSubstr("depth?symbol=BTCUSDT"));
  harness.link(0).receive(trade(2), harness.now);
  EXPECT_THAT(seqs<schemas::Trade>("trade"), ElementsAre(1, 2));
  harness.answer(R"({"lastUpdateId":111,"bids":[["100.00","1.000"]],"asks":[["101.00","1.000"]]})");
  const auto books = harness.of<schemas::Book>("book");
  ASSERT_THAT(books, SizeIs(3));
  EXPECT_THAT(books[2].meta.gap, SizeIs(1));
  EXPECT_THAT(harness.link(0).reconnects, IsEmpty());
}

TEST_F(LiveBinance, ABadFrameIsQuarantinedAndTheRestFlowsOn) {
  harness.link(0).receive("{\"stream\":\"btcusdt@trade\",\"data\":{", harness.now);
  harness.link(0).receive(trade(2), harness.now);
  EXPECT_THAT(harness.of<schemas::Quarantine>("ops.binance-spot.quarantine.v1"), SizeIs(1));
  EXPECT_THAT(seqs<schemas::Trade>("trade"), ElementsAre(1, 2));
  EXPECT_THAT(harness.link(0).reconnects, IsEmpty());
}

TEST_F(LiveBinance, AStormOfBadFramesIsToldAndReconnectsOnce) {
  for (int i = 0; i < 500; ++i) harness.link(0).receive("[", harness.now);
  EXPECT_THAT(harness.link(0).reconnects, ElementsAre("storm"));
  EXPECT_THAT(harness.statuses(), Contains("trade BTCUSDT STALE storm"));
  EXPECT_EQ(harness.feed->counters().storms.value(), 1u);
}

TEST_F(LiveBinance, ALostConnectionIsTheStreamsStateAndTheBookComesBackWithItsGap) {
  harness.link(0).close(Reason::kReset, harness.now);
  EXPECT_THAT(harness.statuses(), Contains("book BTCUSDT BACKING_OFF reset"));
  harness.link(0).open(harness.now);
  for (const std::string& text : std::vector(harness.link(0).sent)) harness.link(0).receive(ack(text), harness.now);
  harness.link(0).receive(depth(199, 201), harness.now);
  while (harness.answer(R"({"lastUpdateId":200,"bids":[["100.00","1.000"]],"asks":[["101.00","1.000"]]})")) {
  }
  const auto books = harness.of<schemas::Book>("book");
  ASSERT_GE(books.size(), 3u);
  EXPECT_EQ(books[2].meta.seq, 3);
  EXPECT_EQ(books[2].meta.epoch, 7);
  EXPECT_FALSE(books[2].meta.gap.empty());
}

TEST_F(LiveBinance, AnAnswerThatAnEarlierConnectionAskedForIsNotUsed) {
  harness.link(0).receive(depth(110, 111), harness.now);
  ASSERT_THAT(harness.asked, SizeIs(1));
  harness.link(0).close(Reason::kReset, harness.now);
  harness.link(0).open(harness.now);
  EXPECT_FALSE(harness.answer(kSnapshot));
}

TEST_F(LiveBinance, ASendQueueThatIsFullReconnects) {
  harness.link(0).close(Reason::kReset, harness.now);
  harness.link(0).refuses = true;
  harness.link(0).open(harness.now);
  EXPECT_THAT(harness.link(0).reconnects, Contains("send_queue_full"));
}

TEST_F(LiveBinance, EachBookIsRefreshedOncePerPeriodWithTheNextNumber) {
  for (int second = 1; second <= 60; ++second) harness.tick(kStart + second * kSecond);
  const auto books = harness.of<schemas::Book>("book");
  ASSERT_THAT(books, SizeIs(3));
  EXPECT_TRUE(books[2].meta.flags & schemas::flag::kRefresh);
  EXPECT_EQ(books[2].meta.seq, 3);
}

TEST_F(LiveBinance, AtTheEndEveryBookIsPublishedWholeBeforeItsConnectionCloses) {
  harness.feed->stop(harness.now);
  const auto books = harness.of<schemas::Book>("book");
  ASSERT_FALSE(books.empty());
  EXPECT_TRUE(books.back().meta.flags & schemas::flag::kRefresh);
  EXPECT_TRUE(harness.link(0).stops);
  EXPECT_FALSE(harness.feed->stopped());
  harness.link(0).close(Reason::kStopped, harness.now);
  EXPECT_TRUE(harness.feed->stopped());
  EXPECT_THAT(harness.statuses(), Contains("book BTCUSDT DISCONNECTED stopped"));
}

TEST_F(LiveBinance, StreamsComeAndGoWhileTheConnectionStays) {
  harness.link(0).sent.clear();
  const std::vector<Subscription> wanted{{"BTCUSDT", normalize::Dataset::kBook},
                                         {"ETHUSDT", normalize::Dataset::kBook}};
  harness.feed->change({.wanted = wanted}, harness.now);
  EXPECT_THAT(harness.links, SizeIs(1));
  EXPECT_THAT(harness.link(0).sent, Contains(HasSubstr("ethusdt@depth")));
  EXPECT_THAT(harness.link(0).sent, Contains(HasSubstr("UNSUBSCRIBE")));
  EXPECT_THAT(harness.statuses(), Contains("trade BTCUSDT DISCONNECTED unsubscribed"));
}

TEST_F(LiveBinance, AConnectionThatCarriesNothingAnyMoreIsClosed) {
  harness.feed->change({}, harness.now);
  EXPECT_TRUE(harness.link(0).stops);
}

class ShortLived : public LiveBinance {
 protected:
  static VenueConfig config() {
    VenueConfig config = binance();
    config.limits.lifetime_s = 20;
    return config;
  }
  ShortLived() : LiveBinance(config()) {}
};

class Twofold : public LiveBinance {
 protected:
  static VenueConfig config() {
    VenueConfig config = binance();
    config.hot_standby = true;
    return config;
  }
  Twofold() : LiveBinance(config()) {
    harness.tick(harness.now + kSecond);
    EXPECT_THAT(harness.links, SizeIs(2));
    harness.link(1).open(harness.now);
    for (const std::string& text : std::vector(harness.link(1).sent)) harness.link(1).receive(ack(text), harness.now);
  }
};

TEST_F(Twofold, WhatOneConnectionMissesTheOtherHas) {
  test::FakeLink& first = harness.link(0);
  test::FakeLink& second = harness.link(1);
  for (test::FakeLink* link : {&first, &second}) link->receive(depth(102, 103), harness.now);
  second.receive(depth(104, 105), harness.now);
  for (test::FakeLink* link : {&first, &second}) link->receive(depth(106, 107), harness.now);
  second.receive(trade(2), harness.now);
  for (test::FakeLink* link : {&first, &second}) link->receive(trade(3), harness.now);
  EXPECT_THAT(seqs<schemas::Trade>("trade"), ElementsAre(1, 2, 3));
  EXPECT_EQ(harness.of<schemas::Book>("book").back().meta.venue_seq, 107);
  for (const auto& book : harness.of<schemas::Book>("book")) EXPECT_EQ(book.meta.gap.empty(), book.meta.seq > 1);
}

TEST_F(Twofold, WhenOneEndsTheOtherGoesOnWithoutAWord) {
  test::FakeLink& first = harness.link(0);
  test::FakeLink& second = harness.link(1);
  for (test::FakeLink* link : {&first, &second}) link->receive(depth(102, 103), harness.now);
  const std::size_t told = harness.statuses().size();
  first.close(Reason::kReset, harness.now);
  first.tell(SessionState::kBackingOff, Reason::kReset, harness.now);
  second.receive(depth(104, 105), harness.now);
  EXPECT_EQ(harness.of<schemas::Book>("book").back().meta.venue_seq, 105);
  EXPECT_THAT(harness.of<schemas::Book>("book").back().meta.gap, IsEmpty());
  EXPECT_THAT(harness.statuses(), SizeIs(told));
  EXPECT_EQ(harness.feed->counters().takeovers.value(), 1u);
  // The first one comes back as the standby of the second.
  first.open(harness.now);
  for (const std::string& text : std::vector(first.sent)) first.receive(ack(text), harness.now);
  first.receive(depth(106, 107), harness.now);
  second.close(Reason::kReset, harness.now);
  second.tell(SessionState::kBackingOff, Reason::kReset, harness.now);
  EXPECT_EQ(harness.feed->counters().takeovers.value(), 2u);
  EXPECT_EQ(harness.of<schemas::Book>("book").back().meta.venue_seq, 107);
}

TEST_F(Twofold, StreamsThatComeAreOnBoth) {
  std::vector<Subscription> wanted = wanted_streams(harness.config);
  wanted.push_back({"ETHUSDT", normalize::Dataset::kTrade});
  harness.feed->change({.wanted = wanted}, harness.now);
  EXPECT_THAT(harness.links, SizeIs(2));
  for (std::size_t i : {0U, 1U}) EXPECT_THAT(harness.link(i).sent, Contains(HasSubstr("ethusdt@trade")));
}

TEST_F(ShortLived, TheConnectionIsReplacedBeforeItsEndWithoutGapOrDuplicate) {
  harness.tick(kStart + 15 * kSecond);
  ASSERT_THAT(harness.links, SizeIs(2));
  test::FakeLink& first = harness.link(0);
  test::FakeLink& second = harness.link(1);
  second.open(harness.now);
  for (const std::string& text : std::vector(second.sent)) second.receive(ack(text), harness.now);
  // Both connections bring the same updates for a while.
  for (test::FakeLink* link : {&first, &second}) link->receive(depth(102, 103), harness.now);
  for (test::FakeLink* link : {&second, &first}) link->receive(depth(104, 105), harness.now);
  for (test::FakeLink* link : {&first, &second}) link->receive(quote(105), harness.now);
  for (test::FakeLink* link : {&first, &second}) link->receive(trade(2), harness.now);
  EXPECT_FALSE(first.stops);
  harness.tick(kStart + 18 * kSecond);
  EXPECT_TRUE(first.stops);
  EXPECT_FALSE(second.stops);
  first.close(Reason::kStopped, harness.now);
  second.receive(depth(106, 107), harness.now);
  second.receive(trade(3), harness.now);

  EXPECT_THAT(seqs<schemas::Trade>("trade"), ElementsAre(1, 2, 3));
  EXPECT_THAT(seqs<schemas::Bbo>("bbo"), ElementsAre(1, 2));
  std::vector<std::int64_t> updates;
  for (const auto& book : harness.of<schemas::Book>("book")) {
    const bool refresh = (book.meta.flags & schemas::flag::kRefresh) != 0;
    if (!refresh) updates.push_back(*book.meta.venue_seq);
    const bool restart = book.meta.seq == 1;
    EXPECT_EQ(book.meta.gap.size(), restart ? 1u : 0u);
    EXPECT_EQ(book.meta.epoch, 7);
  }
  EXPECT_THAT(updates, ElementsAre(100, 101, 103, 105, 107));
  EXPECT_EQ(harness.feed->counters().rotations.value(), 1u);
  EXPECT_THAT(harness.statuses(), Not(Contains(HasSubstr("DISCONNECTED"))));
}

TEST_F(ShortLived, TenLifetimesAreTenRotations) {
  for (int i = 1; i <= 10; ++i) {
    const std::size_t now_serving = harness.links.size() - 1;
    const UnixNanos opened = harness.now;
    harness.tick(opened + 15 * kSecond);
    ASSERT_THAT(harness.links, SizeIs(now_serving + 2));
    test::FakeLink& second = *harness.links.back();
    second.open(harness.now);
    for (const std::string& text : std::vector(second.sent)) second.receive(ack(text), harness.now);
    second.receive(depth(100 + 2 * i, 101 + 2 * i), harness.now);
    const UnixNanos reopened = harness.now;
    harness.tick(reopened + 3 * kSecond);
    harness.link(now_serving).close(Reason::kStopped, harness.now);
    // Lifetimes count from the opening, three seconds ago.
    harness.now = reopened;
  }
  EXPECT_EQ(harness.feed->counters().rotations.value(), 10u);
  for (const auto& book : harness.of<schemas::Book>("book")) EXPECT_EQ(book.meta.gap.empty(), book.meta.seq > 1);
}

TEST_F(ShortLived, IfTheSecondCannotOpenTheFirstServesOn) {
  harness.tick(kStart + 15 * kSecond);
  ASSERT_THAT(harness.links, SizeIs(2));
  harness.link(1).tell(SessionState::kBackingOff, Reason::kConnect, harness.now);
  harness.tick(kStart + 19 * kSecond);
  EXPECT_FALSE(harness.link(0).stops);
  EXPECT_THAT(harness.statuses(), Not(Contains(HasSubstr("BACKING_OFF"))));
}

VenueConfig kraken() {
  VenueConfig config;
  config.name = "kraken";
  config.symbols = {"BTC/USD"};
  config.dataset_names = {"book", "trade"};
  config.book_depth = 10;
  config.limits.lifetime_s = 20;
  return config;
}

TEST(VenueFeed, KrakenSubscribesOnceItKnowsItsPairs) {
  FeedHarness harness(kraken());
  harness.feed->start(kStart);
  EXPECT_THAT(harness.links, IsEmpty());
  while (harness.answer(fixture("kraken/rest_asset_pairs.json"))) {
  }
  ASSERT_THAT(harness.links, SizeIs(1));
  harness.link(0).open(kStart);
  EXPECT_THAT(harness.link(0).sent, Contains(testing::AllOf(HasSubstr("\"book\""), HasSubstr("BTC/USD"))));
}

TEST(VenueFeed, AVenueWhoseBooksHaveNoNumbersIsNotRotated) {
  FeedHarness harness(kraken());
  harness.feed->start(kStart);
  while (harness.answer(fixture("kraken/rest_asset_pairs.json"))) {
  }
  harness.link(0).open(kStart);
  harness.tick(kStart + 19 * kSecond);
  EXPECT_THAT(harness.links, SizeIs(1));
}

TEST(VenueFeed, ASubscriptionWithoutAnswerIsRepeatedAndThenTheConnectionIsMadeAnew) {
  VenueConfig config = binance();
  config.timeouts.first_data_ms = 1000;
  FeedHarness harness(config);
  harness.feed->start(kStart);
  harness.answer(exchange_info());
  harness.link(0).open(kStart);
  const std::size_t before = harness.link(0).sent.size();
  harness.tick(kStart + 999 * kMilli);
  EXPECT_THAT(harness.link(0).sent, SizeIs(before));
  harness.tick(kStart + 1000 * kMilli);
  EXPECT_GT(harness.link(0).sent.size(), before);
  EXPECT_EQ(harness.feed->counters().resubscribed.value(), 3u);
  harness.tick(kStart + 2000 * kMilli);
  EXPECT_THAT(harness.link(0).reconnects, ElementsAre("no_first_data"));
}

TEST(VenueFeed, StreamsAreSpreadSoThatNoConnectionExceedsTheConfiguredLimit) {
  VenueConfig config = binance({"BTCUSDT", "ETHUSDT"});
  config.limits.streams_per_connection = 4;
  FeedHarness harness(config);
  harness.feed->start(kStart);
  harness.answer(exchange_info());
  EXPECT_THAT(harness.links, SizeIs(2));
}

}  // namespace
}  // namespace millrace::ingest
