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

// A record of the account "main" at the time of quote().
template <class Body>
AnyDecoded of_account(Body body, const char* symbol = "", const char* instrument = "", Origin origin = Origin::kLive,
                      std::uint32_t flags = 0) {
  Decoded<Body> out{std::make_shared<DecodedStorage>(), {}, {}};
  out.meta.origin = origin;
  out.meta.flags = flags;
  out.storage->identity = make_stream_identity("kraken", symbol, instrument, "main");
  out.meta.stream = &out.storage->identity;
  out.meta.epoch = 42;
  out.meta.seq = 345;
  out.meta.receive_time = 1'753'000'000'123'456'789;
  out.body = std::move(body);
  return out;
}

Execution fill() {
  Execution body;
  body.kind = ExecutionKind::kTrade;
  body.status = OrderStatus::kPartiallyFilled;
  body.side = Side::kBuy;
  body.order_id = "O-1";
  body.price = parse_wide_decimal("26600.0");
  body.quantity = parse_wide_decimal("0.5");
  body.last_price = parse_wide_decimal("26500.0");
  body.last_quantity = body.cumulative_quantity = parse_wide_decimal("0.1666666612345678901234567");
  body.fee = parse_wide_decimal("-0.1");
  body.fee_asset = "USD";
  body.liquidity = Liquidity::kMaker;
  return body;
}

TEST(TailLine, AFillHasItsPriceFeeAndOrder) {
  EXPECT_EQ(tail_line({"account", "kraken", "execution", "v1"}, of_account(fill(), "BTC/USD", "BTC-USD"), 0, false),
            "08:26:40.123456 kraken        execution  BTC-USD                42:345  main  TRADE PARTIALLY_FILLED BUY "
            "0.1666666612345678901234567 @ 26500  filled 0.1666666612345678901234567 of 0.5  order O-1  fee -0.1 USD  "
            "MAKER");
}

TEST(TailLine, AnOrderReportShowsTheOrderAndWhy) {
  Execution body = fill();
  body.kind = ExecutionKind::kCancelled;
  body.status = OrderStatus::kCancelled;
  body.revision = 2;
  body.unseen_order = true;
  body.reason = "user\n";
  EXPECT_THAT(tail_line({"account", "kraken", "execution", "v1"}, of_account(body), 0, false),
              HasSubstr("CANCELLED CANCELLED BUY 0.5 @ 26600  filled 0.1666666612345678901234567 of 0.5  order O-1  "
                        "fee -0.1 USD  MAKER  revision 2  UNSEEN_ORDER: user?"));
}

TEST(TailLine, WhatTheVenueDidNotPushSaysHowItIsKnown) {
  const TopicName executions{"account", "kraken", "execution", "v1"};
  const auto line = [&](Origin origin, std::uint32_t flags) {
    return tail_line(executions, of_account(fill(), "BTC/USD", "BTC-USD", origin, flags), 0, false);
  };
  EXPECT_THAT(line(Origin::kReplay, 0), HasSubstr("42:345  main  REPLAY  TRADE PARTIALLY_FILLED"));
  EXPECT_THAT(line(Origin::kReplay, flag::kSnapshot), HasSubstr("MAKER SNAPSHOT"));
  EXPECT_THAT(line(Origin::kSnapshot, flag::kSnapshot), HasSubstr("main  SNAPSHOT  TRADE"));
  EXPECT_THAT(line(Origin::kSnapshot, flag::kSnapshot | flag::kStale), ::testing::EndsWith("MAKER STALE"));
  Balance balance;
  balance.kind = BalanceKind::kChange;
  EXPECT_THAT(
      tail_line({"account", "kraken", "balance", "v1"}, of_account(balance, "", "", Origin::kSnapshot), 0, false),
      HasSubstr("main  SNAPSHOT  CHANGE"));
}

TEST(TailLine, TheSidecarsOwnWordsAreNotCalledReplayed) {
  Recovery body;
  body.phase = RecoveryPhase::kStarted;
  EXPECT_THAT(tail_line({"ops", "kraken", "recovery", "v1"}, of_account(body, "", "", Origin::kReplay), 0, false),
              Not(HasSubstr("REPLAY")));
}

TEST(TailLine, ABalanceShowsWhatTheVenueSaid) {
  Balance body;
  body.kind = BalanceKind::kChange;
  body.asset = "USD";
  body.available = parse_wide_decimal("100.50");
  body.locked = parse_wide_decimal("0");
  const TopicName topic{"account", "kraken", "balance", "v1"};
  EXPECT_THAT(tail_line(topic, of_account(body), 0, false),
              ::testing::EndsWith("main  CHANGE USD  total -  available 100.5  locked 0"));
  body.change = parse_wide_decimal("-4416.6665");
  body.fee = parse_wide_decimal("1.5");
  body.wallet = "spot/main";
  body.cause = "trade";
  EXPECT_THAT(tail_line(topic, of_account(body), 0, false),
              ::testing::EndsWith("locked 0  change -4416.6665  fee 1.5  in spot/main  by trade"));
}

TEST(TailLine, ARecoveryThatFailedOrCameLateIsAnAlarm) {
  Recovery body{RecoveryPhase::kCompleted,
                7,
                2,
                "timer",
                {"BTC/USD"},
                0,
                1'753'000'000'000'000'000,
                60'000'000'000,
                4,
                120,
                3,
                2,
                0,
                {}};
  const TopicName topic{"ops", "kraken", "recovery", "v1"};
  EXPECT_THAT(tail_line(topic, of_account(body), 0, true), Not(HasSubstr("\033[33m")));
  EXPECT_THAT(tail_line(topic, of_account(body), 0, false),
              HasSubstr("main  COMPLETED sweep 7.2 (timer) of 1 symbols, 1970-01-01T00:00:00Z..2025-07-20T08:26:40Z  "
                        "fills: 120 read, 3 missing, 2 richer, 0 late  complete through 1970-01-01T00:01:00Z"));
  body.late_fills = 1;
  EXPECT_THAT(tail_line(topic, of_account(body), 0, true), HasSubstr("\033[33m"));
  body = {};
  body.phase = RecoveryPhase::kFailed;
  body.error = "503";
  EXPECT_THAT(tail_line(topic, of_account(body), 0, true), HasSubstr("\033[33m"));
  EXPECT_THAT(tail_line(topic, of_account(body), 0, false), HasSubstr(": 503"));
}

TEST(TailLine, ACursorShowsItsFirstScopes) {
  Cursor cursor{"kraken", "main", "fills", 7, "sidecar-1", 1'753'000'000'123'456'789, {{"BTC/USD", 0}, {"", 0}}};
  const TopicName topic{"ctl", "", "cursor", "v1"};
  EXPECT_EQ(tail_line(topic, cursor, 0, false),
            "08:26:40.123456               cursor                                    kraken main fills of sidecar-1, "
            "instance 7  BTC/USD through 1970-01-01T00:00:00Z  all through 1970-01-01T00:00:00Z");
  cursor.scopes.resize(5);
  EXPECT_THAT(tail_line(topic, cursor, 0, false), ::testing::EndsWith("and 2 more"));
}

TEST(TailLine, ASubscriptionSaysWhoWantsWhat) {
  const Subscription wanted{"kraken", "BTC/USD", {"book", "trade"}, 1'753'000'000'123'456'789, "ops@host"};
  EXPECT_THAT(tail_line({"ctl", "", "subscription", "v1"}, wanted, 0, false),
              ::testing::EndsWith("kraken BTC/USD wanted by ops@host: book trade"));
}

TEST(TailLine, ASubscriptionThatIsTakenBackIsKnownByItsKey) {
  const std::string wanted =
      tail_line({"ctl", "", "subscription", "v1"}, Subscription{"kraken", "A", {}, 0, "x"}, 0, false);
  const std::string removal = removal_line("kraken/A\n");
  EXPECT_THAT(removal, ::testing::EndsWith("kraken/A? not wanted any more"));
  EXPECT_EQ(removal.find("kraken/A"), wanted.find("kraken A"));
  EXPECT_EQ(removal_json("kraken/A"), R"({"type":"subscription","key":"kraken/A","removed":true})");
}

TEST(MessageTypeOfTopic, KnowsEveryTopicOfTheTable) {
  const std::pair<const char*, MessageType> topics[] = {{"p.market.kraken.book.v1", MessageType::kBook},
                                                        {"p.market.kraken.bbo-book.v1", MessageType::kBbo},
                                                        {"p.market.binance-spot.trade-agg.v1", MessageType::kTrade},
                                                        {"p.market.kraken.candle-5m.v1", MessageType::kCandle},
                                                        {"p.ref.kraken.instrument.v1", MessageType::kInstrument},
                                                        {"p.ops.kraken.quarantine.v1", MessageType::kQuarantine},
                                                        {"p.ctl.claim.v1", MessageType::kClaim},
                                                        {"p.account.kraken.execution.v1", MessageType::kExecution},
                                                        {"p.account.kraken.balance.v1", MessageType::kBalance},
                                                        {"p.ops.kraken.recovery.v1", MessageType::kRecovery},
                                                        {"p.ctl.cursor.v1", MessageType::kCursor},
                                                        {"p.ctl.subscription.v1", MessageType::kSubscription}};
  for (const auto& [topic, type] : topics) {
    const auto name = parse_topic("p", topic);
    ASSERT_TRUE(name) << topic;
    EXPECT_EQ(message_type(*name), type) << topic;
  }
  EXPECT_FALSE(parse_topic("p", "pp.market.kraken.book.v1"));
  EXPECT_FALSE(parse_topic("p", "p.market.kraken.book"));
  EXPECT_FALSE(message_type(*parse_topic("p", "p.account.kraken.book.v1")));
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
