#include "normalize/venues/binance/plain_reader.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/venue_harness.h"

// The fast reader of the hot path: what it takes, and that it takes nothing that the general one reads otherwise. (The
// fuzz target compares the two on every input.)
namespace millrace::normalize::binance {
namespace {

constexpr std::string_view kWrapped = R"({"stream":"abcusdt@bookTicker")";
constexpr std::string_view kQuote =
    R"({"stream":"abcusdt@bookTicker","data":{"u":400900217,"s":"ABCUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}})";
constexpr std::string_view kFuturesQuote =
    R"({"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"ABCUSDT","b":"25.35","B":"31","a":"25.36","A":"40"})";
constexpr std::string_view kDepth =
    R"({"e":"depthUpdate","E":1672515782136,"s":"ABCUSDT","U":157,"u":160,"b":[["0.0024","10"],["0.0023","0"]],"a":[]})";
constexpr std::string_view kFuturesDepth =
    R"({"e":"depthUpdate","E":1672515782136,"T":1672515782130,"s":"ABCUSDT","U":157,"u":160,"pu":149,"b":[],"a":[["1.5","7"]]})";
constexpr std::string_view kTrade =
    R"({"e":"trade","E":1672515782136,"s":"ABCUSDT","t":12345,"p":"0.001","q":"123456789.5","T":1672515782136123,"m":true,"M":true})";
constexpr std::string_view kAggTrade =
    R"({"e":"aggTrade","E":1672515782136,"s":"ABCUSDT","a":5933014,"p":"0.001","q":"100","f":100,"l":105,"T":1672515782136,"m":false})";

class PlainReaderTest : public testing::Test {
 protected:
  PlainReaderTest() {
    const InstrumentId id = table_.intern("ABCUSDT");
    table_[id].price_decimals = 4;
    table_[id].quantity_decimals = 2;
  }

  bool takes(MessageKind kind, std::string_view text) {
    text_ = std::make_unique<test::PaddedText>(text);  // what was read points into it
    return takes_view(kind, text_->view());
  }
  bool takes_view(MessageKind kind, std::string_view text) {
    if (!text.starts_with(kWrapped)) return PlainReader(decoder_, text).read(kind);
    return PlainReader(decoder_, text.substr(kWrapped.size())).read_wrapped(kind);
  }

  std::unique_ptr<test::PaddedText> text_;
  InstrumentTable table_;
  MessageDecoder decoder_{table_};
};

TEST_F(PlainReaderTest, TakesWhatTheVenueSends) {
  ASSERT_TRUE(takes(MessageKind::kQuote, kQuote));
  EXPECT_EQ(decoder_.quote.u, 400900217);
  EXPECT_EQ(decoder_.quote.bid, (schemas::Level{253519, 3121}));
  EXPECT_EQ(decoder_.quote.ask, (schemas::Level{253652, 4066}));
  ASSERT_TRUE(takes(MessageKind::kQuote, kFuturesQuote));
  EXPECT_EQ(decoder_.quote.happened, 1568014460891'000'000);
  ASSERT_TRUE(takes(MessageKind::kDepth, kDepth));
  EXPECT_EQ(decoder_.depth.bids, (std::vector<schemas::Level>{{24, 1000}, {23, 0}}));
  EXPECT_EQ(decoder_.depth.ids.pu, std::nullopt);
  ASSERT_TRUE(takes(MessageKind::kDepth, kFuturesDepth));
  EXPECT_EQ(decoder_.depth.ids.pu, 149);
  ASSERT_TRUE(takes(MessageKind::kTrade, kTrade));
  EXPECT_EQ(decoder_.trade.id_text, "12345");
  EXPECT_EQ(decoder_.trade.quantity, 12345678950);
  EXPECT_EQ(decoder_.trade.happened, 1672515782136'123'000);
  EXPECT_TRUE(decoder_.trade.buyer_is_maker);
  ASSERT_TRUE(takes(MessageKind::kAggTrade, kAggTrade));
  EXPECT_EQ(decoder_.trade.first_id, 100);
  EXPECT_EQ(decoder_.trade.last_id, 105);
}

TEST_F(PlainReaderTest, EndsNowhereButAtTheEnd) {
  for (const auto& [kind, text] : {std::pair{MessageKind::kQuote, kQuote},
                                   {MessageKind::kDepth, kDepth},
                                   {MessageKind::kTrade, kTrade},
                                   {MessageKind::kAggTrade, kAggTrade}}) {
    const test::PaddedText padded(text);
    for (std::size_t size = 0; size < text.size(); ++size) {
      // What was cut off lies behind the end, as the next bytes of a receive buffer may.
      EXPECT_FALSE(takes_view(kind, padded.view().substr(0, size)));
    }
    EXPECT_FALSE(takes(kind, std::string(text) + " "));
    EXPECT_FALSE(takes(kind, std::string(text) + "}"));
  }
}

TEST_F(PlainReaderTest, LeavesEveryOtherFormToTheGeneralReader) {
  for (const std::string_view text : {
           R"({"u":1,"s":"UNKNOWN","b":"1","B":"1","a":"2","A":"1"})",  // decimals not known
           R"({"u":1,"b":"1","s":"ABCUSDT","B":"1","a":"2","A":"1"})",  // known too late
           R"({"u":1,"s":"ABCUSDT","s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":1,"s":"ABCUSDT","b":"1.00001","B":"1","a":"2","A":"1"})",  // finer than so far
           R"({"u":1,"s":"ABCUSDT","b":1,"B":"1","a":"2","A":"1"})",
           R"({"u":01,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":-1,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":12345678901234567,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":1.5,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":1,"s":"ABC\u0055SDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":1,"s":"ABCUSDT","b":"1","B":"-1","a":"2","A":"1"})",
           R"({"u":1,"s":"ABCUSDT","b":"1","B":"1","a":"2"})",
           R"({"u":1,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1","x":{}})",
           R"({"u":1, "s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1"})",
           R"({"u":1,"s":"ABCUSDT","b":"1","B":"1","a":"2","A":"1","x":"ü"})",
           "{\"u\":1,\"s\":\"ABCUSDT\",\"b\":\"1\",\"B\":\"1\",\"a\":\"2\",\"A\":\"1\",\"x\":\"\n\"}",
           R"({})",
           R"([])",
       }) {
    EXPECT_FALSE(takes(MessageKind::kQuote, text)) << text;
  }
  for (const std::string_view rows :
       {R"([["1","2","x"]])", R"([["1"]])", R"([["1","-2"]])", R"([1])", R"([[]])", R"([["1","2"],])"}) {
    const auto text = R"({"e":"depthUpdate","s":"ABCUSDT","U":1,"u":2,"a":[],"b":)" + std::string(rows) + "}";
    EXPECT_FALSE(takes(MessageKind::kDepth, text)) << text;
  }
}

TEST_F(PlainReaderTest, AStreamNameThatIsNoJsonIsRefused) {
  std::string text(kQuote);
  ASSERT_EQ(decoder_.decode(test::PaddedText(text).view()), MessageKind::kQuote);
  text.replace(text.find('@'), 1, "@\n@");
  EXPECT_EQ(decoder_.decode(test::PaddedText(text).view()), std::nullopt);
}

}  // namespace
}  // namespace millrace::normalize::binance
