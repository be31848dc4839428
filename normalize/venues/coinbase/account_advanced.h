#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/account/order_questions.h"
#include "normalize/json/json_tree.h"
#include "normalize/venues/coinbase/account_advanced_orders.h"
#include "normalize/venues/coinbase/account_balances.h"

namespace millrace::normalize::coinbase {

// One account of Coinbase Advanced: the user channel with its snapshot, beside heartbeats, without which the venue
// closes quiet channels (sheet, 4.2 and 5.2). Messages of a connection are numbered: after a gap the user channel is
// subscribed anew. Around it REST is asked how the orders stand: the snapshot is of open orders alone. Fills are the
// sidecar's to fetch, whenever an order has more filled than before ("fills_from_rest"); balances are polled.
class AdvancedAccount final : public AccountAdapter {
 public:
  AdvancedAccount(std::string_view venue, std::string_view account);

  void restore(const ToldBefore& before) override { orders_.restore(before); }
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

  bool in_sequence(const AdvancedMessage& message, Call& call);
  void on_acknowledged(Call& call);
  void on_event(const UserEvent& event, const AdvancedMessage& message, Call& call);
  Result<void> on_refusal(const JsonNode& message, Call& call);
  Result<void> on_list(const PrivateAnswer& answer, OrderQuestions::About about, Call& call);
  Result<void> on_order(const PrivateAnswer& answer, const std::string& id, Call& call);
  Result<void> on_balances(const PrivateAnswer& answer, Call& call);

  void subscribe(Call& call);
  void give_up(OrderQuestions::About about, const std::string& id, Call& call);
  void ask_balances(std::string_view cursor, Call& call);
  void fetch_fills(Call& call);
  void settle(Call& call);
  void set_state(Dataset dataset, schemas::StreamState state, std::string_view reason, Call& call);
  void wake(Call& call) const;
  std::string balances_key() const;

  JsonParser parser_;
  AdvancedOrders orders_;
  BalanceBook balances_;

  // Of the connection.
  std::int64_t connection_ = 0;  // how often one was opened; part of a request's key, which tells late answers
  bool connected_ = false;
  bool logged_in_ = false;
  bool acknowledged_ = false;  // the last subscribe
  bool resubscribed_ = false;
  int refusals_ = 0;
  std::optional<std::int64_t> sequence_;    // of the last message
  std::optional<UnixNanos> ack_due_;        // of a subscribe
  std::optional<UnixNanos> subscribe_due_;  // once more, after a refusal
  schemas::StreamState orders_state_ = schemas::StreamState::kSyncing;
  schemas::StreamState balances_state_ = schemas::StreamState::kSyncing;

  bool in_snapshot_ = false;

  OrderQuestions questions_;
  std::optional<UnixNanos> balances_due_;  // absent while an answer is awaited, and without a connection
  UnixNanos balances_asked_ = 0;
};

}  // namespace millrace::normalize::coinbase
