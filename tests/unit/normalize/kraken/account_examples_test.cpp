#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <map>
#include <set>

#include "tests/unit/normalize/kraken/account_test.h"
#include "tests/unit/normalize/kraken/kraken_test.h"

// Every collected example about orders, fills and balances is read as the event that it is, or stands here with the
// reason why it is none of ours.
namespace millrace::normalize::kraken {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Example {
  std::string id, kind, via, text;
};

std::vector<Example> account_examples() {
  const std::set<std::string, std::less<>> kinds = {"execution",  "order",       "balance",
                                                    "rest_fills", "rest_orders", "rest_balances"};
  std::vector<Example> examples;
  simdjson::dom::parser parser;
  std::istringstream file(shared_file("examples.jsonl"));
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element one = parser.parse(line);
    const auto member = [&one](const char* key) { return std::string(one[key].get_string().value()); };
    if (kinds.contains(member("kind"))) {
      examples.push_back({member("id"), member("kind"), member("via"), member("text")});
    }
  }
  return examples;
}

constexpr const char* kFutures = "Kraken Futures, another protocol";
constexpr const char* kOrderEntry = "the answer to an order: we place none";
constexpr const char* kByStream = "balances come over the stream; no REST balance is asked for";

// Why an example makes no event.
const std::map<std::string, const char*, std::less<>>& not_for_us() {
  static const std::map<std::string, const char*, std::less<>> kReasons = {
      {"nautilus-http-add-order-spot", kOrderEntry},
      {"nautilus-http-cancel-order-futures", kFutures},
      {"nautilus-http-cancel-order-spot", kOrderEntry},
      {"nautilus-http-futures-fills", kFutures},
      {"nautilus-http-futures-open-orders", kFutures},
      {"nautilus-http-futures-order-events", kFutures},
      {"nautilus-http-futures-order-events-unknown", kFutures},
      {"nautilus-http-send-order-futures", kFutures},
      {"nautilus-http-send-order-futures-unknown-trigger", kFutures},
      {"nautilus-http-spot-balance", kByStream},
      {"nautilus-http-spot-trade-balance", kByStream},
      {"nautilus-ws-futures-fills-delta", kFutures},
      {"nautilus-ws-futures-fills-snapshot", kFutures},
      {"nautilus-ws-futures-open-orders-cancel", kFutures},
      {"nautilus-ws-futures-open-orders-cancel-post-only", kFutures},
      {"nautilus-ws-futures-open-orders-delta", kFutures},
      {"nautilus-ws-futures-open-orders-delta-full-fill", kFutures},
      {"nautilus-ws-futures-open-orders-snapshot", kFutures},
  };
  return kReasons;
}

// Lines "kind status order side type quantity price filled" of an example's orders, read as QueryOrders gives them; the
// order ids must be known to the account before.
std::vector<std::string> orders_of(const Example& example, std::string_view list, const std::vector<std::string>& ids) {
  Account kraken;
  kraken.open();
  std::string rows;
  for (const std::string& id : ids) {
    rows += (rows.empty() ? "" : ",") + (R"({"order_id":")" + id + R"(","exec_type":"new","order_status":"new",)" +
                                         R"("symbol":"BTC/USDT","timestamp":"2023-09-22T10:30:00.0Z"})");
  }
  EXPECT_TRUE(kraken.feed(execution_frame("snapshot", 1, rows)));
  kraken.close();
  kraken.open();
  EXPECT_TRUE(kraken.feed_file("executions_empty"));
  const std::string key = kraken.todo.rest.at(0).key;
  kraken.clear();
  // OpenOrders and ClosedOrders put the same rows one level deeper.
  simdjson::dom::parser parser;
  const simdjson::dom::element root = parser.parse(example.text);
  const std::string body = R"({"error":[],"result":)" + simdjson::to_string(root["result"][list].value()) + "}";
  EXPECT_TRUE(kraken.answer(key, "/0/private/QueryOrders", body));
  std::vector<std::string> lines;
  for (const auto& [meta, order] : kraken.executions) {
    lines.push_back(std::string(name(order.kind)) + " " + std::string(name(order.status)) + " " + order.order_id + " " +
                    std::string(name(order.side)) + " " + order.order_type + " " + text(order.quantity) + " " +
                    text(order.price) + "/" + text(order.stop_price) + " " + text(order.cumulative_quantity));
  }
  return lines;
}

std::vector<std::string> fills_of(const Example& example) {
  const Account kraken;
  const auto walk = kraken.venue->walk_fills("main", {"", 0, 2'000'000'000 * kNanosPerSecond});
  std::vector<FoundFill> fills;
  const std::string pairs = test::VenueHarness::fixture("kraken", "account_rest_asset_pairs.json");
  const auto first = test::AccountHarness::page(*walk, walk->begin(), pairs, fills);
  EXPECT_TRUE(first);
  const auto next = test::AccountHarness::page(*walk, **first, example.text, fills);
  EXPECT_TRUE(next && !*next) << "complete after one page";
  std::vector<std::string> lines;
  for (const FoundFill& fill : fills) {
    lines.push_back(fill.execution.event_id + " " + fill.symbol + " " + std::string(name(fill.execution.side)) + " " +
                    text(fill.execution.last_quantity) + " at " + text(fill.execution.last_price) + " " +
                    std::to_string(fill.venue_time));
  }
  return lines;
}

void expect_no_event(const Example& example) {
  Account kraken;
  if (example.via == "ws") {
    kraken.open();
    ASSERT_TRUE(kraken.feed(example.text)) << example.id;
    EXPECT_THAT(kraken.drops, ElementsAre("unknown_type")) << example.id;
  } else {
    // Nobody asks for it; should it come for another request, it is no page of fills.
    const auto walk = kraken.venue->walk_fills("main", {"", 0, kNanosPerSecond});
    std::vector<FoundFill> fills;
    EXPECT_TRUE(test::AccountHarness::page(
        *walk, walk->begin(), test::VenueHarness::fixture("kraken", "account_rest_asset_pairs.json"), fills));
    PrivateRequest page;
    page.key = "fills/0";
    EXPECT_FALSE(test::AccountHarness::page(*walk, page, example.text, fills)) << example.id;
    EXPECT_THAT(fills, IsEmpty());
  }
  EXPECT_THAT(kraken.executions, IsEmpty());
  EXPECT_THAT(kraken.balances, IsEmpty());
}

TEST(KrakenAccountExamples, EachIsTheRightEventOrNotForUs) {
  const std::vector<Example> examples = account_examples();
  if (examples.empty()) GTEST_SKIP() << "no ../shared/captures/kraken/examples.jsonl";
  std::set<std::string> seen;
  for (const Example& example : examples) {
    seen.insert(example.id);
    if (example.id == "nautilus-http-trades-history") {
      EXPECT_THAT(fills_of(example),
                  ElementsAre("kraken/main/O26VBY-ISGAE-JP5TLU/TCCCTY-WJ6EO-4FP4VZ BTC/USDT BUY 0.5 at 29500.5 "
                              "1688585840892100000",
                              "kraken/main/OYEQF4-FDE4C-NMUYUI/TDCVFQ-TPEG4-6X7LSZ ETH/USDT SELL 1 at 1799.75 "
                              "1688586440345600000"));
    } else if (example.id == "nautilus-http-open-orders") {
      EXPECT_THAT(orders_of(example, "open", {"O26VBY-ISGAE-JP5TLU", "OYEQF4-FDE4C-NMUYUI"}),
                  ElementsAre("STATUS NEW O26VBY-ISGAE-JP5TLU BUY limit 0.5 29500/- 0",
                              "STATUS NEW OYEQF4-FDE4C-NMUYUI SELL stop-loss 1 -/1800 0"));
    } else if (example.id == "nautilus-http-closed-orders") {
      EXPECT_THAT(orders_of(example, "closed", {"O5KZFT-GH3AD-LP6TLU", "OCLOSED-2-TESTID"}),
                  ElementsAre("STATUS FILLED O5KZFT-GH3AD-LP6TLU BUY limit 0.5 29500/- 0.5",
                              "STATUS FILLED OCLOSED-2-TESTID SELL market 1 -/- 1"));
    } else {
      ASSERT_TRUE(not_for_us().contains(example.id)) << example.id << " is neither expected nor listed";
      expect_no_event(example);
    }
  }
  for (const auto& [id, reason] : not_for_us()) EXPECT_TRUE(seen.contains(id)) << id << " is listed, but not there";
}

}  // namespace
}  // namespace millrace::normalize::kraken
