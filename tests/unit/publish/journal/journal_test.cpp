// The journal writes what its reader reads back: over rotation, compression, restarts, torn ends and a disk that
// refuses.
#include "publish/journal/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "publish/journal/journal_reader.h"

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000'000'000;

struct Kept {
  std::string topic, key, bytes;
  std::int64_t time_ns, seq;
};

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    std::string dir = (fs::temp_directory_path() / "millrace-journal-XXXXXX").string();
    folder = std::string(mkdtemp(dir.data())) + "/market-0";
  }
  ~JournalTest() override { fs::remove_all(fs::path(folder).parent_path()); }

  JournalSettings settings() const {
    JournalSettings made;
    made.folder = folder;
    return made;
  }

  // Record `n`: its bytes can be told from those of all others.
  static std::string body(std::int64_t n, std::size_t size) {
    std::string text = std::to_string(n) + ":";
    while (text.size() < size) text += static_cast<char>('a' + (text.size() * 7 + static_cast<std::size_t>(n)) % 26);
    return text;
  }
  static JournalRecord record(std::int64_t n, const std::string& bytes) {
    return {"market.kraken.trade.v1", "BTC-USD", bytes, n * kSecond, n, 7, 2};
  }
  static void append(Journal& journal, std::int64_t from, std::int64_t to, std::size_t size = 100) {
    for (std::int64_t n = from; n < to; ++n) {
      const std::string bytes = body(n, size);
      ASSERT_TRUE(journal.room(bytes.size()));
      ASSERT_TRUE(journal.append(record(n, bytes)));
    }
  }

  std::vector<std::int64_t> read(TimeRange range = {}) {
    JournalReader reader(folder, range);
    std::vector<std::int64_t> seqs;
    JournalRecord record;
    while (reader.next(record)) {
      seqs.push_back(record.seq);
      EXPECT_EQ(record.bytes, body(record.seq, record.bytes.size()));
      EXPECT_EQ(record.topic, "market.kraken.trade.v1");
      EXPECT_EQ(record.key, "BTC-USD");
      EXPECT_EQ(record.time_ns, record.seq * kSecond);
      EXPECT_EQ(record.type, 2);
    }
    problems = reader.problems();
    EXPECT_GE(reader.bytes_read(), seqs.empty() ? 0 : 1);
    return seqs;
  }
  static std::vector<std::int64_t> numbers(std::int64_t from, std::int64_t to) {
    std::vector<std::int64_t> all;
    for (std::int64_t n = from; n < to; ++n) all.push_back(n);
    return all;
  }
  template <class Condition>
  static bool wait_for(const Condition& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return condition();
  }

  std::string folder;
  std::vector<std::string> problems;
};

TEST_F(JournalTest, WhatWasFlushedIsReadBackWhileItIsWritten) {
  Journal journal(settings());
  append(journal, 1, 11);
  ASSERT_TRUE(journal.flush());
  EXPECT_EQ(journal.flushed(), 10);
  EXPECT_EQ(read(), numbers(1, 11));
  EXPECT_THAT(problems, IsEmpty());
  append(journal, 11, 21);
  ASSERT_TRUE(journal.flush());
  EXPECT_EQ(read(), numbers(1, 21));
}

TEST_F(JournalTest, FullSegmentsAreClosedNamedByTheirTimesAndCompressed) {
  JournalSettings small = settings();
  small.segment_bytes = 64 * 1024;
  {
    Journal journal(small);
    for (std::int64_t n = 1; n < 2'001; n += 100) {
      append(journal, n, n + 100);
      ASSERT_TRUE(journal.flush());
    }
    EXPECT_TRUE(wait_for([&] {
      const auto names = list_segments(folder);
      return names.size() > 3 && names[0].compressed && names[1].compressed;
    }));
    EXPECT_EQ(journal.stats().keeper_errors.value(), 0U);
  }
  EXPECT_EQ(read(), numbers(1, 2'001));
  EXPECT_THAT(problems, IsEmpty());
  const SegmentName first = list_segments(folder).front();
  EXPECT_EQ(first.first_ns, kSecond);
  const auto middle = read({first.last_ns + 1, first.last_ns + 2 * kSecond});
  EXPECT_EQ(middle.front(), first.last_ns / kSecond + 1) << "the first segment is passed over";
  EXPECT_LT(middle.size(), 1'000U) << "and those behind the range";
}

TEST_F(JournalTest, TheNextProcessGoesOnBehindTheLast) {
  {
    Journal journal(settings());
    append(journal, 1, 6);
  }
  Journal journal(settings());
  append(journal, 6, 11);
  ASSERT_TRUE(journal.flush());
  EXPECT_EQ(read(), numbers(1, 11));
  EXPECT_THAT(journal.notes(), IsEmpty());
}

TEST_F(JournalTest, AFolderBelongsToOneProcess) {
  Journal journal(settings());
  EXPECT_THROW(Journal{settings()}, std::runtime_error);
}

// What a killed process leaves: an open segment, whose last record may be there in part.
TEST_F(JournalTest, ATornTailIsCutAndTold) {
  std::string whole;
  for (std::int64_t n = 1; n < 4; ++n) ASSERT_TRUE(append_frame(whole, record(n, body(n, 50))));
  const std::size_t two = whole.size() / 3 * 2;
  for (std::size_t size = two; size <= whole.size(); ++size) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(open_segment_path(folder, 5), std::ios::binary) << whole.substr(0, size) << std::string(100, '\0');
    Journal journal(settings());
    const std::int64_t complete = size == whole.size() ? 3 : 2;
    EXPECT_EQ(read(), numbers(1, complete + 1)) << size;
    EXPECT_EQ(journal.notes().size(), size == two || size == whole.size() ? 0U : 1U) << size;
    append(journal, 4, 5);
    ASSERT_TRUE(journal.flush());
    EXPECT_EQ(read().back(), 4) << size;
  }
}

TEST_F(JournalTest, EveryDamagedBitIsTold) {
  std::string whole;
  for (std::int64_t n = 1; n < 4; ++n) ASSERT_TRUE(append_frame(whole, record(n, body(n, 30))));
  SegmentName name;
  name.number = 1;
  name.closed = true;
  name.first_ns = kSecond;
  name.last_ns = 3 * kSecond;
  fs::create_directories(folder);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    std::ofstream(closed_segment_path(folder, name), std::ios::binary | std::ios::trunc) << damaged;
    const auto seqs = read();
    EXPECT_EQ(seqs, numbers(1, static_cast<std::int64_t>(bit / 8 / (whole.size() / 3)) + 1)) << bit;
    EXPECT_THAT(problems, ElementsAre(HasSubstr("000000000001"))) << bit;
  }
}

TEST_F(JournalTest, DamageCostsTheRestOfItsSegmentAndNoOther) {
  for (std::int64_t number = 1; number < 4; ++number) {
    JournalSettings one = settings();
    Journal journal(one);
    append(journal, number * 10, number * 10 + 5);
  }
  const Journal keeper(settings());
  EXPECT_TRUE(wait_for([&] { return std::ranges::all_of(list_segments(folder), &SegmentName::compressed); }));
  const auto names = list_segments(folder);
  ASSERT_THAT(names, SizeIs(3));
  fs::resize_file(names[1].path, fs::file_size(names[1].path) / 2);
  EXPECT_THAT(read(), ElementsAre(10, 11, 12, 13, 14, 30, 31, 32, 33, 34));
  EXPECT_THAT(problems, ElementsAre(HasSubstr(names[1].path)));
}

TEST_F(JournalTest, TheOldestGoWhenItIsTooMuchAndAreCounted) {
  JournalSettings small = settings();
  small.limit_bytes = 64 * 1024;
  small.segment_bytes = 16 * 1024;
  Journal journal(small);
  std::int64_t next = 1;
  EXPECT_TRUE(wait_for([&] {
    append(journal, next, next + 20, 1'000);
    next += 20;
    return journal.flush() && journal.stats().expired.value() > 3;
  }));
  const auto seqs = read();
  EXPECT_GT(seqs.front(), 1);
  EXPECT_EQ(seqs.back(), next - 1);
}

// A limit of the file size stands in for a full disk: the kernel refuses in the same places.
TEST_F(JournalTest, ADiskThatRefusesLosesNothingOfWhatWasTaken) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  JournalSettings small = settings();
  small.segment_bytes = 1024 * 1024;
  Journal journal(small);
  append(journal, 1, 11);
  ASSERT_TRUE(journal.flush());
  rlimit tight = before;
  tight.rlim_cur = 4 * 1024;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  std::int64_t next = 11;
  while (journal.room(100'000)) {
    ASSERT_TRUE(journal.append(record(next, body(next, 100'000))));
    ++next;
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_LT(next, 200) << "what waits is bounded";
  EXPECT_THAT(journal.error(), HasSubstr("File too large"));
  EXPECT_GT(journal.stats().disk_errors.value(), 0U);
  EXPECT_TRUE(wait_for([&] { return journal.flush(); }));
  EXPECT_EQ(read(), numbers(1, next));
}

TEST_F(JournalTest, ARecordThatNoFrameHoldsIsRefused) {
  Journal journal(settings());
  JournalRecord wrong;
  const std::string topic(300, 't');
  wrong.topic = topic;
  EXPECT_FALSE(journal.append(wrong));
  append(journal, 1, 2);
  ASSERT_TRUE(journal.flush());
  EXPECT_EQ(read(), numbers(1, 2));
}

TEST_F(JournalTest, FoldersOfAWorkerAreFound) {
  Journal one(settings());
  append(one, 1, 2);
  ASSERT_TRUE(one.flush());
  EXPECT_THAT(journal_folders(fs::path(folder).parent_path().string()), ElementsAre(folder));
  EXPECT_THROW(journal_folders(folder + "/nowhere"), std::runtime_error);
}

}  // namespace
}  // namespace millrace::publish
