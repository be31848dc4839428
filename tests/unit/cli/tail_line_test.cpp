#include "cli/tail_line.h"

#include <gmock/gmock.h>

#include "schemas/codec/encode.h"

namespace millrace::cli {
namespace {

using namespace schemas;
using ::testing::HasSubstr;
using ::testing::Not;

const TopicName kBookTopic{"market", "kraken", "book", "v1"};

// A quote of 2025-07-20 08:26:40.123456 UTC.
AnyDecoded quote(std::uint32_t flags = 0, std::vector<GapMark> gap = {}) {
  Decoded<Bbo> out{std::make_shared<DecodedStorage>(), {}, {}};
  out.storage->identity = make_stream_identity("kraken", "BTC/USD", "BTC-USD");
  out.storage->gap = std::move(gap);
  out.meta.stream = &out.storage->identity;
  out.meta.gap = out.storage->gap;
  out.meta.epoch = 42;
  out.meta.seq = 345;
  out.meta.flags = flags;
  out.meta.receive_time = 1'753'000'000'123'456'789;
  out.body = {-1, -8, Level{452835, 10000000}, std::nullopt};
  return out;
}

TEST(TailLine, ShowsTimeStreamNumberAndWhat) {
  EXPECT_EQ(tail_line({"market", "kraken", "bbo", "v1"}, quote(), 0, false),
            "08:26:40.123456 kraken        bbo        BTC-USD                42:345  45283.5 x 0.1 | none");
}

TEST(TailLine, ShowsFlagsAndGaps) {
  const auto line =
      tail_line(kBookTopic, quote(flag::kReset | flag::kStale, {{GapKind::kVenue, 7, 9, 3, "checksum"}}), 0, false);
  EXPECT_THAT(line, HasSubstr("RESET STALE  GAP VENUE 7..9 checksum"));
}

TEST(TailLine, HasEscapesOnlyInColour) {
  const auto record = quote(0, {{GapKind::kVenue, 7, 9, 3, "checksum"}});
  EXPECT_THAT(tail_line(kBookTopic, record, 0, true), HasSubstr("\033[33m"));
  EXPECT_THAT(tail_line(kBookTopic, record, 0, false), Not(HasSubstr("\033")));
}

TEST(TailLine, ControlCharactersOfOthersDoNotReachTheTerminal) {
  Claim claim{"worker\033[2J\n", "x", 0, {}, 3};
  const auto line = tail_line({"ctl", "", "claim", "v1"}, claim, 12, false);
  EXPECT_THAT(line, HasSubstr("claims epoch 13 for 3 streams"));
  EXPECT_THAT(line, Not(HasSubstr("\033")));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(TailLine, HeartbeatSaysHowLongAgoTheOldestSignWas) {
  Heartbeat beat{"kraken", "book", "worker", 0, 0, {}};
  beat.streams.push_back({"BTC/USD", "BTC-USD", 1, 5, 0, {}, StreamState::kLive, 250'000'000, {}});
  beat.streams.push_back({"ETH/USD", "ETH-USD", 1, 5, 0, {}, StreamState::kLive, 990'000'000, {}});
  EXPECT_THAT(tail_line({"ops", "kraken", "heartbeat", "v1"}, beat, 0, false),
              HasSubstr("2 book streams quiet, oldest sign of life 990 ms ago"));
}

TEST(MessageTypeOfTopic, KnowsEveryTopicOfTheTable) {
  const std::pair<const char*, MessageType> topics[] = {{"p.market.kraken.book.v1", MessageType::kBook},
                                                        {"p.market.kraken.bbo-book.v1", MessageType::kBbo},
                                                        {"p.market.binance-spot.trade-agg.v1", MessageType::kTrade},
                                                        {"p.market.kraken.candle-5m.v1", MessageType::kCandle},
                                                        {"p.ref.kraken.instrument.v1", MessageType::kInstrument},
                                                        {"p.ops.kraken.quarantine.v1", MessageType::kQuarantine},
                                                        {"p.ctl.claim.v1", MessageType::kClaim}};
  for (const auto& [topic, type] : topics) {
    const auto name = parse_topic("p", topic);
    ASSERT_TRUE(name) << topic;
    EXPECT_EQ(message_type(*name), type) << topic;
  }
  EXPECT_FALSE(parse_topic("p", "pp.market.kraken.book.v1"));
  EXPECT_FALSE(parse_topic("p", "p.market.kraken.book"));
  EXPECT_FALSE(message_type(*parse_topic("p", "p.account.kraken.execution.v1")));
}

TEST(TailFilter, LeavesOutWhatIsNotAskedFor) {
  EXPECT_TRUE(passes({}, kBookTopic, quote()));
  EXPECT_TRUE(passes({"kraken", "book", "btc-usd"}, kBookTopic, quote()));
  EXPECT_TRUE(passes({{}, {}, "BTC/USD"}, kBookTopic, quote()));
  EXPECT_FALSE(passes({"binance-spot", {}, {}}, kBookTopic, quote()));
  EXPECT_FALSE(passes({{}, "bbo", {}}, kBookTopic, quote()));
  EXPECT_FALSE(passes({{}, {}, "BTC"}, kBookTopic, quote()));
  EXPECT_FALSE(passes({{}, {}, "BTC-USD"}, kBookTopic, Heartbeat{}));
}

}  // namespace
}  // namespace millrace::cli
