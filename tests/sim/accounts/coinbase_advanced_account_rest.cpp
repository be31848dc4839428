// REST of Coinbase Advanced Trade (protocols/coinbase.md sections 5.2 and 6, [A]).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <stdexcept>

#include "tests/sim/accounts/coinbase_advanced_account.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/times.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::string_view kPrefix = "/api/v3/brokerage";
constexpr std::int64_t kUsualFills = 100;
constexpr std::int64_t kMostFills = 1'000;

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USD", "-", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 1'000'000 * kOne;
  rules.initial["USD"] = 500'000'000 * kOne;
  rules.cost_decimals = 4;
  rules.maker_ppm = 400;
  rules.taker_ppm = 600;
  rules.busts = true;
  rules.make_id = [seed = options.seed](char kind, std::int64_t number) { return uuid(kind, seed, number); };
  return rules;
}

HttpReply told(int status, std::string_view error, std::string_view text) {
  return {status, fmt::format(R"({{"error":"{}","message":"{}","error_details":"{}"}})", error, text, text)};
}

// Every value of a parameter that may be repeated.
std::vector<std::string> all_values(std::string_view query, std::string_view key) {
  std::vector<std::string> found;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (percent_decoded(pair.substr(0, equals)) == key && equals != std::string_view::npos) {
      found.push_back(percent_decoded(pair.substr(equals + 1)));
    }
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return found;
}

bool among(const std::vector<std::string>& wanted, std::string_view value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

std::string_view upper(OrderSide side) noexcept { return side == OrderSide::kBuy ? "BUY" : "SELL"; }

}  // namespace

CoinbaseAdvancedAccount::CoinbaseAdvancedAccount(const FaceOptions& options)
    : FaceBase("coinbase-advanced", options, rules_for(options)),
      user_id_(uuid('U', options.seed, 1)),
      portfolio_id_(uuid('P', options.seed, 1)) {
  for (const AccountKeys& one : options.keys) {
    auto proof = ClientKey::from_pem(one.secret);
    if (!proof) {
      // Seed and public half, or the seed alone.
      const std::string bytes = from_base64(one.secret).value_or("");
      proof = ClientKey::ed25519(std::string_view(bytes).substr(0, 32));
    }
    if (!proof) throw std::runtime_error("a Coinbase Advanced secret is an EC PEM or a base64 Ed25519 key");
    proofs_.push_back(*proof);
  }
}

HttpReply CoinbaseAdvancedAccount::refusal(int status) const {
  switch (status) {
    case 401:
      return {401, "Unauthorized\n", "text/plain"};
    case 403:
      return told(403, "PERMISSION_DENIED", "Forbidden");
    case 429: {
      HttpReply reply{429, R"({"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]})"};
      reply.headers.push_back({"Retry-After", std::to_string(knobs().retry_after_s)});
      return reply;
    }
    case 503:
      return {503, "upstream connect error or disconnect/reset before headers", "text/plain"};
    default:
      return told(500, "INTERNAL", "Internal server error");
  }
}

// Why a token is not the account's; empty if it is.
std::string CoinbaseAdvancedAccount::denied(std::string_view token, std::string_view uri) {
  const int index = key_index(token_key_name(token));
  if (index < 0 || knobs().address_refused != 0) return "key";
  return tokens_.check(token, proofs_[static_cast<std::size_t>(index)], key(index).api_key, uri, now_ns());
}

// The claim names method, host and path; the host is what the client calls it, with or without its port.
std::string CoinbaseAdvancedAccount::denied_request(const Request& request) {
  std::string_view token = request.header("Authorization");
  if (!token.starts_with("Bearer ")) return "no token";
  token.remove_prefix(7);
  const std::string_view host = request.header("Host");
  const auto uri = [&](std::string_view name) {
    return fmt::format("{} {}{}", request.method(), name, request.path());
  };
  std::string why;
  for (const std::string_view name : {host, host.substr(0, host.rfind(':')), std::string_view("api.coinbase.com")}) {
    why = denied(token, uri(name));
    if (why != "uri") break;
  }
  return why;
}

HttpReply CoinbaseAdvancedAccount::answer(const Request& request) {
  if (!request.path().starts_with(kPrefix)) return told(404, "NOT_FOUND", "Not Found");
  const std::string_view call = request.path().substr(kPrefix.size());
  if (call == "/time") {
    return {200, fmt::format(R"({{"iso":"{}","epochSeconds":"{}","epochMillis":"{}"}})", rfc3339(now_ns(), 0),
                             now_ms() / 1'000, now_ms())};
  }
  if (call == "/market/products") return {200, products()};
  if (const std::string why = denied_request(request); !why.empty()) {
    count_refusal();
    return refusal(401);
  }
  if (limits_kept() && !budget_.take(now_ns())) return refusal(429);
  return answer_signed(request);
}

HttpReply CoinbaseAdvancedAccount::answer_signed(const Request& request) {
  const std::string_view call = request.path().substr(kPrefix.size());
  constexpr std::string_view kHistorical = "/orders/historical/";
  if (call == "/accounts") return accounts(request);
  if (call == "/products") return {200, products()};
  if (call == "/orders/historical/fills") return fills(request);
  if (call == "/orders/historical/batch") return orders(request);
  if (!call.starts_with(kHistorical)) return told(404, "NOT_FOUND", "Not Found");
  const Order* const order = ledger().order_by_id(call.substr(kHistorical.size()));
  if (order == nullptr) return told(404, "NOT_FOUND", "order not found");
  return {200, fmt::format(R"({{"order":{}}})", order_row(*order, true))};
}

std::string CoinbaseAdvancedAccount::products() const {
  std::string rows;
  for (const Instrument& one : ledger().rules().instruments) {
    fmt::format_to(std::back_inserter(rows),
                   R"({}{{"product_id":"{}","base_increment":"{}","quote_increment":"{}","price_increment":"{}",)"
                   R"("base_min_size":"{}","quote_min_size":"1","base_currency_id":"{}","quote_currency_id":"{}",)"
                   R"("status":"online","trading_disabled":false,"is_disabled":false,"product_type":"SPOT",)"
                   R"("alias":"","alias_to":[],"product_venue":"CBE"}})",
                   rows.empty() ? "" : ",", one.symbol, plain(1), plain(Ledger::tick(one)), plain(Ledger::tick(one)),
                   plain(1), one.base, one.quote);
  }
  return fmt::format(R"({{"products":[{}],"num_products":{}}})", rows, ledger().rules().instruments.size());
}

// The cursor is the last currency given.
HttpReply CoinbaseAdvancedAccount::accounts(const Request& request) const {
  const std::string cursor = request.parameter("cursor");
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(request.number("limit", 49), 1, 250));
  std::string rows;
  std::string last;
  std::size_t given = 0;
  bool more = false;
  for (const auto& [asset, balance] : ledger().balances()) {
    if (asset <= cursor) continue;
    if (given == limit) {
      more = true;
      break;
    }
    ++given;
    last = asset;
    fmt::format_to(std::back_inserter(rows),
                   R"({0}{{"uuid":"{1}","name":"{2} Wallet","currency":"{2}","available_balance":{{"value":"{3}",)"
                   R"("currency":"{2}"}},"hold":{{"value":"{4}","currency":"{2}"}},"type":"{5}","active":true,)"
                   R"("ready":true,"updated_at":"{6}"}})",
                   rows.empty() ? "" : ",", uuid_of('A', seed(), asset), asset, plain(balance.available()),
                   plain(balance.locked), asset == "USD" ? "FIAT" : "CRYPTO", rfc3339(ledger().time_ns(), 6));
  }
  return {200, fmt::format(R"({{"accounts":[{}],"has_next":{},"cursor":"{}","size":{}}})", rows, more, more ? last : "",
                           given)};
}

// Newest first. A fill that was made void stays, and a reversal of it comes on top.
std::vector<CoinbaseAdvancedAccount::Entry> CoinbaseAdvancedAccount::entries(const Request& request) const {
  const auto products = all_values(request.query(), "product_ids");
  const auto order_ids = all_values(request.query(), "order_ids");
  const auto trade_ids = all_values(request.query(), "trade_ids");
  const std::int64_t start = parse_time(request.parameter("start_sequence_timestamp")).value_or(INT64_MIN);
  const std::int64_t end = parse_time(request.parameter("end_sequence_timestamp")).value_or(INT64_MAX);
  const auto inside = [&](std::int64_t time_ns) { return time_ns >= start && time_ns < end; };
  std::vector<Entry> found;
  for (const Fill* const fill : history([&](const Fill& one) {
         return among(products, one.symbol) && among(order_ids, one.order_id) && among(trade_ids, one.id);
       })) {
    if (inside(fill->time_ns)) found.push_back({fill, false, fill->time_ns, fill->number * 2});
    const bool reversed = fill->bust_ns != 0 && fill->bust_ns + knobs().rest_lag_ns <= now_ns();
    if (reversed && inside(fill->bust_ns)) found.push_back({fill, true, fill->bust_ns, fill->number * 2 + 1});
  }
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) {
    return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.order > b.order;
  });
  return found;
}

std::string CoinbaseAdvancedAccount::entry_row(const Entry& entry) const {
  const Fill& fill = *entry.fill;
  return fmt::format(
      R"({{"entry_id":"{}","trade_id":"{}","order_id":"{}","trade_time":"{}","trade_type":"{}","price":"{}",)"
      R"("size":"{}","commission":"{}","product_id":"{}","sequence_timestamp":"{}","liquidity_indicator":"{}",)"
      R"("size_in_quote":false,"user_id":"{}","side":"{}","retail_portfolio_id":"{}"}})",
      uuid(entry.reversal ? 'R' : 'E', seed(), fill.number), fill.id, fill.order_id, rfc3339(fill.time_ns, 6),
      entry.reversal ? "REVERSAL" : "FILL", plain(fill.price), plain(fill.quantity), plain(fill.fee), fill.symbol,
      rfc3339(entry.time_ns, 6), fill.maker ? "MAKER" : "TAKER", user_id_, upper(fill.side), portfolio_id_);
}

// The cursor names the last row given by time and place, so that new rows on top move nothing.
HttpReply CoinbaseAdvancedAccount::fills(const Request& request) {
  const std::vector<Entry> found = entries(request);
  const std::string cursor = request.parameter("cursor");
  const auto key_of = [](const Entry& one) { return fmt::format("{:020}.{:012}", one.time_ns, one.order); };
  const std::int64_t asked = std::clamp<std::int64_t>(request.number("limit", kUsualFills), 1, kMostFills);
  const std::size_t size = std::min(static_cast<std::size_t>(asked), page_rows(asked));
  std::string rows;
  std::string last;
  std::size_t given = 0;
  bool more = false;
  for (const Entry& one : found) {
    if (!cursor.empty() && key_of(one) >= cursor) continue;
    more = given == size;
    if (more) break;
    ++given;
    last = key_of(one);
    rows.append(rows.empty() ? "" : ",").append(entry_row(one));
  }
  page_served();
  return {200, fmt::format(R"({{"fills":[{}],"cursor":"{}"}})", rows, more ? last : "")};
}

// Newest first; the cursor is the number of the last order given.
HttpReply CoinbaseAdvancedAccount::orders(const Request& request) const {
  const auto statuses = all_values(request.query(), "order_status");
  const auto products = all_values(request.query(), "product_ids");
  const std::int64_t start = parse_time(request.parameter("start_date")).value_or(INT64_MIN);
  const std::int64_t end = parse_time(request.parameter("end_date")).value_or(INT64_MAX);
  const std::int64_t cursor = request.number("cursor", INT64_MAX);
  const std::int64_t asked = std::clamp<std::int64_t>(request.number("limit", 1'000), 1, 1'000);
  const std::size_t size = std::min(static_cast<std::size_t>(asked), page_rows(asked));
  std::string rows;
  std::int64_t last = 0;
  std::size_t given = 0;
  bool more = false;
  for (auto order = ledger().orders().rbegin(); order != ledger().orders().rend(); ++order) {
    if (order->number >= cursor || order->created_ns < start || order->created_ns >= end) continue;
    if (!among(statuses, status_word(*order)) || !among(products, order->symbol)) continue;
    more = given == size;
    if (more) break;
    ++given;
    last = order->number;
    rows.append(rows.empty() ? "" : ",").append(order_row(*order, true));
  }
  return {200, fmt::format(R"({{"orders":[{}],"sequence":"0","has_next":{},"cursor":"{}"}})", rows, more,
                           more ? std::to_string(last) : "")};
}

}  // namespace millrace::sim::accounts
