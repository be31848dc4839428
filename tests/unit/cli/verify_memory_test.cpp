// What the checks of accounts keep: exact numbers, the contents of ids, the sums of orders, each within its bound.

#include <gmock/gmock.h>

#include "cli/verify/account/order_check.h"
#include "cli/verify/account/told_events.h"

namespace millrace::cli {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Field = std::pair<std::string_view, std::string>;

Amount amount(std::string_view text) { return parse_amount(text).value(); }

TEST(Amount, IsExactHoweverLong) {
  EXPECT_EQ(text_of(sum(amount("0.1666666612345678901234567"), amount("1e-25"))), "0.1666666612345678901234568");
  EXPECT_EQ(text_of(difference(amount("1"), amount("1.000000000000000000000000000001"))),
            "-0.000000000000000000000000000001");
  EXPECT_EQ(compare(amount("9223372036854775808"), *make_amount(9'223'372'036'854'775'807, 0)), 1);
  EXPECT_EQ(text_of(*make_amount(12, 3)), "12000");
}

TEST(Amount, EqualNumbersHaveEqualText) {
  for (const char* text : {"12.5", "12.500", "+12.5", "125e-1", "1.25E1", "0012.50"}) {
    EXPECT_EQ(text_of(amount(text)), "12.5") << text;
  }
  for (const char* text : {"0", "-0", "0.000", "0e9"}) EXPECT_EQ(text_of(amount(text)), "0") << text;
  EXPECT_EQ(text_of(amount("-.5")), "-0.5");
}

TEST(Amount, RefusesWhatIsNoNumberAndWhatNobodySends) {
  for (const char* text : {"", "-", ".", "e5", "1e", "1e5x", "1.2.3", "0x1", "NaN", " 1", "1e1001", "1e-1001"}) {
    EXPECT_FALSE(parse_amount(text)) << text;
  }
  EXPECT_FALSE(parse_amount(std::string(1'001, '1')));
  EXPECT_FALSE(make_amount(1, 1'001));
}

TEST(ToldEvents, TellsWhatDiffersByName) {
  ToldEvents told;
  const Field first[] = {{"price", "1"}, {"fee", ""}};
  EXPECT_TRUE(told.on_event("a", 1, first).is_new);
  const Field second[] = {{"price", "2"}, {"fee", "3"}};
  const auto verdict = told.on_event("a", 1, second);
  EXPECT_TRUE(verdict.is_repeat);
  EXPECT_EQ(verdict.differences, "price \"2\"");
  const Field third[] = {{"price", ""}, {"fee", "4"}};
  EXPECT_EQ(told.on_event("a", 1, third).differences, "fee \"4\"");
}

TEST(ToldEvents, KeepsRevisionsApart) {
  ToldEvents told;
  const Field one[] = {{"price", "1"}};
  const Field two[] = {{"price", "2"}};
  told.on_event("a", 1, one);
  const auto richer = told.on_event("a", 2, two);
  EXPECT_FALSE(richer.is_new || richer.is_repeat);
  EXPECT_TRUE(told.on_event("a", 2, two).is_repeat);
  EXPECT_THAT(told.on_event("a", 1, one).differences, IsEmpty());
  EXPECT_FALSE(told.on_event("a", 2, one).differences.empty());
}

TEST(ToldEvents, ForgetsTheOldestAndCountsThem) {
  ToldEvents told(2);
  const Field one[] = {{"price", "1"}};
  for (const char* id : {"a", "b", "a", "c"}) told.on_event(id, 1, one);
  EXPECT_EQ(told.size(), 2u);
  EXPECT_EQ(told.forgotten(), 1);
  EXPECT_FALSE(told.contains("a"));
  EXPECT_TRUE(told.contains("b"));
  EXPECT_TRUE(told.on_event("a", 1, one).is_new);
}

SeenMeta meta(const std::string& venue = "kraken") {
  SeenMeta out;
  out.venue = venue;
  out.account = "main";
  out.symbol = "BTC-USD";
  out.origin = SeenOrigin::kLive;
  return out;
}

SeenExecution state(const std::string& order, const char* quantity, const char* filled) {
  SeenExecution out;
  out.word = "NEW";
  out.order_id = order;
  out.quantity = parse_amount(quantity);
  out.cumulative = parse_amount(filled);
  return out;
}

SeenExecution fill(const std::string& order, const char* quantity) {
  SeenExecution out;
  out.kind = ReportKind::kFill;
  out.word = "TRADE";
  out.order_id = order;
  out.last_quantity = parse_amount(quantity);
  return out;
}

std::vector<OrderCheck::Sum> sums(const OrderCheck& orders) {
  std::vector<OrderCheck::Sum> out;
  orders.add_up([&](const OrderCheck::Sum& sum) { out.push_back(sum); });
  return out;
}

TEST(OrderCheck, SelfTradePreventionOfBinanceLeavesLess) {
  auto report = state("1", "5", "1");
  report.leaves = parse_amount("3");
  std::vector<std::string> wrong;
  OrderCheck().on_report(meta("binance-spot"), report, true, true, wrong);
  EXPECT_THAT(wrong, IsEmpty());
  OrderCheck().on_report(meta("alpaca"), report, true, true, wrong);
  EXPECT_THAT(wrong, SizeIs(1));
  report.leaves = parse_amount("4.5");
  OrderCheck().on_report(meta("binance-spot"), report, true, true, wrong);
  EXPECT_THAT(wrong, SizeIs(2));
}

TEST(OrderCheck, AnOrderForAnAmountOfMoneyHasNoBound) {
  std::vector<std::string> wrong;
  OrderCheck().on_report(meta(), state("1", "0", "7"), true, true, wrong);
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(OrderCheck, OnlyOrdersWhoseBeginningWasToldAreAddedUp) {
  OrderCheck orders;
  std::vector<std::string> wrong;
  orders.on_report(meta(), state("1", "5", "1"), true, true, wrong);
  EXPECT_THAT(sums(orders), IsEmpty());
  orders.on_report(meta(), state("2", "5", "0"), true, true, wrong);
  EXPECT_THAT(sums(orders), SizeIs(1));
  // A fill counts once, and one without a quantity ends the counting.
  orders.on_report(meta(), fill("2", "6"), false, true, wrong);
  orders.on_report(meta(), fill("2", "6"), false, false, wrong);
  EXPECT_EQ(sums(orders)[0].more, "order 2: its fills add up to 6, its quantity is 5");
  orders.on_report(meta(), fill("2", "x"), false, true, wrong);
  EXPECT_THAT(sums(orders), IsEmpty());
}

TEST(OrderCheck, TheParentOfLegsHasNoFillsOfItsOwn) {
  OrderCheck orders;
  std::vector<std::string> wrong;
  auto parent = meta("alpaca");
  parent.symbol.clear();
  orders.on_report(parent, state("1", "5", "0"), true, true, wrong);
  orders.on_report(parent, state("1", "5", "5"), true, true, wrong);
  EXPECT_THAT(sums(orders), IsEmpty());
}

TEST(OrderCheck, AFallInAnotherEpochOrASnapshotIsNone) {
  OrderCheck orders;
  std::vector<std::string> wrong;
  orders.on_report(meta(), state("1", "5", "0"), true, true, wrong);
  orders.on_report(meta(), state("1", "5", "2"), true, true, wrong);
  auto snapshot = meta();
  snapshot.origin = SeenOrigin::kSnapshot;
  orders.on_report(snapshot, state("1", "5", "0"), true, true, wrong);
  EXPECT_EQ(sums(orders)[0].fell, "");
  orders.on_report(meta(), state("1", "5", "2"), true, true, wrong);
  auto next = meta();
  next.epoch = 2;
  orders.on_report(next, state("1", "5", "0"), true, true, wrong);
  EXPECT_EQ(sums(orders)[0].fell, "");
}

TEST(OrderCheck, ForgetsTheOldestAndCountsThem) {
  OrderCheck orders(2);
  std::vector<std::string> wrong;
  for (const char* id : {"1", "2", "1", "3"}) orders.on_report(meta(), state(id, "5", "0"), true, true, wrong);
  EXPECT_EQ(orders.forgotten(), 1);
  EXPECT_THAT(sums(orders), SizeIs(2));
}

}  // namespace
}  // namespace millrace::cli
