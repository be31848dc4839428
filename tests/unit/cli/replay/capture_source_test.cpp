#include "cli/replay/capture_source.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "cli/normalize/record_files.h"
#include "cli/normalize/run_normalize.h"
#include "cli/normalize/venue_choice.h"
#include "replay/history/replay_run.h"
#include "tests/unit/ingest/record/support.h"

namespace millrace::cli {
namespace {

using ingest::test::spill;
using ingest::test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;

// Kraken's trade channel, as its sheet has it.
std::string trade_line(int second, int id, const char* price) {
  return R"({"t":17000000)" + std::to_string(10 + second) +
         R"(000000000,"dir":"in","via":"ws","conn":"public-1","text":)" +
         R"("{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{\"symbol\":\"BTC/USD\",\"side\":\"buy\",\"price\":)" +
         price + R"(,\"qty\":0.5,\"ord_type\":\"limit\",\"trade_id\":)" + std::to_string(id) +
         R"(,\"timestamp\":\"2023-11-14T22:13:20.000000Z\"}]}"})" + "\n";
}

struct Replayed {
  std::string bytes;
  history::ReplaySummary summary;
};

Replayed replay(const CaptureSourceOptions& options) {
  Replayed out;
  history::Problems problems{{}};
  history::ReplayOptions how;
  how.read.now = 1'800'000'000'000'000'000;
  how.read.temp_folder = std::filesystem::temp_directory_path().string();
  history::ReplayRun run{history::planned(how), open_captures(options, problems), problems};
  const auto writer = history::make_stream_writer(
      history::Format::kProto, [&](std::string_view bytes) { out.bytes += bytes; }, problems);
  out.summary = run.run(*writer, [](const history::Record&) { return true; });
  return out;
}

// What `millrace normalize --proto --dataset trade` writes.
std::string normalized(const std::vector<std::string>& files) {
  std::string out;
  const auto venue = choose_venue("kraken", files, {});
  NormalizeOptions options;
  options.captures = files;
  options.format = NormalizeFormat::kProto;
  options.datasets = {"trade"};
  run_normalize(
      options, *venue, [&](std::string_view bytes) { out += bytes; }, [](std::string_view) {});
  return out;
}

TEST(Captures, BecomeWhatNormalizeMakesOfThem) {
  TempFolder folder;
  const std::vector<std::string> files{
      spill(folder / "1.jsonl", trade_line(1, 10, "64000.1") + trade_line(2, 11, "64001")),
      spill(folder / "2.jsonl", trade_line(3, 12, "64002.5"))};
  const Replayed got = replay({files, "kraken", {}, false});
  EXPECT_EQ(got.summary.records, 3);
  EXPECT_EQ(got.bytes, normalized(files));
  // Nothing has a publish time, so the hash is that of the output itself.
  history::Sha256 hash;
  hash.add(got.bytes);
  EXPECT_EQ(got.summary.sha256, hash.hex());
  EXPECT_THAT(got.summary.problems, IsEmpty());
}

TEST(Captures, LinesThatCannotBeReadAreProblemsWithTheirPlace) {
  TempFolder folder;
  const std::string file =
      spill(folder / "1.jsonl", trade_line(1, 10, "1") + "half a li\n" + trade_line(2, 11, "\\\"x\\\""));
  EXPECT_THAT(replay({{file}, "kraken", {}, false}).summary.problems, ElementsAre(Pair("capture", 2)));
  std::vector<std::string> told;
  history::Problems problems{[&](std::string_view line) { told.emplace_back(line); }};
  history::SourceRecord record;
  for (const auto& source : open_captures({{file}, "kraken", {}, false}, problems)) {
    while (source->next(record)) continue;
    EXPECT_EQ(source->progress().done, source->progress().total);
  }
  ASSERT_THAT(told, testing::SizeIs(2));
  EXPECT_THAT(told[0], HasSubstr("1.jsonl:2: not a JSON object"));
  EXPECT_THAT(told[1], HasSubstr("1.jsonl:3: "));
}

TEST(Captures, AFolderThatNamesNoVenueAndAFileThatIsNotThereAreErrors) {
  TempFolder folder;
  history::Problems problems{{}};
  const std::string file = spill(folder / "1.jsonl", "");
  EXPECT_THAT(
      [&] {
        open_captures({{file}, "", {}, false}, problems);
      },
      ThrowsMessage<std::invalid_argument>(HasSubstr("names no venue")));
  EXPECT_THAT(
      [&] {
        open_captures({{"/no/such/kraken/x.jsonl"}, "", {}, false}, problems);
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("/no/such/kraken/x.jsonl")));
}

}  // namespace
}  // namespace millrace::cli
