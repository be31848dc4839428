// REST of Coinbase Exchange (protocols/coinbase.md sections 2 and 6, [X]).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>

#include "schemas/events/time.h"
#include "tests/sim/accounts/coinbase_exchange_account.h"
#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/times.h"
#include "tests/sim/market/number.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kMaxPage = 1'000;

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USD", "-", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 1'000'000 * kOne;
  rules.initial["USD"] = 500'000'000 * kOne;
  // Rates have four decimals and the stream tells only the rate: with four more of the cost the fee is exact.
  rules.cost_decimals = 4;
  rules.maker_ppm = 400;
  rules.taker_ppm = 600;
  rules.rest_tells_expiry = false;
  rules.make_id = [seed = options.seed](char kind, std::int64_t number) { return uuid(kind, seed, number); };
  return rules;
}

HttpReply told(int status, std::string_view text) { return {status, fmt::format(R"({{"message":"{}"}})", text)}; }

// "open", "done": as rows spell it.
std::string_view status_of(const Order& order) noexcept { return order.live() ? "open" : "done"; }

}  // namespace

CoinbaseExchangeAccount::CoinbaseExchangeAccount(const FaceOptions& options)
    : FaceBase("coinbase-exchange", options, rules_for(options)),
      profile_id_(uuid('P', options.seed, 1)),
      user_id_(uuid('U', options.seed, 1).substr(0, 24)) {
  for (const AccountKeys& one : options.keys) {
    const auto decoded = from_base64(one.secret);
    if (!decoded) throw std::runtime_error("a Coinbase Exchange secret is base64");
    secrets_.push_back(*decoded);
  }
}

std::string CoinbaseExchangeAccount::account_id(const std::string& asset) const { return uuid_of('A', seed(), asset); }

HttpReply CoinbaseExchangeAccount::refusal(int status) const {
  switch (status) {
    case 401:
      return told(401, "invalid api key");
    case 403:
      return told(403, "Forbidden");
    case 429: {
      HttpReply reply = told(429, "Private rate limit exceeded");
      reply.headers.push_back({"Retry-After", std::to_string(knobs().retry_after_s)});
      return reply;
    }
    case 503:
      return {503, "<html><body>503 Service Temporarily Unavailable</body></html>", "text/html"};
    default:
      return told(500, "Internal server error");
  }
}

bool CoinbaseExchangeAccount::proven(int key, std::string_view timestamp, std::string_view text,
                                     std::string_view signature) const {
  const std::string& secret = secrets_[static_cast<std::size_t>(key)];
  return same_proof(signature, to_base64(hmac_sha256(secret, std::string(timestamp) + std::string(text))));
}

// Why a request is not the account's; empty if it is.
std::string CoinbaseExchangeAccount::denied(const Request& request) {
  const int key_number = key_index(request.header("CB-ACCESS-KEY"));
  if (key_number < 0) return "invalid api key";
  const std::string_view stamp = request.header("CB-ACCESS-TIMESTAMP");
  double seconds = 0;
  const bool number = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds).ec == std::errc();
  if (!number || std::abs(static_cast<double>(now_ns()) / 1e9 - seconds) > kLateAtMost) {
    return "request timestamp expired";
  }
  const std::string signed_text = fmt::format("{}{}{}", request.method(), request.target(), request.body());
  if (!proven(key_number, stamp, signed_text, request.header("CB-ACCESS-SIGN"))) return "invalid signature";
  if (request.header("CB-ACCESS-PASSPHRASE") != key(key_number).passphrase) return "Invalid Passphrase";
  return knobs().address_refused != 0 ? "IP does not match IP whitelist" : "";
}

HttpReply CoinbaseExchangeAccount::answer(const Request& request) {
  if (request.path() == "/time") {
    return {200, fmt::format(R"({{"iso":"{}","epoch":{}}})", rfc3339(now_ns(), 3), fixed(now_ms(), 3))};
  }
  if (request.path() == "/products") return {200, products()};
  if (const std::string why = denied(request); !why.empty()) {
    count_refusal();
    return told(401, why);
  }
  const bool of_fills = request.path() == "/fills";
  if (limits_kept() && !(of_fills ? fills_budget_ : private_budget_).take(now_ns())) {
    return told(429, "Private rate limit exceeded");
  }
  return answer_signed(request);
}

HttpReply CoinbaseExchangeAccount::answer_signed(const Request& request) {
  const std::string_view path = request.path();
  if (path == "/accounts") return accounts();
  if (path == "/fills") return fills(request);
  if (path == "/orders") return orders(request);
  if (path.starts_with("/orders/")) return one_order(path.substr(8));
  return told(404, "NotFound");
}

std::string CoinbaseExchangeAccount::products() const {
  std::string rows;
  for (const Instrument& one : ledger().rules().instruments) {
    fmt::format_to(
        std::back_inserter(rows),
        R"({}{{"id":"{}","base_currency":"{}","quote_currency":"{}","quote_increment":"{}","base_increment":"{}",)"
        R"("display_name":"{}","min_market_funds":"1","margin_enabled":false,"post_only":false,"limit_only":false,)"
        R"("cancel_only":false,"status":"online","status_message":"","trading_disabled":false}})",
        rows.empty() ? "" : ",", one.symbol, one.base, one.quote, plain(Ledger::tick(one)), plain(1), one.symbol);
  }
  return "[" + rows + "]";
}

// Every currency, zeros too.
HttpReply CoinbaseExchangeAccount::accounts() const {
  std::string rows;
  for (const auto& [asset, balance] : ledger().balances()) {
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"id":"{}","currency":"{}","balance":"{}","hold":"{}","available":"{}","profile_id":"{}",)"
                   R"("trading_enabled":true,"pending_deposit":"0.0000000000000000","display_name":"{}"}})",
                   rows.empty() ? "" : ",", account_id(asset), asset, shown(balance.total, 16),
                   shown(balance.locked, 16), plain(balance.available()), profile_id_, asset);
  }
  return {200, "[" + rows + "]"};
}

std::string CoinbaseExchangeAccount::fill_row(const Fill& fill) const {
  return fmt::format(
      R"({{"created_at":"{}","trade_id":{},"product_id":"{}","order_id":"{}","user_id":"{}","profile_id":"{}",)"
      R"("liquidity":"{}","price":"{}","size":"{}","fee":"{}","side":"{}","settled":{},"usd_volume":"{}",)"
      R"("market_type":"spot","funding_currency":"USD"}})",
      rfc3339(fill.time_ns, 6), fill.trade_id, fill.symbol, fill.order_id, user_id_, profile_id_,
      fill.maker ? 'M' : 'T', shown(fill.price, 8), shown(fill.quantity, 8), shown(fill.fee, 16), name(fill.side),
      now_ns() - fill.time_ns > kSecond, shown(fill.cost, 16));
}

// Newest first by trade id. The two legs of a self-trade share an id, so that a page is never ended between them: its
// cursor would leave the second out.
HttpReply CoinbaseExchangeAccount::fills(const Request& request) {
  const std::string product = request.parameter("product_id");
  const std::string order_id = request.parameter("order_id");
  if (product.empty() && order_id.empty()) return told(400, "order_id or product_id is required");
  const std::int64_t after = request.number("after", INT64_MAX);
  const std::int64_t before = request.number("before", INT64_MIN);
  const std::int64_t start = parse_time(request.parameter("start_date")).value_or(INT64_MIN);
  const std::int64_t end = parse_time(request.parameter("end_date")).value_or(INT64_MAX);
  auto found = history([&](const Fill& fill) {
    return (product.empty() || fill.symbol == product) && (order_id.empty() || fill.order_id == order_id) &&
           fill.trade_id < after && fill.trade_id > before && fill.time_ns >= start && fill.time_ns < end;
  });
  std::stable_sort(found.begin(), found.end(), [](const Fill* a, const Fill* b) { return a->trade_id > b->trade_id; });
  const std::int64_t asked = std::clamp<std::int64_t>(request.number("limit", 100), 1, kMaxPage);
  std::size_t size = std::min(found.size(), std::min(static_cast<std::size_t>(asked), page_rows(asked)));
  while (size > 0 && size < found.size() && found[size]->trade_id == found[size - 1]->trade_id) ++size;
  page_served();
  HttpReply reply;
  std::string rows;
  for (std::size_t i = 0; i < size; ++i) rows.append(rows.empty() ? "" : ",").append(fill_row(*found[i]));
  reply.body = "[" + rows + "]";
  if (size > 0) {
    reply.headers.push_back({"Cb-Before", std::to_string(found.front()->trade_id)});
    reply.headers.push_back({"Cb-After", std::to_string(found[size - 1]->trade_id)});
  }
  return reply;
}

std::string CoinbaseExchangeAccount::order_row(const Order& order) const {
  const std::string done = order.live()
                               ? ""
                               : fmt::format(R"("done_at":"{}","done_reason":"{}",)", rfc3339(order.updated_ns, 6),
                                             order.state == OrderState::kFilled ? "filled" : "canceled");
  const bool limit = order.type == OrderType::kLimit;
  return fmt::format(
      R"({{"id":"{}",{}"size":"{}","product_id":"{}","profile_id":"{}","side":"{}","type":"{}",)"
      R"("time_in_force":"GTC","post_only":false,"created_at":"{}",{}"fill_fees":"{}","filled_size":"{}",)"
      R"("executed_value":"{}","market_type":"spot","status":"{}","settled":{},"client_oid":"{}",)"
      R"("funding_currency":"USD"}})",
      order.id, limit ? fmt::format(R"("price":"{}",)", shown(order.price, 8)) : "", shown(order.quantity, 8),
      order.symbol, profile_id_, name(order.side), limit ? "limit" : "market", rfc3339(order.created_ns, 6), done,
      shown(order.fees.empty() ? 0 : order.fees.begin()->second, 16), shown(order.filled, 8), shown(order.cost, 16),
      status_of(order), order.state == OrderState::kFilled, order.client_id);
}

// Newest first. What was cancelled without a fill is not known any more.
HttpReply CoinbaseExchangeAccount::orders(const Request& request) {
  const std::string_view query = request.query();
  const bool all = query.find("status=all") != std::string_view::npos;
  const bool done = all || query.find("status=done") != std::string_view::npos;
  const bool open = all || !done || query.find("status=open") != std::string_view::npos;
  const std::string product = request.parameter("product_id");
  const std::int64_t after = request.number("after", INT64_MAX);
  const std::int64_t limit = std::clamp<std::int64_t>(request.number("limit", 100), 1, kMaxPage);
  std::vector<const Order*> found;
  for (auto order = ledger().orders().rbegin(); order != ledger().orders().rend(); ++order) {
    const bool known = order->live() ? open : done && order->filled > 0;
    const bool of_product = product.empty() || order->symbol == product;
    if (known && of_product && order->number < after) found.push_back(&*order);
  }
  const std::size_t size = std::min(found.size(), std::min(static_cast<std::size_t>(limit), page_rows(limit)));
  HttpReply reply;
  std::string rows;
  for (std::size_t i = 0; i < size; ++i) rows.append(rows.empty() ? "" : ",").append(order_row(*found[i]));
  reply.body = "[" + rows + "]";
  if (size > 0) {
    reply.headers.push_back({"Cb-Before", std::to_string(found.front()->number)});
    reply.headers.push_back({"Cb-After", std::to_string(found[size - 1]->number)});
  }
  return reply;
}

HttpReply CoinbaseExchangeAccount::one_order(std::string_view id) const {
  const bool by_client = id.starts_with("client:");
  for (const Order& order : ledger().orders()) {
    const bool known = order.live() || order.filled > 0;
    if (known && (by_client ? order.client_id == id.substr(7) : order.id == id)) return {200, order_row(order)};
  }
  return told(404, "NotFound");
}

}  // namespace millrace::sim::accounts
