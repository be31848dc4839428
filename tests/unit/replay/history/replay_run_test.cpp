#include "replay/history/replay_run.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "schemas/codec/decode.h"
#include "schemas/codec/record_stream.h"
#include "tests/unit/replay/history/tape.h"

namespace millrace::history {
namespace {

using schemas::BookKind;
using test::book;
using test::kBegin;
using test::kSecond;
using test::Levels;
using test::Made;
using test::trade;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

namespace flag = schemas::flag;

// Keeps what it is given.
class Kept final : public Writer {
 public:
  bool write(const Record& record) override {
    made.push_back({record.stream->kind->topic, record.stream->owner, std::string{record.bytes}});
    return made.size() < most;
  }
  void flush() override {}
  void finish() override { finished = true; }

  std::vector<Made> made;
  std::size_t most = 1'000'000;
  bool finished = false;
};

struct Run {
  Kept kept;
  ReplaySummary summary;
};

ReplayOptions options(TimeRange range = {}) {
  ReplayOptions out;
  out.read.now = kBegin + 1'000'000 * kSecond;
  out.read.range = range;
  out.read.temp_folder = std::filesystem::temp_directory_path().string();
  return out;
}

Run run(
    std::vector<std::vector<Made>> tapes, const ReplayOptions& how = options(),
    const WaitFor& wait = [](const Record&) { return true; }) {
  Run out;
  Problems problems{{}};
  ReplayRun replay{planned(how), test::sources(std::move(tapes)), problems};
  out.summary = replay.run(out.kept, wait);
  EXPECT_TRUE(out.kept.finished);
  return out;
}

std::vector<Made> market(std::int64_t count, std::optional<std::int64_t> published = {}) {
  std::vector<Made> made;
  for (std::int64_t i = 0; i < count; ++i) {
    made.push_back(trade({.seq = i / 3 + 1,
                          .at = kBegin + i * kSecond / 10,
                          .instrument = std::to_string(i % 3),
                          .published = published}));
  }
  return made;
}

TEST(Replay, TheHashIsOfTheEventsAndNotOfWhereOrWhenTheyWerePublished) {
  const auto plain = run({market(30)});
  EXPECT_THAT(plain.summary.sha256, SizeIs(64));
  auto twice = market(30, kBegin + 7);
  const auto again = market(30, kBegin + 9);
  twice.insert(twice.begin() + 20, again.begin() + 5, again.begin() + 15);  // sent again by another producer
  const auto published = run({twice});
  EXPECT_EQ(published.summary.sha256, plain.summary.sha256);
  EXPECT_EQ(published.summary.records, 30);
  EXPECT_EQ(published.summary.duplicates, 10);
  auto changed = market(30);
  changed[4] = trade({.seq = 2, .at = kBegin + 4 * kSecond / 10, .instrument = "1"}, 101);
  EXPECT_NE(run({changed}).summary.sha256, plain.summary.sha256);
  EXPECT_NE(run({market(29)}).summary.sha256, plain.summary.sha256);
}

TEST(Replay, TheHashIsThatOfTheProtobufOutputWithoutPublishTimes) {
  Sha256 expected;
  std::string bytes;
  for (const Made& made : market(30)) {
    schemas::append_delimited(schemas::MessageType::kTrade, "trade", made.bytes, bytes);
  }
  expected.add(bytes);
  EXPECT_EQ(run({market(30, kBegin)}).summary.sha256, expected.hex());
}

TEST(Replay, WritesTheBytesOfTheSource) {
  const auto made = market(30, kBegin);
  EXPECT_EQ(run({made}).kept.made, made);
}

// A book that grows by one level a second, with a snapshot at the begin.
std::vector<Made> growing_book(std::int64_t seconds) {
  std::vector<Made> made{book({.seq = 1, .at = kBegin, .flags = flag::kSnapshot | flag::kDepthLimited},
                              BookKind::kSnapshot, {{100, 1}}, {{200, 1}})};
  for (std::int64_t i = 1; i <= seconds; ++i) {
    made.push_back(book({.seq = i + 1, .at = kBegin + i * kSecond}, BookKind::kDelta, {{100 - i, i}}, {}));
  }
  return made;
}

const schemas::Decoded<schemas::Book> book_of(const Made& made) {
  return std::get<schemas::Decoded<schemas::Book>>(*schemas::decode(schemas::MessageType::kBook, made.bytes));
}

Levels levels(std::span<const schemas::Level> side) { return {side.begin(), side.end()}; }

TEST(Replay, ARangeBeginsWithTheBookAsItWas) {
  const auto got = run({growing_book(10)}, options({kBegin + 5 * kSecond, kBegin + 7 * kSecond}));
  EXPECT_EQ(got.summary.books, 1);
  EXPECT_EQ(got.summary.records, 3);
  ASSERT_THAT(got.kept.made, SizeIs(4));
  const auto first = book_of(got.kept.made[0]);
  EXPECT_EQ(first.body.kind, BookKind::kSnapshot);
  EXPECT_THAT(levels(first.body.bids), ElementsAre(schemas::Level{100, 1}, schemas::Level{99, 1}, schemas::Level{98, 2},
                                                   schemas::Level{97, 3}, schemas::Level{96, 4}));
  EXPECT_THAT(levels(first.body.asks), ElementsAre(schemas::Level{200, 1}));
  EXPECT_EQ(first.meta.seq, 5);
  EXPECT_EQ(first.meta.epoch, 1);
  EXPECT_EQ(first.meta.receive_time, kBegin + 5 * kSecond);
  EXPECT_EQ(first.meta.staleness_ns, kSecond);
  EXPECT_EQ(first.meta.origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(first.meta.flags, flag::kSnapshot | flag::kRefresh);
  EXPECT_EQ(first.meta.stream->symbol, "XBTC-USD");
  EXPECT_EQ(got.kept.made[1], growing_book(10)[5]);
  // It is made here, so it is in no hash: the same range of records is the same hash.
  auto without = growing_book(10);
  without.erase(without.begin(), without.begin() + 5);
  const auto bare = run({without}, options({kBegin + 5 * kSecond, kBegin + 7 * kSecond}));
  EXPECT_EQ(bare.summary.sha256, got.summary.sha256);
  EXPECT_EQ(bare.summary.books, 0);
}

TEST(Replay, BooksAsOfATimeAreThoseOfAllThatWasReceivedUpToIt) {
  auto how = options({std::numeric_limits<UnixNanos>::min(), kBegin + 3 * kSecond});
  how.only_books = true;
  const auto got = run({growing_book(10), market(10)}, how);
  ASSERT_THAT(got.kept.made, SizeIs(1));
  const auto book = book_of(got.kept.made[0]);
  EXPECT_EQ(book.meta.seq, 4);
  EXPECT_EQ(book.meta.receive_time, kBegin + 3 * kSecond);
  EXPECT_THAT(book.body.bids, SizeIs(4));
  EXPECT_EQ(got.summary.records, 0);
  EXPECT_EQ(got.summary.books, 1);
}

TEST(Replay, ABookWithoutASnapshotBeforeTheRangeIsAProblem) {
  auto made = growing_book(10);
  made.erase(made.begin());
  const auto got = run({made}, options({kBegin + 5 * kSecond, kBegin + 7 * kSecond}));
  EXPECT_EQ(got.summary.books, 0);
  EXPECT_EQ(got.summary.records, 3);
  EXPECT_THAT(got.summary.problems, ElementsAre(Pair("no_snapshot", 1)));
}

TEST(Replay, BehindAHoleTheBookIsUnknownUntilTheNextSnapshot) {
  auto made = growing_book(10);
  made.erase(made.begin() + 2);
  auto how = options({std::numeric_limits<UnixNanos>::min(), kBegin + 3 * kSecond});
  how.only_books = true;
  EXPECT_THAT(run({made}, how).summary.problems, ElementsAre(Pair("no_snapshot", 1)));
  made[2] = book({.seq = 4, .at = kBegin + 3 * kSecond}, BookKind::kSnapshot, {{1, 1}}, {});
  EXPECT_THAT(book_of(run({made}, how).kept.made.at(0)).body.bids, SizeIs(1));
}

TEST(Replay, ABookOfALowerEpochThanSeenIsIgnored) {
  auto made = growing_book(3);
  made.insert(made.begin() + 1, book({.seq = 1, .at = kBegin + 1, .epoch = 2}, BookKind::kSnapshot, {{7, 7}}, {}));
  auto how = options({std::numeric_limits<UnixNanos>::min(), kBegin + 9 * kSecond});
  how.only_books = true;
  const auto got = run({made}, how);
  EXPECT_THAT(levels(book_of(got.kept.made.at(0)).body.bids), ElementsAre(schemas::Level{7, 7}));
}

TEST(Replay, FinerNumbersOfADeltaAreKeptExactly) {
  const std::vector<Made> made{book({.seq = 1, .at = kBegin}, BookKind::kSnapshot, {{100, 1}}, {}, 0),
                               book({.seq = 2, .at = kBegin + 1}, BookKind::kDelta, {{10005, 3}}, {}, -2)};
  auto how = options({std::numeric_limits<UnixNanos>::min(), kBegin + 9});
  how.only_books = true;
  const auto got = book_of(run({made}, how).kept.made.at(0));
  EXPECT_EQ(got.body.price_exponent, -2);
  EXPECT_THAT(levels(got.body.bids), ElementsAre(schemas::Level{10005, 3}, schemas::Level{10000, 1}));
}

TEST(Replay, EndsWhenTheWriterOrTheWaitWantsNoMore) {
  Kept kept;
  kept.most = 4;
  Problems problems{{}};
  ReplayRun replay{planned(options()), test::sources({market(30)}), problems};
  EXPECT_FALSE(replay.run(kept, [](const Record&) { return true; }).complete);
  EXPECT_THAT(kept.made, SizeIs(4));
  const auto stopped =
      run({market(30)}, options(), [](const Record& record) { return record.time < kBegin + kSecond; });
  EXPECT_FALSE(stopped.summary.complete);
  EXPECT_EQ(stopped.summary.records, 10);
}

TEST(Replay, TheSummaryCountsByKind) {
  const auto got = run({market(30), {test::execution({.seq = 1, .at = kBegin + 9}, "main")}});
  ASSERT_THAT(got.summary.kinds, SizeIs(2));
  EXPECT_EQ(got.summary.kinds.at({"kraken", "trade"}).records, 30);
  EXPECT_EQ(got.summary.kinds.at({"kraken", "trade"}).streams, 3);
  EXPECT_EQ(got.summary.kinds.at({"kraken", "execution"}).records, 1);
  EXPECT_EQ(got.summary.first, kBegin);
  EXPECT_EQ(got.summary.last, kBegin + 29 * kSecond / 10);
  const std::string json = got.summary.to_json(2);
  EXPECT_THAT(json, HasSubstr(R"("records":31,"duplicates":0,"books":0,"complete":true)"));
  EXPECT_THAT(json, HasSubstr(R"({"venue":"kraken","dataset":"trade","records":30,"streams":3})"));
  EXPECT_THAT(json, HasSubstr(R"("milliseconds":2000,"records_per_second":15)"));
}

TEST(Replay, NothingToReplayIsAnEmptySummary) {
  const auto got = run({});
  EXPECT_TRUE(got.summary.complete);
  EXPECT_EQ(got.summary.records, 0);
  EXPECT_THAT(got.summary.to_json(0), HasSubstr(R"("records_per_second":0)"));
}

}  // namespace
}  // namespace millrace::history
