// The REST of Kraken that accounts need (protocols/kraken.md sections 5.1 and 6). Bodies are forms.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iterator>
#include <stdexcept>

#include "schemas/events/time.h"
#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/kraken_account.h"
#include "tests/sim/market/number.h"
#include "tests/sim/venues/kraken.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kTokenLife = 900 * kSecond;
constexpr std::int64_t kPage = 50;
constexpr double kCounterMax = 20;
constexpr double kDecayPerSecond = 0.5;  // intermediate tier

LedgerRules rules_for(const FaceOptions& options) {
  LedgerRules rules;
  rules.instruments = make_instruments(options.instruments, "USD", "/", false);
  for (const Instrument& one : rules.instruments) rules.initial[one.base] = 10'000 * kOne;
  rules.initial["USD"] = 50'000'000 * kOne;
  rules.make_id = [seed = options.seed](char kind, std::int64_t number) { return kraken_id(kind, seed, number); };
  return rules;
}

std::string result(std::string_view body) { return fmt::format(R"({{"error":[],"result":{}}})", body); }
std::string error(std::string_view text) { return fmt::format(R"({{"error":["{}"]}})", text); }

// Seconds with four decimals, as the venue writes them.
std::string seconds_text(std::int64_t ns) { return fixed(ns / 100'000, 4); }

std::string rest_time(std::int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / kSecond);
  std::tm when{};
  gmtime_r(&seconds, &when);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %y %H:%M:%S +0000", &when);
  return fmt::format(R"({{"unixtime":{},"rfc1123":"{}"}})", seconds, std::string_view(text, size));
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto end = list.find(',');
    parts.emplace_back(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return parts;
}

std::string_view order_status(const Order& order) noexcept {
  switch (order.state) {
    case OrderState::kOpen:
      return "open";
    case OrderState::kFilled:
      return "closed";
    case OrderState::kExpired:
      return "expired";
    default:
      return "canceled";
  }
}

}  // namespace

KrakenAccount::KrakenAccount(const FaceOptions& options) : FaceBase("kraken", options, rules_for(options)) {
  for (const AccountKeys& one : options.keys) {
    const auto decoded = from_base64(one.secret);
    if (!decoded) throw std::runtime_error("a Kraken secret is base64");
    proofs_.push_back({.secret = *decoded});
  }
}

// Kraken answers 200 whatever is wrong; what is not 200 comes from the edge in front of it.
HttpReply KrakenAccount::refusal(int status) const {
  switch (status) {
    case 401:
      return {200, error("EAPI:Invalid key")};
    case 429:
      return {200, error("EAPI:Rate limit exceeded")};
    case 403:
      return {403, "<html><body><h1>403 Forbidden</h1></body></html>", "text/html"};
    case 503:
      return {200, error("EService:Unavailable")};
    default:
      return {520, "<html><body>520: Web server is returning an unknown error</body></html>", "text/html"};
  }
}

HttpReply KrakenAccount::answer(const Request& request) {
  if (request.path().starts_with("/0/public/")) return answer_public(request);
  if (request.path().starts_with("/0/private/")) return answer_private(request);
  return {404, error("EGeneral:Unknown method")};
}

HttpReply KrakenAccount::answer_public(const Request& request) {
  const std::string_view call = request.path().substr(10);
  if (call == "Time") return {200, result(rest_time(now_ns()))};
  if (call == "SystemStatus") return {200, result(R"({"status":"online"})")};
  if (call == "AssetPairs") return {200, kraken::asset_pairs(ledger().rules().instruments)};
  return {200, error("EGeneral:Unknown method")};
}

// Why the request is not the account's; empty if it is.
std::string KrakenAccount::denied(const Request& request, int key) {
  if (key < 0) return "EAPI:Invalid key";
  Proof& proof = proofs_[static_cast<std::size_t>(key)];
  const std::string nonce_text = request.parameter("nonce");
  const std::string message = std::string(request.path()) + sha256(nonce_text + std::string(request.body()));
  const std::string wanted = to_base64(hmac_sha512(proof.secret, message));
  if (!same_proof(request.header("API-Sign"), wanted)) return "EAPI:Invalid signature";
  if (knobs().address_refused != 0) return "EGeneral:Permission denied";
  std::uint64_t nonce = 0;
  const char* const end = nonce_text.data() + nonce_text.size();
  const auto read = std::from_chars(nonce_text.data(), end, nonce);
  if (read.ec != std::errc() || read.ptr != end || nonce <= proof.last_nonce) return "EAPI:Invalid nonce";
  proof.last_nonce = nonce;
  return {};
}

// The key's counter rises with each call and falls with time.
bool KrakenAccount::over_budget(Proof& proof, std::string_view call) const {
  const double cost = call == "TradesHistory" || call == "ClosedOrders" ? 4 : 1;
  const double seconds = static_cast<double>(now_ns() - proof.counted_ns) / 1e9;
  proof.counter = std::max(0.0, proof.counter - std::max(0.0, seconds) * kDecayPerSecond);
  proof.counted_ns = now_ns();
  if (!limits_kept()) return false;
  if (proof.counter + cost > kCounterMax) return true;
  proof.counter += cost;
  return false;
}

HttpReply KrakenAccount::answer_private(const Request& request) {
  if (request.method() != "POST") return {200, error("EGeneral:Unknown method")};
  const int key = key_index(request.header("API-Key"));
  if (const std::string why = denied(request, key); !why.empty()) {
    count_refusal();
    return {200, error(why)};
  }
  const std::string_view call = request.path().substr(11);
  if (over_budget(proofs_[static_cast<std::size_t>(key)], call)) return {200, error("EAPI:Rate limit exceeded")};
  if (call == "GetWebSocketsToken") return {200, give_token(key)};
  if (call == "TradesHistory") return {200, trades_history(request)};
  if (call == "QueryTrades") return {200, query_trades(request)};
  if (call == "OpenOrders" || call == "ClosedOrders") return {200, orders(request, call == "OpenOrders")};
  if (call == "QueryOrders") return {200, query_orders(request)};
  if (call == "Balance" || call == "BalanceEx") return {200, balances(call == "BalanceEx")};
  return {200, error("EGeneral:Unknown method")};
}

std::string KrakenAccount::give_token(int key) {
  const std::int64_t life = knobs().token_life_ns > 0 ? knobs().token_life_ns : kTokenLife;
  const std::string token = word('W', seed(), ++tokens_given_, 43);
  tokens_[token] = {now_ns() + life, key};
  return result(fmt::format(R"({{"token":"{}","expires":{}}})", token, life / kSecond));
}

std::string KrakenAccount::trade_row(const Fill& fill) const {
  const Order& order = *ledger().order(fill.order);
  return fmt::format(
      R"("{}":{{"ordertxid":"{}","postxid":"{}","pair":"{}","time":{},"type":"{}","ordertype":"{}","price":"{}",)"
      R"("cost":"{}","fee":"{}","vol":"{}","margin":"0.00000","misc":"","trade_id":{},"maker":{},"ledgers":[]}})",
      fill.id, fill.order_id, kraken_id('P', seed(), fill.order),
      kraken::rest_names(*ledger().instrument(fill.symbol)).key, seconds_text(fill.time_ns), name(fill.side),
      order.type == OrderType::kLimit ? "limit" : "market", shown(fill.price, 5), shown(fill.cost, 5),
      shown(fill.fee, 5), shown(fill.quantity, 8), fill.trade_id, fill.maker);
}

// Nanoseconds of a `start` or `end`: seconds, or the trade with that id.
static std::int64_t bound(const Ledger& ledger, const std::string& text, std::int64_t otherwise) {
  if (text.empty()) return otherwise;
  for (const Fill& fill : ledger.fills()) {
    if (fill.id == text) return fill.time_ns;
  }
  return parse_fixed(text, 9).value_or(otherwise);
}

// The fills of one order that took, as one: what a client gets that does not ask for them apart. Its id is no fill's.
static std::vector<Fill> consolidated(const std::vector<const Fill*>& fills, std::uint64_t seed) {
  std::vector<Fill> merged;
  for (const Fill* const fill : fills) {
    Fill* const last = merged.empty() ? nullptr : &merged.back();
    if (last == nullptr || fill->maker || last->maker || last->order != fill->order) {
      merged.push_back(*fill);
      continue;
    }
    last->quantity += fill->quantity;
    last->cost += fill->cost;
    last->fee += fill->fee;
    last->id = kraken_id('T', ~seed, last->number);
  }
  return merged;
}

// Newest first, `ofs` of them left out.
std::string KrakenAccount::trades_history(const Request& request) {
  const std::int64_t start = bound(ledger(), request.parameter("start"), INT64_MIN);
  const std::int64_t end = bound(ledger(), request.parameter("end"), INT64_MAX);
  const auto found = history([&](const Fill& fill) { return fill.time_ns > start && fill.time_ns <= end; });
  std::vector<Fill> rows;
  if (request.parameter("consolidate_taker") == "false") {
    for (const Fill* const fill : found) rows.push_back(*fill);
  } else {
    rows = consolidated(found, seed());
  }
  const auto offset = static_cast<std::size_t>(std::max<std::int64_t>(request.number("ofs", 0), 0));
  std::string trades;
  const std::size_t last = std::min(rows.size(), offset + page_rows(kPage));
  for (std::size_t i = offset; i < last; ++i) {
    trades.append(trades.empty() ? "" : ",").append(trade_row(rows[rows.size() - 1 - i]));
  }
  page_served();
  const std::string count =
      request.parameter("without_count") == "true" ? "" : fmt::format(R"("count":{},)", rows.size());
  return result(fmt::format(R"({{{}"trades":{{{}}}}})", count, trades));
}

std::string KrakenAccount::query_trades(const Request& request) const {
  std::string rows;
  for (const std::string& id : split(request.parameter("txid"))) {
    const auto found = history([&](const Fill& fill) { return fill.id == id; });
    if (found.empty()) return error("EQuery:Unknown trade");
    rows.append(rows.empty() ? "" : ",").append(trade_row(*found.front()));
  }
  return result("{" + rows + "}");
}

std::string KrakenAccount::order_row(const Order& order) const {
  const kraken::RestNames names = kraken::rest_names(*ledger().instrument(order.symbol));
  const bool limit = order.type == OrderType::kLimit;
  const std::string price = limit ? plain(order.price) : "0";
  const std::string closed = order.live() ? ""
                                          : fmt::format(R"("closetm":{},"reason":{},)", seconds_text(order.updated_ns),
                                                        order.reason.empty() ? "null" : "\"" + order.reason + "\"");
  return fmt::format(
      R"("{}":{{"refid":null,"userref":0,"cl_ord_id":"{}","status":"{}","opentm":{},"starttm":0,"expiretm":0,{})"
      R"("descr":{{"pair":"{}","type":"{}","ordertype":"{}","price":"{}","price2":"0","leverage":"none",)"
      R"("order":"{} {} {} @ {} {}","close":""}},"vol":"{}","vol_exec":"{}","cost":"{}","fee":"{}","price":"{}",)"
      R"("stopprice":"0.00000","limitprice":"0.00000","misc":"{}","oflags":"fciq"}})",
      order.id, order.client_id, order_status(order), seconds_text(order.created_ns), closed, names.altname,
      name(order.side), limit ? "limit" : "market", price, name(order.side), shown(order.quantity, 8), names.altname,
      limit ? "limit" : "market", price, shown(order.quantity, 8), shown(order.filled, 8), shown(order.cost, 5),
      shown(order.fees.empty() ? 0 : order.fees.begin()->second, 5), quotient(order.cost, order.filled, 8),
      order.amended ? "amended" : "");
}

std::string KrakenAccount::orders(const Request& request, bool open) {
  std::vector<const Order*> found;
  for (const Order& order : ledger().orders()) {
    if (order.live() == open && order.state != OrderState::kRejected) found.push_back(&order);
  }
  const auto newer = [&](const Order* a, const Order* b) {
    const auto when = [&](const Order* one) { return open ? one->created_ns : one->updated_ns; };
    return when(a) != when(b) ? when(a) > when(b) : a->number > b->number;
  };
  std::sort(found.begin(), found.end(), newer);
  const auto offset = static_cast<std::size_t>(std::max<std::int64_t>(request.number("ofs", 0), 0));
  const std::size_t last = open ? found.size() : std::min(found.size(), offset + page_rows(kPage));
  std::string rows;
  for (std::size_t i = open ? 0 : offset; i < last; ++i) {
    rows.append(rows.empty() ? "" : ",").append(order_row(*found[i]));
  }
  if (open) return result(fmt::format(R"({{"open":{{{}}}}})", rows));
  return result(fmt::format(R"({{"closed":{{{}}},"count":{}}})", rows, found.size()));
}

std::string KrakenAccount::query_orders(const Request& request) const {
  std::string rows;
  for (const std::string& id : split(request.parameter("txid"))) {
    const Order* const order = ledger().order_by_id(id);
    if (order == nullptr) return error("EOrder:Unknown order");
    rows.append(rows.empty() ? "" : ",").append(order_row(*order));
  }
  return result("{" + rows + "}");
}

// An asset goes by its old name in REST; AssetPairs tells which.
std::string KrakenAccount::balances(bool extended) const {
  std::string rows;
  for (const auto& [asset, balance] : ledger().balances()) {
    const std::string rest_name = kraken::rest_names({.symbol = "", .base = asset, .quote = "USD"}).base;
    fmt::format_to(std::back_inserter(rows), R"({}"{}":)", rows.empty() ? "" : ",", rest_name);
    if (extended) {
      fmt::format_to(std::back_inserter(rows), R"({{"balance":"{}","hold_trade":"{}"}})", shown(balance.total, 4),
                     shown(balance.locked, 4));
    } else {
      fmt::format_to(std::back_inserter(rows), R"("{}")", shown(balance.total, 4));
    }
  }
  return result("{" + rows + "}");
}

}  // namespace millrace::sim::accounts
