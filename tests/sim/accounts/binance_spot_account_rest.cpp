// Signed REST of Binance spot (protocols/binance.md section 6).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/accounts/binance_spot_account.h"
#include "tests/sim/venues/binance_messages.h"

namespace millrace::sim::accounts {

namespace {

constexpr int kWeightPerMinute = 6'000;
constexpr std::int64_t kDay = 86'400'000'000'000;
constexpr std::int64_t kFirstOrder = 4'293'000;

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USDT", "", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 10'000 * kOne;
  rules.initial["USDT"] = 50'000'000 * kOne;
  rules.initial["BNB"] = 1'000 * kOne;
  rules.fee_asset = LedgerRules::FeeAsset::kReceived;
  rules.maker_ppm = rules.taker_ppm = 1'000;
  rules.replace_keeps_price = true;
  rules.trade_id_is_fill_id = true;
  rules.make_id = [](char, std::int64_t number) { return std::to_string(kFirstOrder + number); };
  return rules;
}

}  // namespace

BinanceSpotAccount::BinanceSpotAccount(const FaceOptions& options)
    : BinanceAccount("binance-spot", options, rules_for(options), kWeightPerMinute) {}

int BinanceSpotAccount::weight_of(const Request& request) const {
  const std::string_view path = request.path();
  if (path.ends_with("/openOrders")) return request.has("symbol") ? 6 : 80;
  if (path.ends_with("/order")) return 4;
  if (path.ends_with("/myTrades")) return request.has("orderId") ? 5 : 20;
  const bool twenty = path.ends_with("/account") || path.ends_with("/allOrders") || path.ends_with("/exchangeInfo");
  return twenty ? 20 : 1;
}

std::optional<HttpReply> BinanceSpotAccount::answer_open(const Request& request) {
  if (request.path() == "/api/v3/ping") return HttpReply{200, "{}"};
  if (request.path() == "/api/v3/time") return HttpReply{200, fmt::format(R"({{"serverTime":{}}})", now_ms())};
  if (request.path() != "/api/v3/exchangeInfo") return std::nullopt;
  return HttpReply{200, binance::exchange_info(binance::Product::kSpot, ledger().rules().instruments, now_ms())};
}

HttpReply BinanceSpotAccount::answer_signed(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/api/v3/account") return {200, account(request)};
  if (path == "/api/v3/openOrders") return orders(request, true);
  if (path == "/api/v3/allOrders") return orders(request, false);
  if (path == "/api/v3/order") {
    if (const auto error = unknown_symbol(request)) return to_reply(*error);
    const Order* const order = order_asked(request);
    return order == nullptr ? to_reply({400, -2013, "Order does not exist."}) : HttpReply{200, order_row(*order)};
  }
  if (path != "/api/v3/myTrades") return to_reply({404, -1000, "Not Found"});
  std::vector<const Fill*> found;
  if (const auto error = fills_asked(request, {kDay, false, false}, found)) return to_reply(*error);
  std::string rows;
  for (const Fill* const fill : found) rows.append(rows.empty() ? "" : ",").append(fill_row(*fill));
  return {200, "[" + rows + "]"};
}

std::string BinanceSpotAccount::account(const Request& request) const {
  std::string rows;
  for (const auto& [asset, balance] : ledger().balances()) {
    if (balance.total == 0 && request.parameter("omitZeroBalances") == "true") continue;
    fmt::format_to(std::back_inserter(rows), R"({}{{"asset":"{}","free":"{}","locked":"{}"}})", rows.empty() ? "" : ",",
                   asset, eight(balance.available()), eight(balance.locked));
  }
  return fmt::format(
      R"({{"makerCommission":10,"takerCommission":10,"canTrade":true,"canWithdraw":true,"canDeposit":true,)"
      R"("updateTime":{},"accountType":"SPOT","balances":[{}],"permissions":["SPOT"],"uid":354937868}})",
      ledger().time_ns() / 1'000'000, rows);
}

std::string BinanceSpotAccount::order_row(const Order& order) const {
  return fmt::format(
      R"({{"symbol":"{}","orderId":{},"orderListId":-1,"clientOrderId":"{}","price":"{}","origQty":"{}",)"
      R"("executedQty":"{}","cummulativeQuoteQty":"{}","status":"{}","timeInForce":"GTC","type":"{}","side":"{}",)"
      R"("stopPrice":"0.00000000","icebergQty":"0.00000000","time":{},"updateTime":{},"isWorking":{},)"
      R"("workingTime":{},"origQuoteOrderQty":"0.00000000","selfTradePreventionMode":"NONE"}})",
      order.symbol, order.id, order.client_id, eight(order.price), eight(order.quantity), eight(order.filled),
      eight(order.cost), status_of(order), type_of(order), side_of(order.side), order.created_ns / 1'000'000,
      order.updated_ns / 1'000'000, order.live(), order.created_ns / 1'000'000);
}

std::string BinanceSpotAccount::fill_row(const Fill& fill) const {
  return fmt::format(
      R"({{"symbol":"{}","id":{},"orderId":{},"orderListId":-1,"price":"{}","qty":"{}","quoteQty":"{}",)"
      R"("commission":"{}","commissionAsset":"{}","time":{},"isBuyer":{},"isMaker":{},"isBestMatch":true}})",
      fill.symbol, fill.trade_id, fill.order_id, eight(fill.price), eight(fill.quantity), eight(fill.cost),
      eight(fill.fee), fill.fee_asset, fill.time_ns / 1'000'000, fill.side == OrderSide::kBuy, fill.maker);
}

// Open orders of one symbol or all; or every order of a symbol, from `orderId` on, else the newest.
HttpReply BinanceSpotAccount::orders(const Request& request, bool open) {
  if (!open || request.has("symbol")) {
    if (const auto error = unknown_symbol(request)) return to_reply(*error);
  }
  const std::string symbol = request.parameter("symbol");
  const std::int64_t first = request.number("orderId", 0);
  const std::int64_t start = request.number("startTime", INT64_MIN);
  const std::int64_t end = request.number("endTime", INT64_MAX);
  std::vector<const Order*> found;
  for (const Order& order : ledger().orders()) {
    if ((!symbol.empty() && order.symbol != symbol) || (open && !order.live())) continue;
    const std::int64_t ms = order.created_ns / 1'000'000;
    if (!open && (order.number + kFirstOrder < first || ms < start || ms > end)) continue;
    found.push_back(&order);
  }
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("limit", 500), 1, 1'000));
  if (!open && found.size() > limit) {
    const auto extra = static_cast<std::ptrdiff_t>(found.size() - limit);
    const bool forward = request.has("orderId") || request.has("startTime");
    forward ? found.erase(found.end() - extra, found.end()) : found.erase(found.begin(), found.begin() + extra);
  }
  std::string rows;
  for (const Order* const order : found) rows.append(rows.empty() ? "" : ",").append(order_row(*order));
  return {200, "[" + rows + "]"};
}

}  // namespace millrace::sim::accounts
