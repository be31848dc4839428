#pragma once

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::coinbase {

// The private side of Coinbase Advanced: "coinbase-advanced".
class AdvancedVenue final : public AccountVenue {
 public:
  explicit AdvancedVenue(const VenueOptions& options);

  std::string_view venue_name() const noexcept override;
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
  const TokenRule token_;  // none
  const std::string ws_url_;
  const std::string rest_url_;
};

}  // namespace millrace::normalize::coinbase
