#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/accounts/binance_account.h"

namespace millrace::sim::accounts {

// Binance shows amounts with eight decimals.
inline std::string eight(Amount amount) { return shown(amount, 8); }

class JsonIn;

// Binance spot: the WebSocket API's user data stream and signed REST (protocols/binance.md sections 5.1 and 6).
class BinanceSpotAccount final : public BinanceAccount {
 public:
  explicit BinanceSpotAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return "/ws-api/v3"; }
  bool serves(std::string_view target) const override;

 private:
  struct Conn {
    bool rate_limits = true;
    std::int64_t opened_ns = 0;
    int session_key = -1;         // of session.logon
    std::int64_t session_ns = 0;  // since
    int subscriptions = 0;        // so far: the next id
    std::optional<int> active;    // the id of the one that is told
    int active_key = -1;          // with which it was made
  };

  int weight_of(const Request& request) const override;
  std::optional<HttpReply> answer_open(const Request& request) override;
  HttpReply answer_signed(const Request& request) override;
  std::string account(const Request& request) const;
  std::string order_row(const Order& order) const;
  std::string fill_row(const Fill& fill) const;
  HttpReply orders(const Request& request, bool open);

  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId conn, std::string_view text) override;
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void on_tick() override;

  // A result, or what is wrong.
  struct Outcome {
    std::string result = {};
    std::optional<Error> error = {};
  };
  Outcome call(Conn& conn, const std::string& method, const JsonIn& message);
  std::optional<Error> denied_call(const JsonIn& message);
  Outcome logon(Conn& conn, const JsonIn& message);
  Outcome subscribe(Conn& conn, int key);
  std::string report(const Event& event) const;
  std::string position(const Event& event) const;

  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
