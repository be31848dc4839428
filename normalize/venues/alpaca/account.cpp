#include "normalize/venues/alpaca/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/venues/alpaca/account_text.h"

namespace millrace::normalize::alpaca {
namespace {

using schemas::StreamState;

constexpr UnixNanos kSecond = 1'000'000'000;
constexpr UnixNanos kAnswerLimit = 10 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;  // orders while any is open (8: 30 to 60 s), balances always
constexpr UnixNanos kAfterFill = 10 * kSecond;
constexpr UnixNanos kRestLag = 30 * kSecond;   // REST may be so far behind the stream
constexpr UnixNanos kTooMany = 5 * kSecond;    // 8: the old session is not reaped yet
constexpr int kMostRefusals = 15;              // 1: as often as the venue's own client tries
constexpr UnixNanos kOverlap = 600 * kSecond;  // before the end of the connection: silence, 5 min (7), clocks
constexpr std::size_t kShortList = 50;         // no page size of the venue is smaller
constexpr std::string_view kListen = R"({"action":"listen","data":{"streams":["trade_updates"]}})";
constexpr std::string_view kOpenOrders = "/v2/orders?status=open&limit=500&direction=asc";
constexpr std::string_view kEndedOrders = "/v2/orders?status=closed&limit=500&direction=asc";

std::string text_of(const JsonNode& node, std::string_view key) {
  const JsonNode* const found = node.find(key);
  return found != nullptr && found->type == JsonNode::Type::kString ? found->text : std::string();
}

// Nothing is numbered, so that what an outage took is not known.
schemas::GapMark outage() {
  schemas::GapMark mark;
  mark.kind = schemas::GapKind::kVenue;
  mark.reason = "reconnect";
  return mark;
}

}  // namespace

AlpacaAccount::AlpacaAccount(std::string_view venue, std::string_view account)
    : orders_(std::string(venue), std::string(account)) {}

std::string AlpacaAccount::key(std::string_view what) const { return fmt::format("{}/{}", what, connection_); }

void AlpacaAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  listening_ = false;
  first_list_ = true;
  check_.clear();
  holdings_.repeat();
  wants_new_ = ++connection_ > 1;
  if (wants_new_) {
    out.on_gap(Dataset::kExecution, outage());
    out.on_gap(Dataset::kBalance, outage());
  }
  orders_state_ = holdings_state_ = StreamState::kUnspecified;
  set_state(Dataset::kExecution, StreamState::kSyncing, "connected", call);
  set_state(Dataset::kBalance, StreamState::kSyncing, "connected", call);
  if (!authenticate_due_ || *authenticate_due_ <= now) authenticate(call);
  wake(call);
}

void AlpacaAccount::authenticate(Call& call) {
  authenticate_due_.reset();
  answer_due_ = call.now + kAnswerLimit;
  call.todo.send.push_back({"", Signing::kSign});  // the signer makes all of it: it holds the secret
}

Result<void> AlpacaAccount::on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) {
  Call call{frame.receive_time, out, todo};
  const auto message = parse_json(parser_, frame.text);
  if (!message) return message.error();
  Result<void> done;
  if (message->type != JsonNode::Type::kArray) {
    done = on_message(*message, call);
  } else if (!message->children
                  .empty()) {  // control messages are alone in theirs (4.1): [{"T":"error","code":406,...}]
    done = on_control(message->children.front(), call);
  }
  wake(call);
  return done;
}

// What the market data streams send, seen here for too many connections.
Result<void> AlpacaAccount::on_control(const JsonNode& message, Call& call) {
  if (text_of(message, "T") != "error") {
    call.out.on_drop("unknown_type");
    return {};
  }
  ObjectReader row(message, "");
  return on_refusal(row.integer("code").value_or(0), row.text("msg"), call);
}

Result<void> AlpacaAccount::on_message(const JsonNode& message, Call& call) {
  const std::string stream = text_of(message, "stream");
  const JsonNode* const data = message.find("data");
  if (stream == "authorization" && data != nullptr) {
    on_authorization(*data, call);
    return {};
  }
  if (stream == "listening" && data != nullptr) return on_listening(*data, call);
  if (stream == "trade_updates" && data != nullptr) {
    const auto update = read_update(*data);
    if (!update) return update.error();
    act_on(orders_.apply(*update, call.out), call);
    return {};
  }
  if (message.find("T") != nullptr) return on_control(message, call);
  if (text_of(message, "action") == "error") {
    return on_refusal(500, data != nullptr ? text_of(*data, "error_message") : std::string(), call);
  }
  call.out.on_drop("unknown_type");
  return {};
}

// {"stream":"authorization","data":{"status":"authorized","action":"authenticate"}}
void AlpacaAccount::on_authorization(const JsonNode& data, Call& call) {
  answer_due_.reset();
  if (text_of(data, "status") == "authorized") {
    refusals_ = 0;
    call.todo.login = AccountCommands::Login::kAccepted;
    call.todo.send.push_back({std::string(kListen), Signing::kNone});
    answer_due_ = call.now + kAnswerLimit;
    return;
  }
  if (text_of(data, "action") == "listen") {  // the venue has forgotten that it let us in
    reconnect("unauthorized", call);
    return;
  }
  const std::string words = text_of(data, "message");
  call.todo.login = AccountCommands::Login::kRefused;
  call.todo.login_detail = words.empty() ? "unauthorized" : words;
}

// {"stream":"listening","data":{"streams":["trade_updates"]}}
Result<void> AlpacaAccount::on_listening(const JsonNode& data, Call& call) {
  const JsonNode* const streams = data.find("streams");
  answer_due_.reset();
  listening_ = streams != nullptr && std::any_of(streams->children.begin(), streams->children.end(),
                                                 [](const JsonNode& name) { return name.text == "trade_updates"; });
  if (!listening_) {
    set_state(Dataset::kExecution, StreamState::kHalted, "refused", call);
    return Error{Errc::kRefused, "listening without trade_updates"};
  }
  ask_open_orders({}, call);
  ask_holdings(call);
  if (wants_new_) ask_new_orders(rfc3339_text(closed_ - kOverlap), call);
  return {};
}

// Codes: 4.1. Too many connections is an old session that the venue has not reaped, and passes (8).
Result<void> AlpacaAccount::on_refusal(std::int64_t code, const std::string& words, Call& call) {
  answer_due_.reset();
  const std::string detail = fmt::format("{} {}", code, words);
  if (code == 402 || code == 409 || code == 411) {
    call.todo.login = AccountCommands::Login::kRefused;
    call.todo.login_detail = detail;
    return {};
  }
  if (code == 406 && ++refusals_ < kMostRefusals) {
    authenticate_due_ = call.now + kTooMany;
    return {};
  }
  refusals_ = 0;
  reconnect(code == 406 ? "connection_limit" : "server_error", call);
  return Error{Errc::kRefused, detail};
}

void AlpacaAccount::reconnect(std::string_view reason, Call& call) {
  call.todo.reconnect = true;
  call.todo.reason = reason;
}

// Late answers to what an earlier connection asked are of no use.
Result<void> AlpacaAccount::on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  Call call{answer.receive_time, out, todo};
  if (!connected_) return {};
  Result<void> done;
  const std::string order_key = key("order") + "/";
  if (answer.key == key("orders")) {
    done = on_orders(answer, true, call);
  } else if (answer.key == key("ended")) {
    done = on_orders(answer, false, call);
  } else if (answer.key == key("account")) {
    done = on_holdings(answer, false, call);
  } else if (answer.key == key("positions")) {
    done = on_holdings(answer, true, call);
  } else if (answer.key.starts_with(order_key)) {
    done = on_order(answer, std::string(answer.key.substr(order_key.size())), call);
  }
  settle(call);
  wake(call);
  return done;
}

void AlpacaAccount::ask(std::string_view what, std::string target, Call& call) {
  PrivateRequest request;
  request.key = key(what);
  request.target = std::move(target);
  call.todo.rest.push_back(std::move(request));
}

void AlpacaAccount::ask_open_orders(std::string_view after, Call& call) {
  if (after.empty()) check_.begin(orders_.open_ids());
  orders_due_.reset();
  std::string target(kOpenOrders);
  if (!after.empty()) target += fmt::format("&after={}", query_text(after));
  ask("orders", std::move(target), call);
}

// Orders that were submitted, and ended, while nobody listened.
void AlpacaAccount::ask_new_orders(std::string after, Call& call) {
  new_after_ = std::move(after);
  ask("ended", fmt::format("{}&after={}", kEndedOrders, query_text(new_after_)), call);
}

void AlpacaAccount::ask_order(const std::string& id, UnixNanos not_before, Call& call) {
  ask("order", fmt::format("/v2/orders/{}", query_text(id)), call);
  call.todo.rest.back().key += "/" + id;
  call.todo.rest.back().not_before = not_before;
}

// Oldest first; the cursor is the time of a page's last row, so that of several orders of one time some may be left
// out: those that are known are asked for by id.
Result<void> AlpacaAccount::on_orders(const PrivateAnswer& answer, bool open_ones, Call& call) {
  if (open_ones) orders_due_ = call.now + kPoll;
  if (answer.status != 200) return give_up_orders("orders_unknown", call);
  const auto list = parse_json(parser_, answer.body);
  const auto rows = list ? read_rows(*list, "orders", read_order) : list.error();
  if (!rows) {
    (void)give_up_orders("orders_unknown", call);
    return rows.error();
  }
  bool new_rows = false;
  for (const OrderRow& row : *rows) {
    new_rows = !open_ones || check_.add(row.id) || new_rows;
    act_on(orders_.apply_row(row, first_list_, call.now, call.out), call);
  }
  const std::string last = rows->empty() ? std::string() : rows->back().submitted_at;
  const bool more = new_rows && rows->size() >= kShortList && !last.empty();
  if (!open_ones) {
    wants_new_ = more && last != new_after_;
    if (wants_new_) ask_new_orders(last, call);
  } else if (more) {
    ask_open_orders(last, call);
  } else {
    first_list_ = false;
    for (const std::string& id : check_.missing()) ask_order(id, 0, call);
  }
  return {};
}

Result<void> AlpacaAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
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
  if (answer.status != 200) return give_up_orders("order_unknown", call);
  const auto node = parse_json(parser_, answer.body);
  const auto row = node ? read_order(*node, "order") : node.error();
  if (!row) {
    (void)give_up_orders("order_unknown", call);
    return row.error();
  }
  act_on(orders_.apply_row(*row, false, call.now, call.out), call);
  return {};
}

// The next list asks again.
Result<void> AlpacaAccount::give_up_orders(std::string_view what, Call& call) {
  first_list_ = true;
  set_state(Dataset::kExecution, StreamState::kRecovering, what, call);
  return {};
}

void AlpacaAccount::ask_holdings(Call& call) {
  holdings_due_.reset();
  ask("account", "/v2/account", call);
}

// The account first, then its positions.
Result<void> AlpacaAccount::on_holdings(const PrivateAnswer& answer, bool positions, Call& call) {
  if (answer.status != 200) return give_up_holdings(call);
  const auto node = parse_json(parser_, answer.body);
  std::optional<Error> error;
  if (!node) error = node.error();
  if (node && positions) {
    const auto rows = read_rows(*node, "positions", read_position);
    if (rows) holdings_.tell_positions(*rows, call.out);
    if (!rows) error = rows.error();
  } else if (node) {
    const auto cash = read_account(*node);
    if (cash) holdings_.tell_cash(*cash, call.out);
    if (!cash) error = cash.error();
  }
  if (error) {
    (void)give_up_holdings(call);
    return *error;
  }
  if (!positions) {
    ask("positions", "/v2/positions", call);
    return {};
  }
  if (!holdings_due_) holdings_due_ = call.now + kPoll;
  set_state(Dataset::kBalance, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
  return {};
}

Result<void> AlpacaAccount::give_up_holdings(Call& call) {
  holdings_due_ = call.now + kPoll;
  set_state(Dataset::kBalance, StreamState::kRecovering, "balances_unknown", call);
  return {};
}

void AlpacaAccount::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  if (answer_due_ && now >= *answer_due_) {
    answer_due_.reset();
    reconnect("no_ack", call);
  }
  if (connected_ && authenticate_due_ && now >= *authenticate_due_) authenticate(call);
  if (holdings_due_ && now >= *holdings_due_) ask_holdings(call);
  if (orders_due_ && now >= *orders_due_) {
    orders_due_ = now + kPoll;
    if (first_list_ || !orders_.open_ids().empty()) ask_open_orders({}, call);
    if (wants_new_) ask_new_orders(new_after_, call);
  }
  wake(call);
}

void AlpacaAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  connected_ = listening_ = false;
  closed_ = now;
  answer_due_.reset();
  orders_due_.reset();
  holdings_due_.reset();
  set_state(Dataset::kExecution, StreamState::kRecovering, "connection", call);
  set_state(Dataset::kBalance, StreamState::kRecovering, "connection", call);
}

// A fill during a poll may not be in its answer: another one follows.
void AlpacaAccount::act_on(const AlpacaOrders::Outcome& outcome, Call& call) {
  if (outcome.filled && listening_) {
    holdings_due_ = std::min(holdings_due_.value_or(call.now + kAfterFill), call.now + kAfterFill);
  }
  if (outcome.mismatch) call.out.on_state(Dataset::kExecution, orders_state_, "quantity_mismatch");
}

// An order that REST may only know late is no reason to wait.
void AlpacaAccount::settle(Call& call) {
  if (!listening_ || first_list_ || wants_new_ || check_.waits()) return;
  set_state(Dataset::kExecution, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
}

void AlpacaAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : holdings_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void AlpacaAccount::wake(Call& call) const {
  for (const auto& due : {answer_due_, authenticate_due_, orders_due_, holdings_due_}) {
    if (due && (!call.todo.wake_at || *due < *call.todo.wake_at)) call.todo.wake_at = due;
  }
}

}  // namespace millrace::normalize::alpaca
