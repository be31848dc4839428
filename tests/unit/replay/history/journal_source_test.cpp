#include "replay/history/journal_source.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "publish/journal/journal.h"
#include "replay/history/stream.h"
#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

namespace fs = std::filesystem;
using test::kBegin;
using test::kSecond;
using test::Made;
using test::trade;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;

class JournalSources : public testing::Test {
 protected:
  JournalSources() {
    std::string name = (fs::temp_directory_path() / "millrace-history-XXXXXX").string();
    dir = mkdtemp(name.data());
  }
  ~JournalSources() override { fs::remove_all(dir); }

  void write(const std::string& folder, const std::vector<Made>& made, schemas::MessageType type) const {
    publish::JournalSettings settings;
    settings.folder = (dir / folder).string();
    publish::Journal journal{settings};
    for (const Made& one : made) {
      const auto time = schemas::view_meta(one.bytes)->receive_time;
      ASSERT_TRUE(journal.room(one.bytes.size()));
      ASSERT_TRUE(journal.append({one.topic, one.key, one.bytes, time, 1, 0, static_cast<std::uint8_t>(type)}));
    }
    ASSERT_TRUE(journal.flush());
  }

  std::vector<Made> read(const TimeRange& range = {}) {
    std::vector<Made> out;
    for (const auto& source : open_journal(dir.string(), range, 0, problems)) {
      SourceRecord record;
      while (source->next(record)) {
        out.push_back({std::string{record.topic}, std::string{record.key}, std::string{record.bytes}});
      }
      EXPECT_EQ(source->progress().done, source->progress().total);
    }
    return out;
  }

  fs::path dir;
  Problems problems{{}};
};

std::vector<Made> trades(std::int64_t from, std::int64_t to) {
  std::vector<Made> made;
  for (std::int64_t seq = from; seq < to; ++seq) made.push_back(trade({.seq = seq, .at = kBegin + seq * kSecond}));
  return made;
}

TEST_F(JournalSources, ReadTheFoldersOfAllThreads) {
  write("market-0", trades(1, 50), schemas::MessageType::kTrade);
  write("market-1", trades(50, 60), schemas::MessageType::kTrade);
  EXPECT_EQ(read(), trades(1, 60));
  EXPECT_TRUE(problems.empty());
}

TEST_F(JournalSources, KnowTheTimesOfWhatIsStillToCome) {
  write("market-0", trades(20, 50), schemas::MessageType::kTrade);
  write("market-0", trades(10, 15), schemas::MessageType::kTrade);
  const auto sources = open_journal(dir.string(), {}, 0, problems);
  SourceRecord record;
  for (int i = 0; i < 31; ++i) {
    EXPECT_EQ(sources.front()->nothing_before(), kBegin + 10 * kSecond);
    ASSERT_TRUE(sources.front()->next(record));
  }
  while (sources.front()->next(record)) continue;
  EXPECT_GT(sources.front()->nothing_before(), kBegin + 50 * kSecond);
}

TEST_F(JournalSources, PassOverWhatHoldsNothingOfTheRange) {
  write("market-0", trades(1, 50), schemas::MessageType::kTrade);
  write("market-1", trades(50, 60), schemas::MessageType::kTrade);
  EXPECT_EQ(read({kBegin + 55 * kSecond, kBegin + 99 * kSecond}), trades(50, 60));
  EXPECT_EQ(read({kBegin, kBegin + 49 * kSecond}), trades(1, 50));
}

TEST_F(JournalSources, ATornEndIsAProblemAndWhatIsWholeIsRead) {
  write("market-0", trades(1, 50), schemas::MessageType::kTrade);
  for (const auto& file : fs::directory_iterator(dir / "market-0")) {
    if (fs::file_size(file.path()) > 100) fs::resize_file(file.path(), fs::file_size(file.path()) - 40);
  }
  const auto got = read();
  EXPECT_EQ(got, trades(1, static_cast<std::int64_t>(got.size()) + 1));
  EXPECT_LT(got.size(), 49u);
  EXPECT_THAT(problems.counts(), ElementsAre(Pair("journal", 1)));
}

TEST_F(JournalSources, ARecordOfAnotherTypeThanItsTopicIsAProblem) {
  write("market-0", trades(1, 3), schemas::MessageType::kBook);
  EXPECT_THAT(read(), IsEmpty());
  EXPECT_THAT(problems.counts(), ElementsAre(Pair("unknown_type", 2)));
}

TEST_F(JournalSources, AFolderWithoutSegmentsIsAnError) {
  EXPECT_THAT([&] { read(); }, ThrowsMessage<std::runtime_error>(HasSubstr(dir.string())));
  EXPECT_THAT([&] { open_journal("/no/such/folder", {}, 0, problems); },
              ThrowsMessage<std::runtime_error>(HasSubstr("/no/such/folder")));
}

}  // namespace
}  // namespace millrace::history
