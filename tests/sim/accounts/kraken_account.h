#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/face_base.h"

namespace millrace::sim::accounts {

// One channel of one connection.
struct KrakenSubscription {
  std::int64_t sequence = 0;  // of the last message
  bool all_states = true;     // order_status
  std::string rows;           // trades of one time, not yet sent
  std::int64_t rows_time = 0;
  int row_count = 0;
};

// Kraken's private side: ws-auth v2 with `executions` and `balances`, private REST (protocols/kraken.md sections 1, 5
// and 6).
class KrakenAccount final : public FaceBase {
 public:
  // Throws std::runtime_error if the secret is not base64.
  explicit KrakenAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return "/v2"; }
  bool serves(std::string_view target) const override;

 private:
  using Subscription = KrakenSubscription;
  struct Conn {
    std::optional<Subscription> executions;
    std::optional<Subscription> balances;
    std::string token;  // with which it subscribed
    std::int64_t heard_ns = 0;
  };
  struct Token {
    std::int64_t expires_ns = 0;
    int key = 0;
  };

  // Of one API key.
  struct Proof {
    std::string secret;  // decoded
    std::uint64_t last_nonce = 0;
    double counter = 0;  // of REST calls
    std::int64_t counted_ns = 0;
  };

  HttpReply refusal(int status) const override;
  HttpReply answer(const Request& request) override;
  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId conn, std::string_view text) override;
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void flush() override;
  void on_tick() override;

  // kraken_account_rest.cpp
  HttpReply answer_public(const Request& request);
  HttpReply answer_private(const Request& request);
  std::string denied(const Request& request, int key);
  bool over_budget(Proof& proof, std::string_view call) const;
  std::string give_token(int key);
  std::string trades_history(const Request& request);
  std::string query_trades(const Request& request) const;
  std::string orders(const Request& request, bool open);
  std::string query_orders(const Request& request) const;
  std::string balances(bool extended) const;
  std::string trade_row(const Fill& fill) const;
  std::string order_row(const Order& order) const;

  // kraken_account_ws.cpp
  void subscribe(ConnId id, Conn& conn, const class JsonIn& message);
  void unsubscribe(ConnId id, Conn& conn, const class JsonIn& message);
  bool token_good(const Conn& conn, const std::string& token) const;
  void snapshot_executions(ConnId id, Subscription& to, bool orders, bool trades);
  void snapshot_balances(ConnId id, Subscription& to);
  void tell_executions(ConnId id, Subscription& to, std::string_view row);
  void tell_trade(ConnId id, Subscription& to, const Event& event);
  void flush_trades(ConnId id, Subscription& to);
  void tell_balances(ConnId id, Subscription& to, const Event& event);

  std::vector<Proof> proofs_;  // as FaceOptions::keys
  std::map<std::string, Token, std::less<>> tokens_;
  std::int64_t tokens_given_ = 0;
  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
