#include "normalize/venues/coinbase/account_advanced_venue.h"

#include "normalize/venues/coinbase/account_advanced.h"
#include "normalize/venues/coinbase/account_advanced_fills.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

constexpr std::string_view kName = "coinbase-advanced";

// Limits: section 1. REST: 10,000 requests an hour and key. Heartbeats come each second.
AccountCapabilities advanced_capabilities() {
  AccountCapabilities all;
  all.scheme = AuthScheme::kCoinbaseAdvanced;
  all.execution_channel = "user";
  all.balance_channel = "poll";
  all.evidence = schemas::LossEvidence::kSequence;
  all.limits.messages_per_second = 8;
  all.limits.connects_per_window = 8;
  all.limits.connect_window_s = 1;
  all.limits.rest_weight_per_minute = 160;
  all.limits.silence_ns = 10'000'000'000;
  all.limits.busy_silence_ns = 10'000'000'000;
  all.limits.ping_interval_ns = 20'000'000'000;
  all.fills_channel = "/api/v3/brokerage/orders/historical/fills";
  all.fills_page = kAdvancedFillsPage;
  return all;
}

}  // namespace

AdvancedVenue::AdvancedVenue(const VenueOptions& options)
    : ws_url_(options.ws_url.empty() ? "wss://advanced-trade-ws-user.coinbase.com" : options.ws_url),
      rest_url_(options.rest_url.empty() ? "https://api.coinbase.com" : options.rest_url) {}

std::string_view AdvancedVenue::venue_name() const noexcept { return kName; }

const AccountCapabilities& AdvancedVenue::capabilities() const noexcept {
  static const AccountCapabilities all = advanced_capabilities();
  return all;
}

// The stream and REST are by account: symbols need not be named.
std::unique_ptr<AccountAdapter> AdvancedVenue::make_adapter(std::string account,
                                                            std::vector<std::string> /*symbols*/) const {
  return std::make_unique<AdvancedAccount>(kName, account);
}

std::unique_ptr<FillWalk> AdvancedVenue::walk_fills(std::string account, SweepRange range) const {
  return std::make_unique<AdvancedFillWalk>(kName, account, std::move(range));
}

// 401 has one word for all reasons ("Unauthorized"), our clock among them (8): the time is set before the key is
// blamed.
Judgement AdvancedVenue::judge(const PrivateAnswer& answer) const {
  Judgement judgement = coinbase::judge(answer);
  if (answer.status == 401) judgement.verdict = Verdict::kClock;
  return judgement;
}

PrivateRequest AdvancedVenue::time_request() const {
  PrivateRequest request;
  request.key = "time";
  request.target = "/api/v3/brokerage/time";
  request.signing = Signing::kNone;
  return request;
}

Result<UnixNanos> AdvancedVenue::read_time(const PrivateAnswer& answer) const { return read_clock(answer); }

}  // namespace millrace::normalize::coinbase
