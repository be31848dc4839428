#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/accounts/crypto.h"
#include "tests/sim/accounts/face_base.h"
#include "tests/sim/venues/weight.h"

namespace millrace::sim::accounts {

// What spot and USD-M share (protocols/binance.md sections 5 and 6): proofs, weights, errors, pages of fills.
class BinanceAccount : public FaceBase {
 protected:
  struct Error {
    int status = 400;
    int code = 0;
    std::string text;
  };
  struct FillRules {
    std::int64_t window_ns = 0;    // startTime to endTime at most
    bool default_window = false;   // without times: only the last window
    bool order_with_times = true;  // may orderId stand with times?
  };

  // Throws std::runtime_error for a secret that begins like a PEM and is no Ed25519 key.
  BinanceAccount(std::string_view venue, const FaceOptions& options, LedgerRules rules, int weight_per_minute);

  HttpReply refusal(int status) const override;
  HttpReply answer(const Request& request) override;

  virtual int weight_of(const Request& request) const = 0;
  // Without a signature; nullopt if the call wants one.
  virtual std::optional<HttpReply> answer_open(const Request& request) = 0;
  virtual HttpReply answer_signed(const Request& request) = 0;

  static HttpReply to_reply(const Error& error);
  // Why a signed text is not the account's. `payload` is what was signed; `signature` as sent, decoded.
  std::optional<Error> denied(std::string_view api_key, std::string_view payload, std::string_view signature,
                              std::optional<std::int64_t> timestamp, std::int64_t window);
  bool is_ed25519(int key) const noexcept { return proofs_[static_cast<std::size_t>(key)].has_value(); }
  static Error wrong_key() { return {401, -2015, "Invalid API-key, IP, or permissions for action."}; }

  // The fills that a request of myTrades or userTrades asks for, ascending; or what is wrong with it.
  std::optional<Error> fills_asked(const Request& request, const FillRules& rules, std::vector<const Fill*>& found);
  // The order that `orderId` or `origClientOrderId` names; null if there is none of this symbol.
  const Order* order_asked(const Request& request) const;
  std::optional<Error> unknown_symbol(const Request& request) const;
  WeightBudget::Decision charge(int weight);

  static std::string_view status_of(const Order& order) noexcept;
  static std::string_view side_of(OrderSide side) noexcept { return side == OrderSide::kBuy ? "BUY" : "SELL"; }
  static std::string_view type_of(const Order& order) noexcept;

 private:
  std::vector<std::optional<ClientKey>> proofs_;  // as FaceOptions::keys; nullopt = HMAC with the secret
  WeightBudget budget_;
};

}  // namespace millrace::sim::accounts
