// REST of Binance USD-M (protocols/binance.md sections 5.2 and 6).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/accounts/binance_usdm_account.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/venues/binance_messages.h"

namespace millrace::sim::accounts {

namespace {

constexpr int kWeightPerMinute = 2'400;
constexpr std::int64_t kWeek = 7 * 86'400'000'000'000;
constexpr std::int64_t kKeyLife = 3'600'000'000'000;
constexpr std::int64_t kFirstOrder = 8'886'000;

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USDT", "", true);
  rules.initial["USDT"] = 1'000'000 * kOne;
  rules.maker_ppm = 200;
  rules.taker_ppm = 500;
  rules.futures = true;
  rules.trade_id_is_fill_id = true;
  rules.make_id = [](char, std::int64_t number) { return std::to_string(kFirstOrder + number); };
  return rules;
}

}  // namespace

BinanceUsdmAccount::BinanceUsdmAccount(const FaceOptions& options)
    : BinanceAccount("binance-usdm", options, rules_for(options), kWeightPerMinute) {}

int BinanceUsdmAccount::weight_of(const Request& request) const {
  const std::string_view path = request.path();
  if (path.ends_with("/openOrders")) return request.has("symbol") ? 1 : 40;
  const bool five = path.ends_with("/userTrades") || path.ends_with("/balance") || path.ends_with("/account") ||
                    path.ends_with("/allOrders");
  return five ? 5 : 1;
}

std::optional<HttpReply> BinanceUsdmAccount::answer_open(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/fapi/v1/ping") return HttpReply{200, "{}"};
  if (path == "/fapi/v1/time") return HttpReply{200, fmt::format(R"({{"serverTime":{}}})", now_ms())};
  if (path == "/fapi/v1/listenKey") return listen_key(request);
  if (path != "/fapi/v1/exchangeInfo") return std::nullopt;
  return HttpReply{200, binance::exchange_info(binance::Product::kUsdm, ledger().rules().instruments, now_ms())};
}

// Wants the API key and no signature. POST while one lives gives the same again and prolongs it.
HttpReply BinanceUsdmAccount::listen_key(const Request& request) {
  if (key_index(request.header("X-MBX-APIKEY")) < 0 || knobs().address_refused != 0) {
    count_refusal();
    return to_reply(wrong_key());
  }
  const bool post = request.method() == "POST";
  if (!post && !key_lives()) return to_reply({400, -1125, "This listenKey does not exist."});
  if (request.method() == "DELETE") {
    listen_key_.clear();
    return {200, "{}"};
  }
  if (!key_lives()) listen_key_ = word('L', seed(), ++keys_given_, 64);
  expires_ns_ = now_ns() + (knobs().token_life_ns > 0 ? knobs().token_life_ns : kKeyLife);
  return {200, fmt::format(R"({{"listenKey":"{}"}})", listen_key_)};
}

HttpReply BinanceUsdmAccount::answer_signed(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/fapi/v3/balance") return {200, balances()};
  if (path == "/fapi/v3/account") return {200, account()};
  if (path == "/fapi/v1/openOrders") return orders(request, true);
  if (path == "/fapi/v1/allOrders") return orders(request, false);
  if (path == "/fapi/v1/order") {
    if (const auto error = unknown_symbol(request)) return to_reply(*error);
    const Order* const order = order_asked(request);
    return order == nullptr ? to_reply({400, -2013, "Order does not exist."}) : HttpReply{200, order_row(*order)};
  }
  if (path != "/fapi/v1/userTrades") return to_reply({404, -1000, "Not Found"});
  std::vector<const Fill*> found;
  if (const auto error = fills_asked(request, {kWeek, true, true}, found)) return to_reply(*error);
  std::string rows;
  for (const Fill* const fill : found) rows.append(rows.empty() ? "" : ",").append(fill_row(*fill));
  return {200, "[" + rows + "]"};
}

std::string BinanceUsdmAccount::balances() const {
  std::string rows;
  for (const auto& [asset, balance] : ledger().balances()) {
    fmt::format_to(
        std::back_inserter(rows),
        R"({0}{{"accountAlias":"SgsR","asset":"{1}","balance":"{2}","crossWalletBalance":"{2}","crossUnPnl":"0.00000000",)"
        R"("availableBalance":"{2}","maxWithdrawAmount":"{2}","marginAvailable":true,"updateTime":{3}}})",
        rows.empty() ? "" : ",", asset, shown(balance.total, 8), ledger().time_ns() / 1'000'000);
  }
  return "[" + rows + "]";
}

std::string BinanceUsdmAccount::position_rows() const {
  std::string rows;
  for (const auto& [symbol, quantity] : ledger().positions()) {
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"symbol":"{}","positionSide":"BOTH","positionAmt":"{}","entryPrice":"{}"}})",
                   rows.empty() ? "" : ",", symbol, plain(quantity),
                   quotient(ledger().position_cost(symbol), std::abs(quantity), 8));
  }
  return rows;
}

std::string BinanceUsdmAccount::account() const {
  std::string assets;
  Amount total = 0;
  for (const auto& [asset, balance] : ledger().balances()) {
    total += balance.total;
    fmt::format_to(std::back_inserter(assets),
                   R"({0}{{"asset":"{1}","walletBalance":"{2}","crossWalletBalance":"{2}","availableBalance":"{2}",)"
                   R"("updateTime":{3}}})",
                   assets.empty() ? "" : ",", asset, shown(balance.total, 8), ledger().time_ns() / 1'000'000);
  }
  return fmt::format(R"({{"totalWalletBalance":"{0}","availableBalance":"{0}","assets":[{1}],"positions":[{2}]}})",
                     shown(total, 8), assets, position_rows());
}

std::string BinanceUsdmAccount::order_row(const Order& order) const {
  return fmt::format(
      R"({{"orderId":{},"symbol":"{}","status":"{}","clientOrderId":"{}","price":"{}","origQty":"{}",)"
      R"("executedQty":"{}","timeInForce":"GTC","type":"{}","reduceOnly":false,"closePosition":false,"side":"{}",)"
      R"("positionSide":"BOTH","stopPrice":"0","workingType":"CONTRACT_PRICE","origType":"{}","time":{},)"
      R"("updateTime":{}}})",
      order.id, order.symbol, status_of(order), order.client_id, plain(order.price), plain(order.quantity),
      plain(order.filled), type_of(order), side_of(order.side), type_of(order), order.created_ns / 1'000'000,
      order.updated_ns / 1'000'000);
}

std::string BinanceUsdmAccount::fill_row(const Fill& fill) const {
  return fmt::format(
      R"({{"symbol":"{}","id":{},"orderId":{},"side":"{}","positionSide":"BOTH","price":"{}","qty":"{}",)"
      R"("quoteQty":"{}","realizedPnl":"{}","commission":"{}","commissionAsset":"{}","maker":{},"buyer":{},"time":{}}})",
      fill.symbol, fill.trade_id, fill.order_id, side_of(fill.side), plain(fill.price), plain(fill.quantity),
      plain(fill.cost), plain(fill.realized), shown(fill.fee, 8), fill.fee_asset, fill.maker,
      fill.side == OrderSide::kBuy, fill.time_ns / 1'000'000);
}

HttpReply BinanceUsdmAccount::orders(const Request& request, bool open) {
  if (!open || request.has("symbol")) {
    if (const auto error = unknown_symbol(request)) return to_reply(*error);
  }
  const std::string symbol = request.parameter("symbol");
  const std::int64_t first = request.number("orderId", 0);
  std::vector<const Order*> found;
  for (const Order& order : ledger().orders()) {
    if ((!symbol.empty() && order.symbol != symbol) || order.state == OrderState::kRejected) continue;
    if (open ? order.live() : order.number + kFirstOrder >= first) found.push_back(&order);
  }
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("limit", 500), 1, 1'000));
  if (!open && found.size() > limit) {
    const auto extra = static_cast<std::ptrdiff_t>(found.size() - limit);
    const bool forward = request.has("orderId");
    forward ? found.erase(found.end() - extra, found.end()) : found.erase(found.begin(), found.begin() + extra);
  }
  std::string rows;
  for (const Order* const order : found) rows.append(rows.empty() ? "" : ",").append(order_row(*order));
  return {200, "[" + rows + "]"};
}

}  // namespace millrace::sim::accounts
