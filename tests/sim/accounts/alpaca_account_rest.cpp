// REST of Alpaca's trading host (protocols/alpaca.md section 6).
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "schemas/events/time.h"
#include "tests/sim/accounts/alpaca_account.h"
#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/times.h"

namespace millrace::sim::accounts {

namespace {

constexpr int kCallsPerMinute = 200;
constexpr std::int64_t kEastern = -5 * 3'600'000'000'000;  // ids begin with New York's time
constexpr std::size_t kPage = 100;

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USD", "/", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 10'000 * kOne;
  rules.initial["USD"] = 50'000'000 * kOne;
  rules.fee_asset = LedgerRules::FeeAsset::kNone;
  rules.replace_makes_order = true;
  rules.busts = true;
  rules.make_id = [seed = options.seed](char kind, std::int64_t number) { return uuid(kind, seed, number); };
  return rules;
}

HttpReply told(int status, int code, std::string_view text) {
  return {status, fmt::format(R"({{"code":{},"message":"{}"}})", code, text)};
}

std::string text_or_null(const std::string& text) { return text.empty() ? "null" : "\"" + text + "\""; }

// "20190524113406977::8efc7b9a-8b2b-4000-9955-d36e7db0df74"
std::string activity_id(std::int64_t time_ns, const std::string& id) {
  std::string digits;
  for (const char c : rfc3339(time_ns + kEastern, 0)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return fmt::format("{}{:03}::{}", digits, time_ns / 1'000'000 % 1'000, id);
}

std::string_view status_of(const Order& order) noexcept {
  switch (order.state) {
    case OrderState::kFilled:
      return "filled";
    case OrderState::kCancelled:
      return "canceled";
    case OrderState::kReplaced:
      return "replaced";
    case OrderState::kRejected:
      return "rejected";
    case OrderState::kExpired:
      return "expired";
    default:
      return order.filled == 0 ? "new" : "partially_filled";
  }
}

// "BTCUSD": positions have no slash.
std::string without_slash(std::string symbol) {
  std::erase(symbol, '/');
  return symbol;
}

}  // namespace

AlpacaAccount::AlpacaAccount(const FaceOptions& options) : FaceBase("alpaca", options, rules_for(options)) {}

std::string AlpacaAccount::asset_id(std::string_view symbol) const { return uuid_of('A', 0, symbol); }

HttpReply AlpacaAccount::refusal(int status) const {
  switch (status) {
    case 401:
      return told(401, 40110000, "request is not authorized");
    case 403:
      return {403, R"({"message":"forbidden."})"};
    case 429: {
      HttpReply reply = told(429, 42910000, "rate limit exceeded");
      reply.headers.push_back({"Retry-After", std::to_string(knobs().retry_after_s)});
      return reply;
    }
    case 503:
      return {503, "<html><body>503 Service Temporarily Unavailable</body></html>", "text/html"};
    default:
      return told(500, 50010000, "internal server error occurred");
  }
}

HttpReply AlpacaAccount::answer(const Request& request) {
  const int key_number = key_index(request.header("APCA-API-KEY-ID"));
  const bool known = key_number >= 0 && same_proof(request.header("APCA-API-SECRET-KEY"), key(key_number).secret);
  if (!known || knobs().address_refused != 0) {
    count_refusal();
    return request.header("APCA-API-KEY-ID").empty() ? refusal(401) : refusal(403);
  }
  const bool admitted = calls_.admit(limits_kept() ? kCallsPerMinute : 0, kMinute, now_ns());
  HttpReply reply = admitted ? answer_signed(request) : told(429, 42910000, "rate limit exceeded");
  reply.headers.push_back({"X-RateLimit-Limit", std::to_string(kCallsPerMinute)});
  reply.headers.push_back({"X-RateLimit-Reset", std::to_string((now_ns() + kMinute) / 1'000'000'000)});
  return reply;
}

HttpReply AlpacaAccount::answer_signed(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/v2/account") return {200, account()};
  if (path == "/v2/positions") return {200, positions()};
  if (path == "/v2/assets") return {200, assets()};
  if (path == "/v2/orders") return orders(request);
  if (path.starts_with("/v2/orders")) return one_order(request);
  if (path == "/v2/account/activities/FILL") return activities(request, true);
  if (path == "/v2/account/activities") return activities(request, false);
  if (path != "/v2/clock") return told(404, 40410000, "endpoint not found");
  return {200, fmt::format(R"({{"timestamp":"{}","is_open":true,"next_open":"{}","next_close":"{}"}})",
                           rfc3339(now_ns(), 9, -300), rfc3339(now_ns() + 64'800'000'000'000, 0, -300),
                           rfc3339(now_ns() + 21'600'000'000'000, 0, -300))};
}

std::string AlpacaAccount::account() const {
  const Balance cash = ledger().balances().at("USD");
  return fmt::format(
      R"({{"id":"{}","account_number":"PA3XYZ","status":"ACTIVE","crypto_status":"ACTIVE","currency":"USD",)"
      R"("cash":"{}","buying_power":"{}","regt_buying_power":"{}","non_marginable_buying_power":"{}",)"
      R"("equity":"{}","multiplier":"1","accrued_fees":"0","trading_blocked":false,"account_blocked":false,)"
      R"("created_at":"2019-06-12T22:47:07.99658Z"}})",
      uuid('a', seed(), 1), plain(cash.total), plain(cash.available()), plain(cash.available()),
      plain(cash.available()), plain(cash.total));
}

std::string AlpacaAccount::positions() const {
  std::string rows;
  for (const Instrument& one : ledger().rules().instruments) {
    const Balance held = ledger().balances().at(one.base);
    if (held.total == 0) continue;
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"asset_id":"{}","symbol":"{}","exchange":"CRYPTO","asset_class":"crypto",)"
                   R"("avg_entry_price":"{}","qty":"{}","qty_available":"{}","side":"long"}})",
                   rows.empty() ? "" : ",", asset_id(one.symbol), without_slash(one.symbol),
                   plain(Ledger::tick(one) * one.start_price), plain(held.total), plain(held.available()));
  }
  return "[" + rows + "]";
}

std::string AlpacaAccount::assets() const {
  std::string rows;
  for (const Instrument& one : ledger().rules().instruments) {
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"id":"{}","class":"crypto","exchange":"CRYPTO","symbol":"{}","name":"{} pair",)"
                   R"("status":"active","tradable":true,"marginable":false,"shortable":false,"fractionable":true,)"
                   R"("min_order_size":"{}","min_trade_increment":"{}","price_increment":"{}"}})",
                   rows.empty() ? "" : ",", asset_id(one.symbol), one.symbol, one.symbol, plain(ledger().lot(one)),
                   plain(ledger().lot(one)), plain(Ledger::tick(one)));
  }
  return "[" + rows + "]";
}

std::string AlpacaAccount::order_row(const Order& order) const {
  const auto number_id = [&](std::int64_t number) {
    return number == 0 ? std::string() : ledger().rules().make_id('O', number);
  };
  const auto when = [&](OrderState state) {
    return order.state == state ? "\"" + rfc3339(order.updated_ns, 9) + "\"" : std::string("null");
  };
  const bool limit = order.type == OrderType::kLimit;
  const std::string price = limit ? "\"" + plain(order.price) + "\"" : "null";
  const std::string average =
      order.filled > 0 ? "\"" + quotient(order.cost, order.filled, 9) + "\"" : std::string("null");
  return fmt::format(
      R"({{"id":"{}","client_order_id":"{}","created_at":"{}","updated_at":"{}","submitted_at":"{}","filled_at":{},)"
      R"("expired_at":{},"cancel_requested_at":null,"canceled_at":{},"failed_at":{},"replaced_at":{},)"
      R"("replaced_by":{},"replaces":{},"asset_id":"{}","symbol":"{}","asset_class":"crypto","notional":null,)"
      R"("qty":"{}","filled_qty":"{}","filled_avg_price":{},"order_class":"","order_type":"{}","type":"{}",)"
      R"("side":"{}","time_in_force":"gtc","limit_price":{},"stop_price":null,"status":"{}","extended_hours":false,)"
      R"("legs":null,"trail_percent":null,"trail_price":null,"hwm":null}})",
      order.id, order.client_id, rfc3339(order.created_ns, 9, -240), rfc3339(order.updated_ns, 9, -240),
      rfc3339(order.created_ns, 9, -240), when(OrderState::kFilled), when(OrderState::kExpired),
      when(OrderState::kCancelled), when(OrderState::kRejected), when(OrderState::kReplaced),
      text_or_null(number_id(order.replaced_by)), text_or_null(number_id(order.replaces)), asset_id(order.symbol),
      order.symbol, plain(order.quantity), plain(order.filled), average, limit ? "limit" : "market",
      limit ? "limit" : "market", name(order.side), price, status_of(order));
}

std::string AlpacaAccount::fill_row(const Fill& fill) const {
  const Order& order = *ledger().order(fill.order);
  // The order as it was then may have had another quantity; replacements are other orders here.
  const Amount leaves = order.quantity - fill.cumulative;
  const std::string_view whole = leaves == 0 ? "fill" : "partial_fill";
  return fmt::format(
      R"({{"activity_type":"FILL","id":"{}","cum_qty":"{}","leaves_qty":"{}","price":"{}","qty":"{}","side":"{}",)"
      R"("symbol":"{}","transaction_time":"{}","order_id":"{}","type":"{}","order_status":"{}"{}}})",
      activity_id(fill.time_ns, fill.id), plain(fill.cumulative), plain(leaves), plain(fill.price),
      plain(fill.quantity), name(fill.side), fill.symbol, rfc3339(fill.time_ns, 6), fill.order_id, whole,
      leaves == 0 ? "filled" : "partially_filled", fill.bust_ns != 0 ? R"(,"status":"canceled")" : "");
}

namespace {

struct Activity {
  std::string id;
  std::int64_t time_ns = 0;
  std::string row;
};

}  // namespace

// By id, which is by millisecond and then by chance: fills of one millisecond do not stand in their order. A page goes
// on after the row that the token names; with `date` there are no pages.
HttpReply AlpacaAccount::activities(const Request& request, bool only_fills) {
  const std::string date = request.parameter("date");
  const auto day = parse_time(date);
  const std::int64_t after = day ? *day - 1 : parse_time(request.parameter("after")).value_or(std::int64_t{INT64_MIN});
  const std::int64_t until =
      day ? *day + 24 * 60 * kMinute : parse_time(request.parameter("until")).value_or(std::int64_t{INT64_MAX});
  if (day && (request.has("after") || request.has("until"))) {
    return told(422, 42210000, "date cannot be used with after or until");
  }
  const std::string order_id = request.parameter("order_id");
  std::vector<Activity> rows;
  for (const Fill* const fill : history([&](const Fill& one) {
         return one.time_ns > after && one.time_ns < until && (order_id.empty() || one.order_id == order_id);
       })) {
    rows.push_back({activity_id(fill->time_ns, fill->id), fill->time_ns, fill_row(*fill)});
  }
  for (const Event& event : ledger().events()) {
    const bool money = event.kind == EventKind::kDeposit || event.kind == EventKind::kFeeCharge;
    if (only_fills || !money || event.time_ns <= after || event.time_ns >= until) continue;
    const Change& change = event.changes.front();
    const std::string id = activity_id(event.time_ns, uuid('E', seed(), event.number));
    const std::string_view type = event.kind == EventKind::kFeeCharge ? "CFEE" : change.amount > 0 ? "CSD" : "CSW";
    rows.push_back({id, event.time_ns,
                    fmt::format(R"({{"activity_type":"{}","id":"{}","date":"{}","net_amount":"{}","symbol":"{}",)"
                                R"("qty":"{}","status":"executed"}})",
                                type, id, rfc3339(event.time_ns, 0).substr(0, 10), plain(change.amount), change.asset,
                                plain(-change.fee))});
  }
  const bool ascending = request.parameter("direction") == "asc";
  std::sort(rows.begin(), rows.end(),
            [&](const Activity& a, const Activity& b) { return ascending ? a.id < b.id : a.id > b.id; });
  const std::string token = request.parameter("page_token");
  const auto asked = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("page_size", kPage), 1, kPage));
  const std::size_t size = day ? rows.size() : asked;
  std::string body;
  std::size_t given = 0;
  for (const Activity& one : rows) {
    if (!token.empty() && !(ascending ? one.id > token : one.id < token)) continue;
    if (given++ == size) break;
    body.append(body.empty() ? "" : ",").append(one.row);
  }
  page_served();
  return {200, "[" + body + "]"};
}

HttpReply AlpacaAccount::orders(const Request& request) const {
  const std::string status = request.parameter("status");
  const std::int64_t after = parse_time(request.parameter("after")).value_or(std::int64_t{INT64_MIN});
  const std::int64_t until = parse_time(request.parameter("until")).value_or(std::int64_t{INT64_MAX});
  std::vector<const Order*> found;
  for (const Order& order : ledger().orders()) {
    const bool wanted = status == "all" || (status == "closed" ? !order.live() : order.live());
    if (wanted && order.created_ns > after && order.created_ns < until) found.push_back(&order);
  }
  if (request.parameter("direction") != "asc") std::reverse(found.begin(), found.end());
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("limit", 50), 1, 500));
  std::string rows;
  for (std::size_t i = 0; i < std::min(limit, found.size()); ++i) {
    rows.append(rows.empty() ? "" : ",").append(order_row(*found[i]));
  }
  return {200, "[" + rows + "]"};
}

HttpReply AlpacaAccount::one_order(const Request& request) const {
  const bool by_client = request.path() == "/v2/orders:by_client_order_id";
  const std::string client_id = request.parameter("client_order_id");
  const std::string_view id = by_client ? "" : request.path().substr(11);
  for (const Order& order : ledger().orders()) {
    if (by_client ? order.client_id == client_id : order.id == id) return {200, order_row(order)};
  }
  return told(404, 40410000, fmt::format("order not found for {}", by_client ? client_id : id));
}

}  // namespace millrace::sim::accounts
