#include "cli/normalize/run_normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/cli/normalize/fake_venue.h"
#include "tests/unit/cli/normalize/proto_reader.h"
#include "tests/unit/ingest/record/support.h"

namespace millrace::cli::test {
namespace {

using ingest::test::spill;
using ingest::test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kCapture = R"({"t":5,"dir":"in","via":"ws","conn":"public-1","text":"trade 10"})"
                                      "\n"
                                      R"({"t":6,"dir":"in","via":"ws","conn":"public-1","text":"bad"})"
                                      "\n"
                                      "half a li\n"
                                      R"({"t":7,"dir":"in","via":"ws","conn":"public-1","text":"gap"})"
                                      "\n"
                                      R"({"t":8,"dir":"in","via":"ws","conn":"public-1","text":"trade 11"})"
                                      "\n";

struct Result {
  std::string out;
  std::vector<std::string> complaints;
  std::int64_t bad = 0;
};

NormalizeOptions of(std::vector<std::string> captures) {
  NormalizeOptions options;
  options.captures = std::move(captures);
  return options;
}

Result run(const NormalizeOptions& options) {
  Result result;
  FakeVenue venue;
  result.bad = run_normalize(
      options, venue, [&](std::string_view bytes) { result.out += bytes; },
      [&](std::string_view line) { result.complaints.emplace_back(line); });
  return result;
}

TEST(Normalize, WritesALineForEachRecordAndSaysWhatItCouldNotRead) {
  TempFolder folder;
  const std::string path = spill(folder / "c.jsonl", kCapture);
  const Result got = run(of({path}));
  EXPECT_THAT(got.complaints, ElementsAre(path + ":2: bad_number at price", path + ":3: not a JSON object"));
  EXPECT_EQ(got.bad, 2);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < got.out.size(); at = got.out.find('\n', at) + 1) {
    lines.push_back(got.out.substr(at, got.out.find('\n', at) - at));
  }
  ASSERT_EQ(lines.size(), 4u);  // trade, the hole, trade, the hole's end
  EXPECT_THAT(lines[0], testing::StartsWith(R"({"type":"trade","dataset":"trade",)"));
  EXPECT_THAT(lines[0], HasSubstr(R"("seq":1)"));
  EXPECT_THAT(lines[1], testing::StartsWith(R"({"type":"gap",)"));
  EXPECT_THAT(lines[2], HasSubstr(R"("seq":2)"));
  EXPECT_THAT(lines[2], HasSubstr("sequence"));
}

TEST(Normalize, TheSameCaptureGivesTheSameBytes) {
  TempFolder folder;
  NormalizeOptions options = of({spill(folder / "c.jsonl", kCapture)});
  for (const auto format : {NormalizeFormat::kJson, NormalizeFormat::kProto, NormalizeFormat::kSummary}) {
    options.format = format;
    EXPECT_EQ(run(options).out, run(options).out);
  }
}

TEST(Normalize, ProtoIsAStreamThatGeneratedCodeReads) {
  TempFolder folder;
  NormalizeOptions options = of({spill(folder / "c.jsonl", kCapture)});
  options.format = NormalizeFormat::kProto;
  const auto records = read_records(run(options).out);
  ASSERT_EQ(records.size(), 4u);
  EXPECT_EQ(records[0].dataset(), "trade");
  EXPECT_EQ(records[0].trade().price(), 10);
  EXPECT_EQ(records[0].trade().meta().symbol(), "X/Y");
  EXPECT_EQ(records[0].trade().meta().epoch(), 1);
  EXPECT_EQ(records[0].trade().meta().receive_time_ns(), 5);
  EXPECT_EQ(records[1].dataset(), "");
  EXPECT_EQ(records[1].gap().dataset(), "trade");
  EXPECT_EQ(records[2].trade().meta().seq(), 2);
  ASSERT_EQ(records[2].trade().meta().gap_size(), 1);
  EXPECT_EQ(records[2].trade().meta().gap(0).from(), 3);
  EXPECT_EQ(records[3].gap().repair(), "declared");
}

TEST(Normalize, KeepsOnlyTheWantedDatasetsWithoutRenumbering) {
  TempFolder folder;
  NormalizeOptions options = of({spill(folder / "c.jsonl", kCapture)});
  options.datasets = {"book"};
  EXPECT_EQ(run(options).out, "");
  options.datasets = {"book", "trade"};
  EXPECT_THAT(run(options).out, HasSubstr(R"("seq":2)"));
}

TEST(Normalize, SeveralFilesAreOneRecording) {
  TempFolder folder;
  const std::string path = spill(folder / "c.jsonl", kCapture);
  EXPECT_THAT(run(of({path, path})).out, HasSubstr(R"("seq":4)"));
}

TEST(Normalize, AStormOfErrorsIsCutShortButCounted) {
  TempFolder folder;
  std::string bad;
  for (int i = 0; i < 50; ++i) bad += "x\n";
  NormalizeOptions options = of({spill(folder / "c.jsonl", bad)});
  options.max_complaints = 3;
  const Result got = run(options);
  EXPECT_EQ(got.bad, 50);
  ASSERT_EQ(got.complaints.size(), 4u);
  EXPECT_EQ(got.complaints.back(), "... and 47 more");
}

TEST(Normalize, AFileThatIsNotThereIsAnError) { EXPECT_THROW(run(of({"/nowhere.jsonl"})), std::runtime_error); }

}  // namespace
}  // namespace millrace::cli::test
