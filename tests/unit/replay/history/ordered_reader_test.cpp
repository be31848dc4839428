#include "replay/history/ordered_reader.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>

#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

using schemas::BookKind;
using test::book;
using test::kBegin;
using test::kSecond;
using test::Made;
using test::trade;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct Read {
  std::vector<std::string> bytes;
  std::vector<std::int64_t> seqs;
  std::map<std::string, std::int64_t, std::less<>> problems;
  std::vector<std::string> told;
  std::int64_t bytes_on_disk = 0;
};

ReadOptions options() {
  ReadOptions out;
  out.now = kBegin + 1'000'000 * kSecond;
  out.temp_folder = std::filesystem::temp_directory_path().string();
  return out;
}

Read read(std::vector<std::unique_ptr<Source>> sources, const ReadOptions& how, const Selection& what = {}) {
  Read out;
  Problems problems{[&](std::string_view line) { out.told.emplace_back(line); }};
  StreamTable streams{what};
  OrderedReader reader{std::move(sources), streams, how, problems};
  Record record;
  while (reader.next(record)) {
    out.bytes.emplace_back(record.bytes);
    out.seqs.push_back(record.seq);
  }
  EXPECT_TRUE(reader.stopped() || reader.progress() == 1.0) << reader.progress();
  out.problems = problems.counts();
  out.bytes_on_disk = reader.bytes_on_disk();
  return out;
}

Read read(std::vector<std::vector<Made>> tapes, const ReadOptions& how = options(), const Selection& what = {}) {
  return read(test::sources(std::move(tapes)), how, what);
}

// Segments of ten records, each with the times that are in it known beforehand; its end is known with the last record.
class Segments final : public Source {
 public:
  Segments(std::vector<Made> made, bool named) : made_{std::move(made)}, named_{named} {}

  bool next(SourceRecord& out) override {
    if (at_ == made_.size()) return false;
    const Made& one = made_[at_++];
    out = {one.topic, one.key, one.bytes};
    return true;
  }
  bool has_ended(std::size_t) const override { return at_ == made_.size(); }
  schemas::UnixNanos nothing_before() const override {
    if (!named_) return Source::nothing_before();
    const auto time = [](const Made& one) { return schemas::view_meta(one.bytes)->receive_time; };
    const std::size_t begin = at_ == 0 ? 0 : (at_ - 1) / 10 * 10;
    schemas::UnixNanos least = std::numeric_limits<schemas::UnixNanos>::max();
    for (std::size_t i = begin; i < made_.size(); ++i) least = std::min(least, time(made_[i]));
    return least;
  }
  Progress progress() const override {
    return {static_cast<std::int64_t>(at_), static_cast<std::int64_t>(made_.size())};
  }

 private:
  std::vector<Made> made_;
  bool named_;
  std::size_t at_ = 0;
};

std::vector<std::unique_ptr<Source>> segments(std::vector<Made> made, bool named) {
  std::vector<std::unique_ptr<Source>> out;
  out.push_back(std::make_unique<Segments>(std::move(made), named));
  return out;
}

// A market of three instruments, each in order, one record a millisecond.
std::vector<Made> market(std::int64_t count) {
  std::vector<Made> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.push_back(trade({.seq = i / 3 + 1, .at = kBegin + i / 2 * 1'000'000, .instrument = std::to_string(i % 3)}));
  }
  return made;
}

TEST(OrderedReader, OneOrderHoweverTheRecordsLieInTheSources) {
  const auto made = market(3000);
  const Read together = read({made});
  EXPECT_EQ(together.bytes.size(), made.size());
  std::mt19937_64 engine{1};
  for (const std::size_t memory : {std::size_t{4096}, std::size_t{1} << 20}) {
    std::vector<std::vector<Made>> apart(4);
    for (const Made& one : made) apart[engine() % 4].push_back(one);
    ReadOptions how = options();
    how.memory_bytes = memory;
    EXPECT_EQ(read(std::move(apart), how).bytes, together.bytes);
  }
}

TEST(OrderedReader, AWindowOutOfOrderIsSortedAndBeyondItIsAProblem) {
  auto made = market(3000);
  std::rotate(made.begin(), made.begin() + 300, made.begin() + 1500);  // the first 300 come 0.6 s late
  ReadOptions how = options();
  how.memory_bytes = 4096;
  how.late_ns = kSecond;
  const Read sorted = read({made}, how);
  EXPECT_EQ(sorted.bytes, read({market(3000)}).bytes);
  EXPECT_THAT(sorted.problems, IsEmpty());
  how.late_ns = kSecond / 10;
  const Read late = read({made}, how);
  EXPECT_EQ(late.bytes.size() + static_cast<std::size_t>(late.problems.at("late")), made.size());
  EXPECT_GT(late.problems.at("late"), 250);
  EXPECT_LE(late.told.size(), 10u);
}

TEST(OrderedReader, WhatTheSourceKnowsOfItsTimesNeedsNoDisk) {
  ReadOptions how = options();
  how.memory_bytes = 8192;
  const auto made = market(1000);
  EXPECT_GT(read(segments(made, false), how).bytes_on_disk, 0);
  const Read known = read(segments(made, true), how);
  EXPECT_EQ(known.bytes_on_disk, 0);
  EXPECT_EQ(known.bytes, read({made}).bytes);
}

// However many there are: with some number it is the last one that finds no room, when the source has ended.
TEST(OrderedReader, TheLastRecordIsNotLateForWaitingForRoom) {
  ReadOptions how = options();
  how.memory_bytes = 2048;
  for (std::int64_t count = 1; count < 60; ++count) {
    const Read got = read(segments(market(count), false), how);
    EXPECT_EQ(got.bytes.size(), static_cast<std::size_t>(count));
    EXPECT_THAT(got.problems, IsEmpty()) << count;
  }
}

TEST(OrderedReader, AnUpdateThatWaitedForItsSnapshotStandsBehindIt) {
  const Made first = book({.seq = 1, .at = kBegin + 5 * kSecond}, BookKind::kSnapshot, {{10, 1}}, {});
  const Made waited = book({.seq = 2, .at = kBegin + 3 * kSecond}, BookKind::kDelta, {{10, 2}}, {});
  const Made other = trade({.seq = 1, .at = kBegin + 4 * kSecond});
  EXPECT_THAT(read({{first, waited, other}}).bytes, ElementsAre(other.bytes, first.bytes, waited.bytes));
}

TEST(OrderedReader, ARepeatBehindLaterRecordsStandsAtItsOwnTime) {
  const auto at = [](std::int64_t seq) { return trade({.seq = seq, .at = kBegin + seq * kSecond}); };
  ReadOptions how = options();
  how.range.from = kBegin + 3 * kSecond;
  EXPECT_THAT(read({{at(2), at(3), at(4), at(2), at(3), at(5)}}, how).seqs, ElementsAre(3, 3, 4, 5));
}

TEST(OrderedReader, GivesWhatLiesInTheRangeAndBooksFromBefore) {
  std::vector<Made> made;
  for (std::int64_t i = 1; i <= 100; ++i) {
    made.push_back(trade({.seq = i, .at = kBegin + i * kSecond}));
    made.push_back(book({.seq = i, .at = kBegin + i * kSecond}, BookKind::kDelta, {}, {}));
  }
  ReadOptions how = options();
  how.range = {kBegin + 40 * kSecond, kBegin + 42 * kSecond};
  how.lookback_ns = 3 * kSecond;
  // The book of a time stands before its trade.
  EXPECT_THAT(read({made}, how).seqs, ElementsAre(37, 38, 39, 40, 40, 41, 41, 42, 42));
  EXPECT_THAT(read({made}, how, {{}, {"trade"}, {}}).seqs, ElementsAre(40, 41, 42));
  EXPECT_THAT(read({made}, how, {{}, {}, {"eth-usd"}}).seqs, IsEmpty());
}

TEST(OrderedReader, StopsReadingWhenNothingOfTheRangeCanComeAnyMore) {
  auto made = market(1000);
  made.push_back({"market.kraken.trade.v1", "0", "broken"});  // behind all of it
  ReadOptions how = options();
  how.range.to = kBegin + kSecond / 10;
  how.late_ns = kSecond / 10;
  EXPECT_THAT(read({made}, how).problems, IsEmpty());
  how.late_ns = kSecond;
  EXPECT_THAT(read({made}, how).problems, ElementsAre(Pair("not_a_record", 1)));
}

TEST(OrderedReader, WhatCannotBeReadIsCountedByKindAndTheRestIsRead) {
  std::vector<Made> made = market(10);
  made.insert(made.begin() + 3, {"market.kraken.trade.v1", "BTC-USD", "\x0a\x7f"});
  made.insert(made.begin() + 5, {"market.kraken.auction.v1", "BTC-USD", made[0].bytes});
  made.insert(made.begin() + 7, {"market.kraken.trade.v9", "BTC-USD", made[0].bytes});
  made.insert(made.begin() + 8, {"ops.kraken.heartbeat.v1", "0", "any"});  // no history: not looked at
  made.insert(made.begin() + 9, trade({.seq = 1, .at = 0}));
  made.insert(made.begin() + 9, trade({.seq = 2, .at = -5}));
  made.insert(made.begin() + 9, trade({.seq = 3, .at = kBegin + 3'000'000 * kSecond}));
  const Read got = read({made});
  EXPECT_EQ(got.bytes, read({market(10)}).bytes);
  EXPECT_THAT(got.problems, ElementsAre(Pair("bad_time", 3), Pair("not_a_record", 1), Pair("unknown_type", 2)));
  EXPECT_THAT(got.told, testing::Contains(testing::HasSubstr("market.kraken.auction.v1")));
}

TEST(OrderedReader, EndsEarlyWhenItIsToldTo) {
  ReadOptions how = options();
  how.stop = [] { return true; };
  EXPECT_LT(read({market(3000)}, how).bytes.size(), 3000u);
}

TEST(OrderedReader, NoSourcesAreNoRecords) { EXPECT_THAT(read({}).bytes, IsEmpty()); }

}  // namespace
}  // namespace millrace::history
