#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/order_questions.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/coinbase/account_balances.h"
#include "normalize/venues/coinbase/account_exchange_orders.h"

namespace millrace::normalize::coinbase {

// One account of Coinbase Exchange: the user and balance channels, and the REST questions that stand in for the
// snapshot and the loss evidence that they lack (sheet, 5.1, 6 and 7). Orders are asked for once the user channel is
// acknowledged, so that nothing falls between the two.
class ExchangeAccount final : public AccountAdapter {
 public:
  ExchangeAccount(std::string_view venue, std::string_view account, std::vector<std::string> products);

  void restore(const ToldBefore& before) override;
  std::size_t open_orders() const noexcept override { return orders_.open_count(); }
  void on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
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
  Result<void> on_refusal(const JsonNode& message, Call& call);
  void on_subscriptions(const JsonNode& message, Call& call);
  Result<void> on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call);
  Result<void> on_order(const PrivateAnswer& answer, const std::string& id, Call& call);
  Result<void> on_balances(const PrivateAnswer& answer, Call& call);
  void give_up(OrderQuestions::About about, const std::string& id, Call& call);

  void ask_balances(Call& call);
  void subscribe_balances(const std::vector<BalanceRow>& rows, Call& call);
  void follow_products(const std::vector<OrderRow>& rows, Call& call);

  void act_on(const ExchangeOrders::Outcome& outcome, Call& call);
  void settle(Call& call);
  void set_state(Dataset dataset, schemas::StreamState state, std::string_view reason, Call& call);
  void wake(Call& call) const;
  std::string balances_key() const;

  JsonParser parser_;
  ExchangeOrders orders_;
  BalanceBook balances_;
  std::vector<std::string> products_;  // subscribed to: the configured ones, and those of orders that REST names

  // Of the connection.
  std::int64_t connection_ = 0;  // how often one was opened; part of a request's key, which tells late answers
  bool connected_ = false;
  bool acknowledged_ = false;
  bool balances_subscribed_ = false;
  std::optional<UnixNanos> ack_due_;
  schemas::StreamState orders_state_ = schemas::StreamState::kSyncing;
  schemas::StreamState balances_state_ = schemas::StreamState::kSyncing;

  OrderQuestions questions_;
  std::vector<std::string> doubts_;        // of the predecessor, until the first acknowledgement
  std::optional<UnixNanos> balances_due_;  // absent while an answer is awaited, and without a connection
  UnixNanos balances_asked_ = 0;
};

}  // namespace millrace::normalize::coinbase
