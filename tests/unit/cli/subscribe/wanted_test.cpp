#include "cli/subscribe/wanted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "publish/kafka/topic_names.h"
#include "schemas/codec/encode.h"

namespace millrace::cli {
namespace {

using schemas::StreamState;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr schemas::UnixNanos kTime = 1'753'000'000'123'456'789;

bool subscribe(Wanted& wanted, const std::string& venue, const std::string& symbol,
               std::vector<std::string> datasets = {}) {
  std::string value;
  schemas::encode(schemas::Subscription{venue, symbol, std::move(datasets), kTime, "ops@host"}, value);
  return wanted.on_subscription(publish::subscription_key(venue, symbol), value, 7);
}

// On kraken's BTC/USD.
bool tell(Wanted& wanted, std::int64_t epoch, const std::string& dataset, StreamState state,
          const std::string& worker = "w1") {
  const auto identity = schemas::make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = epoch;
  schemas::StreamStatus body;
  body.dataset = dataset;
  body.state = state;
  body.worker = worker;
  std::string value;
  schemas::encode(meta, body, value);
  return wanted.on_status(value);
}

TEST(Wanted, IsWhatWasAskedForAndNotTakenBack) {
  Wanted wanted;
  EXPECT_TRUE(subscribe(wanted, "kraken", "ETH/USD"));
  EXPECT_TRUE(subscribe(wanted, "kraken", "BTC/USD", {"book"}));
  EXPECT_TRUE(subscribe(wanted, "binance-spot", "BTCUSDT"));
  EXPECT_TRUE(subscribe(wanted, "kraken", "BTC/USD", {"book", "trade"}));
  EXPECT_TRUE(wanted.on_subscription("kraken/ETH/USD", "", 7));
  EXPECT_TRUE(wanted.on_subscription("kraken/NEVER", "", 7));
  EXPECT_TRUE(wanted.has("kraken/BTC/USD"));
  EXPECT_FALSE(wanted.has("kraken/ETH/USD"));

  const auto rows = wanted.rows("");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].venue, "binance-spot");
  EXPECT_EQ(rows[1].symbol, "BTC/USD");
  EXPECT_THAT(rows[1].datasets, ElementsAre("book", "trade"));
  EXPECT_EQ(rows[1].time, kTime);
  EXPECT_EQ(rows[1].by, "ops@host");
  EXPECT_EQ(rows[1].partition, 7);
  ASSERT_EQ(wanted.rows("kraken").size(), 1u);
}

TEST(Wanted, PassesOverWhatIsNoRecordOfTheTopic) {
  Wanted wanted;
  EXPECT_FALSE(wanted.on_subscription("kraken", "", 0));
  EXPECT_FALSE(wanted.on_subscription("kraken/BTC/USD", "\xff", 0));
  EXPECT_FALSE(wanted.on_status("\xff"));
  EXPECT_TRUE(wanted.rows("").empty());
}

TEST(Wanted, HasTheWorstStateOfItsDatasets) {
  Wanted wanted;
  subscribe(wanted, "kraken", "BTC/USD");
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kUnspecified);
  tell(wanted, 3, "bbo", StreamState::kLive);
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kLive);
  tell(wanted, 3, "book", StreamState::kBackingOff);
  tell(wanted, 3, "trade", StreamState::kLive);
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kBackingOff);
  tell(wanted, 3, "book", StreamState::kSyncing);
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kSyncing);
  EXPECT_EQ(wanted.rows("")[0].worker, "w1");
}

TEST(Wanted, LooksAtItsOwnDatasetsAlone) {
  Wanted wanted;
  subscribe(wanted, "kraken", "BTC/USD", {"bbo", "trade"});
  tell(wanted, 3, "book", StreamState::kHalted);
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kUnspecified);
  tell(wanted, 3, "trade", StreamState::kLive);
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kLive);
}

TEST(Wanted, BelievesTheHighestEpochOfEachDataset) {
  Wanted wanted;
  subscribe(wanted, "kraken", "BTC/USD");
  tell(wanted, 3, "book", StreamState::kLive, "dead");
  tell(wanted, 4, "book", StreamState::kSyncing, "heir");
  tell(wanted, 5, "trade", StreamState::kLive, "heir");
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kSyncing) << "trades that came later say nothing of the book";
  tell(wanted, 4, "book", StreamState::kLive, "heir");
  tell(wanted, 3, "book", StreamState::kDisconnected, "dead");
  EXPECT_EQ(wanted.rows("")[0].worker, "heir");
  EXPECT_EQ(wanted.rows("")[0].state, StreamState::kLive);
}

TEST(WantedText, IsATableThatEndsWithASum) {
  Wanted wanted;
  subscribe(wanted, "kraken", "BTC/USD", {"book", "trade"});
  subscribe(wanted, "kraken", "E\033H");
  tell(wanted, 1, "book", StreamState::kLive);
  EXPECT_EQ(wanted_table(wanted.rows("")),
            "VENUE   SYMBOL   DATASETS       SINCE                 BY        PARTITION  WORKER  STATE\n"
            "kraken  BTC/USD  book,trade     2025-07-20T08:26:40Z  ops@host  7          w1      LIVE\n"
            "kraken  E?H      as configured  2025-07-20T08:26:40Z  ops@host  7          -       -\n"
            "2 wanted, 1 LIVE\n");
}

TEST(WantedText, IsAJsonObjectALine) {
  Wanted wanted;
  subscribe(wanted, "kraken", "BTC/USD", {"book", "trade"});
  subscribe(wanted, "kraken", "ETH/USD");
  tell(wanted, 1, "book", StreamState::kLive);
  EXPECT_EQ(wanted_json(wanted.rows("")),
            R"({"venue":"kraken","symbol":"BTC/USD","dataset":["book","trade"],"time_ns":1753000000123456789,)"
            R"("by":"ops@host","partition":7,"worker":"w1","state":"LIVE"})"
            "\n"
            R"({"venue":"kraken","symbol":"ETH/USD","dataset":[],"time_ns":1753000000123456789,)"
            R"("by":"ops@host","partition":7})"
            "\n");
  EXPECT_EQ(wanted_json({}), "");
}

}  // namespace
}  // namespace millrace::cli
