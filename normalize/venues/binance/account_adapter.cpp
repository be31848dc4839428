#include "normalize/venues/binance/account_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "normalize/venues/binance/account_judge.h"
#include "schemas/events/time.h"

namespace millrace::normalize::binance {
namespace {

using schemas::StreamState;
using Login = AccountCommands::Login;

constexpr std::int64_t kAnswerLimitNs = 10 * kSecond;
constexpr std::int64_t kTransientPauseNs = 5 * kSecond;
constexpr std::int64_t kLimitPauseNs = 30 * kSecond;
constexpr std::int64_t kAlreadySubscribed = -2035;

// Events of the private streams that say nothing of orders, fills and balances, or what another event says too.
struct Ignored {
  std::string_view event;
  std::string_view why;
};
constexpr std::array kIgnored = {
    Ignored{"TRADE_LITE", "duplicate"},  // the same fill comes as ORDER_TRADE_UPDATE, with its fee
    Ignored{"listStatus", "not_for_us"},
    Ignored{"MARGIN_CALL", "not_for_us"},
    Ignored{"ACCOUNT_CONFIG_UPDATE", "not_for_us"},
    Ignored{"ALGO_UPDATE", "not_for_us"},
    Ignored{"CONDITIONAL_ORDER_TRIGGER_REJECT", "not_for_us"},
    Ignored{"STRATEGY_UPDATE", "not_for_us"},
    Ignored{"GRID_UPDATE", "not_for_us"},
};

std::string_view why_ignored(std::string_view event) noexcept {
  for (const Ignored& one : kIgnored) {
    if (one.event == event) return one.why;
  }
  return "unknown_type";
}

void leave(AccountCommands& todo, std::string_view reason) {
  todo.reconnect = true;
  todo.reason = reason;
}

}  // namespace

BinanceAccount::BinanceAccount(const AccountConfig& config, std::string account)
    : config_(config), orders_(config.name, account), balances_(config.name, account) {}

// A futures address holds the listenKey, and nothing acknowledges it: who is connected is subscribed.
void BinanceAccount::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  connected_ = true;
  clock_asked_ = false;
  resubscribing_ = false;
  if (names_.empty()) {
    names_waiting_ = true;
    PrivateRequest request;
    request.key = "instruments";
    request.target = config_.info_path;
    request.signing = Signing::kNone;
    request.weight = config_.info_weight;
    todo.rest.push_back(std::move(request));
  }
  if (config_.is_spot) {
    subscribe(now, todo);
  } else {
    todo.login = Login::kAccepted;
    begin_sync(now, out, todo);
  }
  set_alarm(todo);
}

// The signer makes the whole message out of the request's id.
void BinanceAccount::subscribe(UnixNanos now, AccountCommands& todo) {
  todo.send.push_back({fmt::format("subscribe-{}", ++subscribes_), Signing::kSign});
  answer_by_ = now + kAnswerLimitNs;
  subscribe_at_.reset();
}

void BinanceAccount::on_close(UnixNanos /*now*/, AccountSink& out) {
  connected_ = false;
  answer_by_.reset();
  subscribe_at_.reset();
  end_rounds();
  for (const Dataset dataset : {Dataset::kExecution, Dataset::kBalance}) {
    set_state(dataset, StreamState::kRecovering, "connection", out);
  }
}

void BinanceAccount::on_time(UnixNanos now, AccountSink& /*out*/, AccountCommands& todo) {
  if (!connected_) return;
  const auto due = [now](std::optional<UnixNanos>& at) {
    const bool is_due = at && *at <= now;
    if (is_due) at.reset();
    return is_due;
  };
  if (due(answer_by_)) leave(todo, "no_answer");
  if (due(subscribe_at_)) subscribe(now, todo);
  if (due(round_at_)) begin_round(now, todo);
  set_alarm(todo);
}

void BinanceAccount::set_alarm(AccountCommands& todo) const {
  for (const auto& at : {answer_by_, subscribe_at_, round_at_}) todo.wake(at);
}

Result<void> BinanceAccount::on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) {
  const auto message = parse_json(parser_, frame.text);
  Result<void> done = message ? on_message(*message, frame.receive_time, out, todo) : Result<void>(message.error());
  set_alarm(todo);
  return done;
}

// Spot wraps events as {"subscriptionId":0,"event":{..}}, combined addresses as {"stream":"..","data":{..}}, futures
// not at all.
Result<void> BinanceAccount::on_message(const JsonNode& message, UnixNanos now, AccountSink& out,
                                        AccountCommands& todo) {
  if (message.type != JsonNode::Type::kObject) return Error{Errc::kWrongType, "message"};
  for (const std::string_view wrap : {"event", "data"}) {
    if (const JsonNode* const event = message.find(wrap)) return on_event(*event, now, out, todo);
  }
  if (message.find("e") != nullptr) return on_event(message, now, out, todo);
  if (message.find("status") != nullptr) return on_reply(message, now, out, todo);
  out.on_drop("unknown_type");
  return {};
}

Result<void> BinanceAccount::on_event(const JsonNode& event, UnixNanos now, AccountSink& out, AccountCommands& todo) {
  ObjectReader row(event, "event");
  const std::string type = row.need_text("e");
  if (auto error = row.error()) return *std::move(error);
  if (type == "executionReport") return on_order(read_execution_report(event), now, out);
  if (type == "ORDER_TRADE_UPDATE") return on_order(read_order_trade_update(event), now, out);
  if (type == "outboundAccountPosition") return on_balances(read_account_position(event), out);
  if (type == "ACCOUNT_UPDATE") return on_balances(read_account_update(event), out);
  if (type == "balanceUpdate" || type == "externalLockUpdate") return on_balances(read_balance_delta(event), out);
  if (type == "serverShutdown") {
    leave(todo, "server_shutdown");
  } else if (type == "listenKeyExpired") {
    todo.new_token = true;
    leave(todo, "token_expired");
  } else if (type == "eventStreamTerminated") {
    resubscribing_ = true;
    end_rounds();
    for (const Dataset dataset : {Dataset::kExecution, Dataset::kBalance}) {
      set_state(dataset, StreamState::kRecovering, "stream_terminated", out);
    }
    subscribe(now, todo);
  } else {
    out.on_drop(why_ignored(type));
  }
  return {};
}

Result<void> BinanceAccount::on_order(Result<OrderReport> report, UnixNanos now, AccountSink& out) {
  if (!report) return report.error();
  const std::string_view instrument = name_of(report->symbol);
  tell_hole(orders_.on_report(*std::move(report), instrument, now, out), out);
  return {};
}

Result<void> BinanceAccount::on_balances(Result<std::vector<BalanceReport>> reports, AccountSink& out) {
  if (!reports) return reports.error();
  balances_.on_reports(*std::move(reports), out);
  return {};
}

// {"id":"subscribe-1","status":200,"result":{"subscriptionId":0}}
// {"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}
Result<void> BinanceAccount::on_reply(const JsonNode& reply, UnixNanos now, AccountSink& out, AccountCommands& todo) {
  ObjectReader row(reply, "reply");
  const std::string id = row.text("id");
  const std::int64_t status = row.need_integer("status");
  const JsonNode* const error = row.object("error");
  if (auto bad = row.error()) return *std::move(bad);
  const bool is_ours = id == fmt::format("subscribe-{}", subscribes_);
  if (!is_ours && !id.empty()) {
    out.on_drop("not_for_us");
    return {};
  }
  if (error != nullptr || status != 200) {
    ObjectReader words(error != nullptr ? *error : reply, "reply.error");
    const auto code = words.integer("code");
    const std::string message = words.text("msg");
    if (auto bad = words.error()) return *std::move(bad);
    on_refusal(code, static_cast<int>(status), message, now, out, todo);
  } else if (is_ours && answer_by_) {
    answer_by_.reset();
    todo.login = Login::kAccepted;
    begin_sync(now, out, todo);
  } else {
    out.on_drop("duplicate");
  }
  return {};
}

// A wrong clock is refused like a wrong key, unless a signed request makes the shell correct it.
void BinanceAccount::on_refusal(std::optional<std::int64_t> code, int status, const std::string& message, UnixNanos now,
                                AccountSink& out, AccountCommands& todo) {
  answer_by_.reset();
  if (code == kAlreadySubscribed) {
    todo.login = Login::kAccepted;
    begin_sync(now, out, todo);
    return;
  }
  const Verdict verdict = verdict_of(code, status);
  if (verdict == Verdict::kRateLimited || verdict == Verdict::kTransient) {
    const bool limited = verdict == Verdict::kRateLimited;
    subscribe_at_ = now + (limited ? std::max(kLimitPauseNs, ban_ns(message, now)) : kTransientPauseNs);
    for (const Dataset dataset : {Dataset::kExecution, Dataset::kBalance}) {
      set_state(dataset, StreamState::kRecovering, limited ? "rate_limited" : "subscribe_failed", out);
    }
    return;
  }
  if (verdict == Verdict::kClock && !std::exchange(clock_asked_, true)) return ask_clock(todo);
  todo.login = Login::kRefused;
  todo.login_detail = fmt::format("{} {}", code.value_or(status), message);
}

// Its answer is of no interest: on the way the shell learns how far our clock is off (Verdict::kClock).
void BinanceAccount::ask_clock(AccountCommands& todo) {
  PrivateRequest request;
  request.key = kClockKey;
  request.target = config_.balances_path;
  request.weight = config_.balances_weight;
  todo.rest.push_back(std::move(request));
}

void BinanceAccount::set_state(Dataset dataset, StreamState state, std::string_view reason, AccountSink& out) {
  progress(dataset).state = state;
  out.on_state(dataset, state, reason);
}

void BinanceAccount::tell_hole(AccountOrders::Outcome outcome, AccountSink& out) {
  if (outcome.fill_missing) set_state(Dataset::kExecution, executions_.state, "quantity_mismatch", out);
}

std::string_view BinanceAccount::name_of(const std::string& symbol) const {
  const auto found = names_.find(symbol);
  return found != names_.end() ? std::string_view(found->second) : std::string_view{};
}

}  // namespace millrace::normalize::binance
