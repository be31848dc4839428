#include "ingest/record/capture_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <optional>

#include "tests/unit/ingest/record/support.h"

namespace millrace::ingest::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CaptureLine frame(schemas::UnixNanos time, std::string payload) {
  CaptureLine line;
  line.time = time;
  line.connection = "public-1";
  line.payload = std::move(payload);
  return line;
}

std::string text_of(const CaptureLine& line) {
  std::string text;
  append_line(line, text);
  return text;
}

// Files of at most this size fit the process while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_{std::signal(SIGXFSZ, SIG_IGN)} {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(CaptureFile, RotatesBySizeAndPacksWhatIsClosed) {
  TempFolder folder;
  const std::string line = text_of(frame(1, std::string(100, 'x')));
  {
    CaptureFile file{{folder.path(), "run", 2 * line.size(), true}};
    for (int i = 0; i < 5; ++i) file.append(line);
    file.flush();
    EXPECT_THAT(folder.files(),
                ElementsAre("run-0001.capture.jsonl.zst", "run-0002.capture.jsonl.zst", "run-0003.capture.jsonl"));
    EXPECT_EQ(slurp(file.path()), line);  // can be followed before it is closed
  }
  EXPECT_THAT(folder.files(),
              ElementsAre("run-0001.capture.jsonl.zst", "run-0002.capture.jsonl.zst", "run-0003.capture.jsonl.zst"));
  EXPECT_EQ(reread(folder / "run-0001.capture.jsonl.zst").bytes, line + line);
  EXPECT_EQ(reread(folder / "run-0003.capture.jsonl.zst").bytes, line);
}

TEST(CaptureFile, NeverWritesOverAnEarlierRun) {
  TempFolder folder;
  spill(folder / "run-0001.capture.jsonl", "precious");
  EXPECT_THROW((CaptureFile{{folder.path(), "run"}}), std::runtime_error);
  EXPECT_EQ(slurp(folder / "run-0001.capture.jsonl"), "precious");
}

TEST(CaptureFile, ADiskThatIsFullCostsWholeLinesAndIsTold) {
  TempFolder folder;
  const std::string line = text_of(frame(1, std::string(100, 'x')));
  CaptureFile file{{folder.path(), "run", 1'000'000, false}};
  file.append(line);
  EXPECT_EQ(file.flush(), 0);
  {
    const FileSizeLimit full{line.size() + 20};
    file.append(line);
    file.append(line);
    EXPECT_EQ(file.flush(), 2);
    EXPECT_THAT(file.problem(), testing::HasSubstr("File too large"));
    EXPECT_EQ(slurp(file.path()), line);
  }
  file.append(line);
  EXPECT_EQ(file.flush(), 0);
  EXPECT_EQ(slurp(file.path()), line + line);
}

TEST(CaptureWriter, WritesInOrderAndAllBeforeItEnds) {
  TempFolder folder;
  std::string expected;
  {
    CaptureWriter writer{{{folder.path(), "run"}}};
    for (int i = 0; i < 1'000; ++i) {
      const CaptureLine line = frame(i, std::to_string(i));
      expected += text_of(line);
      EXPECT_TRUE(writer.write(line));
    }
  }
  EXPECT_EQ(reread(folder / "run-0001.capture.jsonl.zst").bytes, expected);
}

TEST(CaptureWriter, DeclaresWhatFoundNoRoomInFrontOfTheNextLine) {
  TempFolder folder;
  CaptureWriter::Settings settings{{folder.path(), "run"}, 4'096};
  {
    CaptureWriter writer{settings};
    EXPECT_FALSE(writer.write(frame(1, std::string(5'000, 'x'))));
    EXPECT_FALSE(writer.write(frame(2, std::string(5'000, 'x'))));
    EXPECT_TRUE(writer.write(frame(3, "small")));
    EXPECT_FALSE(writer.write(frame(4, std::string(5'000, 'x'))));
    EXPECT_EQ(writer.stats().dropped_full, 3);
  }
  EXPECT_EQ(reread(folder / "run-0001.capture.jsonl.zst").bytes,
            R"({"t":3,"dir":"ctl","via":"ws","conn":"recorder","text":"dropped 2"})"
            "\n"
            R"({"t":3,"dir":"in","via":"ws","conn":"public-1","text":"small"})"
            "\n"
            R"({"t":3,"dir":"ctl","via":"ws","conn":"recorder","text":"dropped 1"})"
            "\n");
}

TEST(CaptureWriter, LinesThatTheDiskRefusedAreCounted) {
  TempFolder folder;
  std::optional<CaptureWriter> writer;
  const FileSizeLimit full{20};
  writer.emplace(CaptureWriter::Settings{{folder.path(), "run", 1'000'000, false}});
  EXPECT_TRUE(writer->write(frame(1, "a frame")));
  while (writer->stats().lines == 0) std::this_thread::yield();  // handed over by the other thread
  while (writer->stats().dropped_disk == 0) std::this_thread::yield();
  writer.reset();
  EXPECT_EQ(slurp(folder / "run-0001.capture.jsonl"), "");
}

TEST(CaptureWriter, SeveralThreadsMayWrite) {
  TempFolder folder;
  {
    CaptureWriter writer{{{folder.path(), "run"}}};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer] {
        for (int i = 0; i < 500; ++i) writer.write(frame(i, "x"));
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const Reread got = reread(folder / "run-0001.capture.jsonl.zst");
  EXPECT_THAT(got.problems, IsEmpty());
  EXPECT_EQ(std::count(got.bytes.begin(), got.bytes.end(), '\n'), 2'000);
}

}  // namespace
}  // namespace millrace::ingest::test
