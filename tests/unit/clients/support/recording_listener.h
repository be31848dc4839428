#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/account_listener.h"

namespace millrace::test {

// Writes down each call as a line: "filled ID", "corrected ID 2", "order ID NEW", "balance BTC 1.5", "connected main",
// "disconnected main REASON", "recovered 17", "error REASON". Throws or hangs when told to.
class RecordingListener final : public AccountListener {
 public:
  void on_filled(const Execution& fill) override { note("filled " + fill.event_id); }
  void on_partially_filled(const Execution& fill) override { note("partial " + fill.event_id); }
  void on_corrected(const Execution& fill) override {
    note("corrected " + fill.event_id + " " + std::to_string(fill.revision));
  }
  void on_cancelled(const Execution& order) override { note("cancelled " + order.event_id); }
  void on_rejected(const Execution& order) override { note("rejected " + order.event_id); }
  void on_order(const Execution& order) override {
    note("order " + order.event_id + " " + std::string(name(order.kind)));
  }
  void on_balance(const Balance& balance) override {
    note("balance " + balance.asset + " " + balance.total.value_or(Decimal{}).text);
  }
  void on_connected(const Connection& connection) override { note("connected " + connection.account); }
  void on_disconnected(const Connection& connection) override {
    note("disconnected " + connection.account + " " + connection.reason);
  }
  void on_recovered(const Recovered& recovered) override { note("recovered " + std::to_string(recovered.watermark)); }
  void on_error(const AccountError& error) override { note("error " + error.reason); }

  // The next calls throw, after they were written down.
  void throw_next(int calls);
  // The next call does not return before release().
  void hang_next();
  void await_hanging();
  void release();

  // The calls so far, at least so many of them; fails the test if they do not come within 30 s.
  std::vector<std::string> await(std::size_t calls);
  // The most calls that were ever under way at once.
  int most_at_once() const;

 private:
  void note(std::string line);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  int to_throw_ = 0;
  bool hang_ = false;
  bool hanging_ = false;
  int under_way_ = 0;
  int most_ = 0;
};

}  // namespace millrace::test
