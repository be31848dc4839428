// The private WebSocket of Kraken (protocols/kraken.md sections 1, 5.1 to 5.3).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/json_in.h"
#include "tests/sim/accounts/kraken_account.h"
#include "tests/sim/market/number.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kIdle = 60'000'000'000;
constexpr int kRowsAtOnce = 10;  // trades of one time go out together
constexpr std::size_t kSnapshotTrades = 50;

std::string time_text(std::int64_t ns) {
  std::string out;
  append_rfc3339(out, ns);
  return out;
}

// A JSON number as Kraken writes small ones: 1e-08, 1.5e-05.
std::string number_text(Amount amount) {
  const std::string text = plain(amount);
  const bool tiny = amount != 0 && std::abs(amount) < kOne / 10'000;
  if (!tiny) return text;
  std::string digits = std::to_string(std::abs(amount));
  const int exponent = static_cast<int>(digits.size()) - 1 - kAmountDecimals;
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  if (digits.size() > 1) digits.insert(1, ".");
  return fmt::format("{}{}e-{:02}", amount < 0 ? "-" : "", digits, -exponent);
}

std::string_view status_of(const Order& order) noexcept {
  switch (order.state) {
    case OrderState::kFilled:
      return "filled";
    case OrderState::kCancelled:
    case OrderState::kReplaced:
      return "canceled";
    case OrderState::kExpired:
      return "expired";
    default:
      return order.filled == 0 ? "new" : "partially_filled";
  }
}

std::string_view type_of(const Order& order) noexcept { return order.type == OrderType::kLimit ? "limit" : "market"; }

// What every row about an order's progress has.
std::string progress(const Order& order) {
  return fmt::format(R"("cum_qty":{},"cum_cost":{},"avg_price":{})", number_text(order.filled), number_text(order.cost),
                     quotient(order.cost, order.filled, 8));
}

// The order told whole: pending_new and snapshots.
std::string whole_row(const Order& order, std::string_view exec_type, std::string_view status) {
  return fmt::format(
      R"({{"order_id":"{}","cl_ord_id":"{}","symbol":"{}","order_qty":{},"cum_cost":{},"cum_qty":{},)"
      R"("avg_price":{},"time_in_force":"GTC","exec_type":"{}","side":"{}","order_type":"{}",)"
      R"("limit_price_type":"static","limit_price":{},"stop_price":0.0,"order_status":"{}","fee_usd_equiv":{},)"
      R"("fee_ccy_pref":"fciq",{}"timestamp":"{}"}})",
      order.id, order.client_id, order.symbol, number_text(order.quantity), number_text(order.cost),
      number_text(order.filled), quotient(order.cost, order.filled, 8), exec_type, name(order.side), type_of(order),
      number_text(order.price), status, number_text(order.fees.empty() ? 0 : order.fees.begin()->second),
      order.amended ? R"("amended":true,)" : "", time_text(order.updated_ns));
}

std::string sparse_row(const Order& order, std::string_view exec_type, std::string_view more) {
  return fmt::format(R"({{"timestamp":"{}","order_status":"{}","exec_type":"{}","cl_ord_id":"{}","order_id":"{}"{}}})",
                     time_text(order.updated_ns), status_of(order), exec_type, order.client_id, order.id, more);
}

std::string trade_row_of(const Fill& fill, const Order& order) {
  return fmt::format(
      R"({{"order_id":"{}","cl_ord_id":"{}","exec_id":"{}","exec_type":"trade","trade_id":{},"symbol":"{}",)"
      R"("side":"{}","last_qty":{},"last_price":{},"liquidity_ind":"{}","cost":{},"order_type":"{}",)"
      R"("timestamp":"{}","order_status":"partially_filled","cum_qty":{},"cum_cost":{},"avg_price":{},)"
      R"("fee_usd_equiv":{},"fees":[{{"asset":"{}","qty":{}}}]}})",
      fill.order_id, order.client_id, fill.id, fill.trade_id, fill.symbol, name(fill.side), number_text(fill.quantity),
      number_text(fill.price), fill.maker ? "m" : "t", number_text(fill.cost), type_of(order), time_text(fill.time_ns),
      number_text(fill.cumulative), number_text(fill.cost_after), quotient(fill.cost_after, fill.cumulative, 8),
      number_text(fill.fee), fill.fee_asset, number_text(fill.fee));
}

}  // namespace

bool KrakenAccount::serves(std::string_view target) const { return target.substr(0, target.find('?')) == "/v2"; }

void KrakenAccount::on_open(ConnId conn, std::string_view) {
  conns_[conn].heard_ns = now_ns();
  // The id exceeds what a signed 64-bit integer holds, as the venue's own does.
  say(conn, fmt::format(R"({{"channel":"status","type":"update","data":[{{"api_version":"v2","connection_id":{},)"
                        R"("system":"online","version":"2.0.10"}}]}})",
                        13'834'774'380'200'032'777ULL + conn));
}

void KrakenAccount::on_message(ConnId id, std::string_view text) {
  Conn& conn = conns_[id];
  conn.heard_ns = now_ns();
  const JsonIn message(text);
  const std::string method = message.text("/method");
  const std::string now = time_text(now_ns());
  const std::string echo = message.has("/req_id") ? fmt::format(R"(,"req_id":{})", message.raw("/req_id")) : "";
  if (method == "ping") {
    say(id, fmt::format(R"({{"method":"pong","time_in":"{0}","time_out":"{0}"{1}}})", now, echo));
  } else if (method == "subscribe") {
    subscribe(id, conn, message);
  } else if (method == "unsubscribe") {
    unsubscribe(id, conn, message);
  } else {
    say(id,
        fmt::format(R"({{"error":"Unsupported method","method":{},"success":false,"time_in":"{}","time_out":"{}"{}}})",
                    quoted(method), now, now, echo));
  }
}

// A token is good for 15 minutes; on the connection that used it, as long as a private subscription lives.
bool KrakenAccount::token_good(const Conn& conn, const std::string& token) const {
  const auto known = tokens_.find(token);
  if (known == tokens_.end() || key_index(key(known->second.key).api_key) < 0) return false;
  const bool in_use = conn.token == token && (conn.executions || conn.balances);
  return in_use || now_ns() < known->second.expires_ns;
}

void KrakenAccount::subscribe(ConnId id, Conn& conn, const JsonIn& message) {
  const std::string channel = message.text("/params/channel");
  const std::string echo = message.has("/req_id") ? fmt::format(R"(,"req_id":{})", message.raw("/req_id")) : "";
  const std::string times = fmt::format(R"("time_in":"{0}","time_out":"{0}"{1}}})", time_text(now_ns()), echo);
  const auto refuse = [&](std::string_view why) {
    say(id, fmt::format(R"({{"error":"{}","method":"subscribe","success":false,{})", why, times));
  };
  const std::string token = message.text("/params/token");
  const bool executions = channel == "executions";
  if (!executions && channel != "balances") return refuse("Channel not supported");
  if (!token_good(conn, token)) {
    count_refusal();
    return refuse("ESession:Invalid session");
  }
  std::optional<Subscription>& subscription = executions ? conn.executions : conn.balances;
  if (subscription) return refuse("Already subscribed");
  conn.token = token;
  subscription.emplace();
  if (!executions) {
    const bool snapshot = message.flag("/params/snapshot", true);
    say(id, fmt::format(R"({{"method":"subscribe","result":{{"channel":"balances","snapshot":{}}},"success":true,{})",
                        snapshot, times));
    if (snapshot) snapshot_balances(id, *subscription);
    return;
  }
  const bool orders = message.flag("/params/snap_orders", true);
  const bool trades = message.flag("/params/snap_trades", false);
  subscription->all_states = message.flag("/params/order_status", true);
  say(id, fmt::format(R"({{"method":"subscribe","result":{{"channel":"executions","maxratecount":125,)"
                      R"("snap_orders":{},"snap_trades":{}}},"success":true,{})",
                      orders, trades, times));
  snapshot_executions(id, *subscription, orders, trades);
}

void KrakenAccount::unsubscribe(ConnId id, Conn& conn, const JsonIn& message) {
  const std::string channel = message.text("/params/channel");
  const std::string echo = message.has("/req_id") ? fmt::format(R"(,"req_id":{})", message.raw("/req_id")) : "";
  std::optional<Subscription>& subscription = channel == "executions" ? conn.executions : conn.balances;
  const bool had = subscription.has_value() && (channel == "executions" || channel == "balances");
  if (had) subscription.reset();
  say(id,
      fmt::format(R"({{"method":"unsubscribe",{},"success":{},"time_in":"{}","time_out":"{}"{}}})",
                  had ? fmt::format(R"("result":{{"channel":"{}"}})", channel) : R"("error":"Subscription Not Found")",
                  had, time_text(now_ns()), time_text(now_ns()), echo));
}

void KrakenAccount::snapshot_executions(ConnId id, Subscription& to, bool orders, bool trades) {
  std::string rows;
  const auto add = [&](const std::string& row) { rows.append(rows.empty() ? "" : ",").append(row); };
  if (orders) {
    for (const std::int64_t number : ledger().live_orders()) {
      const Order& order = *ledger().order(number);
      add(whole_row(order, order.amended ? "amended" : "new", status_of(order)));
    }
  }
  const auto& fills = ledger().fills();
  const std::size_t count = trades ? std::min(fills.size(), kSnapshotTrades) : 0;
  for (std::size_t i = fills.size() - count; i < fills.size(); ++i) {
    add(trade_row_of(fills[i], *ledger().order(fills[i].order)));
  }
  say(id,
      fmt::format(R"({{"channel":"executions","type":"snapshot","data":[{}],"sequence":{}}})", rows, ++to.sequence));
}

void KrakenAccount::snapshot_balances(ConnId id, Subscription& to) {
  std::string rows;
  for (const auto& [asset, balance] : ledger().balances()) {
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"asset":"{}","asset_class":"currency","balance":{},)"
                   R"("wallets":[{{"type":"spot","id":"main","balance":{}}}]}})",
                   rows.empty() ? "" : ",", asset, number_text(balance.total), number_text(balance.total));
  }
  say(id, fmt::format(R"({{"channel":"balances","type":"snapshot","data":[{}],"sequence":{}}})", rows, ++to.sequence));
}

void KrakenAccount::tell_executions(ConnId id, Subscription& to, std::string_view row) {
  stream(id,
         fmt::format(R"({{"channel":"executions","type":"update","data":[{}],"sequence":{}}})", row, ++to.sequence));
}

void KrakenAccount::flush_trades(ConnId id, Subscription& to) {
  if (to.rows.empty()) return;
  tell_executions(id, to, std::exchange(to.rows, {}));
  to.row_count = 0;
}

void KrakenAccount::tell_trade(ConnId id, Subscription& to, const Event& event) {
  if (to.row_count == kRowsAtOnce || to.rows_time != event.time_ns) flush_trades(id, to);
  to.rows.append(to.rows.empty() ? "" : ",").append(trade_row_of(event.fill, event.order));
  to.rows_time = event.time_ns;
  ++to.row_count;
}

// A row of the ledger for each asset that moved; what an order holds is not told here.
void KrakenAccount::tell_balances(ConnId id, Subscription& to, const Event& event) {
  const bool trade = event.kind == EventKind::kFill;
  const std::string_view type = trade ? "trade" : event.kind == EventKind::kDeposit ? "deposit" : "adjustment";
  int part = 0;
  for (const Change& change : event.changes) {
    ++part;
    if (change.amount == 0 && change.fee == 0) continue;
    const std::int64_t entry = event.number * 4 + part;
    stream(id, fmt::format(
                   R"({{"channel":"balances","type":"update","data":[{{"ledger_id":"{}","ref_id":"{}",)"
                   R"("timestamp":"{}","type":"{}","asset":"{}","asset_class":"currency","category":"{}",)"
                   R"("wallet_type":"spot","wallet_id":"main","amount":{},"fee":{},"balance":{}}}],"sequence":{}}})",
                   kraken_id('L', seed(), entry), trade ? event.fill.id : kraken_id('F', seed(), event.number),
                   time_text(event.time_ns), type == "deposit" && change.amount < 0 ? "withdrawal" : type, change.asset,
                   type == "deposit" && change.amount < 0 ? "withdrawal" : type, number_text(change.amount),
                   number_text(change.fee), number_text(change.after.total), ++to.sequence));
  }
}

void KrakenAccount::publish(const Event& event) {
  for (auto& [id, conn] : conns_) {
    if (conn.balances) tell_balances(id, *conn.balances, event);
    if (!conn.executions) continue;
    Subscription& to = *conn.executions;
    if (event.kind == EventKind::kFill) {
      tell_trade(id, to, event);
      continue;
    }
    flush_trades(id, to);
    const Order& order = event.order;
    switch (event.kind) {
      case EventKind::kPlaced:
        if (to.all_states) tell_executions(id, to, whole_row(order, "pending_new", "pending_new"));
        tell_executions(id, to, sparse_row(order, "new", ""));
        break;
      case EventKind::kDone:
        tell_executions(id, to, sparse_row(order, "filled", "," + progress(order)));
        break;
      case EventKind::kCancelled:
        tell_executions(
            id, to,
            sparse_row(order, "canceled", fmt::format(R"(,{},"reason":{})", progress(order), quoted(order.reason))));
        break;
      case EventKind::kExpired:
        tell_executions(id, to, sparse_row(order, "expired", R"(,"reason":"Time in force",)" + progress(order)));
        break;
      case EventKind::kAmended:
        if (!to.all_states) break;
        tell_executions(
            id, to,
            sparse_row(order, "amended",
                       fmt::format(R"(,"amended":true,"order_qty":{},"limit_price":{},{})", number_text(order.quantity),
                                   number_text(order.price), progress(order))));
        break;
      default:
        break;  // an order that was refused makes no event here; money is told on the other channel
    }
  }
}

void KrakenAccount::flush() {
  for (auto& [id, conn] : conns_) {
    if (conn.executions) flush_trades(id, *conn.executions);
  }
}

void KrakenAccount::on_tick() {
  for (auto& [id, conn] : conns_) {
    const bool subscribed = conn.executions || conn.balances;
    if (subscribed && quiet(id)) say(id, R"({"channel":"heartbeat"})");
    if (!subscribed && now_ns() - conn.heard_ns >= kIdle) close(id, 1000, "inactivity");
  }
}

}  // namespace millrace::sim::accounts
