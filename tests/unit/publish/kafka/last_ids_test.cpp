#include "publish/kafka/last_ids.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "schemas/codec/encode.h"
#include "tests/unit/publish/support/lane_harness.h"
#include "tests/unit/publish/support/mock_cluster.h"

namespace millrace::test {
namespace {

constexpr std::chrono::seconds kTimeout{20};
constexpr const char* kTopic = "market.kraken.ticker.v1";

std::string record(const std::string& symbol, std::int64_t epoch, std::int64_t seq,
                   std::optional<std::int64_t> venue_seq) {
  const auto identity = schemas::make_stream_identity("kraken", symbol, symbol);
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = epoch;
  meta.seq = seq;
  meta.venue_seq = venue_seq;
  std::string bytes;
  schemas::encode(meta, schemas::Ticker{}, bytes);
  return bytes;
}

TEST(LastIds, TheHighestSeqOfTheHighestEpochCountsWhateverTheOrder) {
  publish::LastIds ids;
  ids.note(kTopic, record("BTC/USD", 3, 10, 500));
  ids.note(kTopic, record("BTC/USD", 4, 2, 700));
  ids.note(kTopic, record("BTC/USD", 4, 1, 690));  // repeated by a producer that died
  ids.note(kTopic, record("BTC/USD", 3, 11, 900));
  EXPECT_EQ(ids.find(kTopic, "BTC/USD"), 700);
}

TEST(LastIds, ARecordWithoutAVenueIdDoesNotHideTheOneBefore) {
  publish::LastIds ids;
  ids.note(kTopic, record("BTC/USD", 3, 10, 500));
  ids.note(kTopic, record("BTC/USD", 3, 11, std::nullopt));
  EXPECT_EQ(ids.find(kTopic, "BTC/USD"), 500);
}

TEST(LastIds, OtherTopicsAndSymbolsAreUnknownAndForeignBytesIgnored) {
  publish::LastIds ids;
  ids.note(kTopic, record("BTC/USD", 3, 10, 500));
  ids.note(kTopic, "\x0a\xff\xff");
  ids.note(kTopic, "");
  EXPECT_EQ(ids.find(kTopic, "ETH/USD"), std::nullopt);
  EXPECT_EQ(ids.find("market.kraken.trade.v1", "BTC/USD"), std::nullopt);
  EXPECT_EQ(ids.find(kTopic, "BTC/USD"), 500);
}

TEST(LastIds, AreReadFromTheEndOfEveryPartition) {
  MockCluster cluster;
  cluster.make_topic("t.market.kraken.ticker.v1", 3);
  LaneHarness harness(lane_settings(cluster.brokers()));
  harness.warm({kTopic});
  const auto put = [&](const std::string& symbol, std::int64_t seq) {
    ASSERT_TRUE(harness.lane.put(kTopic, symbol, record(symbol, 1, seq, 100 + seq), schemas::MessageType::kTicker));
  };
  const std::vector<std::string> symbols{"A", "B", "C", "D", "E", "F"};
  put("OLD", 1);
  for (std::int64_t seq = 1; seq <= 30; ++seq) {
    for (const auto& symbol : symbols) put(symbol, seq);
  }
  ASSERT_EQ(harness.lane.close(kTimeout), 0U);

  const auto settings = lane_settings(cluster.brokers()).kafka;
  const auto ids = publish::read_last_ids(settings, {kTopic}, 20, kTimeout);
  for (const auto& symbol : symbols) EXPECT_EQ(ids.find(kTopic, symbol), 130) << symbol;
  EXPECT_EQ(ids.find(kTopic, "OLD"), std::nullopt) << "not among the last records of its partition";
}

}  // namespace
}  // namespace millrace::test
