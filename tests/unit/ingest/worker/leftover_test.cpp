#include "ingest/worker/leftover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "schemas/codec/decode.h"
#include "schemas/codec/encode.h"

namespace millrace::ingest {
namespace {

using schemas::MessageType;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kEpoch = 7;
constexpr const char* kTrades = "market.kraken.trade.v1";
constexpr const char* kBooks = "market.kraken.book.v1";

// Keeps what it is given.
class Kept : public publish::RecordSink {
 public:
  struct Record {
    std::string topic, key, bytes;
    MessageType type;
  };
  publish::StreamSlot open(const publish::StreamSpec&) override { return {}; }
  std::span<std::byte> reserve(publish::StreamSlot, std::size_t) override { return {}; }
  void commit(publish::StreamSlot, std::size_t, std::int64_t) override { FAIL() << "it opens no stream"; }
  bool put(std::string_view topic, std::string_view key, std::string_view bytes, MessageType type) override {
    if (full) return false;
    records.push_back({std::string(topic), std::string(key), std::string(bytes), type});
    return true;
  }
  std::vector<Record> records;
  bool full = false;
};

class LeftoverTest : public testing::Test {
 protected:
  schemas::Meta meta(std::int64_t seq, std::int64_t epoch = kEpoch) {
    schemas::Meta made;
    made.stream = &identity;
    made.epoch = epoch;
    made.seq = seq;
    made.receive_time = seq * 1'000;
    made.origin = schemas::Origin::kLive;
    return made;
  }
  publish::SpilledRecord trade(std::int64_t seq, std::int64_t epoch = kEpoch) {
    schemas::Trade body;
    body.price = seq;
    const schemas::Meta of = meta(seq, epoch);
    std::string bytes(schemas::encoded_bound(of, body), '\0');
    bytes.resize(schemas::encode(of, body, std::as_writable_bytes(std::span(bytes))));
    return record(kTrades, bytes, MessageType::kTrade, seq);
  }
  publish::SpilledRecord book(std::int64_t seq) {
    schemas::Book body;
    body.kind = schemas::BookKind::kDelta;
    const schemas::Meta of = meta(seq);
    std::string bytes(schemas::encoded_bound(of, body), '\0');
    bytes.resize(schemas::encode(of, body, std::as_writable_bytes(std::span(bytes))));
    return record(kBooks, bytes, MessageType::kBook, seq);
  }
  static publish::SpilledRecord record(std::string topic, std::string bytes, MessageType type, std::int64_t seq) {
    publish::SpilledRecord made;
    made.topic = std::move(topic);
    made.key = "BTC-USD";
    made.bytes = std::move(bytes);
    made.seq = seq;
    made.type = static_cast<std::uint8_t>(type);
    return made;
  }
  void take(const std::vector<publish::SpilledRecord>& records) {
    Leftover leftover(
        sink, [this](std::string_view, std::string_view) { return last; }, 99);
    for (const auto& one : records) leftover.take(one);
    leftover.finish();
    published = leftover.published();
    dropped = leftover.dropped();
    refused = leftover.refused();
  }
  // What was published of type `Body`.
  template <class Body>
  std::vector<schemas::Decoded<Body>> told(MessageType type) {
    std::vector<schemas::Decoded<Body>> found;
    for (const auto& one : sink.records) {
      if (one.type == type) found.push_back(std::get<schemas::Decoded<Body>>(*schemas::decode(type, one.bytes)));
    }
    return found;
  }

  schemas::StreamIdentity identity = schemas::make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  std::optional<std::pair<std::int64_t, std::int64_t>> last;
  Kept sink;
  std::size_t published = 0, dropped = 0, refused = 0;
};

TEST_F(LeftoverTest, TradesGoOutAsReplayUnderTheirOwnNumbers) {
  last = {kEpoch, 10};
  take({trade(11), trade(12)});
  const auto trades = told<schemas::Trade>(MessageType::kTrade);
  ASSERT_THAT(trades, SizeIs(2));
  EXPECT_EQ(sink.records[0].topic, kTrades);
  EXPECT_EQ(sink.records[0].key, "BTC-USD");
  EXPECT_EQ(trades[0].meta.seq, 11);
  EXPECT_EQ(trades[0].meta.epoch, kEpoch);
  EXPECT_EQ(trades[0].meta.receive_time, 11'000);
  EXPECT_EQ(trades[0].meta.origin, schemas::Origin::kReplay);
  EXPECT_EQ(trades[0].body.price, 11);
  EXPECT_THAT(trades[0].meta.gap, IsEmpty());
  EXPECT_THAT(trades[1].meta.gap, IsEmpty());
  EXPECT_EQ(published, 2U);
}

// A killed process had records in memory between the topic's end and the disk's begin.
TEST_F(LeftoverTest, WhatWasInMemoryIsDeclared) {
  last = {kEpoch, 10};
  take({trade(15), trade(16), trade(18)});
  const auto trades = told<schemas::Trade>(MessageType::kTrade);
  ASSERT_THAT(trades, SizeIs(3));
  const schemas::GapMark first{schemas::GapKind::kLocal, 11, 14, {}, "journal_leftover"};
  const schemas::GapMark second{schemas::GapKind::kLocal, 17, 17, {}, "journal_leftover"};
  EXPECT_THAT(trades[0].meta.gap, ElementsAre(first));
  EXPECT_THAT(trades[1].meta.gap, IsEmpty());
  EXPECT_THAT(trades[2].meta.gap, ElementsAre(second));
}

TEST_F(LeftoverTest, AStreamWithNothingInItsTopicBeginsWithOne) {
  last = {kEpoch - 1, 500};
  take({trade(3)});
  const schemas::GapMark before{schemas::GapKind::kLocal, 1, 2, {}, "journal_leftover"};
  EXPECT_THAT(told<schemas::Trade>(MessageType::kTrade)[0].meta.gap, ElementsAre(before));
}

TEST_F(LeftoverTest, WhatTheTopicHasIsNotPublishedAgain) {
  last = {kEpoch, 12};
  take({trade(11), trade(12), trade(13)});
  const auto trades = told<schemas::Trade>(MessageType::kTrade);
  ASSERT_THAT(trades, SizeIs(1));
  EXPECT_EQ(trades[0].meta.seq, 13);
  EXPECT_EQ(dropped, 2U);
}

TEST_F(LeftoverTest, BooksAreDroppedAndDeclaredOnceForEachStream) {
  last = {kEpoch, 4};
  take({book(6), book(7), book(8)});
  EXPECT_EQ(dropped, 3U);
  const auto gaps = told<schemas::Gap>(MessageType::kGap);
  ASSERT_THAT(gaps, SizeIs(1));
  EXPECT_EQ(sink.records[0].topic, "ops.kraken.gap.v1");
  EXPECT_EQ(sink.records[0].key, "book/BTC-USD");
  EXPECT_EQ(gaps[0].body.dataset, "book");
  EXPECT_EQ(gaps[0].body.mark, (schemas::GapMark{schemas::GapKind::kLocal, 5, 8, {}, "journal_leftover"}));
  EXPECT_EQ(gaps[0].meta.epoch, kEpoch);
}

TEST_F(LeftoverTest, TheLedgerGoesOutAsItIsAndStatesDoNot) {
  take({record("ops.kraken.gap.v1", "gap bytes", MessageType::kGap, 0),
        record("ops.kraken.status.v1", "old", MessageType::kStreamStatus, 0)});
  ASSERT_THAT(sink.records, SizeIs(1));
  EXPECT_EQ(sink.records[0].bytes, "gap bytes");
}

TEST_F(LeftoverTest, DamageAndAFullSinkAreCounted) {
  take({record(kTrades, "no trade \xff\xff", MessageType::kTrade, 1)});
  EXPECT_EQ(refused, 1U);
  sink.full = true;
  take({trade(1)});
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(published, 0U);
}

}  // namespace
}  // namespace millrace::ingest
