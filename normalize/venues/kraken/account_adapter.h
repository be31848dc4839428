#pragma once

#include <map>
#include <string>
#include <vector>

#include "normalize/account/account_adapter.h"
#include "normalize/venues/kraken/account_balances.h"
#include "normalize/venues/kraken/account_channel.h"
#include "normalize/venues/kraken/account_executions.h"
#include "normalize/venues/kraken/account_messages.h"

namespace millrace::normalize::kraken {

// One account on wss://ws-auth.kraken.com/v2: the channels `executions` and `balances`, and QueryOrders for orders that
// ended while nobody listened. See the README's section on accounts for what is decided here.
class KrakenAccountAdapter : public AccountAdapter {
 public:
  explicit KrakenAccountAdapter(std::string account);

  void restore(const ToldBefore& before) override { executions_.restore(before); }
  std::size_t open_orders() const noexcept override { return executions_.open_count(); }
  void on_open(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  Result<void> on_frame(const Frame& frame, AccountSink& out, AccountCommands& todo) override;
  Result<void> on_answer(const PrivateAnswer& answer, AccountSink& out, AccountCommands& todo) override;
  void on_time(UnixNanos now, AccountSink& out, AccountCommands& todo) override;
  void on_close(UnixNanos now, AccountSink& out) override;

 private:
  Result<void> dispatch(AccountMessage& message, UnixNanos now, AccountSink& out, AccountCommands& todo);
  Result<void> on_reply(const AccountReply& reply, UnixNanos now, AccountSink& out, AccountCommands& todo);
  void on_status(const std::string& system, AccountSink& out);
  void on_executions(AccountMessage& message, UnixNanos now, AccountSink& out, AccountCommands& todo);
  void on_balances(const AccountMessage& message, UnixNanos now, AccountSink& out, AccountCommands& todo);
  // Asks how orders ended that a snapshot no longer names, `at_once` in a request.
  void ask_for(const std::vector<std::string>& orders, std::size_t at_once, UnixNanos not_before,
               AccountCommands& todo);
  Result<void> read_orders(const PrivateAnswer& answer, const std::vector<std::string>& asked, AccountSink& out,
                           AccountCommands& todo);
  void on_unknown(const std::vector<std::string>& orders, UnixNanos now, AccountSink& out, AccountCommands& todo);
  void wake(AccountCommands& todo);

  TokenUse token_;
  AccountChannel executions_channel_;
  AccountChannel balances_channel_;
  AccountExecutions executions_;
  AccountBalances balances_;
  // Requests of this connection without an answer so far: which orders each asks for.
  std::map<std::string, std::vector<std::string>, std::less<>> asked_;
  std::int64_t asks_ = 0;
  JsonParser parser_;
};

}  // namespace millrace::normalize::kraken
