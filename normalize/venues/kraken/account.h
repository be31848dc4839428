#pragma once

#include <string>

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::kraken {

// Accounts of Kraken Spot over WebSocket v2 and REST: what does not change with the account.
class KrakenAccountVenue : public AccountVenue {
 public:
  explicit KrakenAccountVenue(const VenueOptions& options);

  std::string_view venue_name() const noexcept override { return "kraken"; }
  const AccountCapabilities& capabilities() const noexcept override;
  const TokenRule& token() const noexcept override;
  const std::string& ws_url() const noexcept override { return ws_url_; }
  const std::string& rest_url() const noexcept override { return rest_url_; }

  // REST and stream tell of all symbols, so `symbols` is not needed.
  std::unique_ptr<AccountAdapter> make_adapter(std::string account, std::vector<std::string> symbols) const override;
  std::unique_ptr<FillWalk> walk_fills(std::string account, SweepRange range) const override;

  Judgement judge(const PrivateAnswer& answer) const override;
  PrivateRequest time_request() const override;
  // Whole seconds, rounded down by the venue: never ahead of its clock.
  Result<UnixNanos> read_time(const PrivateAnswer& answer) const override;

 private:
  const std::string ws_url_;
  const std::string rest_url_;
};

}  // namespace millrace::normalize::kraken
