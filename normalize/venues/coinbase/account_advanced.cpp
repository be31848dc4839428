#include "normalize/venues/coinbase/account_advanced.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::GapKind;
using schemas::GapMark;
using schemas::Origin;
using schemas::StreamState;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr UnixNanos kAckLimit = 10 * kSecond;
constexpr UnixNanos kSnapshotLimit = 5 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;
constexpr UnixNanos kAfterFill = 10 * kSecond;
constexpr UnixNanos kRestLag = 30 * kSecond;  // REST may be so far behind the stream
constexpr UnixNanos kRetry = kSecond;
constexpr std::size_t kSnapshotPage = 50;  // orders a message (5.2); fewer end the snapshot
constexpr std::string_view kSubscribeHeartbeats = R"({"type":"subscribe","channel":"heartbeats"})";
constexpr std::string_view kSubscribeUser = R"({"type":"subscribe","channel":"user"})";
constexpr std::string_view kUnsubscribeUser = R"({"type":"unsubscribe","channel":"user"})";

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
    : orders_(std::string(venue), std::string(account)) {}

std::string AdvancedAccount::key(std::string_view what) const { return fmt::format("{}/{}", what, connection_); }

void AdvancedAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  acknowledged_ = resubscribed_ = false;
  sequence_.reset();
  check_.clear();
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
  begin_snapshot(call);
}

void AdvancedAccount::begin_snapshot(Call& call) {
  snapshot_ = Snapshot::kAwaited;
  snapshot_due_ = call.now + kSnapshotLimit + kAckLimit;
  check_.begin(orders_.open_ids());
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
    if (message->lists_user || message->channel == "user") on_acknowledged(call);
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
  begin_snapshot(call);
  return true;
}

void AdvancedAccount::on_acknowledged(Call& call) {
  ack_due_.reset();
  refusals_ = 0;
  if (std::exchange(acknowledged_, true)) return;
  call.todo.login = AccountCommands::Login::kAccepted;
}

// All open orders, 50 a message (5.2). What follows the first one before the snapshot's end belongs to it, whatever it
// is called.
void AdvancedAccount::on_event(const UserEvent& event, const AdvancedMessage& message, Call& call) {
  if (event.snapshot && snapshot_ == Snapshot::kAwaited) snapshot_ = Snapshot::kBegun;
  const bool snapshot = event.snapshot || snapshot_ == Snapshot::kBegun;
  const AdvancedOrders::Source source{snapshot ? Origin::kSnapshot : Origin::kLive, call.now, message.sent,
                                      message.bad_time};
  for (const AdvancedOrder& order : event.orders) {
    if (snapshot_ != Snapshot::kDone) check_.add(order.id);
    if (orders_.apply(order, source, call.out)) fetch_fills(call);
  }
  if (snapshot_ == Snapshot::kBegun && event.orders.size() < kSnapshotPage) end_snapshot(call);
}

void AdvancedAccount::end_snapshot(Call& call) {
  snapshot_ = Snapshot::kDone;
  snapshot_due_.reset();
  for (const std::string& id : check_.missing()) ask_order(id, 0, call);
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
  if (!connected_) return {};
  Result<void> done;
  const std::string order_key = key("order") + "/";
  if (answer.key == key("accounts")) {
    done = on_balances(answer, call);
  } else if (answer.key.starts_with(order_key)) {
    done = on_order(answer, std::string(answer.key.substr(order_key.size())), call);
  }
  settle(call);
  wake(call);
  return done;
}

void AdvancedAccount::ask_order(const std::string& id, UnixNanos not_before, Call& call) {
  PrivateRequest request;
  request.key = fmt::format("{}/{}", key("order"), id);
  request.target = fmt::format("/api/v3/brokerage/orders/historical/{}", query_text(id));
  request.not_before = not_before;
  call.todo.rest.push_back(std::move(request));
}

// An order that no answer tells is asked for again, and the stream is not live before.
Result<void> AdvancedAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
  if (!check_.is_asked(id)) return {};
  if (answer.status == 404) {
    if (check_.not_found(id)) {
      orders_.apply_gone(id, call.now, call.out);
    } else {
      ask_order(id, call.now + kRestLag, call);
    }
    return {};
  }
  Result<AdvancedOrder> order = Error{Errc::kRefused, "order"};
  if (answer.status == 200) {
    const auto node = parse_json(parser_, answer.body);
    order = node ? read_advanced_order(*node) : node.error();
  }
  if (!order) {
    set_state(Dataset::kExecution, StreamState::kRecovering, "order_unknown", call);
    ask_order(id, call.now + kPoll, call);
    return answer.status == 200 ? Result<void>(order.error()) : Result<void>();
  }
  check_.settled(id);
  if (orders_.apply(*order, {Origin::kSnapshot, call.now, std::nullopt, false}, call.out)) fetch_fills(call);
  return {};
}

void AdvancedAccount::ask_balances(std::string_view cursor, Call& call) {
  balances_due_.reset();
  if (cursor.empty()) balances_asked_ = call.now;
  PrivateRequest request;
  request.key = key("accounts");
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
  if (snapshot_due_ && now >= *snapshot_due_) {
    snapshot_due_.reset();
    // An account without open orders may have no snapshot; each order that we believe open is asked for.
    if (acknowledged_) end_snapshot(call);
  }
  if (balances_due_ && now >= *balances_due_) ask_balances({}, call);
  settle(call);
  wake(call);
}

void AdvancedAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  connected_ = false;
  for (auto* due : {&ack_due_, &subscribe_due_, &snapshot_due_, &balances_due_}) due->reset();
  set_state(Dataset::kExecution, StreamState::kRecovering, "connection", call);
  set_state(Dataset::kBalance, StreamState::kRecovering, "connection", call);
}

// An order that REST may only know late is no reason to wait.
void AdvancedAccount::settle(Call& call) {
  if (!connected_ || !acknowledged_ || snapshot_ != Snapshot::kDone || check_.waits()) return;
  set_state(Dataset::kExecution, StreamState::kLive, resubscribed_ ? "resubscribed" : "subscribed", call);
}

void AdvancedAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : balances_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void AdvancedAccount::wake(Call& call) const {
  for (const auto& due : {ack_due_, subscribe_due_, snapshot_due_, balances_due_}) {
    if (due && (!call.todo.wake_at || *due < *call.todo.wake_at)) call.todo.wake_at = due;
  }
}

}  // namespace millrace::normalize::coinbase
