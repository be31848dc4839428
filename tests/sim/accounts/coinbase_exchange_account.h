#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/call_budget.h"
#include "tests/sim/accounts/face_base.h"

namespace millrace::sim::accounts {

class JsonIn;

inline constexpr double kLateAtMost = 30;  // seconds that a signature's time may be off

// Coinbase Exchange: the feed with `user`, `balance` and `heartbeat`, and signed REST (protocols/coinbase.md, what is
// marked [X]).
class CoinbaseExchangeAccount final : public FaceBase {
 public:
  // Throws std::runtime_error if a secret is not base64.
  explicit CoinbaseExchangeAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return {}; }
  bool serves(std::string_view target) const override;

 private:
  struct Conn {
    std::int64_t opened_ns = 0;
    std::int64_t beat_ns = 0;
    std::set<std::string> user, heartbeat;  // products
    std::set<std::string> balances;         // account ids
    bool subscribed = false;
  };

  HttpReply refusal(int status) const override;
  HttpReply answer(const Request& request) override;
  HttpReply answer_signed(const Request& request);
  std::string denied(const Request& request);
  bool proven(int key, std::string_view timestamp, std::string_view message, std::string_view signature) const;
  HttpReply accounts() const;
  HttpReply fills(const Request& request);
  HttpReply orders(const Request& request);
  HttpReply one_order(std::string_view id) const;
  std::string fill_row(const Fill& fill) const;
  std::string order_row(const Order& order) const;
  std::string products() const;
  std::string account_id(const std::string& asset) const;

  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId conn, std::string_view text) override;
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void on_tick() override;

  void subscribe(ConnId id, Conn& conn, const JsonIn& message);
  void add_channel(ConnId id, Conn& conn, const JsonIn& message, const std::string& at);
  void unsubscribe(ConnId id, Conn& conn, const JsonIn& message);
  std::string denied_subscription(const JsonIn& message);
  void acknowledge(ConnId id, const Conn& conn);
  void refuse(ConnId id, std::string_view message, std::string_view reason);
  void tell(const std::string& symbol, const std::string& text);
  void tell_fill(const Event& event);
  void tell_balances(const Event& event);
  std::string balance_row(const std::string& asset, const Balance& balance, std::int64_t updated_ns) const;
  std::int64_t next_sequence(const std::string& symbol);

  std::vector<std::string> secrets_;  // decoded, as FaceOptions::keys
  CallBudget private_budget_{15, 30};
  CallBudget fills_budget_{10, 20};
  std::map<std::string, std::int64_t> sequences_;  // of products
  std::string profile_id_, user_id_;
  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
