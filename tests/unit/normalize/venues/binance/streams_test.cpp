#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/venues/binance/streams.h"
#include "normalize/venues/binance/venue_config.h"
#include "tests/support/venue_harness.h"

// What is said to the venue and read from its reference data: addresses, texts, limits, names.
namespace millrace::test {
namespace {

using normalize::Errc;
using normalize::Subscription;
using schemas::InstrumentKind;
using schemas::InstrumentStatus;
using schemas::StreamState;
using testing::ElementsAre;
using testing::SizeIs;

std::string fixture(std::string_view name) { return VenueHarness::fixture("binance", name); }

TEST(BinanceSubscribe, TextsMatchTheGoldenFiles) {
  VenueHarness venue{"binance-spot"};
  venue.open({{"BTCUSDT", Dataset::kBook},
              {"BTCUSDT", Dataset::kBboBook},
              {"BTCUSDT", Dataset::kBbo},
              {"BTCUSDT", Dataset::kTrade},
              {"ETHBTC", Dataset::kTradeAgg},
              {"ETHBTC", Dataset::kCandle1M},
              {"ETHBTC", Dataset::kTicker}});
  EXPECT_THAT(venue.todo.send, ElementsAre(fixture("subscribe_spot.json")));
  venue.clear();
  venue.change({}, {{"BTCUSDT", Dataset::kTrade}, {"BTCUSDT", Dataset::kBboBook}});
  EXPECT_THAT(venue.todo.send, ElementsAre(fixture("unsubscribe_spot.json"))) << "the book goes on";
}

TEST(BinanceSubscribe, AsksForAtMost200StreamsAtOnce) {
  VenueHarness venue{"binance-spot"};
  std::vector<Subscription> wanted;
  for (int i = 0; i < 450; ++i) wanted.push_back({"S" + std::to_string(i), Dataset::kBbo});
  venue.open(wanted);
  ASSERT_THAT(venue.todo.send, SizeIs(3));
  EXPECT_EQ(std::count(venue.todo.send[0].begin(), venue.todo.send[0].end(), '@'), 200);
  EXPECT_EQ(std::count(venue.todo.send[2].begin(), venue.todo.send[2].end(), '@'), 50);
  EXPECT_TRUE(venue.todo.send[2].ends_with("\"id\":3}"));
}

TEST(BinanceSubscribe, AnAcknowledgementMakesStreamsLiveAndARefusalHaltsThem) {
  VenueHarness venue{"binance-spot"};
  venue.open({{"BTCUSDT", Dataset::kTrade}});
  ASSERT_TRUE(venue.feed(R"({"result":null,"id":1})"));
  ASSERT_THAT(venue.out.states, SizeIs(1));
  EXPECT_EQ(venue.out.states[0].state, StreamState::kLive);
  venue.change({{"ETHBTC", Dataset::kTrade}}, {});
  const auto got = venue.feed(R"({"code":2,"msg":"Invalid request: unknown variant","id":2})");
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error(), (normalize::Error{Errc::kRefused, "Invalid request: unknown variant"}));
  EXPECT_EQ(venue.out.states.back().state, StreamState::kHalted);
  EXPECT_EQ(venue.out.states.back().symbol, "ETHBTC");
}

TEST(BinancePlan, UsdMarginedStreamsGoToTheirRoutes) {
  VenueHarness venue{"binance-usdm"};
  const std::vector<Subscription> wanted{
      {"BTCUSDT", Dataset::kBook}, {"BTCUSDT", Dataset::kTradeAgg}, {"BTCUSDT", Dataset::kBbo}};
  const auto plans = venue.venue->plan(wanted);
  ASSERT_TRUE(plans.has_value());
  ASSERT_THAT(*plans, SizeIs(2));
  EXPECT_EQ((*plans)[0].url, "wss://fstream.binance.com/public/stream");
  EXPECT_THAT((*plans)[0].subscriptions, ElementsAre(wanted[0], wanted[2]));
  EXPECT_EQ((*plans)[1].url, "wss://fstream.binance.com/market/stream");
}

TEST(BinancePlan, AddressesCanBeReplaced) {
  normalize::VenueOptions options;
  options.ws_url = "wss://127.0.0.1:9000/";
  options.rest_url = "https://127.0.0.1:9001";
  VenueHarness venue{"binance-usdm", options};
  const std::vector<Subscription> wanted{{"BTCUSDT", Dataset::kTicker}};
  EXPECT_EQ((*venue.venue->plan(wanted))[0].url, "wss://127.0.0.1:9000/market/stream");
  EXPECT_EQ(venue.venue->rest_url(), "https://127.0.0.1:9001");
  EXPECT_EQ(VenueHarness{"binance-spot"}.venue->rest_url(), "https://api.binance.com");
}

TEST(BinancePlan, NoConnectionCarriesMoreThanTheVenueAllows) {
  VenueHarness venue{"binance-spot"};
  std::vector<Subscription> wanted;
  for (int i = 0; i < 1500; ++i) wanted.push_back({"S" + std::to_string(i), Dataset::kBbo});
  const auto plans = *venue.venue->plan(wanted);
  ASSERT_THAT(plans, SizeIs(2));
  EXPECT_THAT(plans[0].subscriptions, SizeIs(1024));
  EXPECT_THAT(plans[1].subscriptions, SizeIs(476));
}

TEST(BinancePlan, WhatTheVenueCannotDoIsAnError) {
  normalize::VenueOptions slow;
  slow.book_speed = "3ms";
  const std::vector<Subscription> second{{"BTCUSDT", Dataset::kCandle1s}};
  const std::vector<Subscription> book{{"BTCUSDT", Dataset::kBook}};
  EXPECT_EQ(VenueHarness{"binance-usdm"}.venue->plan(second).error().where, "binance-usdm has no candle-1s");
  EXPECT_TRUE(VenueHarness{"binance-spot"}.venue->plan(second).has_value());
  EXPECT_EQ(VenueHarness("binance-spot", slow).venue->plan(book).error().where, "binance-spot has no book speed 3ms");
}

TEST(BinancePlan, ASymbolThatTheReferenceDataDoesNotNameIsRefused) {
  VenueHarness venue{"binance-spot"};
  ASSERT_TRUE(venue.reference(fixture("rest_info_spot.json")));
  EXPECT_TRUE(venue.venue->plan(std::vector<Subscription>{{"ETHBTC", Dataset::kBook}}).has_value());
  const auto plans = venue.venue->plan(std::vector<Subscription>{{"ETHBTV", Dataset::kBook}});
  ASSERT_TRUE(plans.has_error());
  EXPECT_EQ(plans.error(), (normalize::Error{Errc::kUnknownInstrument, "ETHBTV"}));
}

TEST(BinanceReference, SpotGivesNamesTicksAndStatus) {
  VenueHarness venue{"binance-spot"};
  EXPECT_EQ(venue.venue->reference_requests().at(0).target, "/api/v3/exchangeInfo");
  ASSERT_TRUE(venue.reference(fixture("rest_info_spot.json")));
  ASSERT_THAT(venue.out.events, SizeIs(2));
  const auto& info = venue.venue->instruments()[*venue.venue->instruments().find("ETHBTC")];
  EXPECT_EQ(info.instrument, "ETH-BTC");
  EXPECT_EQ(info.price_decimals, 6);
  EXPECT_EQ(info.quantity_decimals, 3);
  const schemas::Instrument& eth = venue.out.events[0].instrument;
  EXPECT_EQ(eth.kind, InstrumentKind::kSpot);
  EXPECT_EQ(eth.status, InstrumentStatus::kTrading);
  EXPECT_TRUE(schemas::equal_value(eth.min_notional->value, {1, -4}));
  EXPECT_EQ(venue.out.events[1].instrument.status, InstrumentStatus::kHalted);
}

TEST(BinanceReference, ContractsAreNamedByKindAndDay) {
  VenueHarness venue{"binance-usdm"};
  ASSERT_TRUE(venue.reference(fixture("rest_info_usdm.json")));
  const auto name = [&](std::string_view symbol) {
    return venue.venue->instruments()[*venue.venue->instruments().find(symbol)].instrument;
  };
  EXPECT_EQ(name("BTCUSDT"), "BTC-USDT-PERP");
  EXPECT_EQ(name("BTCUSDT_260925"), "BTC-USDT-20260925");
  EXPECT_EQ(name("TSLAUSDT"), "TSLA-USDT-PERP");
  EXPECT_EQ(venue.out.events[1].instrument.kind, InstrumentKind::kFuture);
  EXPECT_EQ(venue.out.events[1].instrument.expiry_time, 1790323200'000'000'000);
  EXPECT_EQ(venue.out.events[2].instrument.status, InstrumentStatus::kUnknown);
  EXPECT_EQ(venue.out.events[2].instrument.status_text, "SOMETHING_NEW");
}

TEST(BinanceReference, CoinMarginedHasAContractSizeAndItsOwnStatusKey) {
  VenueHarness venue{"binance-coinm"};
  ASSERT_TRUE(venue.reference(fixture("rest_info_coinm.json")));
  const schemas::Instrument& perp = venue.out.events.at(0).instrument;
  EXPECT_EQ(perp.status, InstrumentStatus::kTrading);
  EXPECT_EQ(perp.contract_size->value, (schemas::Decimal{100, 0}));
  EXPECT_EQ(perp.settle, "BTC");
}

TEST(BinanceReference, OnlyChangesAreToldAgain) {
  VenueHarness venue{"binance-spot"};
  std::string text = fixture("rest_info_spot.json");
  ASSERT_TRUE(venue.reference(text));
  venue.clear();
  ASSERT_TRUE(venue.reference(text));
  EXPECT_THAT(venue.out.events, SizeIs(0));
  text.replace(text.find("BREAK"), 5, "TRADING");
  ASSERT_TRUE(venue.reference(text));
  ASSERT_THAT(venue.out.events, SizeIs(1));
  EXPECT_EQ(venue.out.events[0].symbol, "BTCUSDT");
}

TEST(BinanceReference, ABrokenAnswerChangesNothing) {
  VenueHarness venue{"binance-spot"};
  const std::string text = fixture("rest_info_spot.json");
  EXPECT_TRUE(venue.reference(text.substr(0, text.size() - 40)).has_error());
  const auto got = venue.reference(R"({"symbols":[{"symbol":"A","baseAsset":"B","quoteAsset":"C"},{"symbol":"D"}]})");
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().where, "symbols[1].baseAsset");
  EXPECT_EQ(venue.venue->instruments().size(), 0U);
}

TEST(BinanceReference, IsReadAgainWhileSomebodyWantsIt) {
  VenueHarness venue{"binance-spot"};
  venue.open({{"ETHBTC", Dataset::kInstrument}});
  EXPECT_THAT(venue.todo.send, SizeIs(0));
  ASSERT_TRUE(venue.todo.wake_at.has_value());
  const UnixNanos at = *venue.todo.wake_at;
  venue.todo.clear();
  venue.wake(at);
  ASSERT_THAT(venue.todo.rest, SizeIs(1));
  EXPECT_EQ(venue.todo.rest[0].key, "exchangeInfo");
  EXPECT_GT(*venue.todo.wake_at, at);
  ASSERT_TRUE(venue.answer(venue.todo.rest[0].target, fixture("rest_info_spot.json")));
  EXPECT_THAT(venue.out.events, SizeIs(2));
}

TEST(BinanceTargets, RecordedRequestsAreUnderstood) {
  const auto target = normalize::binance::parse_target("GET /api/v1/depth?limit=500&symbol=%E5%B8%81USDT");
  EXPECT_EQ(target.kind, normalize::binance::Target::Kind::kDepth);
  EXPECT_EQ(target.symbol, "\xe5\xb8\x81USDT");
  EXPECT_EQ(target.limit, 500);
  const auto& spot = normalize::binance::venue_configs()[0];
  EXPECT_EQ(normalize::binance::depth_target(spot, target.symbol, 500), "/api/v3/depth?symbol=%E5%B8%81USDT&limit=500");
}

TEST(BinanceTargets, DepthRequestsCostWhatTheTablesSay) {
  const auto& spot = normalize::binance::venue_configs()[0];
  const auto& futures = normalize::binance::venue_configs()[3];
  ASSERT_EQ(futures.name, "binance-usdm");
  const auto cost = [](const auto& config, int levels) {
    const auto request = normalize::binance::depth_request(config, levels);
    return std::pair(request.levels, request.weight);
  };
  EXPECT_EQ(cost(spot, 0), std::pair(1000, 50));
  EXPECT_EQ(cost(spot, 101), std::pair(101, 25));
  EXPECT_EQ(cost(spot, 99'999), std::pair(5000, 250));
  EXPECT_EQ(cost(futures, 101), std::pair(500, 10));
  EXPECT_EQ(cost(futures, 0), std::pair(1000, 20));
}

TEST(BinanceVenues, AllAreRegistered) {
  for (const auto& config : normalize::binance::venue_configs()) {
    const auto venue = normalize::make_venue(config.name, {});
    ASSERT_NE(venue, nullptr) << config.name;
    EXPECT_EQ(venue->venue_name(), config.name);
    EXPECT_EQ(venue->capabilities().limits.lifetime_s, 24 * 60 * 60);
  }
  EXPECT_EQ(normalize::make_venue("binance", {}), nullptr);
}

}  // namespace
}  // namespace millrace::test
