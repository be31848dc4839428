#include "publish/kafka/record_header.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace::publish {
namespace {

TEST(RecordHeader, LayoutIsVersionSchemaOriginFlagsEpochSeq) {
  const RecordHeader header{schemas::MessageType::kTrade, schemas::Origin::kLive, RecordHeader::kPossibleDuplicate, 300,
                            5};
  EXPECT_EQ(encode_header(header).view(), std::string_view("\x01\x02\x01\x01\xac\x02\x05", 7));
}

TEST(RecordHeader, ReadsBackWhatItWrote) {
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{127}, std::int64_t{128},
                                    std::numeric_limits<std::int64_t>::max(), std::int64_t{-1}}) {
    const RecordHeader header{schemas::MessageType::kBook, schemas::Origin::kSnapshot, 0, number, number};
    EXPECT_EQ(decode_header(encode_header(header).view()), header);
  }
}

TEST(RecordHeader, RefusesWhatIsCutShortOrOfAnotherVersion) {
  const RecordHeader header{schemas::MessageType::kBook, schemas::Origin::kLive, 0, 1'000'000, 1'000'000};
  const auto bytes = encode_header(header);
  for (std::size_t size = 0; size < bytes.size; ++size) EXPECT_FALSE(decode_header(bytes.view().substr(0, size)));
  EXPECT_FALSE(decode_header(std::string(bytes.view()) + "x"));
  std::string other(bytes.view());
  other[0] = 2;
  EXPECT_FALSE(decode_header(other));
}

// Their first field is a text, which may look like a Meta with an epoch.
TEST(RecordHeader, OfARecordWithoutMetaSaysOnlyTheType) {
  using schemas::MessageType;
  for (const auto type :
       {MessageType::kHeartbeat, MessageType::kClaim, MessageType::kCursor, MessageType::kSubscription}) {
    EXPECT_EQ(header_of(type, "\x0A\x02\x28\x07", 0), (RecordHeader{type, schemas::Origin::kUnspecified, 0, 0, 0}));
  }
}

TEST(RecordHeader, OfGarbageSaysOnlyTheType) {
  EXPECT_EQ(header_of(schemas::MessageType::kBook, "\xff\xff\xff", 1),
            (RecordHeader{schemas::MessageType::kBook, schemas::Origin::kUnspecified, 1, 0, 0}));
}

}  // namespace
}  // namespace millrace::publish
