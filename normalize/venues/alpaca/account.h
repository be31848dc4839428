#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/open_order_check.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/alpaca/account_holdings.h"
#include "normalize/venues/alpaca/account_orders.h"

namespace millrace::normalize::alpaca {

// One Alpaca account: the trading stream, which has no snapshot, no numbers and no replay, and the REST questions that
// stand in for them (sheet, 5 to 8). After each listen the open orders are asked for, after an outage also the orders
// that were submitted meanwhile; again each minute while any order is open, as the stream is known to fall silent.
// Balances are polled: the venue pushes none.
class AlpacaAccount final : public AccountAdapter {
 public:
  AlpacaAccount(std::string_view venue, std::string_view account);

  void on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  // Binary frames hold the same JSON: the paper environment sends them (1).
  Result<void> on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) override;
  Result<void> on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) override;
  void on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  void on_close(UnixNanos now, AccountSink& out) override;

 private:
  // What a call has at hand.
  struct Call {
    UnixNanos now;
    AccountSink& out;
    AccountCommands& todo;
  };

  Result<void> on_message(const JsonNode& message, Call& call);
  Result<void> on_control(const JsonNode& message, Call& call);
  void on_authorization(const JsonNode& data, Call& call);
  Result<void> on_listening(const JsonNode& data, Call& call);
  Result<void> on_refusal(std::int64_t code, const std::string& words, Call& call);
  Result<void> on_orders(const PrivateAnswer& answer, bool open_ones, Call& call);
  Result<void> on_order(const PrivateAnswer& answer, const std::string& id, Call& call);
  Result<void> on_holdings(const PrivateAnswer& answer, bool positions, Call& call);
  Result<void> give_up_orders(std::string_view what, Call& call);
  Result<void> give_up_holdings(Call& call);

  void authenticate(Call& call);
  void ask(std::string_view what, std::string target, Call& call);
  void ask_open_orders(std::string_view after, Call& call);
  void ask_new_orders(std::string after, Call& call);
  void ask_order(const std::string& id, UnixNanos not_before, Call& call);
  void ask_holdings(Call& call);
  void act_on(const AlpacaOrders::Outcome& outcome, Call& call);
  void settle(Call& call);
  void set_state(Dataset dataset, schemas::StreamState state, std::string_view reason, Call& call);
  void reconnect(std::string_view reason, Call& call);
  void wake(Call& call) const;
  std::string key(std::string_view what) const;

  JsonParser parser_;
  AlpacaOrders orders_;
  Holdings holdings_;

  // Of the connection.
  std::int64_t connection_ = 0;  // how often one was opened; part of every request's key, which tells late answers
  bool connected_ = false;
  bool listening_ = false;
  std::optional<UnixNanos> answer_due_;        // to auth, then to listen
  std::optional<UnixNanos> authenticate_due_;  // after a refusal for too many connections
  int refusals_ = 0;
  UnixNanos closed_ = 0;
  schemas::StreamState orders_state_ = schemas::StreamState::kSyncing;
  schemas::StreamState holdings_state_ = schemas::StreamState::kSyncing;

  // Of the questions to REST. Absent while an answer is awaited, and without a connection.
  std::optional<UnixNanos> orders_due_, holdings_due_;
  bool first_list_ = true;  // of this connection: all of it is told
  bool wants_new_ = false;  // orders of the outage are not known yet
  std::string new_after_;   // their list's cursor
  OpenOrderCheck check_;
};

}  // namespace millrace::normalize::alpaca
