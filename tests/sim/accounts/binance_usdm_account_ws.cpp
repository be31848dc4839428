// The private stream of Binance USD-M (protocols/binance.md section 5.2).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/accounts/binance_usdm_account.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kLifetime = 86'400'000'000'000;

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto end = list.find('/');
    parts.emplace_back(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return parts;
}

}  // namespace

bool BinanceUsdmAccount::serves(std::string_view target) const { return target.starts_with("/private/"); }

void BinanceUsdmAccount::on_open(ConnId id, std::string_view target) {
  Conn& conn = conns_[id];
  conn.opened_ns = now_ns();
  if (!target.starts_with("/private/ws?")) return;
  const auto query = target.substr(target.find('?') + 1);
  conn.listen_key = query_value(query, "listenKey");
  conn.events = split(percent_decoded(query_value(query, "events")));
}

void BinanceUsdmAccount::tell(std::string_view kind, const std::string& text) {
  if (!key_lives()) return;
  for (auto& [id, conn] : conns_) {
    if (conn.listen_key != listen_key_) continue;
    if (std::find(conn.events.begin(), conn.events.end(), kind) != conn.events.end()) stream(id, text);
  }
}

std::string BinanceUsdmAccount::order_update(const Event& event, std::string_view type) const {
  const Order& order = event.order;
  const Fill& fill = event.fill;
  const bool traded = event.kind == EventKind::kFill;
  const std::int64_t ms = event.time_ns / 1'000'000;
  const std::string fee =
      traded ? fmt::format(R"("N":"{}","n":"{}",)", fill.fee_asset, shown(fill.fee, 8)) : std::string();
  return fmt::format(
      R"({{"e":"ORDER_TRADE_UPDATE","E":{},"T":{},"o":{{"s":"{}","c":"{}","S":"{}","o":"{}","f":"GTC","q":"{}",)"
      R"("p":"{}","ap":"{}","sp":"0","x":"{}","X":"{}","i":{},"l":"{}","z":"{}","L":"{}",{}"T":{},"t":{},"b":"0",)"
      R"("a":"0","m":{},"R":false,"wt":"CONTRACT_PRICE","ot":"{}","ps":"BOTH","cp":false,"rp":"{}","pP":false,)"
      R"("si":0,"ss":0,"V":"NONE","pm":"NONE","gtd":0,"er":"{}"}}}})",
      ms, ms, order.symbol, order.client_id, side_of(order.side), type_of(order), plain(order.quantity),
      plain(order.price), quotient(order.cost, order.filled, 8), type, status_of(order), order.id, plain(fill.quantity),
      plain(order.filled), plain(fill.price), fee, ms, traded ? fill.trade_id : 0, traded && fill.maker, type_of(order),
      plain(fill.realized), order.state == OrderState::kExpired ? 5 : 0);
}

std::string BinanceUsdmAccount::trade_lite(const Event& event) const {
  const Fill& fill = event.fill;
  const std::int64_t ms = event.time_ns / 1'000'000;
  return fmt::format(
      R"({{"e":"TRADE_LITE","E":{},"T":{},"s":"{}","q":"{}","p":"{}","m":{},"c":"{}","S":"{}","L":"{}","l":"{}",)"
      R"("t":{},"i":{}}})",
      ms, ms, fill.symbol, plain(event.order.quantity), plain(event.order.price), fill.maker, event.order.client_id,
      side_of(fill.side), plain(fill.price), plain(fill.quantity), fill.trade_id, fill.order_id);
}

// `bc` leaves out profit and fee, so it is zero for a trade.
std::string BinanceUsdmAccount::account_update(const Event& event, std::string_view reason) const {
  std::string rows;
  for (const Change& change : event.changes) {
    fmt::format_to(std::back_inserter(rows), R"({}{{"a":"{}","wb":"{}","cw":"{}","bc":"{}"}})", rows.empty() ? "" : ",",
                   change.asset, shown(change.after.total, 8), shown(change.after.total, 8),
                   event.kind == EventKind::kFill ? "0" : plain(change.amount));
  }
  std::string positions;
  const Fill& fill = event.fill;
  if (event.kind == EventKind::kFill) {
    positions =
        fmt::format(R"({{"s":"{}","pa":"{}","ep":"{}","bep":"0","cr":"0","up":"0","mt":"cross","iw":"0","ps":"BOTH"}})",
                    fill.symbol, plain(fill.position), quotient(fill.position_cost, std::abs(fill.position), 8));
  }
  const std::int64_t ms = event.time_ns / 1'000'000;
  return fmt::format(R"({{"e":"ACCOUNT_UPDATE","E":{},"T":{},"a":{{"m":"{}","B":[{}],"P":[{}]}}}})", ms, ms, reason,
                     rows, positions);
}

void BinanceUsdmAccount::publish(const Event& event) {
  switch (event.kind) {
    case EventKind::kPlaced:
      return tell("ORDER_TRADE_UPDATE", order_update(event, "NEW"));
    case EventKind::kCancelled:
      return tell("ORDER_TRADE_UPDATE", order_update(event, "CANCELED"));
    case EventKind::kExpired:
      return tell("ORDER_TRADE_UPDATE", order_update(event, "EXPIRED"));
    case EventKind::kAmended:
      return tell("ORDER_TRADE_UPDATE", order_update(event, "AMENDMENT"));
    case EventKind::kFill:
      tell("TRADE_LITE", trade_lite(event));
      tell("ACCOUNT_UPDATE", account_update(event, "ORDER"));
      return tell("ORDER_TRADE_UPDATE", order_update(event, "TRADE"));
    case EventKind::kFunding:
      return tell("ACCOUNT_UPDATE", account_update(event, "FUNDING_FEE"));
    case EventKind::kDeposit:
      return tell("ACCOUNT_UPDATE", account_update(event, event.changes.front().amount > 0 ? "DEPOSIT" : "WITHDRAW"));
    default:
      return;
  }
}

// A key that has run out is told of once; after that the sockets stay up in silence.
void BinanceUsdmAccount::on_tick() {
  const bool expired = !listen_key_.empty() && now_ns() >= expires_ns_;
  for (auto& [id, conn] : conns_) {
    if (expired && conn.listen_key == listen_key_) {
      say(id, fmt::format(R"({{"e":"listenKeyExpired","E":"{}","listenKey":"{}"}})", now_ms(), listen_key_));
    }
    if (now_ns() - conn.opened_ns >= kLifetime) close(id, 1001, "connection lifetime reached");
  }
  if (expired) listen_key_.clear();
}

}  // namespace millrace::sim::accounts
