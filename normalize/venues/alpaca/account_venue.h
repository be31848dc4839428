#pragma once

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::alpaca {

// The private side of Alpaca: "alpaca" and "alpaca-paper", which differ in their addresses only.
class AlpacaVenue final : public AccountVenue {
 public:
  // `host`: of the trading API, for streams and REST alike.
  AlpacaVenue(std::string_view name, std::string_view host, const VenueOptions& options);

  std::string_view venue_name() const noexcept override { return name_; }
  const AccountCapabilities& capabilities() const noexcept override;
  const TokenRule& token() const noexcept override { return token_; }
  const std::string& ws_url() const noexcept override { return ws_url_; }
  const std::string& rest_url() const noexcept override { return rest_url_; }
  std::unique_ptr<AccountAdapter> make_adapter(std::string account, std::vector<std::string> symbols) const override;
  std::unique_ptr<FillWalk> walk_fills(std::string account, SweepRange range) const override;
  Judgement judge(const PrivateAnswer& answer) const override;
  PrivateRequest time_request() const override;
  Result<UnixNanos> read_time(const PrivateAnswer& answer) const override;

 private:
  const std::string_view name_;  // a literal
  const TokenRule token_;        // none
  const std::string ws_url_;
  const std::string rest_url_;
};

}  // namespace millrace::normalize::alpaca
