#include "normalize/venues/coinbase/account_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::GapKind;
using schemas::StreamState;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr UnixNanos kAckLimit = 10 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;       // orders while any is open, balances always
constexpr UnixNanos kAfterFill = 10 * kSecond;  // the balance channel misses updates (5.1)
constexpr UnixNanos kRestLag = 30 * kSecond;    // REST may be so far behind the stream
constexpr std::string_view kOpenOrders = "/orders?status=open&status=pending&status=active&limit=1000";

// Nothing is numbered, so that what an outage took is not known.
schemas::GapMark outage() {
  schemas::GapMark mark;
  mark.kind = GapKind::kVenue;
  mark.reason = "reconnect";
  return mark;
}

PrivateRequest request(std::string key, std::string target) {
  PrivateRequest made;
  made.key = std::move(key);
  made.target = std::move(target);
  return made;
}

std::string text_of(const JsonNode& node, std::string_view key) {
  const JsonNode* const found = node.find(key);
  return found != nullptr && found->type == JsonNode::Type::kString ? found->text : std::string();
}

bool is_about_auth(std::string_view words) {
  constexpr std::string_view kWords[] = {"auth", "signature", "api key", "passphrase", "timestamp"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return mentions(words, word); });
}

}  // namespace

ExchangeAccount::ExchangeAccount(std::string_view venue, std::string_view account, std::vector<std::string> products)
    : orders_(std::string(venue), std::string(account)), products_(std::move(products)) {}

std::string ExchangeAccount::key(std::string_view what) const { return fmt::format("{}/{}", what, connection_); }

// Within 5 s the venue wants a subscribe (1). Without products it refuses, and says so.
void ExchangeAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  acknowledged_ = balances_subscribed_ = false;
  first_list_ = true;
  check_.clear();
  balances_.forget();
  if (++connection_ > 1) {
    out.on_gap(Dataset::kExecution, outage());
    out.on_gap(Dataset::kBalance, outage());
  }
  orders_state_ = balances_state_ = StreamState::kUnspecified;
  set_state(Dataset::kExecution, StreamState::kSyncing, "connected", call);
  set_state(Dataset::kBalance, StreamState::kSyncing, "connected", call);
  const std::string products =
      products_.empty() ? std::string() : fmt::format(R"("product_ids":[{}],)", quoted_list(products_));
  todo.send.push_back({fmt::format(R"({{"type":"subscribe",{}"channels":["user"]}})", products), Signing::kSign});
  ack_due_ = now + kAckLimit;
  ask_balances(call);
  wake(call);
}

Result<void> ExchangeAccount::on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) {
  Call call{frame.receive_time, out, todo};
  const auto message = parse_json(parser_, frame.text);
  if (!message) return message.error();
  auto done = on_message(*message, call);
  wake(call);
  return done;
}

Result<void> ExchangeAccount::on_message(const JsonNode& message, Call& call) {
  const std::string type = text_of(message, "type");
  if (type == "subscriptions") {
    on_subscriptions(message, call);
    return {};
  }
  if (type == "error") return on_refusal(message, call);
  if (type == "balance") {
    const auto row = read_balance(message);
    if (!row) return row.error();
    balances_.tell_changed(*row, call.now, call.out);
    return {};
  }
  const auto user = user_type(type);
  if (!user) {
    call.out.on_drop(type == "last_match" || type == "heartbeat" ? "not_for_us" : "unknown_type");
    return {};
  }
  const auto read = read_user(message, *user);
  if (!read) return read.error();
  const auto outcome = orders_.apply(*read, call.out);
  if (!outcome) return outcome.error();
  act_on(*outcome, call);
  return {};
}

// Each subscribe is answered with the whole list of channels (4.1).
void ExchangeAccount::on_subscriptions(const JsonNode& message, Call& call) {
  const JsonNode* const channels = message.find("channels");
  if (channels == nullptr || acknowledged_) return;
  acknowledged_ = std::any_of(channels->children.begin(), channels->children.end(),
                              [](const JsonNode& channel) { return text_of(channel, "name") == "user"; });
  if (!acknowledged_) return;
  ack_due_.reset();
  call.todo.login = AccountCommands::Login::kAccepted;
  ask_orders(call, {});
}

// {"type":"error","message":"Failed to subscribe","reason":"user channel requires authentication"}
Result<void> ExchangeAccount::on_refusal(const JsonNode& message, Call& call) {
  const std::string words = fmt::format("{}: {}", text_of(message, "message"), text_of(message, "reason"));
  if (!acknowledged_) ack_due_.reset();
  if (!acknowledged_ && is_about_auth(words)) {
    call.todo.login = AccountCommands::Login::kRefused;
    call.todo.login_detail = words;
    return {};
  }
  if (!acknowledged_) set_state(Dataset::kExecution, StreamState::kHalted, "refused", call);
  return Error{Errc::kRefused, words};
}

// Late answers to what an earlier connection asked are of no use.
Result<void> ExchangeAccount::on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  Call call{answer.receive_time, out, todo};
  if (!connected_) return {};
  Result<void> done;
  const std::string order_key = key("order") + "/";
  if (answer.key == key("orders")) {
    done = on_orders(answer, call);
  } else if (answer.key == key("accounts")) {
    done = on_balances(answer, call);
  } else if (answer.key.starts_with(order_key)) {
    done = on_order(answer, std::string(answer.key.substr(order_key.size())), call);
  }
  settle(call);
  wake(call);
  return done;
}

void ExchangeAccount::ask_orders(Call& call, std::string_view after) {
  if (after.empty()) check_.begin(orders_.open_ids());
  orders_due_.reset();
  std::string target(kOpenOrders);
  if (!after.empty()) target += fmt::format("&after={}", query_text(after));
  call.todo.rest.push_back(request(key("orders"), std::move(target)));
  call.todo.rest.back().page_header = "CB-AFTER";
}

// Newest first; the cursor is the time of a page's last row, so that of several orders of one time some may be left
// out: they are asked for by id.
Result<void> ExchangeAccount::on_orders(const PrivateAnswer& answer, Call& call) {
  orders_due_ = call.now + kPoll;
  if (answer.status != 200) {
    give_up("orders_unknown", call);
    return {};
  }
  const auto rows = read_rows(parser_, answer.body, "orders", read_order);
  if (!rows) {
    give_up("orders_unknown", call);
    return rows.error();
  }
  bool new_rows = false;
  for (const OrderRow& row : *rows) {
    new_rows = check_.add(row.id) || new_rows;
    act_on(orders_.apply_row(row, first_list_, call.now, call.out), call);
  }
  follow_products(*rows, call);
  if (new_rows && !answer.page.empty()) {
    ask_orders(call, answer.page);
  } else {
    end_of_list(call);
  }
  return {};
}

// The user channel is by product; an order elsewhere makes its product one of ours.
void ExchangeAccount::follow_products(const std::vector<OrderRow>& rows, Call& call) {
  std::vector<std::string> added;
  for (const OrderRow& row : rows) {
    if (std::find(products_.begin(), products_.end(), row.product) != products_.end()) continue;
    products_.push_back(row.product);
    added.push_back(row.product);
  }
  if (added.empty()) return;
  call.todo.send.push_back(
      {fmt::format(R"({{"type":"subscribe","product_ids":[{}],"channels":["user"]}})", quoted_list(added)),
       Signing::kSign});
}

void ExchangeAccount::end_of_list(Call& call) {
  first_list_ = false;
  for (const std::string& id : check_.missing()) ask_order(id, 0, call);
}

void ExchangeAccount::ask_order(const std::string& id, UnixNanos not_before, Call& call) {
  call.todo.rest.push_back(request(fmt::format("{}/{}", key("order"), id), fmt::format("/orders/{}", query_text(id))));
  call.todo.rest.back().not_before = not_before;
}

Result<void> ExchangeAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
  if (!check_.is_asked(id)) return {};
  if (answer.status == 404) {
    if (check_.not_found(id)) {
      orders_.apply_gone(id, call.now, call.out);
    } else {
      ask_order(id, call.now + kRestLag, call);
    }
    return {};
  }
  check_.settled(id);
  if (answer.status != 200) {
    give_up("order_unknown", call);
    return {};
  }
  const auto node = parse_json(parser_, answer.body);
  const auto row = node ? read_order(*node, "order") : node.error();
  if (!row) {
    give_up("order_unknown", call);
    return row.error();
  }
  act_on(orders_.apply_row(*row, false, call.now, call.out), call);
  return {};
}

void ExchangeAccount::ask_balances(Call& call) {
  balances_due_.reset();
  balances_asked_ = call.now;
  call.todo.rest.push_back(request(key("accounts"), "/accounts"));
}

Result<void> ExchangeAccount::on_balances(const PrivateAnswer& answer, Call& call) {
  if (!balances_due_) balances_due_ = call.now + kPoll;
  if (answer.status != 200) {
    set_state(Dataset::kBalance, StreamState::kRecovering, "balances_unknown", call);
    return {};
  }
  const auto rows = read_rows(parser_, answer.body, "accounts", read_account);
  if (!rows) {
    set_state(Dataset::kBalance, StreamState::kRecovering, "balances_unknown", call);
    return rows.error();
  }
  for (const BalanceRow& row : *rows) balances_.tell_listed(row, balances_asked_ - kRestLag, call.out);
  set_state(Dataset::kBalance, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
  subscribe_balances(*rows, call);
  return {};
}

// The channel wants the ids of accounts, which only the list tells (5.1).
void ExchangeAccount::subscribe_balances(const std::vector<BalanceRow>& rows, Call& call) {
  if (balances_subscribed_ || rows.empty()) return;
  balances_subscribed_ = true;
  std::vector<std::string> ids;
  for (const BalanceRow& row : rows) ids.push_back(row.id);
  call.todo.send.push_back(
      {fmt::format(R"({{"type":"subscribe","channels":[{{"name":"balance","account_ids":[{}]}}]}})", quoted_list(ids)),
       Signing::kSign});
}

// The next list asks again.
void ExchangeAccount::give_up(std::string_view what, Call& call) {
  first_list_ = true;
  set_state(Dataset::kExecution, StreamState::kRecovering, what, call);
}

void ExchangeAccount::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  if (ack_due_ && now >= *ack_due_) {
    ack_due_.reset();
    todo.reconnect = true;
    todo.reason = "no_ack";
  }
  if (balances_due_ && now >= *balances_due_) ask_balances(call);
  if (orders_due_ && now >= *orders_due_) {
    orders_due_ = now + kPoll;
    if (first_list_ || !orders_.open_ids().empty()) ask_orders(call, {});
  }
  wake(call);
}

void ExchangeAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  ack_due_.reset();
  orders_due_.reset();
  balances_due_.reset();
  connected_ = false;
  set_state(Dataset::kExecution, StreamState::kRecovering, "connection", call);
  set_state(Dataset::kBalance, StreamState::kRecovering, "connection", call);
}

// A fill during a poll may not be in its answer: another one follows.
void ExchangeAccount::act_on(const ExchangeOrders::Outcome& outcome, Call& call) {
  if (outcome.filled && connected_) {
    balances_due_ = std::min(balances_due_.value_or(call.now + kAfterFill), call.now + kAfterFill);
  }
  if (outcome.mismatch) call.out.on_state(Dataset::kExecution, orders_state_, "quantity_mismatch");
}

// An order that REST may only know late is no reason to wait.
void ExchangeAccount::settle(Call& call) {
  if (!acknowledged_ || first_list_ || check_.waits()) return;
  set_state(Dataset::kExecution, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
}

void ExchangeAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : balances_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void ExchangeAccount::wake(Call& call) const {
  for (const auto& due : {ack_due_, orders_due_, balances_due_}) {
    if (due && (!call.todo.wake_at || *due < *call.todo.wake_at)) call.todo.wake_at = due;
  }
}

}  // namespace millrace::normalize::coinbase
