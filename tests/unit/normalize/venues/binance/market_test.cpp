#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/venue_harness.h"

// Quotes, trades, candles and tickers, and everything that can be wrong with a frame.
namespace millrace::test {
namespace {

using normalize::Errc;
using normalize::Error;
using schemas::Level;
using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;

std::string fixture(std::string_view name) { return VenueHarness::fixture("binance", name); }

std::string trade(int id, std::string_view time = "1700000000000") {
  return fmt::format(R"({{"e":"trade","E":{1},"s":"ABC","t":{0},"p":"1.5","q":"2","T":{1},"m":false,"M":true}})", id,
                     time);
}
std::string quote(int id, std::string_view bid = "10") {
  return fmt::format(R"({{"u":{},"s":"ABC","b":"{}","B":"1","a":"11","A":"2"}})", id, bid);
}

void expect_quote(const schemas::Bbo& got, const schemas::Bbo& want) {
  EXPECT_EQ(got.price_exponent, want.price_exponent);
  EXPECT_EQ(got.quantity_exponent, want.quantity_exponent);
  EXPECT_EQ(got.bid, want.bid);
  EXPECT_EQ(got.ask, want.ask);
}

TEST(BinanceQuote, SpotHasNoTimes) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(fixture("ws_quote_spot.json")));
  const Recorded& event = venue.out.events.at(0);
  EXPECT_EQ(event.dataset, Dataset::kBbo);
  EXPECT_EQ(event.symbol, "BNBUSDT");
  EXPECT_EQ(event.meta.venue_seq, 400900217);
  EXPECT_EQ(event.meta.venue_time, std::nullopt);
  EXPECT_EQ(event.meta.venue_send_time, std::nullopt);
  EXPECT_EQ(event.meta.flags, 0U);
  expect_quote(event.bbo, {-4, -2, Level{253519, 3121}, Level{253652, 4066}});
}

TEST(BinanceQuote, FuturesHaveBothTimes) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(fixture("ws_quote_usdm.json")));
  EXPECT_EQ(venue.out.events.at(0).meta.venue_time, 1568014460891'000'000);
  EXPECT_EQ(venue.out.events.at(0).meta.venue_send_time, 1568014460893'000'000);
}

TEST(BinanceQuote, RawAndCombinedFormsAreTheSame) {
  VenueHarness raw{"binance-usdm"};
  VenueHarness combined{"binance-usdm"};
  const std::string text = fixture("ws_quote_usdm.json");
  const auto begin = text.find("\"data\":") + 7;
  ASSERT_TRUE(raw.feed(text.substr(begin, text.size() - begin - 1)));
  ASSERT_TRUE(combined.feed(text));
  expect_quote(raw.out.events.at(0).bbo, combined.out.events.at(0).bbo);
}

TEST(BinanceQuote, AnyOrderOfKeysAndAnyWhiteSpaceDecode) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(R"( { "data" : { "A":"2", "a":"11","x":{"y":[1,2]}, "b":"10","B":"1","s":"ABC",
                              "T":1700000000001,"u":7,"e":"bookTicker"}, "stream" : "abc@bookTicker" } )"));
  ASSERT_TRUE(venue.feed(R"({"s":"ABC","B":"1","b":"9","A":"2","a":"11","u":8})"));
  ASSERT_EQ(venue.out.events.size(), 2U);
  EXPECT_EQ(venue.out.events[0].bbo.bid, (Level{10, 1}));
  EXPECT_EQ(venue.out.events[1].bbo.bid, (Level{9, 1}));
}

TEST(BinanceQuote, OldAndRepeatedOnesAreDropped) {
  VenueHarness venue{"binance-spot"};
  for (const auto& text : {quote(5), quote(5), quote(4, "9"), quote(9)}) ASSERT_TRUE(venue.feed(text));
  EXPECT_EQ(venue.out.events.size(), 2U);
  EXPECT_THAT(venue.out.drops, ElementsAre("duplicate", "stale"));
}

TEST(BinanceQuote, AnEmptySideIsAbsentAndACrossedOneFlagged) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(R"({"u":1,"s":"ABC","b":"0.00000000","B":"0.00000000","a":"11","A":"2"})"));
  ASSERT_TRUE(venue.feed(R"({"u":2,"s":"ABC","b":"12","B":"1","a":"11","A":"2"})"));
  EXPECT_EQ(venue.out.events.at(0).bbo.bid, std::nullopt);
  EXPECT_EQ(venue.out.events.at(1).meta.flags, schemas::flag::kCrossed);
}

TEST(BinanceTrade, SaysWhoTook) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(fixture("ws_trade.json")));
  const Recorded& event = venue.out.events.at(0);
  EXPECT_EQ(event.dataset, Dataset::kTrade);
  EXPECT_EQ(event.trade_id, "12345");
  EXPECT_EQ(event.meta.venue_seq, 12345);
  EXPECT_EQ(event.meta.venue_time, 1672515782135'000'000);
  EXPECT_EQ(event.meta.venue_send_time, 1672515782136'000'000);
  EXPECT_EQ(event.trade.aggressor, schemas::Side::kSell) << "the buyer is the maker";
  EXPECT_EQ(event.trade.price, 1);
  EXPECT_EQ(event.trade.price_exponent, -3);
  EXPECT_EQ(event.trade.quantity, 100);
}

TEST(BinanceTrade, AggregatedOnesNameTheirTradesAndHaveTheirOwnStream) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(fixture("ws_agg_trade.json")));
  const Recorded& event = venue.out.events.at(0);
  EXPECT_EQ(event.dataset, Dataset::kTradeAgg);
  EXPECT_EQ(event.trade_id, "9345");
  EXPECT_EQ(event.trade.first_trade_id, 100);
  EXPECT_EQ(event.trade.last_trade_id, 105);
  EXPECT_EQ(event.trade.aggressor, schemas::Side::kBuy);
}

TEST(BinanceTrade, FuturesSayTheOrderType) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(fixture("ws_trade_usdm.json")));
  EXPECT_EQ(venue.out.events.at(0).order_type, "MARKET");
}

TEST(BinanceTrade, AMissingIdIsDeclaredWithItsCount) {
  VenueHarness venue{"binance-spot"};
  for (const int id : {10, 11, 15}) ASSERT_TRUE(venue.feed(trade(id)));
  EXPECT_EQ(venue.out.events.size(), 3U);
  ASSERT_EQ(venue.out.gaps.size(), 1U);
  EXPECT_EQ(venue.out.gaps[0].dataset, Dataset::kTrade);
  const schemas::GapMark want{schemas::GapKind::kVenue, 12, 14, 3, "trade_id"};
  EXPECT_EQ(venue.out.gaps[0].mark, want);
}

TEST(BinanceTrade, ARepeatedIdIsDropped) {
  VenueHarness venue{"binance-spot"};
  for (const int id : {10, 11, 11, 10, 12}) ASSERT_TRUE(venue.feed(trade(id)));
  EXPECT_EQ(venue.out.events.size(), 3U);
  EXPECT_THAT(venue.out.drops, ElementsAre("duplicate", "duplicate"));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
}

TEST(BinanceTrade, TheHoleAcrossAReconnectIsDeclared) {
  VenueHarness venue{"binance-spot"};
  venue.open({{"ABC", Dataset::kTrade}});
  ASSERT_TRUE(venue.feed(trade(10)));
  venue.close(0);
  EXPECT_EQ(venue.out.states.back().state, StreamState::kRecovering);
  const std::size_t next = venue.connect();
  venue.open({{"ABC", Dataset::kTrade}}, next);
  ASSERT_TRUE(venue.feed(trade(20), next));
  ASSERT_EQ(venue.out.gaps.size(), 1U);
  EXPECT_EQ(venue.out.gaps[0].mark.count, 9);
}

TEST(BinanceTrade, IdsThatBeginAnewAreSaidAndFollowed) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(trade(1000)));
  ASSERT_TRUE(venue.feed(trade(3, "1700000061000")));
  EXPECT_EQ(venue.out.events.size(), 2U);
  EXPECT_EQ(venue.out.gaps.at(0).mark.reason, "ids_began_anew");
}

TEST(BinanceTrade, OneWithoutQuantityUsesUpItsIdOnly) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(trade(1)));
  ASSERT_TRUE(venue.feed(R"({"e":"trade","E":1,"T":1,"s":"ABC","t":2,"p":"0","q":"0","X":"NA","m":true})"));
  ASSERT_TRUE(venue.feed(trade(3)));
  EXPECT_EQ(venue.out.events.size(), 2U);
  EXPECT_THAT(venue.out.drops, ElementsAre("no_quantity"));
  EXPECT_THAT(venue.out.gaps, IsEmpty());
}

TEST(BinanceCandle, CarriesTheBarAsSent) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(fixture("ws_kline.json")));
  ASSERT_TRUE(venue.feed(fixture("ws_kline.json")));
  ASSERT_EQ(venue.out.events.size(), 1U);
  EXPECT_THAT(venue.out.drops, ElementsAre("duplicate"));
  const Recorded& event = venue.out.events[0];
  EXPECT_EQ(event.dataset, Dataset::kCandle1m);
  EXPECT_EQ(event.interval, "1m");
  EXPECT_EQ(event.candle.open_time, 1672515780000'000'000);
  EXPECT_EQ(event.candle.close_time, 1672515839999'000'000);
  EXPECT_EQ(event.candle.high->value, (schemas::Decimal{25, -4}));
  EXPECT_EQ(event.candle.taker_buy_quote_volume->value, (schemas::Decimal{500, -3}));
  EXPECT_EQ(event.candle.trades, 100);
  EXPECT_EQ(event.candle.closed, false);
}

TEST(BinanceTicker, CarriesTheDayAsSent) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(fixture("ws_ticker.json")));
  const schemas::Ticker& ticker = venue.out.events.at(0).ticker;
  EXPECT_EQ(ticker.last->value, (schemas::Decimal{25, -4}));
  EXPECT_EQ(ticker.change_percent->value, (schemas::Decimal{25000, -2}));
  EXPECT_EQ(ticker.bid_quantity->value, (schemas::Decimal{10, 0}));
  EXPECT_EQ(ticker.trades, 18151);
  EXPECT_EQ(ticker.open_time, 1672429382136'000'000);
}

TEST(BinanceFrames, TimesThatCannotBeReadAreFlaggedAndTheRestStands) {
  VenueHarness venue{"binance-spot"};
  for (const char* time : {"-5", "\"soon\"", "99999999999999999", "null"}) {
    venue.clear();
    ASSERT_TRUE(venue.feed(fmt::format(R"({{"e":"bookTicker","u":{},"s":"{}","b":"1","B":"1","a":"2","A":"1","T":{}}})",
                                       1, time[0] == '"' ? "AAA" : time, time)));
    EXPECT_EQ(venue.out.events.at(0).meta.flags, schemas::flag::kBadVenueTime) << time;
    EXPECT_EQ(venue.out.events.at(0).meta.venue_time, std::nullopt);
  }
}

TEST(BinanceFrames, MicrosecondsAreTakenForWhatTheyAre) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.feed(trade(1, "1700000000123456")));
  EXPECT_EQ(venue.out.events.at(0).meta.venue_time, 1700000000123456'000);
}

struct BadFrame {
  const char* text;
  Errc code;
  const char* where;
};

TEST(BinanceFrames, ErrorsSayWhatAndWhere) {
  const BadFrame frames[] = {
      {"", Errc::kBadJson, "syntax"},
      {"nonsense", Errc::kWrongType, "message"},
      {"[1,2]", Errc::kWrongType, "message"},
      {R"({"u":1,"s":"ABC","b":"1","B":"1","a":"2","A":"1")", Errc::kBadJson, "message"},
      {R"({"u":1,"s":"ABC","b":"1","B":"1","a":"2"})", Errc::kMissingField, "A"},
      {R"({"u":1,"b":"1","B":"1","a":"2","A":"1"})", Errc::kMissingField, "s"},
      {R"({"u":1,"s":"ABC","b":1,"B":"1","a":"2","A":"1"})", Errc::kWrongType, "b"},
      {R"({"u":"1","s":"ABC","b":"1","B":"1","a":"2","A":"1"})", Errc::kWrongType, "u"},
      {R"({"u":99999999999999999999,"s":"ABC","b":"1","B":"1","a":"2","A":"1"})", Errc::kBadNumber, "u"},
      {R"({"u":1,"s":"ABC","b":"1.2.3","B":"1","a":"2","A":"1"})", Errc::kBadNumber, "b"},
      {R"({"u":1,"s":"ABC","b":"1","B":"-1","a":"2","A":"1"})", Errc::kBadNumber, "quantity"},
      {R"({"u":1,"s":"ABC","b":"9999999999999999999999","B":"1","a":"2","A":"1"})", Errc::kBadNumber, "b"},
      {R"({"stream":"abc@bookTicker","data":{"u":1,"s":"ABC"}})", Errc::kMissingField, "data.b"},
      {R"({"stream":"abc@bookTicker"})", Errc::kMissingField, "data"},
      {R"({"stream":"abc@bookTicker","data":[1]})", Errc::kWrongType, "data"},
      {R"({"stream":"abc@depth","data":{"e":"depthUpdate","s":"ABC","U":1,"u":2,"b":[]}})", Errc::kMissingField,
       "data.a"},
      {R"({"stream":"abc@depth","data":{"e":"depthUpdate","s":"ABC","U":3,"u":2,"b":[],"a":[]}})", Errc::kBadNumber,
       "data.U"},
      {R"({"stream":"abc@depth","data":{"s":"ABC","U":1,"u":2,"b":[["1","1"],["2"]],"a":[]}})", Errc::kMissingField,
       "data.b[1].quantity"},
      {R"({"stream":"abc@depth","data":{"s":"ABC","U":1,"u":2,"b":[["1","1"],[]],"a":[]}})", Errc::kMissingField,
       "data.b[1].price"},
      {R"({"stream":"abc@depth","data":{"s":"ABC","U":1,"u":2,"b":[["1","-1"]],"a":[]}})", Errc::kBadNumber,
       "data.b[0].quantity"},
      {R"({"stream":"abc@depth","data":{"s":"ABC","U":1,"u":2,"b":[],"a":[["1",5]]}})", Errc::kWrongType,
       "data.a[0].quantity"},
      {R"({"stream":"abc@depth","data":{"s":"ABC","U":1,"u":2,"b":[],"a":[{"1":"5"}]}})", Errc::kWrongType,
       "data.a[0].row"},
      {R"({"e":"trade","E":1,"s":"ABC","t":1,"p":"1","q":"1","T":1,"M":true})", Errc::kMissingField, "m"},
      {R"({"e":"trade","E":1,"s":"ABC","p":"1","q":"1","T":1,"m":true})", Errc::kMissingField, "t"},
      {R"({"e":"trade","E":1,"s":"ABC","t":1,"p":"1","q":"1","T":1,"m":"true"})", Errc::kWrongType, "m"},
      {R"({"e":"kline","E":1,"s":"ABC","k":{"t":1700000000000,"i":"1m","o":"x"}})", Errc::kBadNumber, "k.o"},
      {R"({"e":"kline","E":1,"s":"ABC","k":{"i":"1m"}})", Errc::kMissingField, "k.t"},
      {R"({"e":"24hrTicker","E":1,"s":"ABC"})", Errc::kMissingField, "c"},
  };
  for (const BadFrame& frame : frames) {
    VenueHarness venue{"binance-spot"};
    const auto got = venue.feed(frame.text);
    ASSERT_TRUE(got.has_error()) << frame.text;
    EXPECT_EQ(normalize::name(got.error().code), normalize::name(frame.code)) << frame.text;
    EXPECT_EQ(got.error().where, frame.where) << frame.text;
    EXPECT_THAT(venue.out.events, IsEmpty());
  }
}

TEST(BinanceFrames, CutOffAnywhereTheyNeverCrashAndPublishNothing) {
  for (const char* name :
       {"ws_quote_usdm.json", "ws_depth_usdm.json", "ws_trade.json", "ws_kline.json", "ws_ticker.json"}) {
    const std::string whole = fixture(name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      VenueHarness venue{"binance-usdm"};
      EXPECT_TRUE(venue.feed(whole.substr(0, size)).has_error()) << name << " at " << size;
      EXPECT_THAT(venue.out.events, IsEmpty());
    }
  }
}

TEST(BinanceFrames, DeepNestingInFieldsThatWeSkipIsHarmless) {
  VenueHarness venue{"binance-spot"};
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  (void)venue.feed(R"({"x":)" + deep + R"(,"u":1,"s":"ABC","b":"1","B":"1","a":"2","A":"1"})");
  ASSERT_TRUE(venue.feed(quote(1)));
}

TEST(BinanceFrames, UnknownTypesAreCounted) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.feed(R"({"e":"markPriceUpdate","E":1,"s":"ABC","p":"1"})"));
  ASSERT_TRUE(venue.feed(R"({"stream":"abc@depth20@100ms","data":{"e":"depthUpdate","s":"ABC","U":1,"u":2,"pu":1}})"));
  ASSERT_TRUE(venue.feed(R"({"stream":"!ticker@arr","data":[{"e":"24hrTicker"}]})"));
  EXPECT_THAT(venue.out.drops, ElementsAre("unknown_type", "unknown_type", "unknown_type"));
}

TEST(BinanceFrames, AShutdownNoticeMovesTheConnection) {
  for (const char* text : {R"({"e":"serverShutdown","E":1770123456789})",
                           R"({"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1770123456789}})"}) {
    VenueHarness venue{"binance-spot"};
    ASSERT_TRUE(venue.feed(text));
    EXPECT_TRUE(venue.todo.reconnect);
    EXPECT_EQ(venue.todo.reason, "server_shutdown");
  }
}

TEST(BinanceFrames, ASymbolThatNobodyWantsIsAnErrorOnline) {
  VenueHarness venue{"binance-spot"};
  venue.open({{"XYZ", Dataset::kBbo}});
  const auto got = venue.feed(quote(1));
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().code, Errc::kUnknownInstrument);
}

}  // namespace
}  // namespace millrace::test
