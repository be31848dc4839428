// The ground truth of simulated accounts: it must add up, whatever an account does.
#include "tests/sim/accounts/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/sim/accounts/generator.h"
#include "tests/sim/accounts/ids.h"

namespace millrace::sim::accounts {
namespace {

constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;

LedgerRules rules() {
  LedgerRules rules;
  rules.instruments = make_instruments(3, "USD", "/", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 1'000 * kOne;
  rules.initial["USD"] = 10'000'000 * kOne;
  rules.make_id = [](char kind, std::int64_t number) { return uuid(kind, 1, number); };
  return rules;
}

Ledger ledger() { return Ledger(rules(), kStart); }

constexpr Amount kPrice = 60'000 * kOne;

std::int64_t buy(Ledger& book, Amount quantity) {
  return book.place({"BTC/USD", OrderSide::kBuy, OrderType::kLimit, kPrice, quantity}, kStart);
}

TEST(AccountLedger, AFillMovesBothAssetsAndTheFee) {
  Ledger book = ledger();
  const std::int64_t order = buy(book, kOne / 2);
  EXPECT_EQ(book.balances().at("USD").locked, 30'000 * kOne);
  ASSERT_NE(book.fill(order, kOne / 4, kPrice, true, kStart + 1), 0);
  EXPECT_EQ(book.balances().at("BTC").total, 1'000 * kOne + kOne / 4);
  // 15,000 and 0.16 % of it.
  EXPECT_EQ(book.balances().at("USD").total, (10'000'000 - 15'000 - 24) * kOne);
  EXPECT_EQ(book.balances().at("USD").locked, 15'000 * kOne);
  EXPECT_EQ(book.order(order)->state, OrderState::kOpen);
  ASSERT_NE(book.fill(order, kOne / 4, kPrice, false, kStart + 2), 0);
  EXPECT_EQ(book.order(order)->state, OrderState::kFilled);
  EXPECT_EQ(book.balances().at("USD").locked, 0);
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, RefusesWhatCannotBeWithoutATrace) {
  Ledger book = ledger();
  const std::int64_t order = buy(book, kOne);
  const std::size_t events = book.events().size();
  EXPECT_EQ(book.fill(order, 2 * kOne, kPrice, true, kStart), 0) << "more than is left";
  EXPECT_EQ(book.fill(order, 1, kPrice, true, kStart), 0) << "less than a lot";
  EXPECT_EQ(book.fill(99, kOne, kPrice, true, kStart), 0);
  EXPECT_EQ(book.place({"NO/USD", OrderSide::kBuy, OrderType::kLimit, kPrice, kOne}, kStart), 0);
  EXPECT_EQ(book.replace(order, kPrice + kOne, kOne, kStart), 0) << "dearer than what is locked";
  EXPECT_FALSE(book.deposit("USD", -20'000'000 * kOne, kStart));
  EXPECT_FALSE(book.bust(1, kStart));
  EXPECT_EQ(book.events().size(), events);
}

TEST(AccountLedger, AnOrderWithoutFundsIsRejected) {
  Ledger book = ledger();
  const std::int64_t order = buy(book, 1'000 * kOne);
  EXPECT_EQ(book.order(order)->state, OrderState::kRejected);
  EXPECT_EQ(book.fill(order, kOne, kPrice, true, kStart), 0);
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, BothLegsOfASelfTradeCarryOneTradeId) {
  Ledger book = ledger();
  const std::int64_t first = book.self_trade("BTC/USD", kOne, kPrice, kStart);
  ASSERT_NE(first, 0);
  const Fill& maker = book.fills()[0];
  const Fill& taker = book.fills()[1];
  EXPECT_EQ(maker.trade_id, taker.trade_id);
  EXPECT_NE(maker.order, taker.order);
  EXPECT_NE(maker.id, taker.id);
  EXPECT_TRUE(maker.maker && !taker.maker);
  EXPECT_EQ(maker.other, taker.order);
  EXPECT_EQ(book.balances().at("BTC").total, 1'000 * kOne);
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, ABurstHappensAtOneTimeWithTradeIdsInARow) {
  Ledger book = ledger();
  ASSERT_NE(book.burst("ETH/USD", 300, kStart + 5), 0);
  ASSERT_EQ(book.fills().size(), 300U);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_EQ(book.fills()[i].time_ns, kStart + 5);
    EXPECT_EQ(book.fills()[i].trade_id, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, AVoidFillIsPutBackButStaysOnTheOrder) {
  LedgerRules voiding = rules();
  voiding.busts = true;
  Ledger book(voiding, kStart);
  const std::int64_t order = buy(book, kOne);
  const std::int64_t fill = book.fill(order, kOne / 2, kPrice, true, kStart);
  ASSERT_TRUE(book.bust(fill, kStart + 9));
  EXPECT_FALSE(book.bust(fill, kStart + 9)) << "only once";
  EXPECT_EQ(book.fills()[0].bust_ns, kStart + 9);
  EXPECT_EQ(book.balances().at("BTC").total, 1'000 * kOne);
  EXPECT_EQ(book.balances().at("USD").total, 10'000'000 * kOne);
  EXPECT_EQ(book.order(order)->filled, kOne / 2);
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, AReplacementIsANewOrderWhereTheVenueMakesOne) {
  LedgerRules chaining = rules();
  chaining.replace_makes_order = true;
  Ledger book(chaining, kStart);
  const std::int64_t old = buy(book, kOne);
  book.fill(old, kOne / 4, kPrice, true, kStart);
  const std::int64_t next = book.replace(old, kPrice - kOne, kOne / 2, kStart);
  ASSERT_NE(next, old);
  EXPECT_EQ(book.order(old)->state, OrderState::kReplaced);
  EXPECT_EQ(book.order(old)->replaced_by, next);
  EXPECT_EQ(book.order(next)->replaces, old);
  EXPECT_EQ(book.order(next)->quantity, kOne / 4);
  EXPECT_EQ(book.audit(), "");
}

TEST(AccountLedger, FuturesMoveProfitAndFeeOnly) {
  LedgerRules futures = rules();
  futures.futures = true;
  Ledger book(futures, kStart);
  book.fill(buy(book, kOne), kOne, kPrice, false, kStart);
  const std::int64_t sell =
      book.place({"BTC/USD", OrderSide::kSell, OrderType::kLimit, kPrice + 100 * kOne, 2 * kOne}, kStart);
  book.fill(sell, 2 * kOne, kPrice + 100 * kOne, true, kStart);
  EXPECT_EQ(book.fills()[1].realized, 100 * kOne);
  EXPECT_EQ(book.positions().at("BTC/USD"), -kOne);
  EXPECT_EQ(book.balances().at("BTC").total, 1'000 * kOne);
  EXPECT_EQ(book.audit(), "");
}

// What each event says it did is what it did: the stream is told from events alone.
TEST(AccountLedger, LivesAnHourAndStillAddsUp) {
  for (const bool futures : {false, true}) {
    LedgerRules wanted = rules();
    wanted.futures = futures;
    wanted.busts = !futures;
    wanted.fee_asset = LedgerRules::FeeAsset::kReceived;
    wanted.initial["BNB"] = 100 * kOne;
    Ledger book(wanted, kStart);
    Generator life(book, 7);
    for (int i = 1; i <= 3'600; ++i) life.live_until(kStart + i * kSecond, {.rate = 5, .bust = 0.01});
    ASSERT_EQ(book.audit(), "");
    EXPECT_GT(book.fills().size(), 5'000U);
    EXPECT_GT(book.live_orders().size(), 0U);
    std::set<EventKind> kinds;
    std::map<std::string, Balance> told;
    for (const Event& event : book.events()) {
      kinds.insert(event.kind);
      for (const Change& change : event.changes) told[change.asset] = change.after;
    }
    for (const auto& [asset, balance] : told) EXPECT_EQ(balance, book.balances().at(asset)) << asset;
    EXPECT_TRUE(kinds.contains(futures ? EventKind::kFunding : EventKind::kBust));
    EXPECT_TRUE(kinds.contains(EventKind::kAmended));
    EXPECT_TRUE(kinds.contains(EventKind::kExpired));
    std::set<std::pair<std::string, std::int64_t>> trades;
    for (const Fill& fill : book.fills()) {
      if (!fill.maker || fill.other == 0) trades.emplace(fill.symbol, fill.trade_id);
    }
    std::size_t selves = 0;
    for (const Fill& fill : book.fills()) selves += fill.other != 0 && fill.maker ? 1 : 0;
    EXPECT_EQ(trades.size() + selves, book.fills().size()) << "a trade id twice";
  }
}

TEST(AccountLedger, TheSameSeedLivesTheSameLife) {
  Ledger a = ledger();
  Ledger b = ledger();
  Ledger c = ledger();
  Generator lives[] = {Generator(a, 3), Generator(b, 3), Generator(c, 4)};
  for (int i = 1; i <= 60; ++i) {
    for (Generator& life : lives) life.live_until(kStart + i * kSecond, {.rate = 10});
  }
  const auto ids = [](const Ledger& book) {
    std::vector<std::tuple<std::string, Amount, Amount, std::int64_t>> all;
    for (const Fill& fill : book.fills()) all.emplace_back(fill.id, fill.price, fill.quantity, fill.time_ns);
    return all;
  };
  EXPECT_EQ(ids(a), ids(b));
  EXPECT_NE(ids(a), ids(c));
}

TEST(AccountNumbers, AreWrittenExactly) {
  EXPECT_EQ(plain(150'000'000), "1.5");
  EXPECT_EQ(plain(0), "0");
  EXPECT_EQ(plain(-1), "-0.00000001");
  EXPECT_EQ(plain(10'000 * kOne), "10000");
  EXPECT_EQ(shown(150'000'000, 4), "1.5000");
  EXPECT_EQ(shown(123'456'789, 4), "1.23456789");
  EXPECT_EQ(shown(kOne, 16), "1.0000000000000000");
  EXPECT_EQ(quotient(2 * kOne, 3 * kOne, 8), "0.66666667");
  EXPECT_EQ(product(kPrice, 1), Amount{60'000});
  EXPECT_EQ(product(1, 1), std::nullopt) << "would be rounded";
}

TEST(AccountIds, NeverMeet) {
  std::set<std::string> seen;
  for (std::int64_t i = 1; i <= 20'000; ++i) {
    EXPECT_TRUE(seen.insert(kraken_id('T', 1, i)).second);
    EXPECT_TRUE(seen.insert(uuid('T', 1, i)).second);
  }
  EXPECT_THAT(kraken_id('O', 1, 1), testing::MatchesRegex("O[A-Z2-7]{5}-[A-Z2-7]{5}-[A-Z2-7]{6}"));
  EXPECT_THAT(uuid('O', 1, 1), testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"));
}

}  // namespace
}  // namespace millrace::sim::accounts
