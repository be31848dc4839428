#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/kraken/account_test.h"

// Totals per asset and wallet, and trades of the ledger that no fill explains.
namespace millrace::normalize::kraken {
namespace {

using schemas::BalanceKind;
using schemas::Origin;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// "BTC spot/main 1.2"
std::vector<std::string> totals(const test::AccountRecorder& out) {
  std::vector<std::string> lines;
  for (const auto& one : out.balances) {
    lines.push_back(fmt::format("{} {} {}", one.body.asset, one.body.wallet, text(one.body.total)));
  }
  return lines;
}

std::string entry(std::string_view id, std::string_view type, std::string_view ref, std::string_view asset,
                  std::string_view amount, std::string_view balance, std::string_view time = "10:33:06.000082") {
  return fmt::format(R"({{"ledger_id":"{}","ref_id":"{}","timestamp":"2023-09-22T{}Z","type":"{}","asset":"{}",)"
                     R"("wallet_type":"spot","wallet_id":"main","amount":{},"fee":0.0,"balance":{}}})",
                     id, ref, time, type, asset, amount, balance);
}

TEST(KrakenBalances, TheSnapshotTellsEachWalletOfEachAsset) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("balances_snapshot"));
  EXPECT_THAT(totals(kraken), ElementsAre("BTC spot/main 1.2", "MATIC earn/flex 200", "MATIC spot/main 300",
                                          "USD spot/main 80595.4943"));
  for (const auto& [meta, balance] : kraken.balances) {
    EXPECT_EQ(balance.kind, BalanceKind::kSnapshot);
    EXPECT_EQ(balance.event_id, "") << "the latest one holds";
    EXPECT_FALSE(balance.change);
    EXPECT_EQ(meta.origin, Origin::kSnapshot);
    EXPECT_EQ(meta.flags, schemas::flag::kSnapshot);
    EXPECT_EQ(meta.venue_seq, 1);
    EXPECT_EQ(meta.symbol, "");
  }
}

TEST(KrakenBalances, AnAssetWithoutWalletsIsTheAccounts) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(balance_frame("snapshot", 1, R"({"asset":"ETH","balance":2.5,"wallets":[]})")));
  EXPECT_THAT(totals(kraken), ElementsAre("ETH  2.5"));
}

TEST(KrakenBalances, AnEntryTellsTheNewTotalWhatWasAddedAndWhy) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("balances_trade_base"));
  ASSERT_TRUE(kraken.feed_file("balances_trade_quote"));
  ASSERT_THAT(kraken.balances, SizeIs(2));
  const auto& [meta, quote] = kraken.balances[1];
  EXPECT_EQ(quote.kind, BalanceKind::kChange);
  EXPECT_EQ(quote.asset, "USD");
  EXPECT_EQ(quote.wallet, "spot/main");
  EXPECT_EQ(text(quote.total), "500");
  EXPECT_EQ(text(quote.change), "132.9995");
  EXPECT_EQ(text(quote.fee), "0.3458");
  EXPECT_FALSE(quote.available);
  EXPECT_EQ(quote.cause, "trade");
  EXPECT_EQ(quote.event_id, "kraken/main/ledger/A5KS77-LQRMP-SMMN4B");
  EXPECT_EQ(meta.venue_seq, 3);
  EXPECT_EQ(meta.venue_time, 1'695'378'785'710'082'000);
  EXPECT_EQ(meta.origin, Origin::kLive);
  EXPECT_EQ(text(kraken.balances[0].body.change), "-0.005");
}

TEST(KrakenBalances, AnEntryIsToldOnce) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("balances_trade_base"));
  ASSERT_TRUE(kraken.feed_file("balances_trade_base"));
  EXPECT_THAT(kraken.balances, SizeIs(1));
  EXPECT_THAT(kraken.drops, ElementsAre("duplicate"));
  EXPECT_THAT(kraken.gaps, IsEmpty());
}

TEST(KrakenBalances, AnOvertakenEntryIsToldWithTheTotalThatHolds) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(balance_frame("update", 4, entry("L3", "deposit", "R3", "BTC", "1", "3"))));
  ASSERT_TRUE(kraken.feed(balance_frame("update", 2, entry("L1", "deposit", "R1", "BTC", "1", "1"))));
  ASSERT_TRUE(kraken.feed(balance_frame("update", 3, entry("L2", "deposit", "R2", "ETH", "1", "1"))));
  EXPECT_THAT(totals(kraken), ElementsAre("BTC spot/main 3", "BTC spot/main 3", "ETH spot/main 1"));
}

TEST(KrakenBalances, WhatAMarginPositionCostsIsABalanceAndNoFill) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("balances_rollover"));
  ASSERT_THAT(kraken.balances, SizeIs(1));
  EXPECT_EQ(kraken.balances[0].body.cause, "rollover");
  EXPECT_EQ(text(kraken.balances[0].body.fee), "0.1234");
  EXPECT_THAT(kraken.executions, IsEmpty());
  EXPECT_FALSE(kraken.todo.wake_at) << "and asks for no fill";
}

TEST(KrakenBalances, WhatASnapshotNoLongerNamesIsZero) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("balances_snapshot"));
  kraken.close();
  kraken.open();
  kraken.clear();
  ASSERT_TRUE(kraken.feed(balance_frame(
      "snapshot", 1, R"({"asset":"USD","balance":5,"wallets":[{"type":"spot","id":"main","balance":5}]})")));
  EXPECT_THAT(totals(kraken),
              ElementsAre("BTC spot/main 0", "MATIC earn/flex 0", "MATIC spot/main 0", "USD spot/main 5"));
  kraken.close();
  kraken.open();
  kraken.clear();
  ASSERT_TRUE(kraken.feed(balance_frame("snapshot", 1, "")));
  EXPECT_THAT(totals(kraken), ElementsAre("USD spot/main 0")) << "zeros are not told for ever";
}

// The documentation leaves open whether an entry's balance is the wallet's or the account's.
TEST(KrakenBalances, ATotalOverAllWalletsIsMadeTheWalletsOwn) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("balances_snapshot"));
  kraken.clear();
  ASSERT_TRUE(kraken.feed(balance_frame("update", 2, entry("L1", "deposit", "R1", "MATIC", "10", "510"))));
  ASSERT_TRUE(kraken.feed(balance_frame("update", 3, entry("L2", "deposit", "R2", "MATIC", "10", "320"))));
  ASSERT_TRUE(kraken.feed(balance_frame("update", 4, entry("L3", "deposit", "R3", "MATIC", "10", "7"))));
  EXPECT_THAT(totals(kraken), ElementsAre("MATIC spot/main 310", "MATIC spot/main 320", "MATIC spot/main 7"))
      << "what fits neither is told as sent";
}

struct BrokenBalance {
  const char* frame;
  const char* where;
};
TEST(KrakenBalances, NothingOfABrokenFrameIsTold) {
  for (const BrokenBalance& broken : {
           BrokenBalance{R"({"asset":"BTC","balance":1},{"asset":"ETH"})", "data[1].balance"},
           BrokenBalance{R"({"asset":"BTC","balance":1},{"balance":1})", "data[1].asset"},
           BrokenBalance{R"({"asset":"BTC","balance":1,"wallets":[{"type":"spot","id":"main"}]})",
                         "data[0].wallets[0].balance"},
       }) {
    Account kraken;
    kraken.open();
    const auto done = kraken.feed(balance_frame("snapshot", 1, broken.frame));
    ASSERT_FALSE(done) << broken.frame;
    EXPECT_EQ(done.error().where, broken.where);
    EXPECT_THAT(kraken.balances, IsEmpty());
  }
  LiveAccount kraken;
  std::string row = entry("L1", "trade", "R1", "BTC", "1", "1");
  row.replace(row.find("ledger_id"), 9, "id");
  EXPECT_EQ(kraken.feed(balance_frame("update", 2, row)).error(), (Error{Errc::kMissingField, "data[0].ledger_id"}));
}

// An account with one fill of 0.001 BTC, id T1, at 10:33:06.
struct Filled : LiveAccount {
  Filled() { EXPECT_TRUE(feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.001")))); }
  // The ledger tells a trade; a minute later, what was said?
  std::vector<std::string> after(const std::string& ledger_entry) {
    EXPECT_TRUE(feed(balance_frame("update", 2, ledger_entry)));
    clear();
    time(now + 60 * kNanosPerSecond);
    return state_lines(*this);
  }
};

TEST(KrakenTradeEvidence, AFillExplainsATradeByItsIdItsTimeOrItsQuantity) {
  EXPECT_THAT(Filled().after(entry("L1", "trade", "T1", "USD", "-99", "1", "10:40:00.0")), IsEmpty());
  EXPECT_THAT(Filled().after(entry("L1", "trade", "R1", "USD", "-26.5999", "1", "10:33:06.000000")), IsEmpty());
  EXPECT_THAT(Filled().after(entry("L1", "trade", "R1", "BTC", "-0.0010", "1", "10:33:05.999")), IsEmpty());
  EXPECT_THAT(Filled().after(entry("L1", "trade", "R1", "BTC", "-0.001", "1", "10:33:07.000")), IsEmpty());
}

TEST(KrakenTradeEvidence, ATradeThatNoFillExplainsTellsTheSidecarAfterTheGrace) {
  const std::vector<std::string> told = {"balance LIVE balance_mismatch"};
  EXPECT_EQ(Filled().after(entry("L1", "trade", "R1", "BTC", "-0.002", "1")), told) << "another quantity";
  EXPECT_EQ(Filled().after(entry("L1", "trade", "R1", "ETH", "-0.001", "1")), told) << "another asset";
  EXPECT_EQ(Filled().after(entry("L1", "trade", "R1", "BTC", "-0.001", "1", "10:33:09.0")), told) << "another time";
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("balances_trade_base"));
  EXPECT_EQ(kraken.todo.wake_at, kraken.now + 5 * kNanosPerSecond);
  kraken.time(kraken.now + 4 * kNanosPerSecond);
  EXPECT_THAT(kraken.states, IsEmpty());
  kraken.time(kraken.now + kNanosPerSecond);
  EXPECT_EQ(state_lines(kraken), told);
}

TEST(KrakenTradeEvidence, OtherCausesNeedNoFill) {
  for (const char* const type : {"deposit", "withdrawal", "margin", "rollover", "transfer", "staking"}) {
    EXPECT_THAT(Filled().after(entry("L1", type, "R1", "BTC", "-0.002", "1")), IsEmpty()) << type;
  }
}

TEST(KrakenTradeEvidence, OneSideOfATradeExplainsTheOther) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("executions_pending_new"));
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file("balances_trade_base"));
  ASSERT_TRUE(kraken.feed_file("executions_trade")) << "the documentation's example, the ledger first";
  ASSERT_TRUE(kraken.feed_file("balances_trade_quote"));
  EXPECT_FALSE(kraken.todo.wake_at);
  kraken.time(kraken.now + 60 * kNanosPerSecond);
  EXPECT_THAT(kraken.states, IsEmpty());
}

TEST(KrakenTradeEvidence, ASecondAlarmWaitsAMinute) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(balance_frame("update", 2, entry("L1", "trade", "R1", "BTC", "1", "1"))));
  kraken.time(*kraken.todo.wake_at);
  ASSERT_THAT(kraken.states, SizeIs(1));
  const schemas::UnixNanos first = kraken.now;
  ASSERT_TRUE(kraken.feed(balance_frame("update", 3, entry("L2", "trade", "R2", "BTC", "1", "2"))));
  EXPECT_EQ(kraken.todo.wake_at, first + 60 * kNanosPerSecond);
  kraken.time(first + 60 * kNanosPerSecond);
  EXPECT_THAT(kraken.states, SizeIs(2));
  EXPECT_FALSE(kraken.todo.wake_at);
}

}  // namespace
}  // namespace millrace::normalize::kraken
