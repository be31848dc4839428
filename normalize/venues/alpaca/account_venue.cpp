#include "normalize/venues/alpaca/account_venue.h"

#include <fmt/format.h>

#include <array>

#include "normalize/venues/accounts.h"
#include "normalize/venues/alpaca/account.h"
#include "normalize/venues/alpaca/account_fills.h"
#include "normalize/venues/alpaca/account_text.h"

namespace millrace::normalize {
namespace alpaca {
namespace {

// Limits: section 1. Silence: the venue sends nothing of its own, so that pongs are the only sign of life; a stream
// that gave none for 90 s is dead.
AccountCapabilities alpaca_capabilities() {
  AccountCapabilities all;
  all.scheme = AuthScheme::kAlpaca;
  all.execution_channel = "trade_updates";
  all.balance_channel = "poll";
  all.evidence = schemas::LossEvidence::kNone;
  all.limits.rest_weight_per_minute = 200;
  all.limits.silence_ns = 90'000'000'000;
  all.limits.ping_interval_ns = 10'000'000'000;
  all.fills_channel = "/v2/account/activities/FILL";
  return all;
}

std::unique_ptr<AccountVenue> make_live(const VenueOptions& options) {
  return std::make_unique<AlpacaVenue>("alpaca", "api.alpaca.markets", options);
}

std::unique_ptr<AccountVenue> make_paper(const VenueOptions& options) {
  return std::make_unique<AlpacaVenue>("alpaca-paper", "paper-api.alpaca.markets", options);
}

}  // namespace

AlpacaVenue::AlpacaVenue(std::string_view name, std::string_view host, const VenueOptions& options)
    : name_(name),
      ws_url_(options.ws_url.empty() ? fmt::format("wss://{}/stream", host) : options.ws_url),
      rest_url_(options.rest_url.empty() ? fmt::format("https://{}", host) : options.rest_url) {}

const AccountCapabilities& AlpacaVenue::capabilities() const noexcept {
  static const AccountCapabilities all = alpaca_capabilities();
  return all;
}

// The stream and REST are by account: symbols need not be named.
std::unique_ptr<AccountAdapter> AlpacaVenue::make_adapter(std::string account,
                                                          std::vector<std::string> /*symbols*/) const {
  return std::make_unique<AlpacaAccount>(name_, account);
}

std::unique_ptr<FillWalk> AlpacaVenue::walk_fills(std::string account, SweepRange range) const {
  return std::make_unique<FillWalkByDate>(name_, account, std::move(range));
}

Judgement AlpacaVenue::judge(const PrivateAnswer& answer) const { return alpaca::judge(answer); }

PrivateRequest AlpacaVenue::time_request() const {
  PrivateRequest request;
  request.key = "time";
  request.target = "/v2/clock";
  return request;
}

Result<UnixNanos> AlpacaVenue::read_time(const PrivateAnswer& answer) const { return read_clock(answer); }

}  // namespace alpaca

std::span<const AccountVenueEntry> alpaca_account_venues() noexcept {
  static constexpr std::array kEntries = {AccountVenueEntry{"alpaca", alpaca::make_live},
                                          AccountVenueEntry{"alpaca-paper", alpaca::make_paper}};
  return kEntries;
}

}  // namespace millrace::normalize
