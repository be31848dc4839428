#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <map>
#include <set>

#include "tests/unit/normalize/venues/alpaca/alpaca_test.h"

// Every collected example about orders, fills and balances is read as the event that it is, or stands here with the
// reason why it is none of ours. All but one were recorded.
namespace millrace::normalize::alpaca {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct Example {
  std::string id, kind, via, text;
};

constexpr std::string_view kPrefix = "ccjr-vcr-alpaca-trade-api-client-";

// Ids without the collection's prefix.
std::vector<Example> account_examples() {
  const std::set<std::string, std::less<>> kinds = {"execution",  "order",       "balance",
                                                    "rest_fills", "rest_orders", "rest_balances"};
  std::vector<Example> examples;
  simdjson::dom::parser parser;
  std::ifstream file(MILLRACE_SOURCE_DIR "/../shared/captures/alpaca/examples.jsonl");
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element one = parser.parse(line);
    const auto member = [&one](const char* key) { return std::string(one[key].get_string().value()); };
    if (!kinds.contains(member("kind"))) continue;
    const std::string id = member("id");
    examples.push_back(
        {id.starts_with(kPrefix) ? id.substr(kPrefix.size()) : id, member("kind"), member("via"), member("text")});
  }
  return examples;
}

constexpr const char* kMassCancel = "the answer to a mass cancel, with a status for each order: we cancel none";

// Why an example makes no event.
const std::map<std::string, const char*, std::less<>>& not_for_us() {
  static const std::map<std::string, const char*, std::less<>> kReasons = {
      {"cancel-orders-cancels-existing-orders", kMassCancel},
      {"close-positions-closes-all-open-positions", kMassCancel},
  };
  return kReasons;
}

// "STATUS FILLED GDX-USD SELL limit 500 at 25.07 cum 500": the rows of a list of orders. Answers to single orders hold
// the same object.
std::vector<std::string> orders_of(const Example& example) {
  Account account;
  account.connect();
  EXPECT_TRUE(account.feed_file("authorized"));
  EXPECT_TRUE(account.feed_file("listening"));
  account.clear();
  const bool single = example.text.starts_with("{");
  EXPECT_TRUE(account.answer_to("orders", single ? "[" + example.text + "]" : example.text)) << example.id;
  std::vector<std::string> lines;
  for (const auto& [meta, order] : account.executions) {
    lines.push_back(fmt::format("{} {} {} {} {} {} at {} cum {}", schemas::name(order.kind),
                                schemas::name(order.status), meta.instrument, schemas::name(order.side),
                                order.order_type, text(order.quantity), text(order.price),
                                text(order.cumulative_quantity)));
  }
  return lines;
}

std::vector<std::string> cash_of(const Example& example) {
  Account account;
  account.connect();
  EXPECT_TRUE(account.feed_file("authorized"));
  EXPECT_TRUE(account.feed_file("listening"));
  EXPECT_TRUE(account.answer_to("assets", "[]"));
  EXPECT_TRUE(account.answer_to("account", example.text)) << example.id;
  return balance_lines(account);
}

// Twenty recorded fills of one day.
void expect_fills(const Example& example) {
  const auto venue = make_account_venue("alpaca", {});
  constexpr schemas::UnixNanos kDay = 1590105600 * kSecond;  // 2020-05-22
  const auto walk = venue->walk_fills(
      "main", {.symbol = {}, .from = kDay + 6 * 3600 * kSecond, .to = kDay + 24 * 3600 * kSecond - 1});
  std::vector<FoundFill> fills;
  const auto done = test::AccountHarness::page(*walk, walk->begin(), example.text, fills);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done) << "complete";
  ASSERT_THAT(fills, SizeIs(20));
  const FoundFill& first = fills.front();
  EXPECT_EQ(first.execution.event_id, "alpaca/main/b48a6dd1-0100-458e-8a30-463a9cf6aaf7/26");
  EXPECT_EQ(first.instrument, "WAT-USD");
  EXPECT_EQ(first.venue_time, 1590177072065361000);
  EXPECT_EQ(text(first.execution.last_price), "186.98");
  EXPECT_EQ(text(first.execution.last_quantity), "26");
  EXPECT_EQ(first.execution.status, schemas::OrderStatus::kFilled);
  std::set<std::string> ids;
  int partial = 0;
  for (const FoundFill& fill : fills) {
    ids.insert(fill.execution.event_id);
    partial += fill.execution.status == schemas::OrderStatus::kPartiallyFilled ? 1 : 0;
  }
  EXPECT_THAT(ids, SizeIs(20));
  EXPECT_EQ(partial, 3);
}

// Nobody asks for it; should it come for a list of orders, it is none.
void expect_no_event(const Example& example) {
  Account account;
  account.connect();
  EXPECT_TRUE(account.feed_file("authorized"));
  EXPECT_TRUE(account.feed_file("listening"));
  account.clear();
  EXPECT_FALSE(account.answer_to("orders", example.text)) << example.id;
  EXPECT_THAT(account.executions, IsEmpty());
}

const std::map<std::string, std::vector<std::string>, std::less<>>& expected_orders() {
  static const std::map<std::string, std::vector<std::string>, std::less<>> kLines = {
      {"cancel-orders-returns-an-empty-array-when-there-are-no-orders", {}},
      {"close-position-closes-an-open-position", {"STATUS NEW AIV-USD SELL market 71 at - cum 0"}},
      {"new-order-places-a-new-order", {"STATUS NEW AAPL-USD BUY limit 5 at 200 cum 0"}},
      {"new-order-supports-bracket-orders", {"STATUS PENDING_NEW AAPL-USD BUY limit 5 at 325 cum 0"}},
      {"new-order-supports-fractionable-orders", {"STATUS PENDING_NEW AAPL-USD BUY market 1.8 at - cum 0"}},
      {"new-order-supports-notional-orders", {"STATUS PENDING_NEW AAPL-USD BUY market - at - cum 0"}},
      {"order-returns-an-order-object", {"STATUS FILLED GDX-USD SELL limit 500 at 25.07 cum 500"}},
      {"orders-returns-an-array-of-order-objects",
       {"STATUS FILLED GDX-USD SELL limit 500 at 25.07 cum 500", "STATUS FILLED GDX-USD BUY limit 500 at 24.77 cum 500",
        "STATUS FILLED FB-USD BUY limit 500 at 194.54 cum 500", "STATUS CANCELLED FB-USD BUY limit 500 at 192.21 cum 0",
        "STATUS FILLED FB-USD SELL limit 500 at 194 cum 500"}},
      {"replace-order-updates-an-order", {"STATUS NEW BRZU-USD BUY limit 100 at 25.25 cum 0"}},
  };
  return kLines;
}

TEST(AlpacaExamples, EachIsTheRightEventOrNotForUs) {
  const std::vector<Example> examples = account_examples();
  if (examples.empty()) GTEST_SKIP() << "no ../shared/captures/alpaca/examples.jsonl";
  std::set<std::string> seen;
  for (const Example& example : examples) {
    seen.insert(example.id);
    if (example.id == "docs-trading-api-streaming-9-example") {
      Account account;
      account.go_live();
      ASSERT_TRUE(account.feed(example.text));
      EXPECT_THAT(order_lines(account), ElementsAre("TRADE FILLED cum 1790.86 leaves 0"));
      EXPECT_EQ(account.executions[0].body.event_id, "alpaca/main/a5be8f5e-fdfa-41f5-a644-7a74fe947a8f/1790.86");
    } else if (example.kind == "rest_fills") {
      expect_fills(example);
    } else if (example.id == "account-returns-an-account-object") {
      EXPECT_THAT(cash_of(example), ElementsAre("USD 103160 412640"));
    } else if (example.kind == "rest_balances") {
      EXPECT_THAT(cash_of(example), ElementsAre("USD 123664 391077.2"));
    } else if (const auto lines = expected_orders().find(example.id); lines != expected_orders().end()) {
      EXPECT_EQ(orders_of(example), lines->second) << example.id;
    } else {
      ASSERT_TRUE(not_for_us().contains(example.id)) << example.id << " is neither expected nor listed";
      expect_no_event(example);
    }
  }
  for (const auto& [id, reason] : not_for_us()) EXPECT_TRUE(seen.contains(id)) << id << " is listed, but not there";
  for (const auto& [id, lines] : expected_orders()) EXPECT_TRUE(seen.contains(id)) << id << " is expected";
}

}  // namespace
}  // namespace millrace::normalize::alpaca
