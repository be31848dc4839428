#include "publish/sequence/account_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/publish/sequence/harness.h"

namespace millrace::publish::test {
namespace {

using schemas::Decoded;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// One account's writer with a sink that keeps everything.
struct Account {
  explicit Account(std::int64_t silence_ns = 0) : writer("kraken", "main", sink, options(silence_ns)) {
    writer.begin_frame(kStart);
  }
  AccountWriterOptions options(std::int64_t silence_ns) {
    AccountWriterOptions made;
    made.epoch = 7;
    made.clock = [this] { return clock; };
    made.worker = "w1";
    made.silence_ns = silence_ns;
    return made;
  }
  void execution(normalize::AccountMeta meta = {}) { writer.on_execution(meta, {}); }
  void balance(normalize::AccountMeta meta = {}) { writer.on_balance(meta, {}); }
  const schemas::Meta& meta() const { return sink.meta(); }
  // "DATASET/NEXT_SEQ" of each beat since the last call.
  std::vector<std::string> beats() {
    std::vector<std::string> lines;
    for (const auto& heartbeat : sink.all<schemas::Heartbeat>()) {
      for (const auto& beat : heartbeat.streams) {
        lines.push_back(heartbeat.dataset + "/" + std::to_string(beat.next_seq));
      }
    }
    sink.puts.clear();
    return lines;
  }

  UnixNanos clock = kStart + 5;
  FakeSink sink;
  AccountWriter writer;
};

schemas::GapMark venue_gap() {
  schemas::GapMark mark;
  mark.kind = GapKind::kVenue;
  mark.reason = "sequence";
  return mark;
}

TEST(AccountWriter, TheFirstRecordOfEachStreamDeclaresTheRestart) {
  Account account;
  account.execution();
  EXPECT_EQ(account.meta().epoch, 7);
  EXPECT_EQ(account.meta().seq, 1);
  ASSERT_THAT(account.meta().gap, SizeIs(1));
  EXPECT_EQ(account.meta().gap[0].kind, GapKind::kRestart);
  account.execution();
  EXPECT_EQ(account.meta().seq, 2);
  EXPECT_THAT(account.meta().gap, IsEmpty());
  account.balance();
  EXPECT_EQ(account.meta().seq, 1) << "a numbering of its own";
  ASSERT_THAT(account.meta().gap, SizeIs(1));
}

TEST(AccountWriter, AHoleIsDeclaredByTheNextRecordAndInTheLedger) {
  Account account;
  account.execution();
  account.balance();
  account.writer.on_gap(Dataset::kExecution, venue_gap());
  EXPECT_THAT(account.sink.all<Decoded<schemas::Gap>>(), SizeIs(1));
  account.balance();
  EXPECT_THAT(account.meta().gap, IsEmpty()) << "not its hole";
  account.execution();
  ASSERT_THAT(account.meta().gap, SizeIs(1));
  EXPECT_EQ(account.meta().gap[0].kind, GapKind::kVenue);
  EXPECT_EQ(account.meta().gap[0].reason, "sequence");
}

TEST(AccountWriter, RecordsSayTheirSymbolAndTheirAccount) {
  Account account;
  for (const auto& [symbol, instrument, wanted] :
       {std::tuple{"BTC/USD", "BTC-USD", "BTC-USD"}, {"ETH/USD", "", "ETH/USD"}, {"BTC/USD", "", "BTC-USD"}}) {
    normalize::AccountMeta meta;
    meta.symbol = symbol;
    meta.instrument = instrument;
    account.execution(meta);
    EXPECT_EQ(account.meta().stream->venue, "kraken");
    EXPECT_EQ(account.meta().stream->account, "main");
    EXPECT_EQ(account.meta().stream->symbol, symbol);
    EXPECT_EQ(account.meta().stream->instrument, wanted);
  }
}

TEST(AccountWriter, TimesAndFlagsAreStamped) {
  Account account;
  account.writer.begin_frame(kStart + 3 * kSecond);
  normalize::AccountMeta meta;
  meta.venue_seq = 41;
  meta.venue_time = 17;
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags = schemas::flag::kSnapshot;
  account.execution(meta);
  EXPECT_EQ(account.meta().receive_time, kStart + 3 * kSecond);
  EXPECT_EQ(account.meta().publish_time, kStart + 5);
  EXPECT_EQ(account.meta().staleness_ns, 3 * kSecond);
  EXPECT_EQ(account.meta().venue_seq, 41);
  EXPECT_EQ(account.meta().venue_time, 17);
  EXPECT_EQ(account.meta().origin, schemas::Origin::kSnapshot);
  EXPECT_EQ(account.meta().flags, schemas::flag::kSnapshot);
}

TEST(AccountWriter, OnlyQuietStreamsAreInTheHeartbeat) {
  Account account;
  account.writer.tick(kStart);
  EXPECT_THAT(account.beats(), ElementsAre("execution/1", "balance/1"));
  account.execution();
  account.writer.tick(kStart + kSecond / 2);
  EXPECT_THAT(account.beats(), IsEmpty()) << "once a second";
  account.writer.tick(kStart + kSecond);
  EXPECT_THAT(account.beats(), ElementsAre("balance/1"));
  account.writer.tick(kStart + 2 * kSecond);
  EXPECT_THAT(account.beats(), ElementsAre("execution/2", "balance/1"));
}

TEST(AccountWriter, AHeartbeatNamesTheLastAcknowledgedRecord) {
  Account account;
  account.writer.on_ack(StreamSlot{0}, 2, 99, 1);
  account.writer.tick(kStart);
  const auto beats = account.sink.all<schemas::Heartbeat>();
  ASSERT_THAT(beats, SizeIs(2));
  EXPECT_EQ(beats[0].streams[0].partition, 2);
  EXPECT_EQ(beats[0].streams[0].acked_offset, 99);
  EXPECT_EQ(beats[0].streams[0].instrument, "main");
  EXPECT_THAT(beats[0].streams[0].gap, SizeIs(1)) << "the restart is not declared yet";
}

TEST(AccountWriter, StatusesAreKeyedByDatasetAndAccount) {
  Account account;
  account.writer.connection_state(StreamState::kConnecting, "start", "words", kStart);
  ASSERT_THAT(account.sink.puts, SizeIs(2));
  EXPECT_EQ(account.sink.puts[0].key, "execution/main");
  EXPECT_EQ(account.sink.puts[1].key, "balance/main");
  EXPECT_EQ(account.sink.puts[0].topic, "ops.kraken.status.v1");
  account.writer.on_state(Dataset::kBalance, StreamState::kLive, "snapshot");
  EXPECT_EQ(account.writer.state(Dataset::kBalance), StreamState::kLive);
  EXPECT_EQ(account.writer.state(Dataset::kExecution), StreamState::kConnecting);
  const auto status = account.sink.all<Decoded<schemas::StreamStatus>>().back();
  EXPECT_EQ(status.body.dataset, "balance");
  EXPECT_EQ(status.body.reason, "snapshot");
  EXPECT_EQ(status.body.worker, "w1");
  EXPECT_EQ(status.body.connection, "account/main");
}

TEST(AccountWriter, ASilentConnectionIsStaleUntilAProofOfLife) {
  Account account(10 * kSecond);
  account.writer.on_state(Dataset::kExecution, StreamState::kLive, "snapshot");
  account.writer.tick(kStart + 10 * kSecond);
  EXPECT_EQ(account.writer.state(Dataset::kExecution), StreamState::kLive);
  account.writer.tick(kStart + 11 * kSecond);
  EXPECT_EQ(account.writer.state(Dataset::kExecution), StreamState::kStale);
  account.execution();
  EXPECT_EQ(account.meta().flags & schemas::flag::kStale, schemas::flag::kStale);
  account.writer.alive(kStart + 12 * kSecond);
  account.writer.tick(kStart + 12 * kSecond);
  EXPECT_EQ(account.writer.state(Dataset::kExecution), StreamState::kLive);
}

TEST(AccountWriter, ATopicMadeAnewIsTold) {
  Account account;
  account.writer.on_topic_made_anew(StreamSlot{1});
  const auto all = account.sink.all<Decoded<schemas::StreamStatus>>();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].body.dataset, "balance");
  EXPECT_EQ(all[0].body.reason, "topic_made_anew");
}

}  // namespace
}  // namespace millrace::publish::test
