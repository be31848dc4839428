// The venue's trade ids on the tape: five trades, each one above the last. What breaks that must be declared.

#include <gmock/gmock.h>

#include "cli/verify/trade_ids.h"
#include "tests/unit/cli/verify_tape.h"

namespace millrace::cli {
namespace {

using testing::good_tape;
using ::testing::HasSubstr;
using testing::kFirstTrade;
using testing::kTrades;
using testing::Tape;

void set_id(v1::Trade& trade, std::int64_t id) {
  trade.set_trade_id(std::to_string(id));
  trade.mutable_meta()->set_venue_seq(id);
}

// The tape with trades `first` and later moved up: the venue had `lost` trades before it that we never got.
Tape tape_with_hole(std::int64_t first, std::int64_t lost) {
  Tape tape = good_tape();
  for (std::int64_t seq = first; seq <= 5; ++seq) {
    tape.alter<v1::Trade>(kTrades, seq, [&](auto& trade) { set_id(trade, kFirstTrade + seq - 1 + lost); });
  }
  return tape;
}

void add_venue_mark(Tape& tape, std::int64_t seq, std::int64_t from, std::int64_t to) {
  tape.alter<v1::Trade>(kTrades, seq, [&](auto& trade) {
    auto& mark = *trade.mutable_meta()->add_gap();
    mark.set_kind(v1::GAP_KIND_VENUE);
    mark.set_from(from);
    mark.set_to(to);
  });
}

TEST(VerifyTradeIds, AHoleThatNothingDeclaresIsAnUndeclaredGap) {
  const auto report = tape_with_hole(3, 1).verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().undeclared_gaps, 1);
  EXPECT_EQ(report.total().lost, 0) << "no number of ours";
  EXPECT_THAT(report.to_table(false), HasSubstr("trades 90003 to 90003 are missing and nothing declares them"));
}

TEST(VerifyTradeIds, AHoleThatAVenueMarkNamesIsDeclared) {
  auto tape = tape_with_hole(3, 2);
  add_venue_mark(tape, 3, kFirstTrade + 2, kFirstTrade + 3);
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
  EXPECT_EQ(report.total().declared_gaps, 1);
}

TEST(VerifyTradeIds, AHoleHalfNamedIsAnUndeclaredGap) {
  auto tape = tape_with_hole(3, 2);
  add_venue_mark(tape, 3, kFirstTrade + 3, kFirstTrade + 3);
  EXPECT_FALSE(tape.verify().ok());
}

TEST(VerifyTradeIds, AMarkOnAnotherRecordDeclaresNothing) {
  auto tape = tape_with_hole(3, 1);
  add_venue_mark(tape, 4, kFirstTrade + 2, kFirstTrade + 2);
  EXPECT_FALSE(tape.verify().ok());
}

TEST(VerifyTradeIds, TradesAmongOurOwnMissingNumbersAreDeclaredThere) {
  for (const std::int64_t lost_by_the_venue : {0, 1}) {
    auto tape = tape_with_hole(4, lost_by_the_venue);
    tape.drop(tape.at<v1::Trade>(kTrades, 3));
    tape.alter<v1::Trade>(kTrades, 4, [](auto& trade) {
      auto& mark = *trade.mutable_meta()->add_gap();
      mark.set_kind(v1::GAP_KIND_LOCAL);
      mark.set_from(3);
      mark.set_to(3);
    });
    EXPECT_EQ(tape.verify().ok(), lost_by_the_venue == 0);
  }
}

TEST(VerifyTradeIds, ATradeThatIsThereAgainIsADuplicate) {
  auto tape = good_tape();
  tape.alter<v1::Trade>(kTrades, 3, [](auto& trade) { set_id(trade, kFirstTrade + 1); });
  const auto report = tape.verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.total().unexplained_duplicates, 1);
  EXPECT_THAT(report.to_table(false), HasSubstr("trade 90002 comes after trade 90002"));
}

TEST(VerifyTradeIds, AVenueThatCountsAnewSaysSo) {
  auto tape = good_tape();
  for (std::int64_t seq = 3; seq <= 5; ++seq) {
    tape.alter<v1::Trade>(kTrades, seq, [&](auto& trade) { set_id(trade, seq - 2); });
  }
  EXPECT_FALSE(tape.verify().ok());
  tape.alter<v1::Trade>(kTrades, 3, [](auto& trade) { trade.mutable_meta()->add_gap()->set_kind(v1::GAP_KIND_VENUE); });
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
}

TEST(VerifyTradeIds, AnIdThatIsNotCountedByIsRefused) {
  auto tape = good_tape();
  tape.alter<v1::Trade>(kTrades, 3, [](auto& trade) { trade.mutable_meta()->clear_venue_seq(); });
  EXPECT_FALSE(tape.verify().ok());
  tape = good_tape();
  tape.alter<v1::Trade>(kTrades, 3, [](auto& trade) { trade.set_trade_id("90009"); });
  EXPECT_FALSE(tape.verify().ok());
}

TEST(VerifyTradeIds, WhatLiesBeforeANewEpochIsTheRestarts) {
  auto tape = good_tape();
  auto trade = Tape::parse<v1::Trade>(tape.at<v1::Trade>(kTrades, 1));
  trade.mutable_meta()->set_epoch(8);
  set_id(trade, kFirstTrade + 1000);
  tape.add(kTrades, "MATIC-USD", trade.SerializeAsString());
  const auto report = tape.verify();
  EXPECT_TRUE(report.ok()) << report.to_table(true);
}

TEST(VerifyTradeIds, FuturesUseIdsUpForWhatIsNoTrade) {
  SeenMeta meta;
  const auto see = [&](TradeIds& ids, std::int64_t id, IdRule rule) {
    meta.venue_seq = id;
    ids.on_record(meta, {std::to_string(id)}, rule, Place::kFollows, 0);
  };
  TradeIds perpetual, spot;
  for (const std::int64_t id : {1, 2, 4, 4}) {
    see(perpetual, id, id_rule("binance-usdm", "trade"));
    see(spot, id, id_rule("binance-spot", "trade"));
  }
  EXPECT_EQ(perpetual.tally().holes, 0);
  EXPECT_EQ(perpetual.tally().repeats, 1);
  EXPECT_EQ(spot.tally().holes, 1);
  EXPECT_EQ(id_rule("binance-usdm", "trade-agg"), IdRule::kDense);
  EXPECT_EQ(id_rule("binance-us", "trade"), IdRule::kDense);
  EXPECT_EQ(id_rule("kraken", "trade"), IdRule::kDense);
  EXPECT_EQ(id_rule("kraken", "book"), IdRule::kNone);
  EXPECT_EQ(id_rule("another", "trade"), IdRule::kNone);
}

}  // namespace
}  // namespace millrace::cli
