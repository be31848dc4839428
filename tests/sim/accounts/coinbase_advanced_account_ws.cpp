// The user channel of Coinbase Advanced Trade (protocols/coinbase.md sections 4.2 and 5.2, [A]).
#include <fmt/format.h>

#include <ctime>
#include <iterator>
#include <utility>

#include "schemas/events/time.h"
#include "tests/sim/accounts/coinbase_advanced_account.h"
#include "tests/sim/accounts/json_in.h"
#include "tests/sim/accounts/times.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kFirstSubscribe = 5 * kSecond;
constexpr std::size_t kBatch = 50;

// "2024-10-04 07:04:40.820713045 +0000 UTC m=+66987.628148662"
std::string go_time(std::int64_t ns, std::int64_t since) {
  std::string text = rfc3339(ns, 9);
  text.pop_back();
  text[10] = ' ';
  return fmt::format("{} +0000 UTC m=+{}.{:09}", text, since / kSecond, since % kSecond);
}

}  // namespace

std::string_view CoinbaseAdvancedAccount::status_word(const Order& order) noexcept {
  switch (order.state) {
    case OrderState::kOpen:
      return "OPEN";
    case OrderState::kFilled:
      return "FILLED";
    case OrderState::kRejected:
      return "FAILED";
    case OrderState::kExpired:
      return "EXPIRED";
    default:
      return "CANCELLED";
  }
}

bool CoinbaseAdvancedAccount::serves(std::string_view target) const {
  return target.empty() || target.substr(0, target.find('?')) == "/";
}

void CoinbaseAdvancedAccount::on_open(ConnId id, std::string_view) {
  conns_[id].opened_ns = conns_[id].beat_ns = now_ns();
}

// One counter for all messages of a connection.
std::string CoinbaseAdvancedAccount::envelope(Conn& conn, std::string_view channel, std::string_view events) const {
  return fmt::format(R"({{"channel":"{}","client_id":"","timestamp":"{}","sequence_num":{},"events":[{}]}})", channel,
                     rfc3339(now_ns(), 9), conn.next_sequence++, events);
}

bool CoinbaseAdvancedAccount::wants(const Conn& conn, const Order& order) {
  return conn.user && (conn.products.empty() || conn.products.contains(order.symbol));
}

void CoinbaseAdvancedAccount::on_message(ConnId id, std::string_view text) {
  Conn& conn = conns_[id];
  const JsonIn message(text);
  const std::string type = message.text("/type");
  const std::string channel = message.text("/channel");
  if (type == "subscribe" || type == "unsubscribe") {
    // The token is checked where it is needed and where it is given.
    const bool open = channel == "heartbeats" && !message.has("/jwt");
    if (!open && !denied(message.text("/jwt"), "").empty()) {
      count_refusal();
      return say(id, R"({"type":"error","message":"authentication failure"})");
    }
    if (type == "subscribe") return subscribe(id, conn, message);
    (channel == "user" ? conn.user : conn.heartbeats) = false;
    return acknowledge(id, conn);
  }
  say(id, R"({"type":"error","message":"invalid message type"})");
}

void CoinbaseAdvancedAccount::subscribe(ConnId id, Conn& conn, const JsonIn& message) {
  const std::string channel = message.text("/channel");
  if (channel != "user" && channel != "heartbeats") {
    return say(id, R"({"type":"error","message":"channel is not supported"})");
  }
  conn.subscribed = true;
  (channel == "user" ? conn.user : conn.heartbeats) = true;
  if (channel == "user") {
    const auto products = message.texts("/product_ids");
    conn.products = {products.begin(), products.end()};
    snapshot(id, conn);
  }
  acknowledge(id, conn);
}

// Open orders in batches; one that is not full is the last.
void CoinbaseAdvancedAccount::snapshot(ConnId id, Conn& conn) {
  std::vector<const Order*> open;
  for (const std::int64_t number : ledger().live_orders()) {
    const Order* const order = ledger().order(number);
    if (wants(conn, *order)) open.push_back(order);
  }
  for (std::size_t at = 0;; at += kBatch) {
    std::string rows;
    for (std::size_t i = at; i < std::min(at + kBatch, open.size()); ++i) {
      rows.append(rows.empty() ? "" : ",").append(order_row(*open[i], false));
    }
    say(id, envelope(conn, "user",
                     fmt::format(R"({{"type":"{}","orders":[{}],"positions":{{"perpetual_futures_positions":[],)"
                                 R"("expiring_futures_positions":[]}}}})",
                                 at == 0 ? "snapshot" : "update", rows)));
    if (at + kBatch > open.size()) return;
  }
}

void CoinbaseAdvancedAccount::acknowledge(ConnId id, Conn& conn) {
  std::string channels;
  if (conn.user) channels += fmt::format(R"("user":["{}"])", user_id_);
  if (conn.heartbeats) channels += fmt::format(R"({}"heartbeats":["heartbeats"])", channels.empty() ? "" : ",");
  say(id, envelope(conn, "subscriptions", fmt::format(R"({{"subscriptions":{{{}}}}})", channels)));
}

std::string CoinbaseAdvancedAccount::order_row(const Order& order, bool rest) const {
  const bool limit = order.type == OrderType::kLimit;
  const Amount fees = order.fees.empty() ? 0 : order.fees.begin()->second;
  const Amount after_fees = order.side == OrderSide::kBuy ? order.cost + fees : order.cost - fees;
  const std::string average = order.filled == 0 ? "0" : quotient(order.cost, order.filled, 16);
  const std::string completion = quotient(order.filled * 100, order.quantity, 2);
  const std::string_view side = order.side == OrderSide::kBuy ? "BUY" : "SELL";
  const std::string created = rfc3339(order.created_ns, 6);
  if (rest) {
    const std::string configuration =
        limit ? fmt::format(R"("limit_limit_gtc":{{"base_size":"{}","limit_price":"{}","post_only":false}})",
                            plain(order.quantity), plain(order.price))
              : fmt::format(R"("market_market_ioc":{{"base_size":"{}"}})", plain(order.quantity));
    return fmt::format(
        R"({{"order_id":"{}","product_id":"{}","user_id":"{}","order_configuration":{{{}}},"side":"{}",)"
        R"("client_order_id":"{}","status":"{}","time_in_force":"GOOD_UNTIL_CANCELLED","created_time":"{}",)"
        R"("completion_percentage":"{}","filled_size":"{}","average_filled_price":"{}","number_of_fills":"{}",)"
        R"("filled_value":"{}","pending_cancel":false,"size_in_quote":false,"total_fees":"{}",)"
        R"("size_inclusive_of_fees":false,"total_value_after_fees":"{}","order_type":"{}","reject_reason":"{}",)"
        R"("settled":{},"product_type":"SPOT","reject_message":"","cancel_message":"{}","last_fill_time":{}}})",
        order.id, order.symbol, user_id_, configuration, side, order.client_id, status_word(order), created, completion,
        plain(order.filled), average, order.fills, plain(order.cost), plain(fees), plain(after_fees),
        limit ? "LIMIT" : "MARKET",
        order.state == OrderState::kRejected ? "INSUFFICIENT_FUND" : "REJECT_REASON_UNSPECIFIED",
        order.state == OrderState::kFilled, order.state == OrderState::kCancelled ? order.reason : "",
        order.fills == 0 ? "null" : "\"" + rfc3339(order.updated_ns, 6) + "\"");
  }
  return fmt::format(
      R"({{"avg_price":"{}","cancel_reason":"{}","client_order_id":"{}","completion_percentage":"{}",)"
      R"("contract_expiry_type":"UNKNOWN_CONTRACT_EXPIRY_TYPE","cumulative_quantity":"{}","filled_value":"{}",)"
      R"("leaves_quantity":"{}","limit_price":"{}","number_of_fills":"{}","order_id":"{}","order_side":"{}",)"
      R"("order_type":"{}","outstanding_hold_amount":"0","post_only":"false","product_id":"{}",)"
      R"("product_type":"SPOT","reject_reason":"{}","retail_portfolio_id":"{}",)"
      R"("risk_managed_by":"UNKNOWN_RISK_MANAGEMENT_TYPE","status":"{}","stop_price":"",)"
      R"("time_in_force":"GOOD_UNTIL_CANCELLED","total_fees":"{}","total_value_after_fees":"{}",)"
      R"("trigger_status":"INVALID_ORDER_TYPE","creation_time":"{}","end_time":"0001-01-01T00:00:00Z",)"
      R"("start_time":"0001-01-01T00:00:00Z"}})",
      average, order.state == OrderState::kCancelled ? order.reason : "", order.client_id, completion,
      plain(order.filled), plain(order.cost), order.live() ? plain(order.left()) : "0", limit ? plain(order.price) : "",
      order.fills, order.id, side, limit ? "Limit" : "Market", order.symbol,
      order.state == OrderState::kRejected ? "INSUFFICIENT_FUND" : "", portfolio_id_, status_word(order), plain(fees),
      plain(after_fees), created);
}

// What happens to one order within one call is told once, as it ended: several fills may make one update.
void CoinbaseAdvancedAccount::publish(const Event& event) {
  if (event.order.number != 0 && event.kind != EventKind::kBust) pending_[event.order.number] = event.order;
}

void CoinbaseAdvancedAccount::flush() {
  const auto changed = std::exchange(pending_, {});
  if (changed.empty()) return;
  for (auto& [id, conn] : conns_) {
    std::string rows;
    for (const auto& [number, order] : changed) {
      if (wants(conn, order)) rows.append(rows.empty() ? "" : ",").append(order_row(order, false));
    }
    if (rows.empty()) continue;
    stream(id, envelope(conn, "user", fmt::format(R"({{"type":"update","orders":[{}]}})", rows)));
  }
}

void CoinbaseAdvancedAccount::on_tick() {
  for (auto& [id, conn] : conns_) {
    if (!conn.subscribed && now_ns() - conn.opened_ns >= kFirstSubscribe) close(id, 1008, "no subscription in time");
    if (!conn.heartbeats || now_ns() - conn.beat_ns < kSecond) continue;
    conn.beat_ns = now_ns();
    say(id, envelope(conn, "heartbeats",
                     fmt::format(R"({{"current_time":"{}","heartbeat_counter":{}}})",
                                 go_time(now_ns(), now_ns() - conn.opened_ns), ++conn.beats)));
  }
}

}  // namespace millrace::sim::accounts
