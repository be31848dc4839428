#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/order_questions.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/alpaca/account_holdings.h"
#include "normalize/venues/alpaca/account_orders.h"

namespace millrace::normalize::alpaca {

// One Alpaca account: the trading stream, which has no snapshot, no numbers and no replay, and the REST questions that
// stand in for them (sheet, 5 to 8): after each listen and each minute, as the stream is known to fall silent. Balances
// are polled: the venue pushes none.
class AlpacaAccount final : public AccountAdapter {
 public:
  AlpacaAccount(std::string_view venue, std::string_view account);

  void restore(const ToldBefore& before) override { orders_.restore(before); }
  std::size_t open_orders() const noexcept override { return orders_.open_count(); }
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

  // What a round about the balances asks, one after the other; how crypto is called only once.
  enum class Asked : std::uint8_t { kAssets, kAccount, kPositions };

  Result<void> on_message(const JsonNode& message, Call& call);
  Result<void> on_control(const JsonNode& message, Call& call);
  void on_authorization(const JsonNode& data, Call& call);
  Result<void> on_listening(const JsonNode& data, Call& call);
  Result<void> on_refusal(std::int64_t code, const std::string& words, Call& call);
  Result<void> on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call);
  Result<void> on_order(const PrivateAnswer& answer, const std::string& id, Call& call);
  Result<void> on_holdings(const PrivateAnswer& answer, Asked asked, Call& call);
  void give_up_orders(OrderQuestions::About about, const std::string& id, Call& call);
  Result<void> tell_holdings(const JsonNode& node, Asked what, Call& call);
  void give_up_holdings(Call& call);

  void authenticate(Call& call);
  void ask_holdings(Asked what, Call& call);
  void act_on(const AlpacaOrders::Outcome& outcome, Call& call);
  void settle(Call& call);
  void set_state(Dataset dataset, schemas::StreamState state, std::string_view reason, Call& call);
  void reconnect(std::string_view reason, Call& call);
  void wake(Call& call) const;
  std::string holdings_key(Asked what) const;

  JsonParser parser_;
  AlpacaOrders orders_;
  Holdings holdings_;

  // Of the connection.
  std::int64_t connection_ = 0;  // how often one was opened; part of a request's key, which tells late answers
  bool connected_ = false;
  bool listening_ = false;
  std::optional<UnixNanos> answer_due_;        // to auth, then to listen
  std::optional<UnixNanos> authenticate_due_;  // after a refusal for too many connections
  int refusals_ = 0;
  schemas::StreamState orders_state_ = schemas::StreamState::kSyncing;
  schemas::StreamState holdings_state_ = schemas::StreamState::kSyncing;

  OrderQuestions questions_;
  std::optional<UnixNanos> holdings_due_;  // absent while an answer is awaited, and without a connection
};

}  // namespace millrace::normalize::alpaca
