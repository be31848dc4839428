#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/sim/accounts/face_base.h"
#include "tests/sim/venues/weight.h"

namespace millrace::sim::accounts {

class JsonIn;

// Alpaca's trading stream and REST of a paper account, which sends its JSON in binary frames (protocols/alpaca.md
// sections 1, 5 and 6).
class AlpacaAccount final : public FaceBase {
 public:
  explicit AlpacaAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return "/stream"; }
  bool serves(std::string_view target) const override;

 private:
  struct Conn {
    bool authorized = false;
    bool listening = false;
  };

  HttpReply refusal(int status) const override;
  HttpReply answer(const Request& request) override;
  HttpReply answer_signed(const Request& request);
  std::string account() const;
  std::string positions() const;
  std::string assets() const;
  HttpReply activities(const Request& request, bool only_fills);
  HttpReply orders(const Request& request) const;
  HttpReply one_order(const Request& request) const;
  // The order as of `order`, which may be of the past.
  std::string order_row(const Order& order) const;
  std::string fill_row(const Fill& fill) const;
  std::string asset_id(std::string_view symbol) const;

  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId conn, std::string_view text) override;
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void authorize(ConnId id, Conn& conn, std::string_view key, std::string_view secret);
  void tell(const Event& event, std::string_view word, const std::string& more);

  RateWindow calls_;
  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
