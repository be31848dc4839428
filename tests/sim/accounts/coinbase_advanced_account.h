#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/call_budget.h"
#include "tests/sim/accounts/face_base.h"
#include "tests/sim/accounts/web_token.h"

namespace millrace::sim::accounts {

class JsonIn;

// Coinbase Advanced Trade: the `user` and `heartbeats` channels and REST with tokens (protocols/coinbase.md, what is
// marked [A]). The stream tells orders, never fills.
class CoinbaseAdvancedAccount final : public FaceBase {
 public:
  // Throws std::runtime_error for a secret that is neither an EC P-256 PEM nor an Ed25519 key.
  explicit CoinbaseAdvancedAccount(const FaceOptions& options);

  std::string_view ws_path() const noexcept override { return {}; }
  bool serves(std::string_view target) const override;

 private:
  struct Conn {
    std::int64_t opened_ns = 0;
    std::int64_t beat_ns = 0;
    std::int64_t beats = 0;
    std::int64_t next_sequence = 0;
    bool user = false, heartbeats = false, subscribed = false;
    std::set<std::string> products;  // of `user`; empty = all
  };
  // A row of the fill history: a fill, or the one that takes it back.
  struct Entry {
    const Fill* fill = nullptr;
    bool reversal = false;
    std::int64_t time_ns = 0;
    std::int64_t order = 0;  // among entries of one time
  };

  HttpReply refusal(int status) const override;
  HttpReply answer(const Request& request) override;
  HttpReply answer_signed(const Request& request);
  std::string denied(std::string_view token, std::string_view uri);
  std::string denied_request(const Request& request);
  HttpReply accounts(const Request& request) const;
  HttpReply fills(const Request& request);
  HttpReply orders(const Request& request) const;
  std::vector<Entry> entries(const Request& request) const;
  std::string entry_row(const Entry& entry) const;
  std::string order_row(const Order& order, bool rest) const;
  std::string products() const;

  void on_open(ConnId conn, std::string_view target) override;
  void on_message(ConnId conn, std::string_view text) override;
  void on_closed(ConnId conn) override { conns_.erase(conn); }
  void publish(const Event& event) override;
  void flush() override;
  void on_tick() override;
  void subscribe(ConnId id, Conn& conn, const JsonIn& message);
  void snapshot(ConnId id, Conn& conn);
  void acknowledge(ConnId id, Conn& conn);
  std::string envelope(Conn& conn, std::string_view channel, std::string_view events) const;
  static bool wants(const Conn& conn, const Order& order);
  static std::string_view status_word(const Order& order) noexcept;

  std::vector<ClientKey> proofs_;  // as FaceOptions::keys
  TokenCheck tokens_;
  CallBudget budget_{30, 30};
  std::string user_id_, portfolio_id_;
  std::map<std::int64_t, Order> pending_;  // orders that changed, by number: told together
  std::map<ConnId, Conn> conns_;
};

}  // namespace millrace::sim::accounts
