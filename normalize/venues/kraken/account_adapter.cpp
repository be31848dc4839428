#include "normalize/venues/kraken/account_adapter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "normalize/venues/kraken/account_answers.h"

namespace millrace::normalize::kraken {

namespace {

constexpr std::string_view kExecutionParams =
    R"(,"snap_orders":true,"snap_trades":true,"order_status":true,"ratecounter":false)";
constexpr std::string_view kBalanceParams = R"(,"snapshot":true)";
constexpr std::string_view kQueryOrders = "/0/private/QueryOrders";
constexpr std::size_t kOrdersPerQuery = 50;
constexpr UnixNanos kRestLag = 30'000'000'000;  // REST may be so far behind the stream

// What the status channel may say (sheet, section 1), as a fixed word of ours.
std::string_view system_word(std::string_view wire) noexcept {
  for (const std::string_view known : {"online", "maintenance", "cancel_only", "post_only"}) {
    if (wire == known) return known;
  }
  return "unknown_system";
}

AccountExecutions::Place place_of(AccountChannel::Number number) noexcept {
  using Place = AccountExecutions::Place;
  if (number == AccountChannel::Number::kUnplaced) return Place::kUnknown;
  return number == AccountChannel::Number::kRepeated ? Place::kOvertaken : Place::kNext;
}

}  // namespace

KrakenAccountAdapter::KrakenAccountAdapter(std::string account)
    : executions_channel_("executions", kExecutionParams, Dataset::kExecution, token_),
      balances_channel_("balances", kBalanceParams, Dataset::kBalance, token_),
      executions_(account),
      balances_(std::move(account)) {}

void KrakenAccountAdapter::wake(AccountCommands& todo) {
  for (const auto& deadline :
       {executions_channel_.deadline(), balances_channel_.deadline(), balances_.evidence().deadline()}) {
    todo.wake(deadline);
  }
}

// One token is good for both channels, but for one connection only: the venue may have taken it back.
void KrakenAccountAdapter::on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  ++token_.number;
  token_.refusals = 0;
  token_.login_told = false;
  todo.new_token = true;
  executions_channel_.open(now, out, todo);
  balances_channel_.open(now, out, todo);
  wake(todo);
}

Result<void> KrakenAccountAdapter::on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) {
  auto message = read_account_message(parser_, frame.text);
  auto done = message ? dispatch(*message, frame.receive_time, out, todo) : Result<void>(message.error());
  wake(todo);
  return done;
}

Result<void> KrakenAccountAdapter::dispatch(AccountMessage& message, UnixNanos now, AccountSink& out,
                                            AccountCommands& todo) {
  switch (message.kind) {
    case AccountMessageKind::kExecutions:
      on_executions(message, now, out, todo);
      return {};
    case AccountMessageKind::kBalances:
      on_balances(message, now, out, todo);
      return {};
    case AccountMessageKind::kReply:
      return on_reply(message.reply, now, out, todo);
    case AccountMessageKind::kStatus:
      on_status(message.system, out);
      return {};
    case AccountMessageKind::kHeartbeat:
    case AccountMessageKind::kPong:
      return {};
    case AccountMessageKind::kForeignReply:
      out.on_drop("not_for_us");
      return {};
    case AccountMessageKind::kUnknown:
      break;
  }
  out.on_drop("unknown_type");
  return {};
}

Result<void> KrakenAccountAdapter::on_reply(const AccountReply& reply, UnixNanos now, AccountSink& out,
                                            AccountCommands& todo) {
  for (AccountChannel* channel : {&executions_channel_, &balances_channel_}) {
    if (channel->owns(reply)) return channel->on_reply(reply, now, out, todo);
  }
  out.on_drop("not_for_us");
  return {};
}

// In the other states but maintenance the stream flows, and the word is the public side's business.
void KrakenAccountAdapter::on_status(const std::string& system, AccountSink& out) {
  const std::string_view word = system_word(system);
  executions_channel_.set_halted(word == "maintenance", word, out);
  balances_channel_.set_halted(word == "maintenance", word, out);
}

void KrakenAccountAdapter::on_executions(AccountMessage& message, UnixNanos now, AccountSink& out,
                                         AccountCommands& todo) {
  using Number = AccountChannel::Number;
  const Number number = executions_channel_.on_number(message, now, out, todo);
  const auto remember = [this](const ExecutionRow& fill) { balances_.evidence().on_fill(fill); };
  const bool repeated = number == Number::kRepeated;
  const auto told = executions_.publish(message, place_of(number), remember, out);
  if (repeated && told.news) executions_channel_.on_news_repeated(now, out, todo);
  if (told.mismatch) executions_channel_.tell("quantity_mismatch", out);
  if (number == Number::kSnapshot) ask_for(executions_.missing_in(message), kOrdersPerQuery, 0, todo);
}

void KrakenAccountAdapter::on_balances(const AccountMessage& message, UnixNanos now, AccountSink& out,
                                       AccountCommands& todo) {
  using Number = AccountChannel::Number;
  const Number number = balances_channel_.on_number(message, now, out, todo);
  const bool news = balances_.publish(message, now, out);
  if (number == Number::kRepeated && news) balances_channel_.on_news_repeated(now, out, todo);
}

// The answer names the request's target only, so the key says which one it was.
void KrakenAccountAdapter::ask_for(const std::vector<std::string>& orders, std::size_t at_once, UnixNanos not_before,
                                   AccountCommands& todo) {
  std::vector<std::string> wanted = orders;
  std::erase_if(wanted, [this](const std::string& id) {
    return std::any_of(asked_.begin(), asked_.end(), [&id](const auto& request) {
      return std::find(request.second.begin(), request.second.end(), id) != request.second.end();
    });
  });
  for (std::size_t at = 0; at < wanted.size(); at += at_once) {
    const auto part = std::span(wanted).subspan(at, std::min(at_once, wanted.size() - at));
    PrivateRequest request;
    request.key = fmt::format("orders/{}", ++asks_);
    request.method = "POST";
    request.target = kQueryOrders;
    request.body = fmt::format("txid={}", fmt::join(part, "%2C"));
    request.not_before = not_before;
    asked_.emplace(request.key, std::vector(part.begin(), part.end()));
    todo.rest.push_back(std::move(request));
  }
}

// One that REST does not know may be too young for it, and is asked for once more.
void KrakenAccountAdapter::on_unknown(const std::vector<std::string>& orders, UnixNanos now, AccountSink& out,
                                      AccountCommands& todo) {
  std::vector<std::string> again;
  for (const std::string& id : orders) {
    if (executions_.on_unknown(id, out)) again.push_back(id);
  }
  if (again.empty()) return;
  executions_channel_.tell("orders_unknown", out);
  ask_for(again, kOrdersPerQuery, now + kRestLag, todo);
}

// An answer that is no success is one that the shell gave up: the orders stay open in our eyes, and the next snapshot
// asks for them again. But one unknown order fails a request for many: the halves are asked for.
Result<void> KrakenAccountAdapter::on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  const auto request = asked_.extract(std::string(answer.key));
  wake(todo);
  if (request.empty()) {
    out.on_drop("not_for_us");
    return {};
  }
  const std::vector<std::string>& asked = request.mapped();
  const Judgement judgement = judge_answer(answer);
  if (is_unknown_order(judgement)) {
    if (asked.size() == 1) on_unknown(asked, answer.receive_time, out, todo);
    if (asked.size() > 1) ask_for(asked, (asked.size() + 1) / 2, 0, todo);
    return {};
  }
  if (judgement.verdict != Verdict::kGood) {
    executions_channel_.tell("orders_unknown", out);
    return {};
  }
  auto done = read_orders(answer, asked, out, todo);
  if (!done) executions_channel_.tell("orders_unknown", out);
  return done;
}

// {"error":[],"result":{"O26VBY-ISGAE-JP5TLU":{"status":"canceled",...}}}
Result<void> KrakenAccountAdapter::read_orders(const PrivateAnswer& answer, const std::vector<std::string>& asked,
                                               AccountSink& out, AccountCommands& todo) {
  const auto result = read_result(parser_, answer.body);
  if (!result) return result.error();
  std::vector<ExecutionRow> rows;
  std::vector<std::string> unknown;
  for (const std::string& id : asked) {
    const JsonNode* found = result->find(id);
    if (found == nullptr) {
      unknown.push_back(id);
      continue;
    }
    auto row = read_order_row(*found, fmt::format("result.{}", id));
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  bool mismatch = false;
  for (ExecutionRow& row : rows) mismatch = executions_.publish_found(std::move(row), out).mismatch || mismatch;
  on_unknown(unknown, answer.receive_time, out, todo);
  if (mismatch) executions_channel_.tell("quantity_mismatch", out);
  return {};
}

void KrakenAccountAdapter::on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  executions_channel_.on_time(now, todo);
  balances_channel_.on_time(now, todo);
  if (balances_.evidence().take_overdue(now)) balances_channel_.tell("balance_mismatch", out);
  wake(todo);
}

// Answers that are still to come may be lost with the connection; the next snapshot asks again.
void KrakenAccountAdapter::on_close(UnixNanos /*now*/, AccountSink& out) {
  asked_.clear();
  executions_channel_.close(out);
  balances_channel_.close(out);
}

}  // namespace millrace::normalize::kraken
