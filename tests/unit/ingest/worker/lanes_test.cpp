#include "ingest/worker/lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "publish/journal/journal_reader.h"

namespace millrace::ingest {
namespace {

namespace fs = std::filesystem;

class LanesTest : public testing::Test {
 protected:
  LanesTest() {
    std::string made = (fs::temp_directory_path() / "millrace-lanes-XXXXXX").string();
    if (mkdtemp(made.data()) == nullptr) throw std::runtime_error("no temporary folder");
    config.journal.dir = made;
  }
  ~LanesTest() override { fs::remove_all(config.journal.dir); }
  Config config;
};

// Acknowledgements of one stream, as a sequencer takes them.
struct Acks : publish::AckListener {
  void on_ack(publish::StreamSlot, std::int32_t, std::int64_t, std::int64_t seq) override { seqs.push_back(seq); }
  void on_lost(publish::StreamSlot, std::int64_t, std::string_view) override { FAIL(); }
  void on_topic_made_anew(publish::StreamSlot) override { FAIL(); }
  std::vector<std::int64_t> seqs;
};

TEST_F(LanesTest, WithoutABrokerRecordsGoToTheJournal) {
  const auto identity = schemas::make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  {
    const auto lane = make_market_lane(config, 3);
    Acks acks;
    lane->set_listener(&acks);
    const auto stream = lane->open({&identity, "trade", schemas::MessageType::kTrade});
    for (std::int64_t seq = 1; seq <= 3; ++seq) {
      const auto room = lane->reserve(stream, 10);
      ASSERT_EQ(room.size(), 10U);
      std::ranges::fill(room, static_cast<std::byte>('0' + seq));
      lane->commit(stream, 5, seq);
    }
    EXPECT_TRUE(lane->put("ops.kraken.status.v1", "k", "state", schemas::MessageType::kStreamStatus));
    EXPECT_THAT(acks.seqs, testing::IsEmpty()) << "not before the file has them";
    lane->flush_batch();
    EXPECT_THAT(acks.seqs, testing::ElementsAre(1, 2, 3));
    EXPECT_EQ(lane->stats().acked.value(), 4U);
    EXPECT_EQ(lane->close(std::chrono::milliseconds{0}), 0U);
  }
  const auto folders = publish::journal_folders(config.journal.dir);
  ASSERT_THAT(folders, testing::ElementsAre(config.journal.dir + "/market-3"));
  publish::JournalReader reader(folders.front());
  publish::JournalRecord record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_EQ(record.topic, "market.kraken.trade.v1");
  EXPECT_EQ(record.key, "BTC-USD");
  EXPECT_EQ(record.bytes, "11111");
  EXPECT_EQ(record.seq, 1);
}

TEST_F(LanesTest, TheLocalEpochRisesWithEachStart) {
  EXPECT_EQ(take_local_epoch(config.journal.dir), 1);
  EXPECT_EQ(take_local_epoch(config.journal.dir), 2);
  std::ofstream(config.journal.dir + "/epoch") << "torn";
  EXPECT_THROW(take_local_epoch(config.journal.dir), std::runtime_error) << "an epoch given twice would be two streams";
}

TEST_F(LanesTest, PolicyIsByDatasetAndSpillWhereThereIsAJournal) {
  config.overload = {{"bbo", "conflate"}};
  EXPECT_FALSE(spills(config, "bbo"));
  EXPECT_TRUE(spills(config, "book"));
  Config without;
  EXPECT_FALSE(spills(without, "book"));
}

}  // namespace
}  // namespace millrace::ingest
