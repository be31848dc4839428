#include "ingest/record/capture_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/record/base64.h"
#include "ingest/record/capture_file.h"
#include "tests/unit/ingest/record/support.h"

namespace millrace::ingest::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kGood =
    R"({"t":1700000000000000001,"dir":"in","via":"ws","conn":"public-1","text":"{\"a\":\"\\n é\"}"})"
    "\n"
    R"({"t":0,"dir":"out","via":"ws","conn":"public-1","text":"ping\t\u0001"})"
    "\n"
    R"({"t":5,"dir":"in","via":"rest","conn":"rest","req":"GET /depth?symbol=X&limit=1000","status":200,"text":"{}"})"
    "\n"
    R"({"t":6,"dir":"in","via":"ws","conn":"public-1","b64":"/wD+"})"
    "\n"
    R"({"t":7,"dir":"ctl","via":"ws","conn":"public-1","text":"close 1006 reset"})"
    "\n";

CaptureLine parse(std::string_view text) {
  CaptureLineParser parser;
  CaptureLine line;
  EXPECT_EQ(parser.parse(text, line), "");
  return line;
}

std::string problem_with(std::string_view text) {
  CaptureLineParser parser;
  CaptureLine line;
  return std::string{parser.parse(text, line)};
}

TEST(CaptureLine, IsReadWithItsPayloadAsOnTheWire) {
  const CaptureLine line = parse(kGood.substr(0, kGood.find('\n')));
  EXPECT_EQ(line.time, 1700000000000000001);
  EXPECT_EQ(line.direction, Direction::kIn);
  EXPECT_EQ(line.via, Via::kWebSocket);
  EXPECT_EQ(line.connection, "public-1");
  EXPECT_EQ(line.payload, R"({"a":"\n é"})");
  EXPECT_EQ(line.request, std::nullopt);
  EXPECT_EQ(line.status, std::nullopt);
}

TEST(CaptureLine, MayHaveItsKeysInAnyOrderAndUnknownOnesToo) {
  const CaptureLine line = parse(R"( {"text":"x", "extra":{"t":[1]}, "conn":"c","via":"ws","dir":"in","t":3} )");
  EXPECT_EQ(line.time, 3);
  EXPECT_EQ(line.payload, "x");
}

TEST(CaptureLine, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(problem_with(R"({"t":1,"dir":"in","via":"ws","conn":"c"})"),
            "a key is missing: t, dir, via, conn and text or b64 are needed");
  EXPECT_EQ(problem_with(R"({"t":1.5,"dir":"in","via":"ws","conn":"c","text":""})"), "t is no integer");
  EXPECT_EQ(problem_with(R"({"t":1,"dir":"up","via":"ws","conn":"c","text":""})"), "dir is none of in, out, ctl");
  EXPECT_EQ(problem_with(R"({"t":1,"dir":"in","via":"tcp","conn":"c","text":""})"), "via is neither ws nor rest");
  EXPECT_EQ(problem_with(R"({"t":1,"dir":"in","via":"ws","conn":"c","b64":"_"})"), "b64 is no base64");
  EXPECT_EQ(problem_with(R"({"t":1,"dir":"in","via":"ws","conn":"c","text":""}{})"), "more than one JSON object");
  EXPECT_EQ(problem_with("[1]"), "not a JSON object");
  EXPECT_EQ(problem_with("{\"t\":1,\"dir\":\"\xff\"}"), "not UTF-8");
}

TEST(CaptureLine, EveryCutOfAGoodLineIsAProblemAndNoCrash) {
  const std::string_view line = kGood.substr(0, kGood.find('\n'));
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_NE(problem_with(line.substr(0, length)), "") << length;
  }
}

TEST(Base64, GoesThereAndBackForAllLengths) {
  std::string bytes, text, back;
  for (int length = 0; length < 300; ++length) {
    text.clear();
    append_base64(bytes, text);
    EXPECT_EQ(text.size() % 4, 0u);
    ASSERT_TRUE(decode_base64(text, back)) << text;
    EXPECT_EQ(back, bytes);
    bytes += static_cast<char>(length * 37);
  }
  for (const std::string_view bad : {"a", "ab==cd==", "a===", " abc", "ab!="}) EXPECT_FALSE(decode_base64(bad, back));
}

TEST(Base64, LongOnesAreSplitWithoutATrace) {
  std::string bytes(200'001, '\xf0'), text, back;
  append_base64(bytes, text);
  EXPECT_EQ(text.find('='), text.npos);  // a multiple of three
  ASSERT_TRUE(decode_base64(text, back));
  EXPECT_EQ(back, bytes);
}

TEST(CaptureReader, WhatIsReadAndWrittenAgainHasTheSameBytes) {
  TempFolder folder;
  const Reread got = reread(spill(folder / "good", kGood));
  EXPECT_EQ(got.bytes, kGood);
  EXPECT_THAT(got.problems, IsEmpty());
}

TEST(CaptureReader, ZstdIsReadLikePlain) {
  TempFolder folder;
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += kGood;  // more than the blocks of the library
  const std::string path = spill(folder / "many", many);
  ASSERT_EQ(compress_file(path), "");
  EXPECT_THAT(folder.files(), ElementsAre("many.zst"));
  EXPECT_EQ(reread(path + ".zst").bytes, many);

  // Two frames one after the other are one file.
  const std::string packed = slurp(path + ".zst");
  EXPECT_EQ(reread(spill(folder / "twice", packed + packed)).bytes, many + many);
}

TEST(CaptureReader, ACutZstdFileEndsWithAProblem) {
  TempFolder folder;
  const std::string path = spill(folder / "good", kGood);
  ASSERT_EQ(compress_file(path), "");
  const std::string packed = slurp(path + ".zst");
  const Reread got = reread(spill(folder / "cut", packed.substr(0, packed.size() - 6)));
  ASSERT_EQ(got.problems.size(), 1u);
  EXPECT_THAT(got.problems[0], testing::HasSubstr("zstd: the file ends inside a frame"));
  const Reread garbled = reread(spill(folder / "garbled", packed.substr(0, 8) + std::string(50, '\xaa')));
  ASSERT_EQ(garbled.problems.size(), 1u);
  EXPECT_THAT(garbled.problems[0], testing::HasSubstr("zstd: "));
}

TEST(CaptureReader, GoesOnBehindABadLineAndNamesIt) {
  TempFolder folder;
  const std::string text = std::string{kGood} + "nonsense\n\n" + std::string{kGood};
  const Reread got = reread(spill(folder / "bad", text));
  EXPECT_EQ(got.bytes, std::string{kGood} + std::string{kGood});
  EXPECT_THAT(got.problems, ElementsAre("6: not a JSON object"));
}

TEST(CaptureReader, TellsATornLastLine) {
  TempFolder folder;
  const Reread torn = reread(spill(folder / "torn", kGood.substr(0, kGood.size() - 5)));
  EXPECT_THAT(torn.problems, ElementsAre("5: torn last line: not a JSON object"));
  // Only the newline is missing: the line is whole.
  const Reread whole = reread(spill(folder / "whole", kGood.substr(0, kGood.size() - 1)));
  EXPECT_EQ(whole.bytes, kGood);
}

TEST(CaptureReader, PassesOverALineBeyondTheBound) {
  TempFolder folder;
  const std::string text = std::string(500'000, 'x') + '\n' + std::string{kGood} + std::string(1'000, 'y');
  const Reread got = reread(spill(folder / "long", text), 200);
  EXPECT_EQ(got.bytes, kGood);
  EXPECT_THAT(got.problems, ElementsAre("1: line too long", "7: line too long"));
}

TEST(CaptureReader, AFileThatIsNotThereIsSaidAtOnce) {
  EXPECT_THROW(CaptureReader{"/nowhere/x.capture.jsonl"}, std::runtime_error);
}

TEST(CaptureReader, AllRecordingsComeBackByteForByte) {
  const std::filesystem::path captures{MILLRACE_SOURCE_DIR "/../shared/captures"};
  if (!std::filesystem::exists(captures)) GTEST_SKIP() << "no recordings at " << captures;
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{captures}) {
    if (!entry.path().string().ends_with(".capture.jsonl")) continue;
    ++files;
    const Reread got = reread(entry.path());
    EXPECT_THAT(got.problems, IsEmpty()) << entry.path();
    EXPECT_TRUE(got.bytes == slurp(entry.path())) << entry.path();
  }
  EXPECT_GT(files, 0);
}

}  // namespace
}  // namespace millrace::ingest::test
