#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/binance_account.h"

namespace millrace::sim::accounts {

// Binance USD-M futures: listen keys, the private stream and signed REST (protocols/binance.md sections 5.2 and 6). Of
// the four addresses that the sheet names only /private/ws?listenKey=..&events=.. is told anything; the others connect
// and stay silent, as some users report.
class BinanceUsdmAccount final : public BinanceAccount {
 public:
  explicit BinanceUsdmAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return {}; }
  bool serves(std::string_view target) const override;

 private:
  struct Conn {
    std::string listen_key;
    std::vector<std::string> events;
    std::int64_t opened_ns = 0;
  };

  int weight_of(const Request& request) const override;
  std::optional<HttpReply> answer_open(const Request& request) override;
  HttpReply answer_signed(const Request& request) override;
  HttpReply listen_key(const Request& request);
  HttpReply orders(const Request& request, bool open);
  std::string balances() const;
  std::string account() const;
  std::string position_rows() const;
  std::string order_row(const Order& order) const;
  std::string fill_row(const Fill& fill) const;

  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId, std::string_view) override {}
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void on_tick() override;
  void tell(std::string_view kind, const std::string& text);
  std::string order_update(const Event& event, std::string_view type) const;
  std::string trade_lite(const Event& event) const;
  std::string account_update(const Event& event, std::string_view reason) const;
  bool key_lives() const noexcept { return !listen_key_.empty() && now_ns() < expires_ns_; }

  std::string listen_key_;  // empty = none
  std::int64_t expires_ns_ = 0;
  std::int64_t keys_given_ = 0;
  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
