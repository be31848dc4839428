#include "ingest/session/frame_reader.h"

#include <gmock/gmock.h>

#include <string>

#include "ingest/session/frame_writer.h"
#include "tests/unit/ingest/session/server_frames.h"

namespace millrace::ingest {
namespace {

using test::Got;
using test::kFin;
using test::kRsv1;
using test::read_at_once;
using test::server_frame;
using test::text_frame;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Incoming::Kind;

constexpr std::size_t kBound = 1 << 20;

std::vector<Got> read(std::string_view bytes, std::size_t bound = kBound) {
  FrameReader reader(bound);
  return read_at_once(reader, bytes);
}

// The close code with which the reader refuses `bytes`; 0 if it does not.
int refusal(std::string_view bytes, const DeflateOptions& deflate = {}) {
  FrameReader reader(kBound);
  reader.use_deflate(deflate);
  const auto got = read_at_once(reader, bytes);
  return !got.empty() && got.back().kind == Kind::kViolation ? got.back().close_code : 0;
}

TEST(FrameReader, MessagesOfEverySizeClassComeOutWhole) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 300'000u}) {
    const std::string text(size, 'x');
    EXPECT_THAT(read(text_frame(text)), ElementsAre(Got{Kind::kMessage, text})) << size;
  }
}

TEST(FrameReader, WholeMessageIsHandedOutWhereItWasReceived) {
  FrameReader reader(kBound);
  const auto room = reader.prepare();
  const std::string frame = text_frame(R"({"a":1})");
  frame.copy(room.data(), frame.size());
  reader.commit(frame.size());
  EXPECT_EQ(reader.next().payload.data(), room.data() + 2);
}

TEST(FrameReader, BytesBehindAMessageAtTheEndOfTheBufferAreReadable) {
  FrameReader reader(kBound);
  const std::size_t size = reader.prepare().size();  // the frame fills the buffer to its last byte
  const std::string frame = text_frame(std::string(size - 4, 'x'));
  ASSERT_EQ(frame.size(), size);
  frame.copy(reader.prepare().data(), size);
  reader.commit(size);
  const Incoming found = reader.next();
  int sum = 0;  // under the address sanitizer this is the test
  for (std::size_t i = 0; i < normalize::kFramePadding; ++i) sum += found.payload.data()[found.payload.size() + i];
  EXPECT_EQ(sum, 0);
}

TEST(FrameReader, FragmentsAreJoinedAndControlFramesBetweenThemComeFirst) {
  const std::string bytes = server_frame(1, "one ") + server_frame(kFin | 9, "ping") + server_frame(0, "two ") +
                            server_frame(kFin | 10, "pong") + server_frame(kFin | 0, "three");
  EXPECT_THAT(read(bytes),
              ElementsAre(Got{Kind::kPing, "ping"}, Got{Kind::kPong, "pong"}, Got{Kind::kMessage, "one two three"}));
}

TEST(FrameReader, BinaryMessageSaysSoAndNeedNotBeUtf8) {
  EXPECT_THAT(read(server_frame(kFin | 2, "\xff\xfe")), ElementsAre(Got{Kind::kMessage, "\xff\xfe", true}));
}

TEST(FrameReader, CloseFrameGivesItsCodeAndReasonAndEndsTheReading) {
  const std::string bytes = server_frame(kFin | 8, std::string("\x03\xf4", 2) + "restart") + text_frame("late");
  EXPECT_THAT(read(bytes), ElementsAre(Got{Kind::kClose, "restart", false, 1012}));
}

TEST(FrameReader, CloseFrameWithoutCodeIsNoStatus) {
  EXPECT_THAT(read(server_frame(kFin | 8, "")), ElementsAre(Got{Kind::kClose, "", false, close_code::kNoStatus}));
}

TEST(FrameReader, BrokenRulesAreRefusedWithProtocolError) {
  EXPECT_EQ(refusal(server_frame(kFin | kRsv1 | 1, "x")), 1002) << "compression was not agreed on";
  EXPECT_EQ(refusal(server_frame(kFin | 0x20 | 1, "x")), 1002) << "RSV2";
  EXPECT_EQ(refusal(server_frame(kFin | 0x10 | 1, "x")), 1002) << "RSV3";
  EXPECT_EQ(refusal(server_frame(kFin | 3, "x")), 1002) << "unknown data opcode";
  EXPECT_EQ(refusal(server_frame(kFin | 11, "x")), 1002) << "unknown control opcode";
  EXPECT_EQ(refusal(server_frame(kFin | 0, "x")), 1002) << "continuation of nothing";
  EXPECT_EQ(refusal(server_frame(1, "x") + text_frame("y")), 1002) << "message inside a message";
  EXPECT_EQ(refusal(server_frame(9, "x")), 1002) << "fragmented ping";
  EXPECT_EQ(refusal(server_frame(kFin | 9, std::string(126, 'x'))), 1002) << "long ping";
  EXPECT_EQ(refusal(std::string("\x81\x81", 2) + "abcd" + "x"), 1002) << "masked";
  EXPECT_EQ(refusal(std::string("\x81\x7e\x00\x01x", 5)), 1002) << "two byte length for one byte";
  EXPECT_EQ(refusal(std::string("\x81\x7f\0\0\0\0\0\0\0\x01x", 11)), 1002) << "eight byte length for one byte";
  EXPECT_EQ(refusal(std::string("\x81\x7f\x80\0\0\0\0\0\0\0", 10)), 1002) << "highest bit of the length";
  EXPECT_EQ(refusal(server_frame(kFin | 8, "\x03")), 1002) << "close frame of one byte";
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000}) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
    EXPECT_EQ(refusal(server_frame(kFin | 8, payload)), 1002) << code;
  }
}

TEST(FrameReader, CompressionBitOnAContinuationOrControlFrameIsRefused) {
  const DeflateOptions deflate{.enabled = true};
  EXPECT_EQ(refusal(server_frame(1, "x") + server_frame(kFin | kRsv1, "y"), deflate), 1002);
  EXPECT_EQ(refusal(server_frame(kFin | kRsv1 | 9, "y"), deflate), 1002);
}

TEST(FrameReader, TextThatIsNotUtf8IsRefusedWithBadPayload) {
  EXPECT_EQ(refusal(text_frame("\xc3\x28")), 1007);
  EXPECT_EQ(refusal(server_frame(1, "\xe2\x82") + server_frame(kFin, "x")), 1007) << "broken over a fragment's edge";
  EXPECT_EQ(refusal(server_frame(kFin | 8, std::string("\x03\xe8\xff", 3))), 1007) << "close reason";
  EXPECT_EQ(refusal(server_frame(1, "\xe2\x82") + server_frame(kFin, "\xac")), 0) << "whole over a fragment's edge";
}

TEST(FrameReader, TooLongMessageIsRefusedByItsHeaderAlone) {
  const std::string header = text_frame(std::string(2000, 'x')).substr(0, 4);
  FrameReader reader(1000);
  const auto got = read_at_once(reader, header);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].close_code, close_code::kTooBig);
}

TEST(FrameReader, FragmentsThatTogetherAreTooLongAreRefused) {
  const std::string half(600, 'x');
  const auto got = read(server_frame(1, half) + server_frame(kFin, half), 1000);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].close_code, close_code::kTooBig);
  EXPECT_EQ(read(text_frame(std::string(1000, 'x')), 1000)[0].kind, Kind::kMessage) << "the bound itself is allowed";
}

TEST(FrameReader, ViolationIsTheAnswerFromThenOn) {
  FrameReader reader(kBound);
  read_at_once(reader, server_frame(kFin | 3, "x") + text_frame("late"));
  EXPECT_EQ(reader.next().kind, Kind::kViolation);
}

TEST(FrameReader, ResetForgetsHalfAMessageAndViolations) {
  FrameReader reader(kBound);
  read_at_once(reader, server_frame(1, "half") + server_frame(kFin | 3, ""));
  reader.reset();
  EXPECT_THAT(read_at_once(reader, text_frame("new")), ElementsAre(Got{Kind::kMessage, "new"}));
}

TEST(FrameReader, HugeMessageDoesNotKeepItsMemory) {
  FrameReader reader(8 << 20);
  read_at_once(reader, text_frame(std::string(4 << 20, 'x')));
  EXPECT_LE(reader.prepare().size(), 1u << 20);
}

// RFC 7692, 7.2.3: "Hello" in one block, with the context of the first, in a stored block, and in a final block.
TEST(FrameReader, CompressedMessagesOfTheRfcAreInflated) {
  const std::string first("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), again("\xf2\x00\x11\x00\x00", 5);
  const std::string stored("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11);
  const std::string final_block("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8);
  FrameReader reader(kBound);
  reader.use_deflate({.enabled = true});
  std::string bytes;
  for (const auto& payload : {first, again, stored, final_block, again}) {
    bytes += server_frame(kFin | kRsv1 | 1, payload);
  }
  const Got hello{Kind::kMessage, "Hello"};
  EXPECT_THAT(read_at_once(reader, bytes), ElementsAre(hello, hello, hello, hello, hello));
}

TEST(FrameReader, WithoutContextTakeoverAMessageMayNotLeanOnTheOneBefore) {
  const std::string first("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), again("\xf2\x00\x11\x00\x00", 5);
  const std::string bytes = server_frame(kFin | kRsv1 | 1, first) + server_frame(kFin | kRsv1 | 1, again);
  EXPECT_EQ(refusal(bytes, {.enabled = true, .no_context_takeover = true}), 1007);
}

TEST(FrameReader, DamagedCompressionIsRefused) {
  EXPECT_EQ(refusal(server_frame(kFin | kRsv1 | 1, "\xff\xff\xff"), {.enabled = true}), 1007);
}

TEST(FrameReader, CompressedMessageWithItsEndMissingIsRefused) {
  const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  for (std::size_t size = 0; size < hello.size(); ++size) {
    EXPECT_EQ(refusal(server_frame(kFin | kRsv1 | 1, hello.substr(0, size)), {.enabled = true}), 1007) << size;
  }
}

TEST(FrameReader, MessageThatInflatesBeyondTheBoundIsRefused) {
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string plain(kBound + 1, 'x'), packed(1 << 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  packed.resize(packed.size() - stream.avail_out - 4);
  deflateEnd(&stream);
  EXPECT_EQ(refusal(server_frame(kFin | kRsv1 | 1, packed), {.enabled = true}), 1009);
}

TEST(FrameWriter, FramesAreMaskedAndUnmaskToWhatWasGiven) {
  for (const std::size_t size : {0u, 5u, 125u, 126u, 65535u, 65536u}) {
    const std::string text(size, 't');
    std::string out;
    append_text(out, text, 0x01020304);
    const std::size_t header = size < 126 ? 2 : size < 65536 ? 4 : 10;
    ASSERT_EQ(out.size(), header + 4 + size);
    EXPECT_EQ(static_cast<unsigned char>(out[0]), 0x81);
    EXPECT_TRUE(out[1] & 0x80);
    const std::string key = out.substr(header, 4);
    std::string payload = out.substr(header + 4);
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ key[i % 4]);
    EXPECT_EQ(payload, text);
  }
}

}  // namespace
}  // namespace millrace::ingest
