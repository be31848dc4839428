#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/binance/account_balances.h"
#include "normalize/venues/binance/account_config.h"
#include "normalize/venues/binance/account_orders.h"

namespace millrace::normalize::binance {

// One account of Binance spot or USD-M. The stream pushes no state and numbers nothing (sheet, 5.1 and 5.2), so after
// each subscribe REST is asked for open orders and balances, and again a while later, since REST may lag: a round. Only
// when both have answered is a dataset LIVE. Orders that were open and are no longer named are asked for one by one.
class BinanceAccount final : public AccountAdapter {
 public:
  // `config` has static life.
  BinanceAccount(const AccountConfig& config, std::string account);

  void restore(const ToldBefore& before) override { orders_.restore(before); }
  std::size_t open_orders() const noexcept override { return orders_.open_count(); }
  void on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  Result<void> on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) override;
  Result<void> on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) override;
  void on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  void on_close(UnixNanos now, AccountSink& out) override;

 private:
  static constexpr std::string_view kClockKey = "clock";

  // How far one dataset is.
  struct Progress {
    schemas::StreamState state = schemas::StreamState::kSyncing;
    bool waiting = false;  // for this round's answers
  };

  // Frames.
  Result<void> on_message(const JsonNode& message, UnixNanos now, AccountSink& out, AccountCommands& todo);
  Result<void> on_event(const JsonNode& event, UnixNanos now, AccountSink& out, AccountCommands& todo);
  Result<void> on_order(Result<OrderReport> report, UnixNanos now, AccountSink& out);
  Result<void> on_balances(Result<std::vector<BalanceReport>> reports, AccountSink& out);
  Result<void> on_reply(const JsonNode& reply, UnixNanos now, AccountSink& out, AccountCommands& todo);
  void on_refusal(std::optional<std::int64_t> code, int status, const std::string& message, UnixNanos now,
                  AccountSink& out, AccountCommands& todo);
  void subscribe(UnixNanos now, AccountCommands& todo);
  void ask_clock(AccountCommands& todo);

  // Rounds (account_rounds.cpp).
  void begin_sync(UnixNanos now, AccountSink& out, AccountCommands& todo);
  void end_rounds();
  void begin_round(UnixNanos now, AccountCommands& todo);
  void ask_state(UnixNanos now, AccountCommands& todo);
  Result<void> on_names(const PrivateAnswer& answer, AccountCommands& todo);
  Result<void> on_round_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo);
  Result<void> on_open_orders(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo);
  void look_up(AccountCommands& todo);
  Result<void> on_lookup(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo);
  Result<void> read_lookup(const PrivateAnswer& answer, AccountSink& out);
  Result<void> on_all_balances(const PrivateAnswer& answer, AccountSink& out);
  void finish(Dataset dataset, bool good, UnixNanos now, AccountSink& out);
  Progress& progress(Dataset dataset) { return dataset == Dataset::kExecution ? executions_ : assets_; }
  void set_state(Dataset dataset, schemas::StreamState state, std::string_view reason, AccountSink& out);
  void tell_hole(AccountOrders::Outcome outcome, AccountSink& out);
  void set_alarm(AccountCommands& todo) const;
  std::string_view name_of(const std::string& symbol) const;
  std::string round_key(std::string_view what) const;

  const AccountConfig& config_;
  AccountOrders orders_;
  AccountBalances balances_;
  JsonParser parser_;
  std::unordered_map<std::string, std::string> names_;  // symbol -> instrument
  bool names_waiting_ = false;
  bool connected_ = false;
  bool was_open_ = false;                  // a subscription before this one
  bool clock_asked_ = false;               // on this connection
  bool resubscribing_ = false;             // on a connection whose subscription ended
  std::int64_t subscribes_ = 0;            // the last request's number
  std::optional<UnixNanos> answer_by_;     // the subscribe request's answer
  std::optional<UnixNanos> subscribe_at_;  // try again then
  std::optional<UnixNanos> round_at_;      // the next round
  std::int64_t round_ = 0;
  UnixNanos sync_began_ = 0;
  UnixNanos round_began_ = 0;
  bool round_good_ = true;                     // so far
  bool settled_ = false;                       // a round after REST's lag has confirmed the first one
  std::set<std::string> lookups_;              // keys of the requests for single orders
  std::deque<AccountOrders::Key> to_look_up_;  // not more than kLookupsAtOnce are asked for at a time
  bool lookups_good_ = true;                   // so far
  Progress executions_;
  Progress assets_;
};

}  // namespace millrace::normalize::binance
