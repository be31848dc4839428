#include "schemas/codec/json.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "tests/unit/schemas/samples.h"

namespace millrace::schemas {
namespace {

using testing::Dice;
using testing::kTypes;
using testing::sample;
using testing::TypeName;

// Is it one JSON object, to a parser that is not ours?
bool is_json_object(const std::string& text) {
  google::protobuf::Struct parsed;
  return google::protobuf::util::JsonStringToMessage(text, &parsed).ok();
}

std::string json_of(const AnyDecoded& record) {
  std::string out;
  to_json(record, out);
  return out;
}

TEST(Json, BookReadsAsInTheReadme) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  const GapMark gap{GapKind::kVenue, 7, 9, 3, "checksum"};
  Meta meta;
  meta.stream = &identity;
  meta.epoch = 12;
  meta.seq = 345;
  meta.venue_time = 1'700'000'000'000'000'001;
  meta.receive_time = 1'700'000'000'000'000'002;
  meta.staleness_ns = 5;
  meta.origin = Origin::kLive;
  meta.flags = flag::kReset | flag::kChecksumOk;
  meta.gap = {&gap, 1};
  const Level bid{452835, 10000000};
  Book body;
  body.kind = BookKind::kDelta;
  body.price_exponent = -1;
  body.quantity_exponent = -8;
  body.bids = {&bid, 1};
  body.venue_checksum = 3310070434;
  std::string out;
  to_json(meta, body, out);
  EXPECT_EQ(out,
            R"({"type":"book","meta":{"venue":"kraken","symbol":"BTC/USD","instrument":"BTC-USD","epoch":12,"seq":345,)"
            R"("venue_time_ns":1700000000000000001,"receive_time_ns":1700000000000000002,"staleness_ns":5,)"
            R"("origin":"LIVE","flags":["RESET","CHECKSUM_OK"],)"
            R"("gap":[{"kind":"VENUE","from":7,"to":9,"count":3,"reason":"checksum"}]},)"
            R"("kind":"DELTA","bids":[["45283.5","0.1"]],"asks":[],"venue_checksum":3310070434})");
}

TEST(Json, AbsentSideOfAQuoteHasNoKeys) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  Meta meta;
  meta.stream = &identity;
  Bbo body;
  body.price_exponent = -2;
  body.ask = Level{101, 0};
  std::string out;
  to_json(meta, body, out);
  EXPECT_THAT(out, ::testing::HasSubstr(R"("ask_price":"1.01","ask_quantity":"0")"));
  EXPECT_THAT(out, ::testing::Not(::testing::HasSubstr("bid")));
}

TEST(Json, TextIsEscapedAndAlwaysUtf8) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  Meta meta;
  meta.stream = &identity;
  Quarantine body;
  body.where = "a\"b\\c\n\r\t\x01Ω";
  body.frame = std::string("{\"bad\xFF\xC3\0}", 9);
  std::string out;
  to_json(meta, body, out);
  EXPECT_THAT(out, ::testing::HasSubstr(R"("where":"a\"b\\c\n\r\t\u0001Ω")"));
  EXPECT_THAT(out, ::testing::HasSubstr("\"frame\":\"{\\\"bad\uFFFD\uFFFD\\u0000}\""));
  EXPECT_TRUE(is_json_object(out));
}

TEST(Json, WideNumbersKeepEveryDigit) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  Meta meta;
  meta.stream = &identity;
  Ticker body;
  body.volume = WideDecimal{{}, "1234567.123456789012345678"};
  body.last = WideDecimal{{150, -2}, {}};
  std::string out;
  to_json(meta, body, out);
  EXPECT_THAT(out, ::testing::HasSubstr(R"("volume":"1234567.123456789012345678")"));
  EXPECT_THAT(out, ::testing::HasSubstr(R"("last":"1.5")"));
}

TEST(Json, ExecutionShowsZeroAndLeavesOutWhatTheVenueDidNotSay) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD", "main");
  Meta meta;
  meta.stream = &identity;
  Execution body;
  body.kind = ExecutionKind::kTrade;
  body.status = OrderStatus::kPartiallyFilled;
  body.side = Side::kSell;
  body.last_price = WideDecimal{{452835, -1}, {}};
  body.average_price = WideDecimal{{}, "45283.12345678901234567890"};
  body.fee = WideDecimal{{0, -8}, {}};
  std::string out;
  to_json(meta, body, out);
  EXPECT_EQ(
      out, R"({"type":"execution","meta":{"venue":"kraken","symbol":"BTC/USD","instrument":"BTC-USD",)"
           R"("account":"main","epoch":0,"seq":0,"receive_time_ns":0,"staleness_ns":0,"origin":"UNSPECIFIED"},)"
           R"("kind":"TRADE","status":"PARTIALLY_FILLED","revision":1,"side":"SELL","last_price":"45283.5",)"
           R"("average_price":"45283.12345678901234567890","fee":"0","liquidity":"UNSPECIFIED","unseen_order":false})");
}

TEST(Json, CursorNamesItsScopes) {
  std::string out;
  to_json(Cursor{"kraken", "main", "fills", 7, "sidecar-1", 5, {{"BTC/USD", 3}, {"", 4}}}, out);
  EXPECT_EQ(out,
            R"({"type":"cursor","venue":"kraken","account":"main","name":"fills","instance":7,"worker":"sidecar-1",)"
            R"("time_ns":5,"scope":[{"symbol":"BTC/USD","complete_through_ns":3},{"complete_through_ns":4}]})");
}

TEST(Json, SubscriptionNamesItsDatasets) {
  std::string out;
  to_json(Subscription{"kraken", "BTC/USD", {"book", "trade"}, 5, "ops@host-1"}, out);
  EXPECT_EQ(out, R"({"type":"subscription","venue":"kraken","symbol":"BTC/USD","dataset":["book","trade"],)"
                 R"("time_ns":5,"by":"ops@host-1"})");
}

class JsonOf : public ::testing::TestWithParam<TypeName> {};

TEST_P(JsonOf, AnyRecordIsOneObjectThatBeginsWithItsType) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Dice dice(seed == 1 ? Dice::Mode::kFull : Dice::Mode::kRandom, seed);
    const auto json = json_of(sample(GetParam().type, dice, 3));
    ASSERT_THAT(json, ::testing::StartsWith("{\"type\":\"" + std::string(GetParam().name) + "\""));
    ASSERT_TRUE(is_json_object(json)) << json;
  }
}

INSTANTIATE_TEST_SUITE_P(Messages, JsonOf, ::testing::ValuesIn(kTypes),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(Names, NumbersOfANewerSchemaHaveAWordToo) {
  EXPECT_EQ(name(static_cast<StreamState>(255)), "UNRECOGNIZED");
  EXPECT_EQ(name(StreamState::kBackingOff), "BACKING_OFF");
}

}  // namespace
}  // namespace millrace::schemas
