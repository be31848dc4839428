// The WebSocket API of Binance spot, as far as the user data stream goes (protocols/binance.md section 5.1).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "tests/sim/accounts/binance_spot_account.h"
#include "tests/sim/accounts/json_in.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kLifetime = 86'400'000'000'000;
constexpr int kConnectWeight = 2;
constexpr int kSubscribeWeight = 2;

// What a client signed: all parameters but the signature, by name.
std::string payload_of(const JsonIn& message) {
  std::vector<std::string> names = message.names("/params");
  std::sort(names.begin(), names.end());
  std::string payload;
  for (const std::string& name : names) {
    if (name == "signature") continue;
    const std::string pointer = "/params/" + name;
    const std::string text = message.text(pointer);
    payload.append(payload.empty() ? "" : "&")
        .append(name)
        .append("=")
        .append(text.empty() ? message.raw(pointer) : text);
  }
  return payload;
}

// x of an executionReport; empty if the event makes none.
std::string_view execution_type(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::kPlaced:
      return "NEW";
    case EventKind::kFill:
      return "TRADE";
    case EventKind::kCancelled:
      return "CANCELED";
    case EventKind::kAmended:
      return "REPLACED";
    case EventKind::kRejected:
      return "REJECTED";
    case EventKind::kExpired:
      return "EXPIRED";
    default:
      return {};
  }
}

}  // namespace

bool BinanceSpotAccount::serves(std::string_view target) const {
  return target.substr(0, target.find('?')) == "/ws-api/v3";
}

void BinanceSpotAccount::on_open(ConnId id, std::string_view target) {
  Conn& conn = conns_[id];
  conn.opened_ns = now_ns();
  const auto mark = target.find('?');
  const auto query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  conn.rate_limits = query_value(query, "returnRateLimits") != "false";
  charge(kConnectWeight);
}

void BinanceSpotAccount::on_message(ConnId id, std::string_view text) {
  Conn& conn = conns_[id];
  const JsonIn message(text);
  const std::string method = message.text("/method");
  const auto decision = charge(method.starts_with("userDataStream.subscribe") ? kSubscribeWeight : 1);
  Outcome outcome;
  if (decision.verdict != WeightBudget::Verdict::kServed) {
    outcome.error = Error{429, -1003, "Too much request weight used; current limit is per 1 MINUTE."};
  } else if (!message.is_object() || !message.has("/id")) {
    outcome.error = Error{400, -1100, "Illegal characters found in a parameter."};
  } else {
    outcome = call(conn, method, message);
  }
  const std::string answer = outcome.error
                                 ? fmt::format(R"("status":{},"error":{{"code":{},"msg":"{}"}})", outcome.error->status,
                                               outcome.error->code, outcome.error->text)
                                 : fmt::format(R"("status":200,"result":{})", outcome.result);
  const std::string limits =
      conn.rate_limits ? fmt::format(R"(,"rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE",)"
                                     R"("intervalNum":1,"limit":6000,"count":{}}}])",
                                     decision.used)
                       : "";
  say(id, fmt::format(R"({{"id":{},{}{}}})", message.has("/id") ? message.raw("/id") : "null", answer, limits));
}

std::optional<BinanceAccount::Error> BinanceSpotAccount::denied_call(const JsonIn& message) {
  return denied(message.text("/params/apiKey"), payload_of(message), message.text("/params/signature"),
                message.whole("/params/timestamp"), message.whole("/params/recvWindow").value_or(5'000));
}

BinanceSpotAccount::Outcome BinanceSpotAccount::call(Conn& conn, const std::string& method, const JsonIn& message) {
  if (method == "ping") return {"{}"};
  if (method == "time") return {fmt::format(R"({{"serverTime":{}}})", now_ms())};
  if (method == "session.logon") return logon(conn, message);
  if (method == "session.status") {
    const std::string key_text = conn.session_key < 0 ? "null" : quoted(key(conn.session_key).api_key);
    return {fmt::format(R"({{"apiKey":{},"authorizedSince":{},"connectedSince":{},"serverTime":{}}})", key_text,
                        conn.session_key < 0 ? "null" : std::to_string(conn.session_ns / 1'000'000),
                        conn.opened_ns / 1'000'000, now_ms())};
  }
  if (method == "userDataStream.subscribe.signature") {
    if (const auto error = denied_call(message)) return {{}, error};
    return subscribe(conn, key_index(message.text("/params/apiKey")));
  }
  if (method == "userDataStream.subscribe") {
    if (conn.session_key < 0) return {{}, Error{400, -1100, "Session is not authenticated."}};
    return subscribe(conn, conn.session_key);
  }
  if (method == "userDataStream.unsubscribe") {
    if (!conn.active) return {{}, Error{400, -2036, "User Data Stream subscription not active."}};
    conn.active.reset();
    return {"{}"};
  }
  return {{}, Error{400, -1020, "This operation is not supported."}};
}

BinanceSpotAccount::Outcome BinanceSpotAccount::logon(Conn& conn, const JsonIn& message) {
  if (const auto error = denied_call(message)) return {{}, error};
  const int index = key_index(message.text("/params/apiKey"));
  if (!is_ed25519(index)) return {{}, Error{400, -4056, "HMAC_SHA256 API key is not supported."}};
  conn.session_key = index;
  conn.session_ns = now_ns();
  return {fmt::format(R"({{"apiKey":{},"authorizedSince":{},"connectedSince":{},"serverTime":{}}})",
                      quoted(key(index).api_key), now_ms(), conn.opened_ns / 1'000'000, now_ms())};
}

BinanceSpotAccount::Outcome BinanceSpotAccount::subscribe(Conn& conn, int index) {
  if (conn.active) return {{}, Error{400, -2035, "User Data Stream subscription already active."}};
  conn.active = conn.subscriptions++;
  conn.active_key = index;
  return {fmt::format(R"({{"subscriptionId":{}}})", *conn.active)};
}

std::string BinanceSpotAccount::report(const Event& event) const {
  const Order& order = event.order;
  const Fill& fill = event.fill;
  const bool traded = event.kind == EventKind::kFill;
  const bool cancelled = event.kind == EventKind::kCancelled;
  const std::int64_t ms = event.time_ns / 1'000'000;
  return fmt::format(
      R"({{"e":"executionReport","E":{},"s":"{}","c":"{}","S":"{}","o":"{}","f":"GTC","q":"{}","p":"{}",)"
      R"("P":"0.00000000","F":"0.00000000","g":-1,"C":"{}","x":"{}","X":"{}","r":"{}","i":{},"l":"{}","z":"{}",)"
      R"("L":"{}","n":"{}","N":{},"T":{},"t":{},"I":{},"w":{},"m":{},"M":{},"O":{},"Z":"{}","Y":"{}",)"
      R"("Q":"0.00000000","W":{},"V":"NONE"}})",
      ms, order.symbol, cancelled ? fmt::format("cancel-{}", event.number) : order.client_id, side_of(order.side),
      type_of(order), eight(order.quantity), eight(order.price), cancelled ? order.client_id : "",
      execution_type(event.kind), status_of(order),
      order.state == OrderState::kRejected ? "INSUFFICIENT_BALANCES" : "NONE", order.id, eight(fill.quantity),
      eight(order.filled), eight(fill.price), traded && fill.fee != 0 ? eight(fill.fee) : "0",
      traded && fill.fee != 0 ? quoted(fill.fee_asset) : "null", ms, traded ? fill.trade_id : -1,
      8'641'000 + event.number, order.live(), traded && fill.maker, traded, order.created_ns / 1'000'000,
      eight(order.cost), eight(fill.cost), order.created_ns / 1'000'000);
}

// Absolute balances of what may have changed.
std::string BinanceSpotAccount::position(const Event& event) const {
  std::string rows;
  for (const Change& change : event.changes) {
    fmt::format_to(std::back_inserter(rows), R"({}{{"a":"{}","f":"{}","l":"{}"}})", rows.empty() ? "" : ",",
                   change.asset, eight(change.after.available()), eight(change.after.locked));
  }
  const std::int64_t ms = event.time_ns / 1'000'000;
  return fmt::format(R"({{"e":"outboundAccountPosition","E":{},"u":{},"B":[{}]}})", ms, ms, rows);
}

void BinanceSpotAccount::publish(const Event& event) {
  std::vector<std::string> texts;
  if (!execution_type(event.kind).empty()) texts.push_back(report(event));
  if (event.kind == EventKind::kDeposit) {
    const Change& change = event.changes.front();
    texts.push_back(fmt::format(R"({{"e":"balanceUpdate","E":{0},"a":"{1}","d":"{2}","T":{0}}})",
                                event.time_ns / 1'000'000, change.asset, eight(change.amount)));
  }
  if (!event.changes.empty()) texts.push_back(position(event));
  for (auto& [id, conn] : conns_) {
    if (!conn.active) continue;
    for (const std::string& text : texts) {
      stream(id, fmt::format(R"({{"subscriptionId":{},"event":{}}})", *conn.active, text));
    }
  }
}

void BinanceSpotAccount::on_tick() {
  for (auto& [id, conn] : conns_) {
    if (conn.active && key_index(key(conn.active_key).api_key) < 0) {
      conn.active.reset();
      say(id, fmt::format(R"({{"id":null,"status":401,"error":{{"code":-2015,"msg":"{}"}}}})", wrong_key().text));
    }
    if (now_ns() - conn.opened_ns >= kLifetime) close(id, 1001, "connection lifetime reached");
  }
}

}  // namespace millrace::sim::accounts
