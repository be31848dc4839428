#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "normalize/venues/binance/account_report.h"
#include "tests/unit/normalize/venues/binance/account_texts.h"

// Every private example of the captures becomes the right event, or stands here as not for us, with the reason.
namespace millrace::test {
namespace {

namespace fs = std::filesystem;

struct Example {
  std::string id, kind, text;
  bool rest = false;
};

std::vector<Example> examples_of(const std::string& folder) {
  const fs::path path = fs::path(MILLRACE_SOURCE_DIR) / "../shared/captures" / folder / "examples.jsonl";
  std::vector<Example> out;
  std::ifstream file(path);
  simdjson::dom::parser parser;
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element row = parser.parse(line);
    Example one;
    one.id = std::string_view(row["id"]);
    one.kind = std::string_view(row["kind"]);
    one.text = std::string_view(row["text"]);
    one.rest = std::string_view(row["via"]) == "rest";
    static const std::set<std::string> kWanted = {"execution",  "order",       "balance",
                                                  "rest_fills", "rest_orders", "rest_balances"};
    if (kWanted.contains(one.kind)) out.push_back(std::move(one));
  }
  return out;
}

// "KIND STATUS symbol order last@price filled/quantity fee", as far as there is any.
std::string line_of(std::string_view symbol, const schemas::Execution& body) {
  std::string out =
      fmt::format("{} {} {} {} {}", name(body.kind), name(body.status), symbol, body.order_id, name(body.side));
  if (body.last_quantity) {
    out += fmt::format(" {}@{} fee {} {}", plain(body.last_quantity), plain(body.last_price), plain(body.fee),
                       body.fee_asset);
  }
  return out + fmt::format(" {}/{}", plain(body.cumulative_quantity), plain(body.quantity));
}
std::string line_of(const schemas::Balance& body) {
  return fmt::format("{} {} total {} free {} locked {} change {}{}{}", name(body.kind), body.asset, plain(body.total),
                     plain(body.available), plain(body.locked), plain(body.change), body.cause.empty() ? "" : " ",
                     body.cause);
}

std::string shown(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

// What the stream's adapter tells of a frame.
std::string tell_frame(std::string_view venue, const std::string& text) {
  AccountHarness account(venue);
  if (const auto got = account.feed(text); !got) return "error " + got.error().where;
  std::vector<std::string> lines;
  for (const HeldExecution& one : account.executions) lines.push_back(line_of(one.meta.symbol, one.body));
  for (const HeldBalance& one : account.balances) lines.push_back(line_of(one.body));
  for (const std::string& why : account.drops) lines.push_back("drop " + why);
  return shown(lines);
}

// What the readers make of an answer; a large one is counted.
std::string tell_answer(const Example& example, bool spot) {
  using namespace normalize;
  using namespace normalize::binance;
  JsonParser parser;
  const PaddedText padded(example.text);
  const auto tree = parse_json(parser, padded.view());
  if (!tree) return "error " + tree.error().where;
  std::vector<std::string> lines;
  const auto rows = tree->type == JsonNode::Type::kArray ? tree->children : std::vector<JsonNode>{*tree};
  if (example.kind == "rest_balances") {
    const auto reports = spot ? read_spot_account(*tree) : read_futures_balance(*tree);
    if (!reports) return "error " + reports.error().where;
    for (const BalanceReport& report : *reports) lines.push_back(line_of(report.body));
    return lines.size() > 3 ? fmt::format("{} balances, {}", lines.size(), lines[0]) : shown(lines);
  }
  for (const JsonNode& row : rows) {
    if (example.kind == "rest_fills") {
      const auto fill = read_fill_row(row, "row");
      lines.push_back(fill ? line_of(fill->symbol, fill->body) : "error " + fill.error().where);
    } else {
      const auto order = read_order_row(row, "row");
      lines.push_back(order ? line_of(order->symbol, order->body) : "error " + order.error().where);
    }
  }
  return shown(lines);
}

// Answers to requests that we never make.
const std::map<std::string, std::string> kNotAsked = {
    {"nautilus-futures-http-json-account-info-v2", "/fapi/v2/account; balances come from /fapi/v3/balance"},
    {"nautilus-futures-http-json-open-algo-orders", "conditional orders before they are orders: another service"},
    {"nautilus-spot-http-json-cancel-open-orders-response",
     "answer to a cancel of all, with order lists among the rows"},
};

const std::map<std::string, std::string> kExpected = {
    {"gocryptotrader-http-spot-selected-get-api-v3-account-1",
     "170 balances, SNAPSHOT BTC total 0 free 0 locked 0 change -"},
    {"gocryptotrader-http-spot-selected-delete-api-v3-order-1", "CANCELLED CANCELLED LTCBTC 28 SELL 8/10"},
    {"gocryptotrader-http-spot-selected-delete-api-v3-order-2", "CANCELLED CANCELLED LTCBTC 28 SELL 8/10"},
    {"gocryptotrader-http-spot-selected-get-api-v3-order-1", "STATUS NEW BTCUSDT 1337 BUY 0/1"},
    {"gocryptotrader-http-spot-selected-get-api-v3-openorders-1", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"gocryptotrader-http-spot-selected-get-api-v3-openorders-2", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"gocryptotrader-http-spot-selected-get-api-v3-openorders-3", "STATUS NEW BTCUDT 1 BUY 0/1"},
    {"gocryptotrader-http-spot-selected-get-api-v3-allorders-1", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"gocryptotrader-http-spot-selected-get-api-v3-allorders-2", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"gocryptotrader-wshandledata-5", "DELTA BTC total - free - locked - change 100 balanceUpdate"},
    {"gocryptotrader-wshandledata-6", "drop not_for_us"},
    {"gocryptotrader-wshandledata-7", "NEW NEW BNBBTC 5340845958 BUY 0/0.000284"},
    {"gocryptotrader-wshandledata-8",
     "CHANGE BTC total 0.00348109 free 0.00225109 locked 0.00123 change -\n"
     "CHANGE BNB total 0 free 0 locked 0 change -\n"
     "CHANGE USDT total 54.43390661 free 54.43390661 locked 0 change -"},
    {"nautilus-spot-http-json-account-response",
     "SNAPSHOT BTC total 4723846.89208129 free 4723846.89208129 locked 0 change -\n"
     "SNAPSHOT LTC total 4763368.68006011 free 4763368.68006011 locked 0 change -"},
    {"nautilus-spot-http-json-account-trades-response",
     "TRADE UNSPECIFIED BNBBTC 100234 BUY 12@4.000001 fee 10.1 BNB -/-"},
    {"nautilus-spot-http-json-all-orders-response", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"nautilus-spot-http-json-cancel-order-response", "CANCELLED CANCELLED LTCBTC 4 BUY 0/1"},
    {"nautilus-spot-http-json-new-order-full-response", "STATUS FILLED BTCUSDT 28 SELL 10/10"},
    {"nautilus-spot-http-json-order-response", "STATUS NEW LTCBTC 1 BUY 0/1"},
    {"nautilus-spot-user-data-json-account-position",
     "CHANGE USDT total 12500 free 10000 locked 2500 change -\n"
     "CHANGE ETH total 5 free 5 locked 0 change -"},
    {"nautilus-spot-user-data-json-account-position-wrapped", "CHANGE ETH total 10000 free 10000 locked 0 change -"},
    {"nautilus-spot-user-data-json-balance-update", "DELTA BTC total - free - locked - change 0.001 balanceUpdate"},
    {"nautilus-spot-user-data-json-balance-update-wrapped",
     "DELTA BTC total - free - locked - change 100 balanceUpdate"},
    {"nautilus-spot-user-data-json-execution-report-canceled", "CANCELLED CANCELLED ETHUSDT 12345678 BUY 0/1"},
    {"nautilus-spot-user-data-json-execution-report-expired", "EXPIRED EXPIRED ETHUSDT 12345678 BUY 0/1"},
    {"nautilus-spot-user-data-json-execution-report-new", "NEW NEW ETHUSDT 12345678 BUY 0/1"},
    {"nautilus-spot-user-data-json-execution-report-stop-loss", "NEW NEW ETHUSDT 12345679 SELL 0/1"},
    {"nautilus-spot-user-data-json-execution-report-trade",
     "TRADE FILLED ETHUSDT 12345678 BUY 1@2500 fee 0.001 ETH 1/1"},
    {"nautilus-spot-user-data-json-execution-report-wrapped", "NEW NEW ETHBTC 4293153 BUY 0/1"},
    {"nautilus-spot-user-data-json-list-status-wrapped", "drop not_for_us"},
    {"nautilus-futures-http-json-balance", "SNAPSHOT USDT total 122.12345678 free 122.12345678 locked - change -"},
    {"nautilus-futures-http-json-order-response", "STATUS NEW BTCUSDT 12345678 BUY 0/0.001"},
    {"nautilus-futures-user-data-json-account-update",
     "CHANGE USDT total 122624.12345678 free - locked - change 50.12345678 ORDER"},
    {"nautilus-futures-user-data-json-account-update-bnfcr",
     "CHANGE BNFCR total 5001.28983031 free - locked - change - ORDER"},
    {"nautilus-futures-user-data-json-algo-update-canceled", "drop not_for_us"},
    {"nautilus-futures-user-data-json-algo-update-new", "drop not_for_us"},
    {"nautilus-futures-user-data-json-order-update-adl",
     "ADL FILLED BTCUSDT 8887001 BUY 0.005@42000 fee 0.105 USDT 0.005/0.005"},
    {"nautilus-futures-user-data-json-order-update-calculated",
     "LIQUIDATION FILLED BTCUSDT 8886999 SELL 0.014@9910.12 fee 0.06937084 USDT 0.014/0.014"},
    {"nautilus-futures-user-data-json-order-update-calculated-pending", "STATUS NEW BTCUSDT 8887004 SELL 0/0.014"},
    {"nautilus-futures-user-data-json-order-update-delivery",
     "TRADE FILLED BTCUSD_240329 8887003 SELL 1@70000 fee -  1/1"},
    {"nautilus-futures-user-data-json-order-update-insurance",
     "LIQUIDATION FILLED BTCUSDT 8887003 SELL 0.02@45000 fee 0.45 USDT 0.02/0.02"},
    {"nautilus-futures-user-data-json-order-update-new", "NEW NEW BTCUSDT 8886774 BUY 0/0.001"},
    {"nautilus-futures-user-data-json-order-update-settlement",
     "TRADE FILLED BTCUSDT 8887002 SELL 0.01@50000 fee 0.25 USDT 0.01/0.01"},
    {"nautilus-futures-user-data-json-order-update-trade",
     "TRADE PARTIALLY_FILLED BTCUSDT 8886774 BUY 0.001@7100.5 fee 0.01 USDT 0.001/0.001"},
    {"nautilus-futures-user-data-json-order-update-trade-partial",
     "TRADE PARTIALLY_FILLED BTCUSDT 8886774 BUY 0.001@7100.5 fee 0.01 USDT 0.001/0.002"},
    {"nautilus-futures-user-data-json-trade-lite", "drop duplicate"},
};

void check(const std::string& folder, const std::string& venue) {
  const auto examples = examples_of(folder);
  if (examples.empty()) GTEST_SKIP() << "no captures of " << folder;
  for (const Example& example : examples) {
    if (kNotAsked.contains(example.id)) continue;
    const std::string got =
        example.rest ? tell_answer(example, venue == "binance-spot") : tell_frame(venue, example.text);
    const auto expected = kExpected.find(example.id);
    ASSERT_NE(expected, kExpected.end()) << example.id << " is neither told nor listed:\n" << got;
    EXPECT_EQ(got, expected->second) << example.id;
  }
}

TEST(BinanceExamples, SpotIsToldOrListed) { check("binance", "binance-spot"); }
TEST(BinanceExamples, FuturesAreToldOrListed) { check("binance_usdm", "binance-usdm"); }

}  // namespace
}  // namespace millrace::test
