#include "normalize/venues/coinbase/account_exchange_venue.h"

#include "normalize/venues/coinbase/account_exchange.h"
#include "normalize/venues/coinbase/account_exchange_fills.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

constexpr std::string_view kName = "coinbase-exchange";

// Limits: section 1. REST: 15 private requests a second; no lifetime of connections is documented.
AccountCapabilities exchange_capabilities() {
  AccountCapabilities all;
  all.scheme = AuthScheme::kCoinbaseExchange;
  all.execution_channel = "user";
  all.balance_channel = "balance";
  all.evidence = schemas::LossEvidence::kNone;
  all.limits.messages_per_second = 8;
  all.limits.connects_per_window = 8;
  all.limits.connect_window_s = 1;
  all.limits.rest_weight_per_minute = 900;
  all.limits.silence_ns = 30'000'000'000;
  all.limits.ping_interval_ns = 10'000'000'000;
  all.fills_channel = "/fills";
  all.fills_per_symbol = true;
  all.fills_page = kExchangeFillsPage;
  return all;
}

}  // namespace

ExchangeVenue::ExchangeVenue(const VenueOptions& options)
    : ws_url_(options.ws_url.empty() ? "wss://ws-feed.exchange.coinbase.com" : options.ws_url),
      rest_url_(options.rest_url.empty() ? "https://api.exchange.coinbase.com" : options.rest_url) {}

std::string_view ExchangeVenue::venue_name() const noexcept { return kName; }

const AccountCapabilities& ExchangeVenue::capabilities() const noexcept {
  static const AccountCapabilities all = exchange_capabilities();
  return all;
}

std::unique_ptr<AccountAdapter> ExchangeVenue::make_adapter(std::string account,
                                                            std::vector<std::string> symbols) const {
  return std::make_unique<ExchangeAccount>(kName, account, std::move(symbols));
}

std::unique_ptr<FillWalk> ExchangeVenue::walk_fills(std::string account, SweepRange range) const {
  return std::make_unique<ExchangeFillWalk>(kName, account, std::move(range));
}

Judgement ExchangeVenue::judge(const PrivateAnswer& answer) const { return coinbase::judge(answer); }

PrivateRequest ExchangeVenue::time_request() const {
  PrivateRequest request;
  request.key = "time";
  request.target = "/time";
  request.signing = Signing::kNone;
  return request;
}

Result<UnixNanos> ExchangeVenue::read_time(const PrivateAnswer& answer) const { return read_clock(answer); }

}  // namespace millrace::normalize::coinbase
