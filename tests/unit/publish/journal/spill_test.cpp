#include "publish/journal/spill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::int64_t kRoomy = std::int64_t{1} << 30;

class SpillTest : public testing::Test {
 protected:
  SpillTest() {
    std::string made = (fs::temp_directory_path() / "millrace-spill-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) throw std::runtime_error("no temporary folder");
    root_ = made;
    folder = made + "/journal/account";
  }
  ~SpillTest() override { fs::remove_all(root_); }

  std::vector<std::string> segments() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".spill") found.push_back(entry.path().string());
    }
    std::ranges::sort(found);
    return found;
  }

  std::string folder;

 private:
  fs::path root_;
};

SpilledRecord record(std::int64_t seq, std::size_t size = 100) {
  SpilledRecord made;
  made.topic = "account.kraken.execution.v1";
  made.key = "main";
  made.bytes = std::string(size, static_cast<char>('a' + seq % 26)) + std::string("\0\xff\n", 3);
  made.seq = seq;
  made.slot = static_cast<std::uint32_t>(seq % 3);
  made.type = 7;
  return made;
}

void expect_same(const SpilledRecord& got, const SpilledRecord& wanted) {
  EXPECT_EQ(got.topic, wanted.topic);
  EXPECT_EQ(got.key, wanted.key);
  EXPECT_EQ(got.bytes, wanted.bytes);
  EXPECT_EQ(got.seq, wanted.seq);
  EXPECT_EQ(got.slot, wanted.slot);
  EXPECT_EQ(got.type, wanted.type);
}

std::vector<SpilledRecord> leftover_of(Spill& spill) {
  std::vector<SpilledRecord> left;
  spill.take_leftover([&](SpilledRecord one) { left.push_back(std::move(one)); });
  return left;
}

std::vector<SpilledRecord> leftover_in(const std::string& folder) {
  Spill spill(folder, kRoomy);
  return leftover_of(spill);
}

// Numbers of all that is in it.
std::vector<std::int64_t> drained(Spill& spill) {
  std::vector<std::int64_t> seqs;
  while (const auto got = spill.take()) seqs.push_back(got->seq);
  return seqs;
}

std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = from; i <= to; ++i) all.push_back(i);
  return all;
}

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

TEST_F(SpillTest, GivesBackWhatItTookInOrder) {
  Spill spill(folder, kRoomy);
  EXPECT_FALSE(spill.take());
  for (std::int64_t i = 1; i <= 3; ++i) ASSERT_TRUE(spill.append(record(i)));
  EXPECT_EQ(spill.records(), 3);
  EXPECT_GT(spill.bytes(), 300);
  for (std::int64_t i = 1; i <= 3; ++i) {
    const auto got = spill.take();
    ASSERT_TRUE(got);
    expect_same(*got, record(i));
  }
  EXPECT_FALSE(spill.take());
  EXPECT_EQ(spill.records(), 0);
  EXPECT_EQ(spill.bytes(), 0);
  EXPECT_TRUE(segments().empty()) << "what is empty takes no room on disk";
}

TEST_F(SpillTest, OrderHoldsOverSegmentsAndTurns) {
  Spill spill(folder, kRoomy);
  std::int64_t written = 0;
  std::vector<std::int64_t> got;
  for (int turn = 0; turn < 4; ++turn) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(spill.append(record(++written, 4'000'000)));
    for (int i = 0; i < 7; ++i) got.push_back(spill.take().value().seq);
  }
  EXPECT_GE(segments().size(), 3U);
  EXPECT_EQ(spill.records(), 12);
  for (const std::int64_t seq : drained(spill)) got.push_back(seq);
  EXPECT_EQ(got, numbers(1, written));
  EXPECT_TRUE(segments().empty());
  EXPECT_EQ(spill.bytes(), 0);
}

TEST_F(SpillTest, AnEmptyRecordIsARecord) {
  Spill spill(folder, kRoomy);
  ASSERT_TRUE(spill.append({}));
  const auto got = spill.take();
  ASSERT_TRUE(got);
  expect_same(*got, SpilledRecord{});
}

TEST_F(SpillTest, TheLimitRefusesUntilThereIsRoomAgain) {
  Spill spill(folder, 1000);
  std::int64_t written = 0;
  while (spill.append(record(written + 1))) ASSERT_LT(++written, 100);
  EXPECT_THAT(spill.error(), HasSubstr("limit of 1000 bytes"));
  EXPECT_THAT(spill.error(), HasSubstr(folder));
  EXPECT_LE(spill.bytes(), 1000);
  EXPECT_EQ(spill.records(), written);
  ASSERT_TRUE(spill.take());
  EXPECT_TRUE(spill.append(record(written + 1)));
  EXPECT_EQ(drained(spill), numbers(2, written + 1));
}

TEST_F(SpillTest, AnEarlierProcessesRecordsAreHandedOverOnce) {
  {
    Spill earlier(folder, kRoomy);
    for (std::int64_t i = 1; i <= 10; ++i) ASSERT_TRUE(earlier.append(record(i, 4'000'000)));
  }
  ASSERT_GE(segments().size(), 2U);
  {
    Spill spill(folder, kRoomy);
    EXPECT_EQ(spill.records(), 0) << "kept apart";
    ASSERT_TRUE(spill.append(record(11)));
    const auto left = leftover_of(spill);
    ASSERT_EQ(left.size(), 10U);
    for (std::int64_t i = 1; i <= 10; ++i) expect_same(left[static_cast<std::size_t>(i - 1)], record(i, 4'000'000));
    EXPECT_TRUE(leftover_of(spill).empty());
    EXPECT_EQ(segments().size(), 1U) << "its own";
    EXPECT_EQ(drained(spill), numbers(11, 11));
  }
  EXPECT_TRUE(leftover_in(folder).empty());
}

TEST_F(SpillTest, WhatIsPutBackStandsBeforeTheRest) {
  {
    Spill spill(folder, kRoomy);
    for (std::int64_t i = 1; i <= 6; ++i) ASSERT_TRUE(spill.append(record(i, 4'000'000)));
    for (std::int64_t i = 1; i <= 3; ++i) ASSERT_TRUE(spill.take());
    EXPECT_TRUE(spill.put_back({record(2), record(3)})) << "1 has arrived";
    EXPECT_EQ(spill.records(), 5);
    EXPECT_EQ(spill.take().value().seq, 2);
    EXPECT_TRUE(spill.put_back({record(2)}));
    ASSERT_TRUE(spill.append(record(7)));
  }
  std::vector<std::int64_t> seqs;
  for (const SpilledRecord& left : leftover_in(folder)) seqs.push_back(left.seq);
  EXPECT_EQ(seqs, numbers(2, 7));
}

TEST_F(SpillTest, WhatIsPutBackIntoAnEmptyOneIsAppended) {
  Spill spill(folder, 1000);
  EXPECT_TRUE(spill.put_back({record(1), record(2)}));
  EXPECT_EQ(drained(spill), numbers(1, 2));
  EXPECT_FALSE(spill.put_back({record(1), record(2, 2000)})) << "the limit holds";
}

TEST_F(SpillTest, LeftoverThatNobodyTookStaysForTheNext) {
  {
    Spill earlier(folder, kRoomy);
    ASSERT_TRUE(earlier.append(record(1)));
  }
  {
    Spill between(folder, kRoomy);
    ASSERT_TRUE(between.append(record(2)));
  }
  const auto left = leftover_in(folder);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].seq, 1);
  EXPECT_EQ(left[1].seq, 2);
}

TEST_F(SpillTest, ADamagedRecordEndsItsSegmentAndNoOther) {
  Spill spill(folder, kRoomy);
  for (std::int64_t i = 1; i <= 8; ++i) ASSERT_TRUE(spill.append(record(i, 4'000'000)));
  const auto files = segments();
  ASSERT_EQ(files.size(), 2U);
  const std::int64_t first_size = static_cast<std::int64_t>(fs::file_size(files[0]));
  const std::int64_t in_first = first_size / 4'000'000;
  {
    std::fstream damage(files[0], std::ios::binary | std::ios::in | std::ios::out);
    damage.seekp(4'000'100 + 1'000'000);  // in its second record
    damage.put('!');
  }
  std::vector<std::int64_t> seqs;
  while (spill.records() > 0) {
    if (const auto got = spill.take()) seqs.push_back(got->seq);
  }
  std::vector<std::int64_t> wanted = numbers(in_first + 1, 8);
  wanted.insert(wanted.begin(), 1);
  EXPECT_EQ(seqs, wanted);
  EXPECT_EQ(spill.damaged(), 1);
  EXPECT_EQ(spill.bytes(), 0);
}

TEST_F(SpillTest, AFileThatIsGoneIsDamageAndNoEnd) {
  Spill spill(folder, kRoomy);
  for (std::int64_t i = 1; i <= 5; ++i) ASSERT_TRUE(spill.append(record(i, 4'000'000)));
  fs::remove(segments().front());
  std::vector<std::int64_t> seqs;
  while (spill.records() > 0) {
    if (const auto got = spill.take()) seqs.push_back(got->seq);
  }
  EXPECT_FALSE(seqs.empty());
  EXPECT_EQ(seqs.back(), 5);
  EXPECT_EQ(spill.damaged(), 1);
}

// A process that dies while it writes leaves a record in part.
TEST_F(SpillTest, EveryCutOfASegmentLeavesWhatIsWholeBeforeIt) {
  std::vector<std::size_t> ends{0};
  {
    Spill earlier(folder, kRoomy);
    for (std::int64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(earlier.append(record(i, 20)));
      ends.push_back(static_cast<std::size_t>(earlier.bytes()));
    }
  }
  const std::string path = segments().front();
  const std::string whole = text_of(path);
  ASSERT_EQ(whole.size(), ends.back());
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write_text(path, whole.substr(0, size));
    const auto complete = std::ranges::upper_bound(ends, size) - ends.begin() - 1;
    Spill spill(folder, kRoomy);
    EXPECT_EQ(leftover_of(spill).size(), static_cast<std::size_t>(complete)) << size;
    EXPECT_EQ(spill.damaged(), ends[static_cast<std::size_t>(complete)] == size ? 0 : 1) << size;
  }
}

TEST_F(SpillTest, NoFlippedBitComesThrough) {
  {
    Spill earlier(folder, kRoomy);
    ASSERT_TRUE(earlier.append(record(1, 10)));
  }
  const std::string path = segments().front();
  const std::string whole = text_of(path);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    write_text(path, flipped);
    Spill spill(folder, kRoomy);
    EXPECT_TRUE(leftover_of(spill).empty()) << bit;
    EXPECT_EQ(spill.damaged(), 1) << bit;
  }
}

TEST_F(SpillTest, ForeignFilesAreLeftAlone) {
  fs::create_directories(folder);
  write_text(folder + "/notes.txt", "mine");
  write_text(folder + "/copy.spill", "not ours");
  Spill spill(folder, kRoomy);
  EXPECT_TRUE(leftover_of(spill).empty());
  ASSERT_TRUE(spill.append(record(1)));
  EXPECT_EQ(text_of(folder + "/notes.txt"), "mine");
}

TEST_F(SpillTest, OneProcessAFolder) {
  const Spill first(folder, kRoomy);
  try {
    const Spill second(folder, kRoomy);
    FAIL() << "two at once";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another process"));
    EXPECT_THAT(error.what(), HasSubstr(folder));
  }
}

TEST_F(SpillTest, OthersMayNotLook) {
  const Spill spill(folder, kRoomy);
  struct stat status {};
  ASSERT_EQ(::stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(SpillTest, AFolderThatCannotBeIsAnErrorThatNamesIt) {
  fs::create_directories(fs::path(folder).parent_path());
  write_text(folder, "a file stands here");
  try {
    const Spill spill(folder, kRoomy);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder));
  }
}

// The process may write no file beyond so many bytes, which is what a full disk looks like.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    before_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*before_handler_)(int);
};

TEST_F(SpillTest, ARecordThatTheDiskTakesInPartIsNotThere) {
  Spill spill(folder, kRoomy);
  ASSERT_TRUE(spill.append(record(1)));
  const std::int64_t before = spill.bytes();
  {
    const FileSizeLimit limit(static_cast<rlim_t>(before + 50));
    EXPECT_FALSE(spill.append(record(2)));
    EXPECT_THAT(spill.error(), HasSubstr("File too large"));
    EXPECT_EQ(spill.records(), 1);
    EXPECT_EQ(spill.bytes(), before);
  }
  ASSERT_TRUE(spill.append(record(3))) << "as soon as it may";
  EXPECT_EQ(spill.take().value().seq, 1);
  EXPECT_EQ(spill.take().value().seq, 3);
  EXPECT_EQ(spill.damaged(), 0);
}

TEST_F(SpillTest, AFolderThatWentAwayRefusesAndWorksAgain) {
  Spill spill(folder, kRoomy);
  fs::remove_all(folder);
  EXPECT_FALSE(spill.append(record(1)));
  EXPECT_THAT(spill.error(), HasSubstr(folder));
  EXPECT_EQ(spill.records(), 0);
  fs::create_directories(folder);
  EXPECT_TRUE(spill.append(record(2)));
  EXPECT_EQ(drained(spill), numbers(2, 2));
}

}  // namespace
}  // namespace millrace::publish
