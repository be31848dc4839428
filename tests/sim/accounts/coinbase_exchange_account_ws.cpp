// The feed of Coinbase Exchange (protocols/coinbase.md sections 4.1 and 5.1, [X]).
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "schemas/events/time.h"
#include "tests/sim/accounts/coinbase_exchange_account.h"
#include "tests/sim/accounts/ids.h"
#include "tests/sim/accounts/json_in.h"
#include "tests/sim/accounts/times.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kFirstSubscribe = 5 * kSecond;

std::string list(const std::set<std::string>& words) {
  std::string out = "[";
  for (const std::string& word : words) out.append(out.size() > 1 ? "," : "").append(quoted(word));
  return out + "]";
}

// Four decimals: "0.0016".
std::string rate_of(int ppm) { return shown(ppm * (kOne / 1'000'000), 4); }

}  // namespace

bool CoinbaseExchangeAccount::serves(std::string_view target) const {
  return target.empty() || target.substr(0, target.find('?')) == "/";
}

void CoinbaseExchangeAccount::on_open(ConnId id, std::string_view) {
  conns_[id].opened_ns = conns_[id].beat_ns = now_ns();
}

void CoinbaseExchangeAccount::refuse(ConnId id, std::string_view message, std::string_view reason) {
  say(id, fmt::format(R"({{"type":"error","message":"{}","reason":"{}"}})", message, reason));
}

void CoinbaseExchangeAccount::on_message(ConnId id, std::string_view text) {
  Conn& conn = conns_[id];
  const JsonIn message(text);
  const std::string type = message.text("/type");
  if (type == "subscribe") {
    subscribe(id, conn, message);
  } else if (type == "unsubscribe") {
    unsubscribe(id, conn, message);
  } else {
    refuse(id, "Malformed JSON", "type has to be either subscribe or unsubscribe");
  }
}

// Why the subscription is not the account's; empty if it is.
std::string CoinbaseExchangeAccount::denied_subscription(const JsonIn& message) {
  const int key_number = key_index(message.text("/key"));
  if (key_number < 0) return "invalid api key";
  const std::string stamp = message.text("/timestamp");
  double seconds = 0;
  const bool number = std::from_chars(stamp.data(), stamp.data() + stamp.size(), seconds).ec == std::errc();
  if (!number || std::abs(static_cast<double>(now_ns()) / 1e9 - seconds) > kLateAtMost) return "timestamp expired";
  if (!proven(key_number, stamp, "GET/users/self/verify", message.text("/signature"))) return "invalid signature";
  if (message.text("/passphrase") != key(key_number).passphrase) return "invalid passphrase";
  return knobs().address_refused != 0 ? "IP does not match IP whitelist" : "";
}

void CoinbaseExchangeAccount::add_channel(ConnId id, Conn& conn, const JsonIn& message, const std::string& at) {
  const bool plain_name = !message.text(at).empty();
  const std::string name = plain_name ? message.text(at) : message.text(at + "/name");
  std::vector<std::string> products = message.texts("/product_ids");
  if (!plain_name && message.has(at + "/product_ids")) products = message.texts(at + "/product_ids");
  if (name == "balance") {
    for (const std::string& account : message.texts(at + "/account_ids")) conn.balances.insert(account);
    return;
  }
  for (const std::string& product : products) {
    if (ledger().instrument(product) == nullptr) {
      return refuse(id, "Failed to subscribe", fmt::format("{} is not a valid product", product));
    }
    if (name == "user") conn.user.insert(product);
    if (name == "heartbeat") conn.heartbeat.insert(product);
  }
}

void CoinbaseExchangeAccount::subscribe(ConnId id, Conn& conn, const JsonIn& message) {
  if (const std::string why = denied_subscription(message); !why.empty()) {
    count_refusal();
    refuse(id, "Authentication Failed", why);
    return close(id, 1008, "authentication failed");
  }
  const std::set<std::string> before = conn.balances;
  for (int i = 0; message.has(fmt::format("/channels/{}", i)); ++i) {
    add_channel(id, conn, message, fmt::format("/channels/{}", i));
  }
  conn.subscribed = true;
  acknowledge(id, conn);
  for (const auto& [asset, balance] : ledger().balances()) {
    const std::string account = account_id(asset);
    if (conn.balances.contains(account) && !before.contains(account)) say(id, balance_row(asset, balance, 0));
  }
}

void CoinbaseExchangeAccount::unsubscribe(ConnId id, Conn& conn, const JsonIn& message) {
  for (const std::string& name : message.texts("/channels")) {
    std::set<std::string>& products = name == "heartbeat" ? conn.heartbeat : name == "user" ? conn.user : conn.balances;
    const auto only = message.texts("/product_ids");
    if (only.empty()) products.clear();
    for (const std::string& product : only) products.erase(product);
  }
  acknowledge(id, conn);
}

// The whole list, each time.
void CoinbaseExchangeAccount::acknowledge(ConnId id, const Conn& conn) {
  std::string rows;
  const auto add = [&](std::string_view name, std::string_view key, const std::set<std::string>& words) {
    if (words.empty()) return;
    fmt::format_to(std::back_inserter(rows), R"({}{{"name":"{}","{}":{}}})", rows.empty() ? "" : ",", name, key,
                   list(words));
  };
  add("user", "product_ids", conn.user);
  add("heartbeat", "product_ids", conn.heartbeat);
  add("balance", "account_ids", conn.balances);
  say(id, fmt::format(R"({{"type":"subscriptions","channels":[{}]}})", rows));
}

// The product's own numbers: most of them are other people's orders.
std::int64_t CoinbaseExchangeAccount::next_sequence(const std::string& symbol) {
  std::int64_t& sequence = sequences_.try_emplace(symbol, 21'176'252'000).first->second;
  sequence += 1 + static_cast<std::int64_t>(mixed(static_cast<std::uint64_t>(sequence)) % 5);
  return sequence;
}

void CoinbaseExchangeAccount::tell(const std::string& symbol, const std::string& text) {
  for (auto& [id, conn] : conns_) {
    if (conn.user.contains(symbol)) stream(id, text);
  }
}

// One message for both legs of a self-trade: it comes with the taker's.
void CoinbaseExchangeAccount::tell_fill(const Event& event) {
  const Fill& fill = event.fill;
  if (fill.other != 0 && fill.maker) return;
  const std::string stranger = uuid('X', seed(), fill.number);
  const std::string other = fill.other != 0 ? ledger().order(fill.other)->id : stranger;
  const bool takes = !fill.maker;
  const bool makes = fill.maker || fill.other != 0;
  const OrderSide maker_side =
      fill.maker ? fill.side : (fill.side == OrderSide::kBuy ? OrderSide::kSell : OrderSide::kBuy);
  const LedgerRules& rules = ledger().rules();
  std::string whose = fmt::format(R"(,"user_id":"{}","profile_id":"{}")", user_id_, profile_id_);
  if (takes) {
    whose += fmt::format(R"(,"taker_user_id":"{}","taker_profile_id":"{}","taker_fee_rate":"{}")", user_id_,
                         profile_id_, rate_of(rules.taker_ppm));
  }
  if (makes) {
    whose += fmt::format(R"(,"maker_user_id":"{}","maker_profile_id":"{}","maker_fee_rate":"{}")", user_id_,
                         profile_id_, rate_of(rules.maker_ppm));
  }
  tell(fill.symbol,
       fmt::format(R"({{"type":"match","product_id":"{}","sequence":{},"trade_id":{},"maker_order_id":"{}",)"
                   R"("taker_order_id":"{}","time":"{}","size":"{}","price":"{}","side":"{}"{}}})",
                   fill.symbol, next_sequence(fill.symbol), fill.trade_id, fill.maker ? fill.order_id : other,
                   fill.maker ? other : fill.order_id, rfc3339(fill.time_ns, 6), plain(fill.quantity),
                   plain(fill.price), name(maker_side), whose));
}

std::string CoinbaseExchangeAccount::balance_row(const std::string& asset, const Balance& balance,
                                                 std::int64_t updated_ns) const {
  return fmt::format(
      R"({{"type":"balance","account_id":"{}","currency":"{}","holds":"{}","available":"{}","updated":"{}",)"
      R"("timestamp":"{}"}})",
      account_id(asset), asset, plain(balance.locked), plain(balance.available()),
      updated_ns == 0 ? "0001-01-01T00:00:00Z" : rfc3339(updated_ns, 3), rfc3339(now_ns(), 3));
}

void CoinbaseExchangeAccount::tell_balances(const Event& event) {
  for (const Change& change : event.changes) {
    const std::string row = balance_row(change.asset, change.after, event.time_ns);
    for (auto& [id, conn] : conns_) {
      if (conn.balances.contains(account_id(change.asset))) stream(id, row);
    }
  }
}

void CoinbaseExchangeAccount::publish(const Event& event) {
  const Order& order = event.order;
  const std::string time = rfc3339(event.time_ns, 6);
  const auto head = [&](std::string_view type) {
    return fmt::format(R"({{"type":"{}","product_id":"{}","sequence":{},"order_id":"{}","side":"{}","time":"{}")", type,
                       order.symbol, next_sequence(order.symbol), order.id, name(order.side), time);
  };
  const auto done = [&](std::string_view reason, std::string_view more) {
    const std::string price =
        order.type == OrderType::kLimit ? fmt::format(R"("price":"{}",)", plain(order.price)) : "";
    tell(order.symbol, fmt::format(R"({},{}"reason":"{}","remaining_size":"{}"{}}})", head("done"), price, reason,
                                   plain(order.left()), more));
  };
  const bool limit = order.type == OrderType::kLimit;
  switch (event.kind) {
    case EventKind::kPlaced:
      tell(order.symbol,
           fmt::format(R"({},"order_type":"{}","size":"{}",{}"client_oid":"{}"}})", head("received"),
                       limit ? "limit" : "market", plain(order.quantity),
                       limit ? fmt::format(R"("price":"{}",)", plain(order.price)) : "", order.client_id));
      if (limit) {
        tell(order.symbol, fmt::format(R"({},"price":"{}","remaining_size":"{}","user_id":"{}","profile_id":"{}"}})",
                                       head("open"), plain(order.price), plain(order.left()), user_id_, profile_id_));
      }
      break;
    case EventKind::kFill:
      tell_fill(event);
      break;
    case EventKind::kDone:
      done("filled", R"(,"cancel_reason":"107:Broker")");
      break;
    case EventKind::kCancelled:
      done("canceled", "");
      break;
    case EventKind::kExpired:
      done("canceled", R"(,"cancel_reason":"101:Time In Force")");
      break;
    case EventKind::kAmended:
      tell(order.symbol,
           fmt::format(
               R"({},"reason":"modify_order","old_size":"{}","new_size":"{}","old_price":"{}","new_price":"{}"}})",
               head("change"), plain(event.quantity_before - order.filled), plain(order.left()),
               plain(event.price_before), plain(order.price)));
      break;
    default:
      break;  // refused orders and money make no message here
  }
  tell_balances(event);
}

void CoinbaseExchangeAccount::on_tick() {
  for (auto& [id, conn] : conns_) {
    if (!conn.subscribed && now_ns() - conn.opened_ns >= kFirstSubscribe) close(id, 1008, "no subscription in time");
    if (now_ns() - conn.beat_ns < kSecond) continue;
    conn.beat_ns = now_ns();
    for (const std::string& product : conn.heartbeat) {
      std::int64_t last = 0;
      for (const Fill& fill : ledger().fills()) {
        if (fill.symbol == product) last = fill.trade_id;
      }
      say(id, fmt::format(R"({{"type":"heartbeat","sequence":{},"last_trade_id":{},"product_id":"{}","time":"{}"}})",
                          next_sequence(product), last, product, rfc3339(now_ns(), 6)));
    }
  }
}

}  // namespace millrace::sim::accounts
