#include "normalize/venues/kraken/messages.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/unit/normalize/kraken/kraken_test.h"

// Damaged and hostile frames: an error that says where, never a crash, nothing published.
namespace millrace::normalize::kraken {
namespace {

constexpr const char* kFixtures[] = {"ws_book_snapshot.json",       "ws_book_update.json",   "ws_trade_update.json",
                                     "ws_ticker_update.json",       "ws_ohlc_update.json",   "ws_ack_book.json",
                                     "ws_instrument_snapshot.json", "ws_status_online.json", "ws_heartbeat.json"};

struct Damage {
  const char* file;
  const char* from;
  const char* to;
  Errc code;
  const char* where;
};

class KrakenDamage : public testing::TestWithParam<Damage> {};

TEST_P(KrakenDamage, IsAnErrorWithItsPlaceAndPublishesNothing) {
  const Damage& damage = GetParam();
  std::string text = fixture(damage.file);
  const std::size_t at = text.find(damage.from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(damage.from).size(), damage.to);
  Connection kraken;
  const auto got = kraken.feed(text);
  ASSERT_TRUE(got.has_error()) << text;
  EXPECT_EQ(got.error().where, damage.where);
  EXPECT_EQ(got.error().code, damage.code) << name(got.error().code);
  EXPECT_TRUE(kraken.out.published_nothing());
  EXPECT_TRUE(kraken.out.log.empty());
}

constexpr Damage kDamages[] = {
    {"ws_book_snapshot.json", "0.5663,", "0.5.663,", Errc::kBadNumber, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "\"0.5663\",", Errc::kWrongType, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "NaN,", Errc::kWrongType, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "-0.5663,", Errc::kBadNumber, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "1e999,", Errc::kBadNumber, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "99999999999999999999,", Errc::kBadNumber, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "0.5663,", "1e-40,", Errc::kBadNumber, "data[0].bids[3].price"},
    {"ws_book_snapshot.json", "\"qty\":4655.40412487", "\"qty\":null", Errc::kWrongType, "data[0].asks[1].qty"},
    {"ws_book_snapshot.json", "\"qty\":4655.40412487", "\"size\":1", Errc::kMissingField, "data[0].asks[1].qty"},
    {"ws_book_snapshot.json", "\"asks\":[", "\"asks\":[7,", Errc::kWrongType, "data[0].asks"},
    {"ws_book_snapshot.json", "\"asks\"", "\"offers\"", Errc::kMissingField, "data[0].asks"},
    {"ws_book_snapshot.json", "2439117997", "4294967296", Errc::kBadNumber, "data[0].checksum"},
    {"ws_book_snapshot.json", "2439117997", "\"2439117997\"", Errc::kWrongType, "data[0].checksum"},
    {"ws_book_snapshot.json", "\"checksum\"", "\"sum\"", Errc::kMissingField, "data[0].checksum"},
    {"ws_book_snapshot.json", "\"MATIC/USD\"", "7", Errc::kWrongType, "data[0].symbol"},
    {"ws_book_snapshot.json", "\"MATIC/USD\"", "\"\"", Errc::kUnknownInstrument, "data[0].symbol"},
    {"ws_book_snapshot.json", "\"2023-10-06T17:35:55.440295Z\"", "17", Errc::kWrongType, "data[0].timestamp"},
    {"ws_book_update.json", "\"data\":[", "\"data\":[{},", Errc::kMissingField, "data[0].symbol"},
    {"ws_trade_update.json", "\"sell\"", "\"short\"", Errc::kWrongType, "data[0].side"},
    {"ws_trade_update.json", "4665907", "4665907.5", Errc::kBadNumber, "data[1].trade_id"},
    {"ws_trade_update.json", "4665907", "99999999999999999999", Errc::kBadNumber, "data[1].trade_id"},
    {"ws_trade_update.json", "\"data\":[", "\"rows\":[", Errc::kMissingField, "data"},
    {"ws_ticker_update.json", "997038.98383185", "99.70.38", Errc::kBadNumber, "data[0].volume"},
    {"ws_ticker_update.json", "\"ask\":0.10035", "\"ask\":{}", Errc::kWrongType, "data[0].ask"},
    {"ws_ohlc_update.json", "\"trades\":12", "\"trades\":1.5", Errc::kWrongType, "data[0].trades"},
    {"ws_ohlc_update.json", "2023-10-04T16:25:00", "2023-10-04 16h25:0", Errc::kMissingField, "data[0].interval_begin"},
    {"ws_status_online.json", "\"online\"", "[]", Errc::kWrongType, "data[0].system"},
    {"ws_ack_book.json", "\"success\":true", "\"success\":1", Errc::kWrongType, "success"},
    {"ws_heartbeat.json", "\"heartbeat\"", "3", Errc::kWrongType, "channel"},
};
INSTANTIATE_TEST_SUITE_P(All, KrakenDamage, testing::ValuesIn(kDamages));

TEST(KrakenMessages, EveryCutOffFrameIsBadJson) {
  for (const char* file : kFixtures) {
    const std::string whole = fixture(file);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Connection kraken;
      const auto got = kraken.feed(whole.substr(0, size));
      ASSERT_TRUE(got.has_error()) << file << " cut at " << size;
      EXPECT_TRUE(kraken.out.published_nothing()) << file << " cut at " << size;
    }
  }
}

TEST(KrakenMessages, RandomDamageNeverCrashesAndNeverPublishesAnUnprovenBook) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = fixture(kFixtures[random() % std::size(kFixtures)]);
    for (auto hits = 1 + random() % 3; hits > 0; --hits) text[random() % text.size()] = static_cast<char>(random());
    Connection kraken;
    (void)kraken.feed(text);
    for (const BookRecord& record : kraken.out.books) EXPECT_NE(record.meta.flags & schemas::flag::kChecksumOk, 0U);
  }
}

TEST(KrakenMessages, FieldsInAnotherOrderAndUnknownFieldsAreRead) {
  Connection kraken;
  ASSERT_TRUE(kraken.feed(
      R"({"data":[{"timestamp":"2023-09-25T07:49:37.708706Z","new":{"a":[1,2]},"trade_id":7,"ord_type":"market",)"
      R"("qty":40.0,"price":0.5117,"side":"sell","symbol":"MATIC\/USD"}],"type":"update","extra":null,"channel":"trade"})"));
  ASSERT_EQ(kraken.out.trades.size(), 1U);
  EXPECT_TRUE(kraken.venue->instruments().find("MATIC/USD")) << "an escaped slash is a slash";
}

TEST(KrakenMessages, WhatIsNotKnownIsCountedAndNoError) {
  for (const char* text :
       {R"({"channel":"level3","type":"update","data":[]})", R"({"channel":"book","type":"checkpoint","data":[]})",
        R"({"method":"add_order","success":true,"result":{}})", R"({"feed":"book","product_id":"PI_XBTUSD"})", "{}"}) {
    Connection kraken;
    EXPECT_TRUE(kraken.feed(text)) << text;
    EXPECT_EQ(kraken.out.drops, std::vector<std::string>{"unknown_type"}) << text;
  }
}

TEST(KrakenMessages, WhatIsNoObjectIsAnError) {
  for (const char* text : {"[]", "17", "\"x\"", "null", "", " ", "{", "}", R"({"channel":"heartbeat"}{})",
                           R"({"channel":"heartbeat"}})", "[336,{\"as\":[]},\"book-10\",\"XBT/USD\"]"}) {
    Connection kraken;
    EXPECT_TRUE(kraken.feed(text).has_error()) << text;
  }
}

TEST(KrakenMessages, MoreLevelsThanTheVenueHasAreRefused) {
  std::string bids;
  for (int i = 1; i <= 1001; ++i) bids += (i == 1 ? "" : ",") + ("{\"price\":" + std::to_string(i) + ",\"qty\":1}");
  Connection kraken;
  const auto got = kraken.feed(R"({"channel":"book","type":"snapshot","data":[{"symbol":"A/B","bids":[)" + bids +
                               R"(],"asks":[],"checksum":1}]})");
  EXPECT_EQ(got.error(), (Error{Errc::kTooLarge, "data[0].bids"}));
}

}  // namespace
}  // namespace millrace::normalize::kraken
