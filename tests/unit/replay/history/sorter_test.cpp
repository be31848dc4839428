#include "replay/history/sorter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <tuple>

#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

using test::kBegin;
using test::Told;
using test::trade;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr UnixNanos kAll = std::numeric_limits<UnixNanos>::max();

class SorterTest : public testing::Test {
 protected:
  // Adds a trade; hands over up to `below` whenever there is no room.
  void add(Sorter& sorter, const test::Made& made, UnixNanos below = 0) {
    Record record = record_of(made);
    if (sorter.add(record)) return;
    drain(sorter, below);
    ASSERT_TRUE(sorter.add(record));
  }

  Record record_of(const test::Made& made) {
    const auto meta = schemas::view_meta(made.bytes);
    return {streams.find(made.topic, made.key, meta->symbol),
            meta->receive_time,
            meta->epoch,
            meta->seq,
            meta->origin,
            schemas::place_of(*meta),
            made.bytes};
  }

  void drain(Sorter& sorter, UnixNanos below) {
    sorter.hand_over(below);
    Record record;
    while (sorter.next(record)) {
      times.push_back(record.time);
      given.emplace_back(record.bytes);
    }
  }

  static std::string folder() { return std::filesystem::temp_directory_path().string(); }

  StreamTable streams{Selection{}};
  std::vector<std::string> given;
  std::vector<UnixNanos> times;
};

// Trades at random times of few instruments, often several at one time.
std::vector<test::Made> random_trades(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 engine{seed};
  std::vector<test::Made> made;
  for (std::size_t i = 0; i < count; ++i) {
    Told told;
    told.seq = static_cast<std::int64_t>(i + 1);
    told.at = kBegin + static_cast<std::int64_t>(engine() % count / 3);
    told.instrument = std::string(1, static_cast<char>('A' + engine() % 5));
    made.push_back(trade(told));
  }
  return made;
}

std::vector<std::string> sorted(const std::vector<test::Made>& made) {
  std::vector<std::tuple<UnixNanos, std::string, std::int64_t, std::string>> keys;
  for (const auto& one : made) {
    const auto meta = schemas::view_meta(one.bytes);
    keys.emplace_back(meta->receive_time, one.key, meta->seq, one.bytes);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> out;
  for (const auto& key : keys) out.push_back(std::get<3>(key));
  return out;
}

TEST_F(SorterTest, SortsByTimeThenStreamThenSeqInMemory) {
  const auto made = random_trades(500, 1);
  Sorter sorter{streams, 1 << 20, folder()};
  for (const auto& one : made) add(sorter, one);
  drain(sorter, kAll);
  EXPECT_EQ(given, sorted(made));
  EXPECT_EQ(sorter.bytes_on_disk(), 0);
}

TEST_F(SorterTest, WhatDoesNotFitIsSortedOnDisk) {
  const auto made = random_trades(5000, 2);
  Sorter sorter{streams, 16 * 1024, folder()};
  for (const auto& one : made) add(sorter, one);
  drain(sorter, kAll);
  EXPECT_EQ(given, sorted(made));
  EXPECT_GT(sorter.bytes_on_disk(), 400'000);
}

TEST_F(SorterTest, MoreRunsThanItReadsAtOnceAreMergedOnTheWay) {
  const auto made = random_trades(3 * Sorter::kMostRuns * 5, 3);
  Sorter sorter{streams, 1000, folder()};  // five records or so
  for (const auto& one : made) add(sorter, one);
  drain(sorter, kAll);
  EXPECT_EQ(given, sorted(made));
}

TEST_F(SorterTest, GivesInRoundsWhatNothingCanComeBeforeAnyMore) {
  // Nearly in order: nothing is further back than 50.
  std::mt19937_64 engine{4};
  std::vector<test::Made> made;
  Sorter sorter{streams, 8 * 1024, folder()};
  for (std::int64_t i = 0; i < 4000; ++i) {
    made.push_back(trade({.seq = i + 1, .at = kBegin + i - static_cast<std::int64_t>(engine() % 50)}));
    add(sorter, made.back(), kBegin + i - 50);
  }
  EXPECT_GT(given.size(), 3000u);
  EXPECT_EQ(sorter.bytes_on_disk(), 0);
  drain(sorter, kAll);
  EXPECT_EQ(given, sorted(made));
}

TEST_F(SorterTest, NothingAtOrAboveTheLimitIsGiven) {
  Sorter sorter{streams, 1 << 20, folder()};
  for (std::int64_t i = 1; i <= 10; ++i) add(sorter, trade({.seq = i, .at = i}));
  drain(sorter, 6);
  EXPECT_THAT(times, testing::ElementsAre(1, 2, 3, 4, 5));
  drain(sorter, kAll);
  EXPECT_EQ(times.size(), 10u);
}

TEST_F(SorterTest, ARecordLargerThanTheMemoryIsTaken) {
  test::Levels many(5000, {1, 1});
  const auto big = test::book({.seq = 1, .at = 2}, schemas::BookKind::kSnapshot, many, {});
  Sorter sorter{streams, 4096, folder()};
  add(sorter, trade({.seq = 1, .at = 1}));
  add(sorter, big);
  add(sorter, trade({.seq = 2, .at = 3}));
  drain(sorter, kAll);
  EXPECT_THAT(times, testing::ElementsAre(1, 2, 3));
  EXPECT_TRUE(given.at(1) == big.bytes);
}

TEST_F(SorterTest, AFolderThatCannotBeWrittenIsNamed) {
  Sorter sorter{streams, 1000, "/no/such/folder"};
  EXPECT_THAT(
      [&] {
        for (const auto& one : random_trades(100, 5)) add(sorter, one);
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("/no/such/folder")));
}

}  // namespace
}  // namespace millrace::history
