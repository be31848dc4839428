#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "normalize/account/decimal_math.h"
#include "tests/unit/normalize/venues/coinbase/coinbase_test.h"

// Recordings of Coinbase Exchange, and every collected example about orders, fills and balances: each is read as the
// event that it is, or stands here with the reason why it is none of ours.
namespace millrace::normalize::coinbase {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A line of a recording or of the examples; members that it lacks are empty.
struct Line {
  std::string id, kind, via, request, text;
};

std::vector<Line> read_lines(std::string_view name) {
  std::vector<Line> lines;
  simdjson::dom::parser parser;
  std::ifstream file(fmt::format("{}/../shared/captures/coinbase/{}", MILLRACE_SOURCE_DIR, name));
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element one = parser.parse(line);
    const auto member = [&one](const char* key) {
      std::string_view value;
      return one[key].get_string().get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
    };
    lines.push_back({member("id"), member("kind"), member("via"), member("req"), member("text")});
  }
  return lines;
}

std::vector<Line> recording(std::string_view name) { return read_lines(fmt::format("{}.capture.jsonl", name)); }

TEST(CoinbaseRecordings, FillsEqualTheirFacts) {
  const auto pages = recording("bbgo-rest-fills-part1");
  if (pages.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-rest-fills-part1";
  std::vector<std::string> bodies;
  for (const Line& page : pages) bodies.push_back(page.text);
  const auto venue = make_account_venue("coinbase-exchange", {});
  const auto walked = walk(*venue, {.symbol = "BTC-USDT", .from = 0, .to = 2'000'000'000 * kSecond}, bodies);
  ASSERT_FALSE(walked.error) << walked.error->where;
  EXPECT_THAT(walked.targets, ElementsAre("/fills?product_id=BTC-USDT&limit=1000",
                                          "/fills?product_id=BTC-USDT&limit=1000&after=31641103",
                                          "/fills?product_id=BTC-USDT&limit=1000&after=31583838",
                                          "/fills?product_id=BTC-USDT&limit=1000&after=31583557",
                                          "/fills?product_id=BTC-USDT&limit=1000&after=31574027"));
  ASSERT_THAT(walked.fills, SizeIs(400));
  schemas::WideDecimal quantity, value, fees;
  int buys = 0;
  std::set<std::string> ids;
  for (const FoundFill& fill : walked.fills) {
    quantity = add(quantity, *fill.execution.last_quantity);
    value = add(value, multiply(*fill.execution.last_quantity, *fill.execution.last_price));
    fees = add(fees, *fill.execution.fee);
    buys += fill.execution.side == schemas::Side::kBuy ? 1 : 0;
    ids.insert(fill.execution.event_id);
    EXPECT_EQ(fill.execution.fee_asset, "USDT");
    EXPECT_NE(fill.execution.liquidity, schemas::Liquidity::kUnspecified);
  }
  simdjson::dom::parser parser;
  const simdjson::dom::element facts =
      parser.load(MILLRACE_SOURCE_DIR "/../shared/captures/coinbase/bbgo-rest-fills-part1.facts.json");
  const simdjson::dom::element instrument = facts["instruments"]["BTC-USDT"];
  const simdjson::dom::element live = instrument["trades"].at(0)["live"];
  EXPECT_EQ(plain_text(quantity), live["qty_sum"].get_string().value());
  EXPECT_EQ(plain_text(value), live["price_qty_sum"].get_string().value());
  EXPECT_EQ(plain_text(fees), instrument["fee_sum"].get_string().value());
  EXPECT_EQ(buys, live["buys"].get_int64().value());
  EXPECT_THAT(ids, SizeIs(400));
}

// The fee that the stream's rate gives is the one that REST told: takers paid 0.0004 here, makers nothing.
TEST(CoinbaseRecordings, FeesArePriceTimesSizeTimesRate) {
  const auto pages = recording("bbgo-rest-fills-part1");
  if (pages.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-rest-fills-part1";
  const auto venue = make_account_venue("coinbase-exchange", {});
  const auto walked = walk(*venue, {.symbol = "BTC-USDT", .from = 0, .to = 2'000'000'000 * kSecond}, {pages[0].text});
  int takers = 0;
  for (const FoundFill& fill : walked.fills) {
    const bool taker = fill.execution.liquidity == schemas::Liquidity::kTaker;
    takers += taker ? 1 : 0;
    const auto value = multiply(*fill.execution.last_quantity, *fill.execution.last_price);
    EXPECT_EQ(text(multiply(value, taker ? schemas::WideDecimal{{4, -4}, {}} : schemas::WideDecimal{})),
              text(fill.execution.fee));
  }
  EXPECT_GT(takers, 0);
}

TEST(CoinbaseRecordings, ClosedOrdersAreStates) {
  const auto pages = recording("bbgo-rest-closed-orders");
  if (pages.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-rest-closed-orders";
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  account.clear();
  for (const Line& page : pages) ASSERT_TRUE(account.answer_to("orders", page.text, 200, "more")) << page.request;
  ASSERT_THAT(account.executions, SizeIs(136));  // the third page's rows are on the first one, too
  for (const auto& [meta, order] : account.executions) {
    EXPECT_EQ(order.kind, schemas::ExecutionKind::kStatus);
    EXPECT_EQ(order.status, schemas::OrderStatus::kFilled);
    EXPECT_EQ(text(order.cumulative_quantity), text(order.quantity));
    EXPECT_EQ(text(order.leaves_quantity), "0");
    EXPECT_TRUE(meta.venue_time);
    EXPECT_EQ(meta.origin, schemas::Origin::kSnapshot);
  }
  EXPECT_EQ(account.executions[0].body.order_id, "79ced0bc-ca5f-410c-968b-2ccdb4517ad1");
  EXPECT_EQ(account.executions[0].meta.venue_time, 1750127228444090000);
  EXPECT_EQ(account.executions[0].body.order_type, "market");
}

TEST(CoinbaseRecordings, OrderIsPendingThenOpenAndOtherAnswersAreNotForUs) {
  const auto lines = recording("bbgo-rest-cancel-orders");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-rest-cancel-orders";
  Exchange account;
  account.connect();
  ASSERT_TRUE(account.feed_file("exchange_subscriptions"));
  account.clear();
  for (const Line& line : lines) {
    if (!line.request.starts_with("GET /orders/")) continue;  // POST and DELETE: we place and cancel none
    ASSERT_TRUE(account.answer_to("orders", "[" + line.text + "]")) << line.request;
  }
  EXPECT_THAT(order_lines(account), ElementsAre("STATUS PENDING_NEW cum 0 leaves 100", "STATUS NEW cum 0 leaves 100"));
  EXPECT_EQ(account.executions[1].body.time_in_force, "GTC");
}

TEST(CoinbaseRecordings, AccountsAreBalances) {
  const auto lines = recording("bbgo-rest-accounts-short");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-rest-accounts-short";
  Exchange account;
  account.connect();
  for (const Line& line : lines) {
    if (line.request != "GET /accounts") continue;  // GET /products: public reference data
    ASSERT_TRUE(account.answer_to("accounts", line.text));
  }
  ASSERT_THAT(account.balances, SizeIs(4));
  EXPECT_EQ(account.balances[3].body.asset, "USDT");
  EXPECT_EQ(text(account.balances[3].body.total), "0");
}

TEST(CoinbaseRecordings, BalanceRowsOfAnUntouchedAccountHaveNoTime) {
  const auto lines = recording("bbgo-ws-balance");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-ws-balance";
  Exchange account;
  account.connect();
  for (const Line& line : lines) ASSERT_TRUE(account.feed(line.text)) << line.text;
  ASSERT_THAT(account.balances, SizeIs(2));
  EXPECT_EQ(account.balances[0].body.asset, "ZRX");
  EXPECT_EQ(text(account.balances[0].body.total), "0");
  EXPECT_EQ(account.balances[0].meta.venue_time, std::nullopt);
  EXPECT_EQ(account.balances[0].meta.venue_send_time, 1755497622381233391);
  EXPECT_EQ(account.balances[0].meta.flags, 0U);
}

TEST(CoinbaseRecordings, PublicMatchesAreNotForUs) {
  const auto lines = recording("bbgo-ws-matches");
  if (lines.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/bbgo-ws-matches";
  Exchange account;
  account.go_live();
  for (const Line& line : lines) ASSERT_TRUE(account.feed(line.text)) << line.text;
  EXPECT_THAT(account.executions, IsEmpty());
  EXPECT_THAT(account.drops, SizeIs(lines.size() - 1));  // one is the acknowledgement
  EXPECT_THAT(account.drops, Each("not_for_us"));
}

// Why an example makes no event.
const std::map<std::string, const char*, std::less<>>& not_for_us() {
  static const std::map<std::string, const char*, std::less<>> kReasons = {
      {"nautilus-http-cfm-balance-summary", "the futures wallet's margin: balances are those of spot accounts"},
  };
  return kReasons;
}

// "STATUS NEW ETH-USD BUY cum 0 of 1 at 2": what becomes of an order that was open before an outage, and that this
// answer is about.
std::string order_after(simdjson::dom::element order) {
  const std::string id(order["order_id"].get_string().value());
  Advanced account;
  account.go_live();
  const std::string open = changed(fixture("advanced_open"), R"("sequence_num":3)", R"("sequence_num":2)");
  EXPECT_TRUE(account.feed(changed(open, "a1b2c3d4-e5f6-7890-abcd-ef1234567890", id)));
  account.close();
  account.connect();
  EXPECT_TRUE(account.feed_file("advanced_snapshot_empty"));
  EXPECT_TRUE(account.answer_to("recent", kNoOrders));
  EXPECT_TRUE(account.answer_to("orders", kNoOrders));
  account.clear();
  EXPECT_TRUE(account.answer_to("order/" + id, R"({"order":)" + simdjson::to_string(order) + "}"));
  if (account.executions.size() != 1) return "no report";
  const auto& [meta, report] = account.executions[0];
  return fmt::format("{} {} {} {} cum {} of {} at {}", schemas::name(report.kind), schemas::name(report.status),
                     meta.symbol, schemas::name(report.side), text(report.cumulative_quantity), text(report.quantity),
                     text(report.price));
}

std::vector<std::string> orders_after(const Line& example) {
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(example.text);
  simdjson::dom::element single;
  if (root["order"].get(single) == simdjson::SUCCESS) return {order_after(single)};
  std::vector<std::string> lines;
  for (const auto row : root["orders"].get_array()) lines.push_back(order_after(row));
  return lines;
}

TEST(CoinbaseExamples, EachIsTheRightEventOrNotForUs) {
  const auto examples = read_lines("examples.jsonl");
  if (examples.empty()) GTEST_SKIP() << "no ../shared/captures/coinbase/examples.jsonl";
  const std::set<std::string, std::less<>> kinds = {"execution",  "order",       "balance",
                                                    "rest_fills", "rest_orders", "rest_balances"};
  std::set<std::string> seen;
  for (const Line& example : examples) {
    if (!kinds.contains(example.kind)) continue;
    seen.insert(example.id);
    Advanced account;
    if (example.id == "nautilus-ws-user") {
      account.go_live();
      ASSERT_TRUE(account.feed(changed(example.text, R"("sequence_num":1)", R"("sequence_num":2)")));
      EXPECT_THAT(order_lines(account), ElementsAre("STATUS NEW cum 0 leaves 0.001"));
      EXPECT_EQ(account.executions[0].meta.venue_send_time, 1775572206000000000);
    } else if (example.id == "nautilus-http-accounts") {
      account.connect();
      ASSERT_TRUE(account.answer_to("accounts", example.text));
      ASSERT_THAT(account.balances, SizeIs(2));
      EXPECT_EQ(text(account.balances[0].body.total), "1.23956789");
      EXPECT_EQ(text(account.balances[1].body.total), "10450.5");
    } else if (example.id == "nautilus-http-fills") {
      const auto walked = walk(*account.venue, {.symbol = {}, .from = 0, .to = 0}, {example.text});
      ASSERT_THAT(walked.fills, SizeIs(2));
      EXPECT_EQ(walked.fills[0].execution.event_id, "coinbase-advanced/main/0000-000000-000000/22222-2222222-22222222");
      EXPECT_EQ(text(walked.fills[1].execution.last_quantity), "0.0325");
      EXPECT_EQ(walked.fills[1].execution.side, schemas::Side::kSell);
    } else if (example.id == "nautilus-http-order") {
      EXPECT_THAT(orders_after(example),
                  ElementsAre("STATUS PARTIALLY_FILLED BTC-USD BUY cum 0.001 of 0.001 at 10000"));
    } else if (example.id == "nautilus-http-orders-list") {
      EXPECT_THAT(orders_after(example), ElementsAre("STATUS NEW BTC-USD BUY cum 0 of 0.01 at 45000",
                                                     "STATUS FILLED ETH-USD SELL cum 0.0325 of 0.01 at 68900.5"));
    } else {
      ASSERT_TRUE(not_for_us().contains(example.id)) << example.id << " is neither expected nor listed";
      account.connect();
      EXPECT_FALSE(account.answer_to("accounts", example.text));
      EXPECT_THAT(account.balances, IsEmpty());
    }
  }
  for (const auto& [id, reason] : not_for_us()) EXPECT_TRUE(seen.contains(id)) << id << " is listed, but not there";
}

}  // namespace
}  // namespace millrace::normalize::coinbase
