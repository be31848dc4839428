#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/normalize/kraken/kraken_test.h"

// Trades, tickers, quotes, candles and the venue's status.
namespace millrace::normalize::kraken {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace flag = schemas::flag;

std::string trade(std::int64_t id, const char* time) {
  return R"({"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"buy","price":0.51,"qty":1.0,)"
         R"("ord_type":"limit","trade_id":)" +
         std::to_string(id) + R"(,"timestamp":"2023-09-25T07:49:)" + time + "Z\"}]}";
}

std::vector<std::string> ids(const Recorder& out) {
  std::vector<std::string> all;
  for (const auto& [meta, text] : out.trades) all.push_back(text.substr(0, text.find(' ')));
  return all;
}

TEST(KrakenTrade, EachRowIsATradeWithTheTakersSide) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_trade_update.json"));
  ASSERT_EQ(kraken.out.trades.size(), 2U);
  EXPECT_EQ(kraken.out.trades[0].second, "4665906 SELL 0.5117 40.0 market");
  EXPECT_EQ(kraken.out.trades[1].second, "4665907 BUY 0.5118 7.5 limit");
  EXPECT_EQ(kraken.out.trades[0].first.venue_seq, 4665906);
  EXPECT_EQ(kraken.out.trades[0].first.venue_time, 1'695'628'177'708'706'000);
  EXPECT_EQ(kraken.out.trades[0].first.origin, schemas::Origin::kLive);
  EXPECT_EQ(kraken.out.trades[0].first.flags, 0U);
  EXPECT_THAT(kraken.out.states, ElementsAre("trade LIVE live"));
}

TEST(KrakenTrade, AJumpOfTheIdIsAHoleWithItsIds) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(trade(10, "01")));
  ASSERT_TRUE(kraken.feed(trade(14, "02")));
  ASSERT_EQ(kraken.out.gaps.size(), 1U);
  EXPECT_EQ(kraken.out.gaps[0].second, (schemas::GapMark{schemas::GapKind::kVenue, 11, 13, 3, "trade_id"}));
  EXPECT_THAT(kraken.out.log, ElementsAre("state trade LIVE live", "trade 10", "gap trade trade_id", "trade 14"));
}

TEST(KrakenTrade, ARepeatOrALateCopyIsDropped) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(trade(10, "01")));
  ASSERT_TRUE(kraken.feed(trade(11, "02")));
  ASSERT_TRUE(kraken.feed(trade(11, "02")));
  ASSERT_TRUE(kraken.feed(trade(10, "01")));
  EXPECT_THAT(ids(kraken.out), ElementsAre("10", "11"));
  EXPECT_THAT(kraken.out.drops, ElementsAre("duplicate", "duplicate"));
}

TEST(KrakenTrade, TheSequenceIsKeptOverAReconnect) {
  Connection kraken;
  kraken.open({{"MATIC/USD", Dataset::kTrade}});
  ASSERT_TRUE(kraken.feed(trade(10, "01")));
  kraken.reconnect({{"MATIC/USD", Dataset::kTrade}});
  ASSERT_TRUE(kraken.feed(trade(13, "09")));
  ASSERT_EQ(kraken.out.gaps.size(), 1U);
  EXPECT_EQ(kraken.out.gaps[0].second.from, 11);
  EXPECT_EQ(kraken.out.gaps[0].second.to, 12);
}

TEST(KrakenTrade, ALowerIdAtALaterTimeIsASequenceBegunAnew) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(trade(4'000'000, "01")));
  ASSERT_TRUE(kraken.feed(trade(1, "02")));
  ASSERT_TRUE(kraken.feed(trade(2, "03")));
  EXPECT_THAT(ids(kraken.out), ElementsAre("4000000", "1", "2"));
  ASSERT_EQ(kraken.out.gaps.size(), 1U);
  EXPECT_EQ(kraken.out.gaps[0].second.reason, "trade_id_restart");
}

TEST(KrakenTrade, OldTradesComeAsSnapshotInTheOrderOfTheirIdsAndOnlyOnce) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_trade_snapshot.json"));
  EXPECT_THAT(ids(kraken.out), ElementsAre("4665904", "4665905"));
  EXPECT_EQ(kraken.out.trades[0].first.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(kraken.out.trades[0].first.flags, flag::kSnapshot);
  ASSERT_TRUE(kraken.feed_file("ws_trade_update.json"));
  ASSERT_TRUE(kraken.feed_file("ws_trade_snapshot.json"));
  EXPECT_EQ(kraken.out.trades.size(), 4U);
  EXPECT_THAT(kraken.out.gaps, IsEmpty());
}

TEST(KrakenTrade, OneBadRowKeepsTheWholeMessageBack) {
  Connection kraken;
  std::string text = fixture("ws_trade_update.json");
  text.replace(text.find("0.5118"), 6, "0.5.18");
  const auto got = kraken.feed(text);
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (Error{Errc::kBadNumber, "data[1].price"}));
  EXPECT_TRUE(kraken.out.published_nothing());
}

TEST(KrakenTicker, WithoutASubscriptionItIsTheTicker) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_ticker_update.json"));
  ASSERT_EQ(kraken.out.tickers.size(), 1U);
  const auto& [meta, ticker] = kraken.out.tickers[0];
  EXPECT_EQ(meta.venue_time, 1'695'632'671'742'648'000);
  EXPECT_EQ(ticker.last->value, (schemas::Decimal{10035, -5}));
  EXPECT_EQ(ticker.volume->value, (schemas::Decimal{99703898383185, -8}));
  EXPECT_EQ(ticker.change->value, (schemas::Decimal{-17, -5}));
  EXPECT_EQ(ticker.change_percent->value, (schemas::Decimal{-17, -2}));
  EXPECT_FALSE(ticker.open);
}

TEST(KrakenTicker, ASubscriptionWithTriggerBboIsTheQuote) {
  Connection kraken;
  kraken.open({{"ALGO/USD", Dataset::kBbo}});
  ASSERT_TRUE(kraken.feed_file("ws_ticker_snapshot_without_time.json"));
  ASSERT_TRUE(kraken.feed_file("ws_ticker_update.json"));
  EXPECT_THAT(kraken.out.tickers, IsEmpty());
  ASSERT_EQ(kraken.out.bbos.size(), 2U);
  const auto& [meta, bbo] = kraken.out.bbos[0];
  EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(meta.flags, flag::kSnapshot | flag::kBadVenueTime);
  EXPECT_EQ(bbo.price_exponent, -5);
  EXPECT_EQ(bbo.quantity_exponent, -1);
  EXPECT_EQ(bbo.bid, (Level{10025, 7400}));
  EXPECT_EQ(bbo.ask, (Level{10035, 7400}));
}

TEST(KrakenTicker, InARecordingTheAckTellsTheTrigger) {
  const std::string ack =
      R"({"method":"subscribe","result":{"channel":"ticker","snapshot":true,"symbol":"ALGO/USD"},"success":true)";
  Connection ours;
  ASSERT_TRUE(ours.feed(ack + R"(,"req_id":1000000003})"));
  ASSERT_TRUE(ours.feed_file("ws_ticker_update.json"));
  EXPECT_EQ(ours.out.bbos.size(), 1U);
  Connection theirs;
  ASSERT_TRUE(theirs.feed(ack + R"(,"req_id":3})"));
  ASSERT_TRUE(theirs.feed_file("ws_ticker_update.json"));
  EXPECT_EQ(theirs.out.tickers.size(), 1U);
}

TEST(KrakenTicker, ASideWithoutOrdersIsAbsent) {
  for (const char* none : {"0.0", "null"}) {
    Connection kraken;
    kraken.open({{"ALGO/USD", Dataset::kBbo}});
    std::string text = fixture("ws_ticker_update.json");
    text.replace(text.find("0.10025"), 7, none);
    ASSERT_TRUE(kraken.feed(text));
    ASSERT_EQ(kraken.out.bbos.size(), 1U);
    EXPECT_FALSE(kraken.out.bbos[0].second.bid);
    EXPECT_TRUE(kraken.out.bbos[0].second.ask);
  }
}

TEST(KrakenTicker, AnUnreadableTimeIsFlaggedAndCostsNoData) {
  Connection kraken;
  std::string text = fixture("ws_ticker_update.json");
  text.replace(text.find("2023-09-25"), 10, "2023-19-25");
  ASSERT_TRUE(kraken.feed(text));
  EXPECT_FALSE(kraken.out.tickers[0].first.venue_time);
  EXPECT_EQ(kraken.out.tickers[0].first.flags, flag::kBadVenueTime);
}

TEST(KrakenCandle, ARowIsABarOfItsInterval) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_ohlc_update.json"));
  ASSERT_EQ(kraken.out.candles.size(), 1U);
  const auto& [meta, candle] = kraken.out.candles[0];
  EXPECT_EQ(meta.venue_time, 1'696'436'790'524'394'914);
  EXPECT_EQ(candle.interval, "5m");
  EXPECT_EQ(candle.open_time, 1'696'436'700'000'000'000);
  EXPECT_EQ(candle.close_time, 1'696'437'000'000'000'000);
  EXPECT_EQ(candle.close->value, (schemas::Decimal{5627, -4}));
  EXPECT_EQ(candle.volume->value, (schemas::Decimal{3092768066226, -8}));
  EXPECT_EQ(candle.trades, 12);
  EXPECT_FALSE(candle.closed) << "the venue does not say";
}

TEST(KrakenCandle, EveryDocumentedIntervalHasItsDatasetAndNoOther) {
  const std::pair<const char*, const char*> intervals[] = {{"1", "1m"},    {"5", "5m"},     {"15", "15m"},
                                                           {"30", "30m"},  {"60", "1h"},    {"240", "4h"},
                                                           {"1440", "1d"}, {"10080", "1w"}, {"21600", "15d"}};
  for (const auto& [minutes, interval] : intervals) {
    Connection kraken;
    std::string text = fixture("ws_ohlc_update.json");
    text.replace(text.find("\"interval\":5"), 12, std::string("\"interval\":") + minutes);
    ASSERT_TRUE(kraken.feed(text));
    EXPECT_EQ(kraken.out.candles[0].second.interval, interval);
  }
  Connection kraken;
  std::string text = fixture("ws_ohlc_update.json");
  text.replace(text.find("\"interval\":5"), 12, "\"interval\":7");
  EXPECT_EQ(kraken.feed(text).error(), (Error{Errc::kBadNumber, "data[0].interval"}));
}

TEST(KrakenStatus, MaintenanceHaltsWhatFlowsAndOnlineBringsItBack) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_status_online.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_status_maintenance.json"));
  ASSERT_TRUE(kraken.feed_file("ws_book_update.json"));
  EXPECT_EQ(kraken.out.books.size(), 2U) << "what the venue still sends is true";
  ASSERT_TRUE(kraken.feed_file("ws_status_online.json"));
  EXPECT_THAT(kraken.out.states, ElementsAre("book LIVE live", "book HALTED maintenance", "book LIVE online"));
}

TEST(KrakenStatus, ANewWordOfTheVenueBecomesNoReason) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed(R"({"channel":"status","type":"update","data":[{"system":"full moon","version":"2.0.0"}]})"));
  EXPECT_EQ(kraken.out.states.back(), "book LIVE unknown_system");
}

TEST(KrakenStatus, ABookLostInMaintenanceIsNotLiveAfterIt) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_book_snapshot.json"));
  ASSERT_TRUE(kraken.feed_file("ws_status_maintenance.json"));
  ASSERT_FALSE(kraken.feed_file("ws_book_update_bad_checksum.json"));
  ASSERT_TRUE(kraken.feed_file("ws_status_online.json"));
  EXPECT_EQ(kraken.out.states.back(), "book RECOVERING online");
}

TEST(KrakenStatus, HeartbeatAndPongSayNothing) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed_file("ws_heartbeat.json"));
  ASSERT_TRUE(kraken.feed_file("ws_pong.json"));
  EXPECT_THAT(kraken.out.log, IsEmpty());
  EXPECT_THAT(kraken.out.drops, IsEmpty());
}

}  // namespace
}  // namespace millrace::normalize::kraken
