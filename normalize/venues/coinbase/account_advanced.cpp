#include "normalize/venues/coinbase/account_advanced.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/venues/coinbase/account_text.h"
#include "schemas/events/time.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::GapKind;
using schemas::GapMark;
using schemas::Origin;
using schemas::StreamState;

constexpr UnixNanos kAckLimit = 10 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;
constexpr UnixNanos kAfterFill = 10 * kSecond;
constexpr UnixNanos kRetry = kSecond;
constexpr std::size_t kSnapshotPage = 50;  // orders a message (5.2); fewer end the snapshot
constexpr std::string_view kSubscribeHeartbeats = R"({"type":"subscribe","channel":"heartbeats"})";
constexpr std::string_view kSubscribeUser = R"({"type":"subscribe","channel":"user"})";
constexpr std::string_view kUnsubscribeUser = R"({"type":"unsubscribe","channel":"user"})";

// Orders that wait for the book are not in the list of open ones (8): they are asked for by id.
std::string open_orders(std::string_view cursor) {
  const std::string after = cursor.empty() ? std::string() : fmt::format("&cursor={}", query_text(cursor));
  return "/api/v3/brokerage/orders/historical/batch?order_status=OPEN" + after;
}

std::string recent_orders(UnixNanos since, std::string_view cursor) {
  const std::string after = cursor.empty() ? std::string() : fmt::format("&cursor={}", query_text(cursor));
  return fmt::format("/api/v3/brokerage/orders/historical/batch?start_date={}{}", query_text(rfc3339_text(since)),
                     after);
}

std::string one_order(std::string_view id) {
  return fmt::format("/api/v3/brokerage/orders/historical/{}", query_text(id));
}

constexpr OrderQuestions::Spelling kSpelling{open_orders, recent_orders, one_order, {}};

GapMark outage() {
  GapMark mark;
  mark.kind = GapKind::kVenue;
  mark.reason = "reconnect";
  return mark;
}

GapMark hole(std::int64_t from, std::int64_t to) {
  GapMark mark;
  mark.kind = GapKind::kVenue;
  mark.from = from;
  mark.to = to;
  mark.count = to - from + 1;
  mark.reason = "sequence";
  return mark;
}

}  // namespace

AdvancedAccount::AdvancedAccount(std::string_view venue, std::string_view account)
    : orders_(std::string(venue), std::string(account)), questions_(kSpelling) {}

std::string AdvancedAccount::balances_key() const { return fmt::format("accounts/{}", connection_); }

void AdvancedAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  acknowledged_ = logged_in_ = resubscribed_ = in_snapshot_ = false;
  sequence_.reset();
  questions_.open();
  balances_.forget();
  if (++connection_ > 1) {
    resubscribed_ = true;
    out.on_gap(Dataset::kExecution, outage());
    out.on_gap(Dataset::kBalance, outage());
  }
  orders_state_ = balances_state_ = StreamState::kUnspecified;
  set_state(Dataset::kExecution, StreamState::kSyncing, "connected", call);
  set_state(Dataset::kBalance, StreamState::kSyncing, "connected", call);
  subscribe(call);
  ask_balances({}, call);
  wake(call);
}

// All products: the channel is then the whole account's. Each message has a token of its own (5.2).
void AdvancedAccount::subscribe(Call& call) {
  subscribe_due_.reset();
  ack_due_ = call.now + kAckLimit;
  call.todo.send.push_back({std::string(kSubscribeHeartbeats), Signing::kSign});
  call.todo.send.push_back({std::string(kSubscribeUser), Signing::kSign});
}

Result<void> AdvancedAccount::on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) {
  Call call{frame.receive_time, out, todo};
  const auto node = parse_json(parser_, frame.text);
  if (!node) return node.error();
  const JsonNode* const type = node->find("type");
  if (type != nullptr && type->text == "error") {
    auto done = on_refusal(*node, call);
    wake(call);
    return done;
  }
  const auto message = read_advanced(*node);
  if (!message) return message.error();
  if (in_sequence(*message, call)) {
    const bool snapshot = std::any_of(message->events.begin(), message->events.end(),
                                      [](const UserEvent& event) { return event.snapshot; });
    if (message->lists_user || snapshot) on_acknowledged(call);
    for (const UserEvent& event : message->events) on_event(event, *message, call);
    const bool known =
        message->channel == "user" || message->channel == "subscriptions" || message->channel == "heartbeats";
    if (!known) out.on_drop("unknown_type");
    settle(call);
  }
  wake(call);
  return {};
}

// One counter for all messages of a connection (4.2). What is lost may have been an order's.
bool AdvancedAccount::in_sequence(const AdvancedMessage& message, Call& call) {
  if (!message.sequence) return true;
  const auto last = std::exchange(sequence_, std::max(sequence_.value_or(*message.sequence), *message.sequence));
  if (!last || *message.sequence == *last + 1) return true;
  if (*message.sequence <= *last) {
    call.out.on_drop("duplicate");
    return false;
  }
  call.out.on_gap(Dataset::kExecution, hole(*last + 1, *message.sequence - 1));
  set_state(Dataset::kExecution, StreamState::kRecovering, "sequence", call);
  resubscribed_ = true;
  call.todo.send.push_back({std::string(kUnsubscribeUser), Signing::kSign});
  call.todo.send.push_back({std::string(kSubscribeUser), Signing::kSign});
  in_snapshot_ = acknowledged_ = false;
  ack_due_ = call.now + kAckLimit;
  questions_.doubt();
  return true;
}

// The snapshot may come before the acknowledgement.
void AdvancedAccount::on_acknowledged(Call& call) {
  ack_due_.reset();
  refusals_ = 0;
  if (std::exchange(acknowledged_, true)) return;
  if (!std::exchange(logged_in_, true)) call.todo.login = AccountCommands::Login::kAccepted;
  questions_.ask(call.now, orders_.open_ids(), call.todo);
}

// All open orders, 50 a message (5.2). What follows the first one before the snapshot's end belongs to it, whatever it
// is called.
void AdvancedAccount::on_event(const UserEvent& event, const AdvancedMessage& message, Call& call) {
  in_snapshot_ = in_snapshot_ || event.snapshot;
  const AdvancedOrders::Source source{in_snapshot_ ? Origin::kSnapshot : Origin::kLive,
                                      call.now,
                                      message.sent,
                                      message.bad_time,
                                      in_snapshot_,
                                      in_snapshot_ && questions_.is_first()};
  if (event.orders.size() < kSnapshotPage) in_snapshot_ = false;
  for (const AdvancedOrder& order : event.orders) {
    if (orders_.apply(order, source, call.out)) fetch_fills(call);
  }
}

void AdvancedAccount::fetch_fills(Call& call) {
  call.out.on_state(Dataset::kExecution, orders_state_, "fills_from_rest");
  if (connected_) balances_due_ = std::min(balances_due_.value_or(call.now + kAfterFill), call.now + kAfterFill);
}

// {"type":"error","message":"authentication failure"}: seen now and then with a good key (8), so one is not the end.
Result<void> AdvancedAccount::on_refusal(const JsonNode& message, Call& call) {
  const JsonNode* const words = message.find("message");
  const std::string text = words != nullptr ? words->text : std::string();
  ack_due_.reset();
  if (!mentions(text, "authentication")) {
    if (!acknowledged_) set_state(Dataset::kExecution, StreamState::kHalted, "refused", call);
    return Error{Errc::kRefused, text};
  }
  if (++refusals_ == 1) {
    subscribe_due_ = call.now + kRetry;
    return {};
  }
  call.todo.login = AccountCommands::Login::kRefused;
  call.todo.login_detail = text;
  return {};
}

// Late answers to what an earlier connection asked are of no use.
Result<void> AdvancedAccount::on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
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

Result<void> AdvancedAccount::on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call) {
  if (answer.status != 200) {
    give_up(about, {}, call);
    return {};
  }
  const auto node = parse_json(parser_, answer.body);
  const auto page = node ? read_advanced_orders(*node) : node.error();
  if (!page) {
    give_up(about, {}, call);
    return page.error();
  }
  const AdvancedOrders::Source source{Origin::kSnapshot, call.now, std::nullopt, false, false, questions_.is_first()};
  std::vector<std::string> ids;
  for (const AdvancedOrder& order : page->rows) {
    ids.push_back(order.id);
    if (orders_.apply(order, source, call.out)) fetch_fills(call);
  }
  if (questions_.on_page(about, ids, page->cursor, call.todo)) {
    questions_.ask_missing(call.now, orders_.open_ids(), call.todo);
  }
  return {};
}

Result<void> AdvancedAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
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
  const auto order = node ? read_advanced_order(*node) : node.error();
  if (!order) {
    give_up(OrderQuestions::About::kOne, id, call);
    return order.error();
  }
  if (orders_.apply(*order, {Origin::kSnapshot, call.now, std::nullopt}, call.out)) fetch_fills(call);
  questions_.on_told(id, call.todo);
  return {};
}

void AdvancedAccount::give_up(OrderQuestions::About about, const std::string& id, Call& call) {
  questions_.give_up(about, id, call.now, call.todo);
  set_state(Dataset::kExecution, StreamState::kRecovering, "orders_unknown", call);
}

void AdvancedAccount::ask_balances(std::string_view cursor, Call& call) {
  balances_due_.reset();
  if (cursor.empty()) balances_asked_ = call.now;
  PrivateRequest request;
  request.key = balances_key();
  request.target = "/api/v3/brokerage/accounts?limit=250";
  if (!cursor.empty()) request.target += fmt::format("&cursor={}", query_text(cursor));
  call.todo.rest.push_back(std::move(request));
}

Result<void> AdvancedAccount::on_balances(const PrivateAnswer& answer, Call& call) {
  Result<AdvancedAccounts> page = Error{Errc::kRefused, "accounts"};
  if (answer.status == 200) {
    const auto node = parse_json(parser_, answer.body);
    page = node ? read_advanced_accounts(*node) : node.error();
  }
  if (!page) {
    if (!balances_due_) balances_due_ = call.now + kPoll;
    set_state(Dataset::kBalance, StreamState::kRecovering, "balances_unknown", call);
    return answer.status == 200 ? Result<void>(page.error()) : Result<void>();
  }
  for (const BalanceRow& row : page->rows) balances_.tell_listed(row, balances_asked_ - kRestLag, call.out);
  if (!page->cursor.empty() && !page->rows.empty()) {
    ask_balances(page->cursor, call);
    return {};
  }
  if (!balances_due_) balances_due_ = call.now + kPoll;
  set_state(Dataset::kBalance, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
  return {};
}

void AdvancedAccount::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  if (ack_due_ && now >= *ack_due_) {
    ack_due_.reset();
    todo.reconnect = true;
    todo.reason = "no_ack";
  }
  if (subscribe_due_ && now >= *subscribe_due_) subscribe(call);
  if (questions_.due() && now >= *questions_.due()) questions_.ask(now, orders_.open_ids(), todo);
  if (balances_due_ && now >= *balances_due_) ask_balances({}, call);
  wake(call);
}

void AdvancedAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  connected_ = false;
  for (auto* due : {&ack_due_, &subscribe_due_, &balances_due_}) due->reset();
  questions_.close();
  set_state(Dataset::kExecution, StreamState::kRecovering, "connection", call);
  set_state(Dataset::kBalance, StreamState::kRecovering, "connection", call);
}

void AdvancedAccount::settle(Call& call) {
  if (!acknowledged_ || in_snapshot_ || !questions_.complete()) return;
  set_state(Dataset::kExecution, StreamState::kLive, resubscribed_ ? "resubscribed" : "subscribed", call);
}

void AdvancedAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : balances_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void AdvancedAccount::wake(Call& call) const {
  for (const auto& due : {ack_due_, subscribe_due_, questions_.due(), balances_due_}) call.todo.wake(due);
}

}  // namespace millrace::normalize::coinbase
