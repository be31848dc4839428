#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/venues/binance/account_adapter.h"
#include "normalize/venues/binance/account_judge.h"
#include "normalize/venues/binance/reference.h"
#include "schemas/events/time.h"

// What BinanceAccount asks REST, and what it makes of the answers.
namespace millrace::normalize::binance {
namespace {

using schemas::StreamState;

constexpr std::int64_t kRetryNs = 30 * kSecond;        // after a round that failed
constexpr std::int64_t kBeyondLagNs = 5 * kSecond;     // over the safety lag: the round that confirms
constexpr std::int64_t kRoundEveryNs = 900 * kSecond;  // a stream that is silent by mistake looks like a quiet one
constexpr std::string_view kNames = "instruments";
constexpr std::size_t kLookupsAtOnce = 50;  // the queue of requests is bounded

// Reads an array of order rows, whole or not at all.
Result<std::vector<OrderReport>> read_order_rows(const JsonNode& answer) {
  if (answer.type != JsonNode::Type::kArray) return Error{Errc::kWrongType, "openOrders"};
  std::vector<OrderReport> rows;
  for (std::size_t at = 0; at < answer.children.size(); ++at) {
    auto row = read_order_row(answer.children[at], fmt::format("openOrders[{}]", at));
    if (!row) return row.error();
    rows.push_back(*std::move(row));
  }
  return rows;
}

}  // namespace

// What was sent between two subscriptions is lost, and nothing in the messages says how much.
void BinanceAccount::begin_sync(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  const std::string_view reason = resubscribing_ ? "resubscribed" : "subscribed";
  for (const Dataset dataset : {Dataset::kExecution, Dataset::kBalance}) {
    if (was_open_) {
      schemas::GapMark mark;
      mark.kind = schemas::GapKind::kVenue;
      mark.reason = resubscribing_ ? "resubscribed" : "reconnect";
      out.on_gap(dataset, std::move(mark));
    }
    set_state(dataset, StreamState::kSyncing, reason, out);
  }
  was_open_ = true;
  resubscribing_ = false;
  settled_ = false;
  sync_began_ = now;
  begin_round(now, todo);
}

std::string BinanceAccount::round_key(std::string_view what) const { return fmt::format("{}/{}", what, round_); }

// Answers that are still on their way are older than the next subscription.
void BinanceAccount::end_rounds() {
  ++round_;
  round_at_.reset();
  lookups_.clear();
  to_look_up_.clear();
  executions_.waiting = false;
  assets_.waiting = false;
}

void BinanceAccount::begin_round(UnixNanos now, AccountCommands& todo) {
  ++round_;
  round_at_.reset();
  round_good_ = true;
  lookups_good_ = true;
  lookups_.clear();
  to_look_up_.clear();
  executions_.waiting = true;
  assets_.waiting = true;
  if (!names_waiting_) ask_state(now, todo);
}

void BinanceAccount::ask_state(UnixNanos now, AccountCommands& todo) {
  round_began_ = now;
  PrivateRequest orders;
  orders.key = round_key("orders");
  orders.target = config_.open_orders_path;
  orders.weight = config_.open_orders_weight;
  todo.rest.push_back(std::move(orders));
  PrivateRequest balances;
  balances.key = round_key("balances");
  balances.target = config_.balances_path;
  balances.weight = config_.balances_weight;
  todo.rest.push_back(std::move(balances));
}

Result<void> BinanceAccount::on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  Result<void> done{};
  if (answer.key == kClockKey) {
    if (connected_) subscribe(answer.receive_time, todo);
  } else if (answer.key == kNames) {
    done = on_names(answer, todo);
  } else {
    done = on_round_answer(answer, out, todo);
  }
  set_alarm(todo);
  return done;
}

// Without names the symbols stand for the instruments; the next connection asks again.
Result<void> BinanceAccount::on_names(const PrivateAnswer& answer, AccountCommands& todo) {
  Result<void> done{};
  if (judge_answer(answer).verdict == normalize::Verdict::kGood) {
    auto listings = read_exchange_info(parser_, answer.body);
    if (!listings) done = listings.error();
    if (listings) {
      for (Listing& listing : *listings) names_.insert_or_assign(listing.symbol, std::move(listing.instrument));
    }
  }
  if (std::exchange(names_waiting_, false) && executions_.waiting) ask_state(answer.receive_time, todo);
  return done;
}

// Not of an earlier round.
Result<void> BinanceAccount::on_round_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  if (answer.key == round_key("orders") && executions_.waiting && lookups_.empty()) {
    return on_open_orders(answer, out, todo);
  }
  if (answer.key == round_key("balances") && assets_.waiting) return on_all_balances(answer, out);
  if (lookups_.contains(std::string(answer.key))) return on_lookup(answer, out, todo);
  return {};
}

Result<void> BinanceAccount::on_open_orders(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  const bool good = judge_answer(answer).verdict == normalize::Verdict::kGood;
  const auto tree = good ? parse_json(parser_, answer.body) : Result<JsonNode>(JsonNode{});
  auto rows = good && tree ? read_order_rows(*tree) : Result<std::vector<OrderReport>>(std::vector<OrderReport>{});
  if (!good || !tree || !rows) {
    finish(Dataset::kExecution, false, answer.receive_time, out);
    if (!tree) return tree.error();
    return rows ? Result<void>() : Result<void>(rows.error());
  }
  // What the stream told since the subscription, or lately, REST may not know yet.
  const UnixNanos since = std::max(sync_began_, round_began_ - config_.capabilities.safety_lag_ns);
  const auto missing = orders_.missing(*rows, since);
  const bool only_changes = executions_.state == StreamState::kLive;
  for (OrderReport& row : *rows) {
    const std::string_view instrument = name_of(row.symbol);
    tell_hole(orders_.on_row(std::move(row), instrument, only_changes, answer.receive_time, out), out);
  }
  to_look_up_.assign(missing.begin(), missing.end());
  look_up(todo);
  if (lookups_.empty()) finish(Dataset::kExecution, true, answer.receive_time, out);
  return {};
}

void BinanceAccount::look_up(AccountCommands& todo) {
  for (; !to_look_up_.empty() && lookups_.size() < kLookupsAtOnce; to_look_up_.pop_front()) {
    const AccountOrders::Key& order = to_look_up_.front();
    PrivateRequest request;
    request.key = fmt::format("{}/{}/{}", round_key("order"), order.symbol, order.order_id);
    request.target =
        fmt::format("{}?symbol={}&orderId={}", config_.order_path, percent_encoded(order.symbol), order.order_id);
    request.weight = config_.order_weight;
    lookups_.insert(request.key);
    todo.rest.push_back(std::move(request));
  }
}

Result<void> BinanceAccount::on_lookup(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) {
  Result<void> done = read_lookup(answer, out);
  if (!done) lookups_good_ = false;
  lookups_.erase(std::string(answer.key));
  look_up(todo);
  if (lookups_.empty()) finish(Dataset::kExecution, lookups_good_, answer.receive_time, out);
  return done;
}

// "order/ROUND/SYMBOL/ID". The venue forgets orders that ended without a fill (sheet, section 6), and may not know yet
// what is young: that is asked for again in the next round, as is what was refused for another reason.
Result<void> BinanceAccount::read_lookup(const PrivateAnswer& answer, AccountSink& out) {
  const normalize::Verdict verdict = judge_answer(answer).verdict;
  if (is_no_such_order(answer)) {
    const std::string_view order = answer.key.substr(round_key("order").size() + 1);
    const std::size_t slash = order.rfind('/');
    const AccountOrders::Key key{std::string(order.substr(0, slash)), std::string(order.substr(slash + 1))};
    orders_.give_up(key, name_of(key.symbol), round_began_ - config_.capabilities.safety_lag_ns, answer.receive_time,
                    out);
    return {};
  }
  if (verdict == normalize::Verdict::kRefused) {
    set_state(Dataset::kExecution, executions_.state, "order_unknown", out);
    return {};
  }
  if (verdict != normalize::Verdict::kGood) {
    lookups_good_ = false;
    return {};
  }
  const auto tree = parse_json(parser_, answer.body);
  if (!tree) return tree.error();
  auto row = read_order_row(*tree, "order");
  if (!row) return row.error();
  const std::string_view instrument = name_of(row->symbol);
  const bool only_changes = executions_.state == StreamState::kLive;
  tell_hole(orders_.on_row(*std::move(row), instrument, only_changes, answer.receive_time, out), out);
  return {};
}

Result<void> BinanceAccount::on_all_balances(const PrivateAnswer& answer, AccountSink& out) {
  const bool good = judge_answer(answer).verdict == normalize::Verdict::kGood;
  const auto tree = good ? parse_json(parser_, answer.body) : Result<JsonNode>(JsonNode{});
  Result<std::vector<BalanceReport>> rows = std::vector<BalanceReport>{};
  if (good && tree) rows = config_.is_spot ? read_spot_account(*tree) : read_futures_balance(*tree);
  if (!good || !tree || !rows) {
    finish(Dataset::kBalance, false, answer.receive_time, out);
    if (!tree) return tree.error();
    return rows ? Result<void>() : Result<void>(rows.error());
  }
  balances_.on_rows(*std::move(rows), assets_.state == StreamState::kLive, out);
  finish(Dataset::kBalance, true, answer.receive_time, out);
  return {};
}

// A dataset that was live stays so when a later round fails: the stream goes on.
void BinanceAccount::finish(Dataset dataset, bool good, UnixNanos now, AccountSink& out) {
  Progress& one = progress(dataset);
  one.waiting = false;
  round_good_ = round_good_ && good;
  const bool was_live = one.state == StreamState::kLive;
  if (!good) {
    set_state(dataset, was_live ? StreamState::kLive : StreamState::kRecovering,
              was_live ? "check_failed" : "snapshot_failed", out);
  } else if (!was_live) {
    set_state(dataset, StreamState::kLive, "synced", out);
  }
  if (executions_.waiting || assets_.waiting) return;
  if (!round_good_) {
    round_at_ = now + kRetryNs;
  } else {
    round_at_ = now + (settled_ ? kRoundEveryNs : config_.capabilities.safety_lag_ns + kBeyondLagNs);
    settled_ = true;
  }
}

}  // namespace millrace::normalize::binance
