#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "normalize/account/decimal_math.h"
#include "tests/support/account_harness.h"
#include "tests/support/venue_harness.h"

// Messages of Binance's private sides with what a test wants in them, and an account that has just been synchronized.
namespace millrace::test {

inline std::string account_fixture(std::string_view name) { return VenueHarness::fixture("binance", name); }

// Plain digits, "-" for none.
inline std::string plain(const std::optional<schemas::WideDecimal>& number) {
  return number ? normalize::plain_text(*number) : "-";
}

// executionReport, wrapped.
struct SpotReport {
  std::string x = "NEW", X = "NEW", s = "ETHBTC", c = "mine", C = "", q = "10", p = "2", l = "0", z = "0", L = "0",
              Z = "0", n = "0", N = "null", r = "NONE", more = "";
  std::int64_t i = 1, t = -1, I = 1, T = 1'700'000'000'000;
  std::string text() const {
    return fmt::format(
        R"({{"subscriptionId":0,"event":{{"e":"executionReport","E":{},"s":"{}","c":"{}","S":"BUY","o":"LIMIT",)"
        R"("f":"GTC","q":"{}","p":"{}","P":"0.0","C":"{}","x":"{}","X":"{}","r":"{}","i":{},"l":"{}","z":"{}",)"
        R"("L":"{}","n":"{}","N":{},"T":{},"t":{},"I":{},"m":true,"Z":"{}"{}}}}})",
        T + 1, s, c, q, p, C, x, X, r, i, l, z, L, n, N, T, t, I, Z, more);
  }
};
// A fill of 1 at 2, as the `count`th one of the order.
inline SpotReport spot_fill(std::int64_t trade_id, int count, std::int64_t order = 1) {
  SpotReport out;
  out.x = "TRADE";
  out.X = "PARTIALLY_FILLED";
  out.l = "1";
  out.L = "2";
  out.z = std::to_string(count);
  out.Z = std::to_string(2 * count);
  out.t = trade_id;
  out.I = 1000 + trade_id;
  out.i = order;
  return out;
}

// ORDER_TRADE_UPDATE.
struct FuturesReport {
  std::string x = "NEW", X = "NEW", s = "BTCUSDT", c = "mine", q = "10", p = "2", l = "0", z = "0", L = "0", ap = "0",
              er = "0", more = R"(,"N":"USDT","n":"0.1")";
  std::int64_t i = 1, t = 0, T = 1'700'000'000'000;
  std::string text() const {
    return fmt::format(
        R"({{"e":"ORDER_TRADE_UPDATE","E":{},"T":{},"o":{{"s":"{}","c":"{}","S":"SELL","o":"LIMIT","f":"GTC",)"
        R"("q":"{}","p":"{}","ap":"{}","sp":"0","x":"{}","X":"{}","i":{},"l":"{}","z":"{}","L":"{}","T":{},"t":{},)"
        R"("m":false,"er":"{}"{}}}}})",
        T + 1, T, s, c, q, p, ap, x, X, i, l, z, L, T, t, er, more);
  }
};

// One row of openOrders or order.
struct OrderRow {
  std::string symbol = "ETHBTC", status = "NEW", executed = "0", quote = "0", quantity = "10";
  std::int64_t id = 1, time = 1'700'000'000'000;
  std::string text() const {
    return fmt::format(
        R"({{"symbol":"{}","orderId":{},"clientOrderId":"mine","price":"2","origQty":"{}","executedQty":"{}",)"
        R"("cummulativeQuoteQty":"{}","status":"{}","timeInForce":"GTC","type":"LIMIT","side":"BUY",)"
        R"("stopPrice":"0.0","time":{},"updateTime":{}}})",
        symbol, id, quantity, executed, quote, status, time, time);
  }
};

inline constexpr std::string_view kNoBalances = R"({"updateTime":1,"balances":[]})";

// The key of the request whose target begins so; throws if none was asked.
inline std::string asked_key(const AccountHarness& account, std::string_view target) {
  for (const normalize::PrivateRequest& request : account.todo.rest) {
    if (request.target.starts_with(target)) return request.key;
  }
  throw std::logic_error(fmt::format("{} was not asked for", target));
}

// Answers what the last call asked for; `orders` and `balances` are the bodies.
inline void answer_state(AccountHarness& account, std::string_view orders, std::string_view balances) {
  const bool spot = account.venue->venue_name() == "binance-spot";
  const std::string orders_target = spot ? "/api/v3/openOrders" : "/fapi/v1/openOrders";
  const std::string balances_target = spot ? "/api/v3/account" : "/fapi/v3/balance";
  const std::string orders_key = asked_key(account, orders_target);
  const std::string balances_key = asked_key(account, balances_target);
  if (!account.answer(balances_key, balances_target, balances)) throw std::logic_error("balances");
  if (!account.answer(orders_key, orders_target, orders)) throw std::logic_error("open orders");
}

// Opens a connection and goes as far as asking for orders and balances. `number`: of the subscription.
inline void subscribe(AccountHarness& account, int number = 1) {
  account.open();
  if (!account.todo.rest.empty() && account.todo.rest[0].key == "instruments") {
    const bool spot = account.venue->venue_name() == "binance-spot";
    const auto info = account_fixture(spot ? "rest_info_spot.json" : "rest_info_usdm.json");
    if (!account.answer("instruments", account.todo.rest[0].target, info)) throw std::logic_error("exchangeInfo");
  }
  if (account.venue->venue_name() != "binance-spot") return;
  const auto accepted = fmt::format(R"({{"id":"subscribe-{}","status":200,"result":{{}}}})", number);
  if (!account.feed(accepted)) throw std::logic_error("subscribe");
}

// An account without orders and balances, LIVE. What came out so far is cleared.
inline AccountHarness live_account(std::string_view venue = "binance-spot") {
  AccountHarness account{venue};
  subscribe(account);
  answer_state(account, "[]", venue == "binance-spot" ? kNoBalances : "[]");
  account.clear();
  return account;
}

// Closes and opens again, as far as asking. `number`: of the subscription.
inline void reopen(AccountHarness& account, int number = 2) {
  account.close();
  account.clear();
  subscribe(account, number);
}

}  // namespace millrace::test
