#include "normalize/venues/alpaca/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/venues/alpaca/account_text.h"
#include "schemas/events/time.h"

namespace millrace::normalize::alpaca {
namespace {

using schemas::StreamState;

constexpr UnixNanos kAnswerLimit = 10 * kSecond;
constexpr UnixNanos kPoll = 60 * kSecond;
constexpr UnixNanos kAfterFill = 10 * kSecond;
constexpr UnixNanos kTooMany = 5 * kSecond;  // 8: the old session is not reaped yet
constexpr int kMostRefusals = 15;            // 1: as often as the venue's own client tries
constexpr std::size_t kShortList = 50;       // no page size of the venue is smaller
constexpr std::string_view kListen = R"({"action":"listen","data":{"streams":["trade_updates"]}})";

// Oldest first, so that a page's last row begins the next one (6: `after` is by submitted_at, exclusive).
std::string open_orders(std::string_view cursor) {
  const std::string after = cursor.empty() ? std::string() : fmt::format("&after={}", query_text(cursor));
  return "/v2/orders?status=open&limit=500&direction=asc" + after;
}

std::string ended_orders(UnixNanos since, std::string_view cursor) {
  const std::string after = cursor.empty() ? rfc3339_text(since) : std::string(cursor);
  return fmt::format("/v2/orders?status=closed&limit=500&direction=asc&after={}", query_text(after));
}

std::string one_order(std::string_view id) { return fmt::format("/v2/orders/{}", query_text(id)); }

constexpr OrderQuestions::Spelling kSpelling{open_orders, ended_orders, one_order, {}};

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
    : orders_(std::string(venue), std::string(account)), questions_(kSpelling) {}

std::string AlpacaAccount::holdings_key(Asked what) const {
  constexpr std::string_view kWords[] = {"assets", "account", "positions"};
  return fmt::format("{}/{}", kWords[static_cast<std::size_t>(what)], connection_);
}

void AlpacaAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  connected_ = true;
  listening_ = false;
  questions_.open();
  holdings_.repeat();
  if (++connection_ > 1) {
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
    const JsonNode nothing;
    ObjectReader row(data != nullptr ? *data : nothing, "data");
    return on_refusal(row.integer("code").value_or(500), row.text("error_message"), call);
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
  questions_.ask(call.now, orders_.open_ids(), call.todo);
  ask_holdings(holdings_.has_names() ? Asked::kAccount : Asked::kAssets, call);
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
  const OrderQuestions::About about = questions_.about(answer.key);
  Result<void> done;
  if (about == OrderQuestions::About::kOne) {
    done = on_order(answer, questions_.order_id(answer.key), call);
  } else if (about != OrderQuestions::About::kNothing) {
    done = on_list(answer, about, call);
  }
  for (const Asked what : {Asked::kAssets, Asked::kAccount, Asked::kPositions}) {
    if (connected_ && answer.key == holdings_key(what)) done = on_holdings(answer, what, call);
  }
  settle(call);
  wake(call);
  return done;
}

// The cursor is the time of a page's last row, so that of several orders of one time some may be left out: those that
// are known are asked for by id.
Result<void> AlpacaAccount::on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call) {
  if (answer.status != 200) {
    give_up_orders(about, {}, call);
    return {};
  }
  const auto list = parse_json(parser_, answer.body);
  const auto rows = list ? read_rows(*list, "orders", read_order) : list.error();
  if (!rows) {
    give_up_orders(about, {}, call);
    return rows.error();
  }
  std::vector<std::string> ids;
  for (const OrderRow& row : *rows) {
    ids.push_back(row.id);
    act_on(orders_.apply_row(row, questions_.is_first(), call.now, call.out), call);
  }
  const std::string cursor = rows->size() < kShortList ? std::string() : rows->back().submitted_at;
  if (questions_.on_page(about, ids, cursor, call.todo)) {
    questions_.ask_missing(call.now, orders_.open_ids(), call.todo);
  }
  return {};
}

Result<void> AlpacaAccount::on_order(const PrivateAnswer& answer, const std::string& id, Call& call) {
  if (id.empty()) return {};
  if (answer.status == 404) {
    if (questions_.on_not_found(id, call.now, call.todo)) orders_.apply_gone(id, call.now, call.out);
    return {};
  }
  if (answer.status != 200) {
    give_up_orders(OrderQuestions::About::kOne, id, call);
    return {};
  }
  const auto node = parse_json(parser_, answer.body);
  const auto row = node ? read_order(*node, "order") : node.error();
  if (!row) {
    give_up_orders(OrderQuestions::About::kOne, id, call);
    return row.error();
  }
  act_on(orders_.apply_row(*row, false, call.now, call.out), call);
  questions_.on_told(id, call.todo);
  return {};
}

void AlpacaAccount::give_up_orders(OrderQuestions::About about, const std::string& id, Call& call) {
  questions_.give_up(about, id, call.now, call.todo);
  set_state(Dataset::kExecution, StreamState::kRecovering, "orders_unknown", call);
}

void AlpacaAccount::ask_holdings(Asked what, Call& call) {
  constexpr std::string_view kTargets[] = {"/v2/assets?asset_class=crypto", "/v2/account", "/v2/positions"};
  if (what != Asked::kPositions) holdings_due_.reset();
  PrivateRequest request;
  request.key = holdings_key(what);
  request.target = kTargets[static_cast<std::size_t>(what)];
  call.todo.rest.push_back(std::move(request));
}

Result<void> AlpacaAccount::on_holdings(const PrivateAnswer& answer, Asked what, Call& call) {
  Result<void> done;
  if (answer.status == 200) {
    const auto node = parse_json(parser_, answer.body);
    done = node ? tell_holdings(*node, what, call) : node.error();
  }
  if (answer.status != 200 || !done) {
    give_up_holdings(call);
    return done;
  }
  if (what != Asked::kPositions) {
    ask_holdings(what == Asked::kAssets ? Asked::kAccount : Asked::kPositions, call);
    return {};
  }
  if (!holdings_due_) holdings_due_ = call.now + kPoll;
  set_state(Dataset::kBalance, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
  return {};
}

Result<void> AlpacaAccount::tell_holdings(const JsonNode& node, Asked what, Call& call) {
  if (what == Asked::kAssets) {
    auto names = read_assets(node);
    if (!names) return names.error();
    holdings_.set_names(std::move(*names));
  } else if (what == Asked::kAccount) {
    const auto cash = read_account(node);
    if (!cash) return cash.error();
    holdings_.tell_cash(*cash, call.out);
  } else {
    const auto rows = read_rows(node, "positions", read_position);
    if (!rows) return rows.error();
    holdings_.tell_positions(*rows, call.out);
  }
  return {};
}

void AlpacaAccount::give_up_holdings(Call& call) {
  holdings_due_ = call.now + kPoll;
  set_state(Dataset::kBalance, StreamState::kRecovering, "balances_unknown", call);
}

void AlpacaAccount::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  Call call{now, out, todo};
  if (answer_due_ && now >= *answer_due_) {
    answer_due_.reset();
    reconnect("no_ack", call);
  }
  if (connected_ && authenticate_due_ && now >= *authenticate_due_) authenticate(call);
  if (holdings_due_ && now >= *holdings_due_) {
    ask_holdings(holdings_.has_names() ? Asked::kAccount : Asked::kAssets, call);
  }
  if (questions_.due() && now >= *questions_.due()) questions_.ask(now, orders_.open_ids(), todo);
  wake(call);
}

void AlpacaAccount::on_close(UnixNanos now, AccountSink& out) {
  AccountCommands none;
  Call call{now, out, none};
  connected_ = listening_ = false;
  answer_due_.reset();
  holdings_due_.reset();
  questions_.close();
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

void AlpacaAccount::settle(Call& call) {
  if (!listening_ || !questions_.complete()) return;
  set_state(Dataset::kExecution, StreamState::kLive, connection_ > 1 ? "resubscribed" : "subscribed", call);
}

void AlpacaAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, Call& call) {
  StreamState& held = dataset == Dataset::kExecution ? orders_state_ : holdings_state_;
  if (held == state) return;
  held = state;
  call.out.on_state(dataset, state, reason);
}

void AlpacaAccount::wake(Call& call) const {
  for (const auto& due : {answer_due_, authenticate_due_, questions_.due(), holdings_due_}) call.todo.wake(due);
}

}  // namespace millrace::normalize::alpaca
