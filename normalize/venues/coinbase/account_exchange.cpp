#include "normalize/venues/coinbase/account_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/venues/coinbase/account_text.h"
#include "schemas/events/time.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::GapKind;
using schemas::StreamState;

constexpr UnixNanos kAckLimit = 10 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;
constexpr UnixNanos kAfterFill = 10 * kSecond;  // the balance channel misses updates (5.1)

// Nothing is numbered, so that what an outage took is not known.
schemas::GapMark outage() {
  schemas::GapMark mark;
  mark.kind = GapKind::kVenue;
  mark.reason = "reconnect";
  return mark;
}

std::string with_cursor(std::string target, std::string_view cursor) {
  if (!cursor.empty()) target += fmt::format("&after={}", query_text(cursor));
  return target;
}

std::string open_orders(std::string_view cursor) {
  return with_cursor("/orders?status=open&status=pending&status=active&limit=1000", cursor);
}

// Newest first, back to what is wanted; those that ended without a fill are not told any more (6).
std::string done_orders(UnixNanos /*since*/, std::string_view cursor) {
  return with_cursor("/orders?status=done&limit=100", cursor);
}

std::string one_order(std::string_view id) { return fmt::format("/orders/{}", query_text(id)); }

constexpr OrderQuestions::Spelling kSpelling{open_orders, done_orders, one_order, "CB-AFTER"};

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
    : orders_(std::string(venue), std::string(account)), products_(std::move(products)), questions_(kSpelling) {}

void ExchangeAccount::restore(const ToldBefore& before) {
  orders_.restore(before);
  for (const ToldOrder& ended : before.doubtful) doubts_.push_back(ended.known.order.order_id);
}

std::string ExchangeAccount::balances_key() const { return fmt::format("accounts/{}", connection_); }

// Within 5 s the venue wants a subscribe (1). Without products it refuses, and says so.
void ExchangeAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  acknowledged_ = balances_subscribed_ = false;
  questions_.open();
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
  act_on(orders_.apply(*read, call.now, call.out), call);
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
  questions_.ask(call.now, orders_.open_ids(), call.todo);
  // The first acknowledgement: what the predecessor did not come to ask.
  for (const std::string& id : std::exchange(doubts_, {})) questions_.ask_about(id, call.now + kRestLag, call.todo);
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
  const OrderQuestions::About about = questions_.about(answer.key);
  Result<void> done;
  if (about == OrderQuestions::About::kOne) {
    done = on_order(answer, questions_.order_id(answer.key), call);
  } else if (about != OrderQuestions::About::kNothing) {
    done = on_list(answer, about, call);
  } else if (connected_ && answer.key == balances_key()) {
    done = on_balances(answer, call);
  }
  settle(call);
  wake(call);
  return done;
}

// The cursor is the time of a page's last row, so that of several orders of one time some may be left out: they are
// asked for by id.
Result<void> ExchangeAccount::on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call) {
  if (answer.status != 200) {
    give_up(about, {}, call);
    return {};
  }
  const auto rows = read_rows(parser_, answer.body, "orders", read_order);
  if (!rows) {
    give_up(about, {}, call);
    return rows.error();
  }
  std::vector<std::string> ids;
  for (const OrderRow& row : *rows) {
    ids.push_back(row.id);
    act_on(orders_.apply_row(row, questions_.is_first(), call.now, call.out), call);
  }
  follow_products(*rows, call);
  const bool enough = about == OrderQuestions::About::kRecent && !rows->empty() &&
                      rows->back().created_at.value_or(call.now) < questions_.since();
  if (questions_.on_page(about, ids, enough ? std::string_view() : answer.page, call.todo)) {
    questions_.ask_missing(call.now, orders_.open_ids(), call.todo);
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

Result<void> ExchangeAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
  if (id.empty()) return {};
  if (answer.status == 404) {
    if (questions_.on_not_found(id, call.now, call.todo)) orders_.apply_gone(id, call.now, call.out);
    return {};
  }
  if (answer.status != 200) {
    give_up(OrderQuestions::About::kOne, id, call);
    return {};
  }
  const auto node = parse_json(parser_, answer.body);
  const auto row = node ? read_order(*node, "order") : node.error();
  if (!row) {
    give_up(OrderQuestions::About::kOne, id, call);
    return row.error();
  }
  act_on(orders_.apply_row(*row, false, call.now, call.out), call);
  questions_.on_told(id, call.todo);
  return {};
}

void ExchangeAccount::ask_balances(Call& call) {
  balances_due_.reset();
  balances_asked_ = call.now;
  PrivateRequest request;
  request.key = balances_key();
  request.target = "/accounts";
  call.todo.rest.push_back(std::move(request));
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

void ExchangeAccount::give_up(OrderQuestions::About about, const std::string& id, Call& call) {
  questions_.give_up(about, id, call.now, call.todo);
  set_state(Dataset::kExecution, StreamState::kRecovering, "orders_unknown", call);
}

void ExchangeAccount::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  if (ack_due_ && now >= *ack_due_) {
    ack_due_.reset();
    todo.reconnect = true;
    todo.reason = "no_ack";
  }
  if (balances_due_ && now >= *balances_due_) ask_balances(call);
  if (questions_.due() && now >= *questions_.due()) questions_.ask(now, orders_.open_ids(), todo);
  wake(call);
}

void ExchangeAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  ack_due_.reset();
  balances_due_.reset();
  connected_ = false;
  questions_.close();
  set_state(Dataset::kExecution, StreamState::kRecovering, "connection", call);
  set_state(Dataset::kBalance, StreamState::kRecovering, "connection", call);
}

// A fill during a poll may not be in its answer: another one follows.
void ExchangeAccount::act_on(const ExchangeOrders::Outcome& outcome, Call& call) {
  if (outcome.filled && connected_) {
    balances_due_ = std::min(balances_due_.value_or(call.now + kAfterFill), call.now + kAfterFill);
  }
  if (!outcome.doubtful.empty() && connected_) {
    questions_.ask_about(outcome.doubtful, call.now + kRestLag, call.todo);
  }
  if (outcome.mismatch) call.out.on_state(Dataset::kExecution, orders_state_, "quantity_mismatch");
}

void ExchangeAccount::settle(Call& call) {
  if (!acknowledged_ || !questions_.complete()) return;
  set_state(Dataset::kExecution, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
}

void ExchangeAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : balances_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void ExchangeAccount::wake(Call& call) const {
  for (const auto& due : {ack_due_, questions_.due(), balances_due_}) call.todo.wake(due);
}

}  // namespace millrace::normalize::coinbase
