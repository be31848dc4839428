#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/message_differencer.h>

#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"
#include "tests/unit/schemas/generated.h"
#include "tests/unit/schemas/samples.h"

namespace millrace::schemas {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using testing::Dice;
using testing::encoded;
using testing::kTypes;
using testing::make_generated;
using testing::sample;
using testing::to_generated;
using testing::TypeName;

// Our bytes, read by protoc's class, say what the struct says, and protoc would have written the same bytes.
void expect_same_as_generated(MessageType type, const AnyDecoded& record) {
  const auto bytes = encoded(record);
  const auto expected = to_generated(record);
  const auto parsed = make_generated(type);
  ASSERT_TRUE(parsed->ParseFromString(bytes));
  std::string difference;
  google::protobuf::util::MessageDifferencer differ;
  differ.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differ.Compare(*expected, *parsed)) << difference;
  EXPECT_EQ(expected->SerializeAsString(), bytes);
}

// What our decoder reads is what was written: bodies by protoc's class, and again by our bytes.
void expect_decodes_back(MessageType type, const AnyDecoded& record) {
  const auto bytes = encoded(record);
  const auto decoded = decode(type, bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(to_generated(*decoded)->DebugString(), to_generated(record)->DebugString());
  EXPECT_EQ(encoded(*decoded), bytes);
}

// Every field of the message and of the messages inside is set at least once.
void expect_every_field_set(const Message& message) {
  const Descriptor* type = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->is_repeated()) {
      EXPECT_GT(reflection->FieldSize(message, field), 0) << field->full_name();
    } else if (field->full_name().find("v1.Decimal.") == std::string::npos) {  // text or mantissa
      EXPECT_TRUE(reflection->HasField(message, field)) << field->full_name();
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    expect_every_field_set(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, 0)
                                                : reflection->GetMessage(message, field));
  }
}

class Codec : public ::testing::TestWithParam<TypeName> {};

TEST_P(Codec, FullSampleSetsEveryFieldOfTheSchema) {
  Dice dice(Dice::Mode::kFull);
  expect_every_field_set(*to_generated(sample(GetParam().type, dice)));
}

TEST_P(Codec, FullAndEmptyRecordsAreWhatGeneratedCodeReads) {
  for (const auto mode : {Dice::Mode::kFull, Dice::Mode::kEmpty}) {
    Dice dice(mode);
    const auto record = sample(GetParam().type, dice);
    expect_same_as_generated(GetParam().type, record);
    expect_decodes_back(GetParam().type, record);
  }
}

TEST_P(Codec, RandomRecordsAreWhatGeneratedCodeReads) {
  for (std::uint64_t seed = 1; seed <= 500 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(Dice::Mode::kRandom, seed);
    const auto record = sample(GetParam().type, dice);
    expect_same_as_generated(GetParam().type, record);
    expect_decodes_back(GetParam().type, record);
  }
}

TEST_P(Codec, CutRecordsAreRefusedOrAreWholeFields) {
  Dice dice(Dice::Mode::kFull, 7);
  const auto bytes = encoded(sample(GetParam().type, dice));
  const auto whole = make_generated(GetParam().type);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::string cut = bytes.substr(0, length);
    // What generated code refuses, ours refuses; ours is stricter where levels lose their quantities.
    const bool taken = decode(GetParam().type, cut).has_value();
    EXPECT_TRUE(!taken || whole->ParseFromString(cut)) << length;
  }
}

TEST_P(Codec, DamagedRecordsNeverCrash) {
  std::mt19937_64 engine(11);
  Dice dice(Dice::Mode::kFull, 3);
  const auto intact = encoded(sample(GetParam().type, dice, 5));
  for (int round = 0; round < 5000; ++round) {
    auto bytes = intact;
    for (auto left = engine() % 4 + 1; left > 0; --left) bytes[engine() % bytes.size()] = static_cast<char>(engine());
    const auto decoded = decode(GetParam().type, bytes);
    if (!decoded) continue;
    std::string json;
    to_json(*decoded, json);
    EXPECT_FALSE(json.empty());
    EXPECT_FALSE(encoded(*decoded).empty());
  }
}

TEST_P(Codec, GarbageNeverCrashes) {
  std::mt19937_64 engine(12);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(engine() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(engine());
    // Unlike generated code we do not look into fields that we do not know; what is taken can be written again.
    const auto decoded = decode(GetParam().type, bytes);
    EXPECT_TRUE(!decoded || make_generated(GetParam().type)->ParseFromString(encoded(*decoded)));
  }
}

TEST_P(Codec, UnknownFieldsOfANewerSchemaAreSkipped) {
  Dice dice(Dice::Mode::kFull, 5);
  const auto bytes = encoded(sample(GetParam().type, dice));
  // Field 900: a varint, a fixed64, a text and a fixed32.
  const std::string newer = bytes + "\xA0\x38\x01" + "\xA1\x38" + "12345678" + "\xA2\x38\x02hi" + "\xA5\x38" + "1234";
  const auto decoded = decode(GetParam().type, newer);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(encoded(*decoded), bytes);
}

INSTANTIATE_TEST_SUITE_P(Messages, Codec, ::testing::ValuesIn(kTypes),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(BookCodec, HoldsFromNoLevelsToTheLargestRefresh) {
  for (const std::size_t levels : {0U, 1U, 2U, 20U, 100U, 1000U, 5000U}) {
    Dice dice(Dice::Mode::kFull, levels + 1);
    const auto record = sample(MessageType::kBook, dice, levels);
    ASSERT_EQ(std::get<Decoded<Book>>(record).body.bids.size(), levels);
    expect_same_as_generated(MessageType::kBook, record);
    expect_decodes_back(MessageType::kBook, record);
  }
}

// The guess of a column's length takes its first value: here it is far off, both ways, around each prefix length.
TEST(BookCodec, ColumnsOfUnevenNumbersHaveCanonicalPrefixes) {
  constexpr std::int64_t kLong = -(std::int64_t{1} << 62);
  for (const std::size_t count : {2U, 12U, 13U, 127U, 128U, 129U, 1638U, 1639U}) {
    for (const auto& [first, rest] : {std::pair<std::int64_t, std::int64_t>{1, kLong}, {kLong, 1}}) {
      auto storage = std::make_shared<DecodedStorage>();
      storage->identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
      storage->bids.assign(count, {rest, rest});
      storage->bids.front() = {first, first};
      Decoded<Book> record{storage, {}, {}};
      record.meta.stream = &storage->identity;
      record.body.bids = storage->bids;
      expect_same_as_generated(MessageType::kBook, record);
    }
  }
}

TEST(MetaCodec, LengthPrefixIsCanonicalAroundEachGuess) {
  for (std::size_t length = 0; length < 300; ++length) {
    auto storage = std::make_shared<DecodedStorage>();
    storage->identity = make_stream_identity("kraken", std::string(length, 's'), "BTC-USD");
    Decoded<Bbo> record{storage, {}, {}};
    record.meta.stream = &storage->identity;
    expect_same_as_generated(MessageType::kBbo, record);
  }
}

TEST(BookCodec, LevelsWithoutQuantitiesAreRefused) {
  EXPECT_TRUE(decode(MessageType::kBook, ""));
  EXPECT_FALSE(decode(MessageType::kBook, "\x2A\x01\x02"));                  // one bid price, no quantity
  EXPECT_TRUE(decode(MessageType::kBook, "\x2A\x01\x02\x32\x01\x02"));       // one of each
  EXPECT_TRUE(decode(MessageType::kBook, std::string("\x28\x02\x30\x02")));  // the same, not packed
  EXPECT_FALSE(decode(MessageType::kBbo, "\x20\x02"));
}

TEST(BookCodec, AbsurdExponentsAreRefused) {
  EXPECT_FALSE(decode(MessageType::kBook, "\x18\xFE\xFF\xFF\xFF\x0F"));
  EXPECT_TRUE(decode(MessageType::kBook, "\x18\x0F"));
}

TEST(OtherCodec, TextThatIsNotUtf8IsRepairedWhenWritten) {
  const auto identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  Meta meta;
  meta.stream = &identity;
  StreamStatus status;
  status.detail = "closed: \xFF\xC0\xAF\xED\xA0\x80 by peer";
  std::string bytes;
  encode(meta, status, bytes);
  ASSERT_TRUE(make_generated(MessageType::kStreamStatus)->ParseFromString(bytes));
  ASSERT_TRUE(decode(MessageType::kStreamStatus, bytes));
}

TEST(OtherCodec, APlainZeroIsThereAndNotAbsent) {
  Candle body;
  body.volume = WideDecimal{};  // "0", as venues send it for a bar without trades
  const StreamIdentity identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  Meta meta;
  meta.stream = &identity;
  std::string bytes;
  encode(meta, body, bytes);
  const auto record = decode(MessageType::kCandle, bytes);
  ASSERT_TRUE(record);
  const Candle& read = std::get<Decoded<Candle>>(*record).body;
  EXPECT_EQ(read.volume, WideDecimal{});
  EXPECT_EQ(read.high, std::nullopt);
}

TEST(OtherCodec, EncodersAppend) {
  std::string out = "before";
  encode(Claim{"worker", "instance", 1, {"kraken"}, 2}, out);
  EXPECT_THAT(out, ::testing::StartsWith("before"));
  EXPECT_TRUE(decode(MessageType::kClaim, std::string_view(out).substr(6)));
}

}  // namespace
}  // namespace millrace::schemas
