#include "normalize/venues/kraken/account.h"

#include <array>

#include "normalize/venues/accounts.h"
#include "normalize/venues/kraken/account_adapter.h"
#include "normalize/venues/kraken/account_answers.h"
#include "normalize/venues/kraken/account_fill_walk.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

namespace {

std::string or_default(const std::string& configured, std::string_view venues_own) {
  return configured.empty() ? std::string(venues_own) : configured;
}

// The connection as of the public side (capabilities.cpp). REST: a counter per key that may reach 15 to 20 and falls by
// 0.33 to 1 a second, by tier; history calls count 4, others 1 (docs.kraken.com, guides/spot-rest-ratelimits). Twenty a
// minute fit every tier.
AccountCapabilities make_capabilities() {
  AccountCapabilities all;
  all.scheme = AuthScheme::kKraken;
  all.execution_channel = "executions";
  all.balance_channel = "balances";
  all.evidence = schemas::LossEvidence::kSequence;
  all.limits.connects_per_window = 150;
  all.limits.connect_window_s = 600;
  all.limits.rest_weight_per_minute = 20;
  all.rest_limit_per_key = true;
  all.limits.silence_ns = 10 * kSecond;
  all.limits.ping_interval_ns = 20 * kSecond;
  all.ping_text = R"({"method":"ping"})";
  all.fills_channel = "/0/private/TradesHistory";
  all.fills_page = 50;
  all.safety_lag_ns = 30 * kSecond;
  return all;
}

// docs.kraken.com, rest-api/get-websockets-token: to be used within 15 minutes.
TokenRule make_token_rule() {
  TokenRule rule;
  rule.request.key = "token";
  rule.request.method = "POST";
  rule.request.target = "/0/private/GetWebSocketsToken";
  rule.member = "token";
  rule.each_connect = true;
  rule.refresh_ns = 13 * kMinute;
  rule.urgent_ns = 14 * kMinute;
  rule.lifetime_ns = 15 * kMinute;
  return rule;
}

}  // namespace

KrakenAccountVenue::KrakenAccountVenue(const VenueOptions& options)
    : ws_url_(or_default(options.ws_url, "wss://ws-auth.kraken.com/v2")),
      rest_url_(or_default(options.rest_url, "https://api.kraken.com")) {}

const AccountCapabilities& KrakenAccountVenue::capabilities() const noexcept {
  static const AccountCapabilities kCapabilities = make_capabilities();
  return kCapabilities;
}

const TokenRule& KrakenAccountVenue::token() const noexcept {
  static const TokenRule kRule = make_token_rule();
  return kRule;
}

std::unique_ptr<AccountAdapter> KrakenAccountVenue::make_adapter(std::string account,
                                                                 std::vector<std::string> /*symbols*/) const {
  return std::make_unique<KrakenAccountAdapter>(std::move(account));
}

std::unique_ptr<FillWalk> KrakenAccountVenue::walk_fills(std::string account, SweepRange range) const {
  return std::make_unique<KrakenFillWalk>(std::move(account), std::move(range));
}

Judgement KrakenAccountVenue::judge(const PrivateAnswer& answer) const { return judge_answer(answer); }

PrivateRequest KrakenAccountVenue::time_request() const {
  PrivateRequest request;
  request.key = "time";
  request.target = "/0/public/Time";
  request.signing = Signing::kNone;
  return request;
}

// {"error":[],"result":{"unixtime":1616336594,"rfc1123":"Sun, 21 Mar 21 14:23:14 +0000"}}
Result<UnixNanos> KrakenAccountVenue::read_time(const PrivateAnswer& answer) const {
  JsonParser parser;
  const auto result = read_result(parser, answer.body);
  if (!result) return result.error();
  ObjectReader reader(*result, "result");
  const auto time = read_unix_seconds(reader.need_text("unixtime"));
  if (const auto& error = reader.error()) return *error;
  if (!time) return Error{Errc::kBadTime, "result.unixtime"};
  return *time;
}

}  // namespace millrace::normalize::kraken

namespace millrace::normalize {

std::span<const AccountVenueEntry> kraken_account_venues() noexcept {
  static constexpr std::array<AccountVenueEntry, 1> kVenues = {
      {{"kraken", [](const VenueOptions& options) -> std::unique_ptr<AccountVenue> {
          return std::make_unique<kraken::KrakenAccountVenue>(options);
        }}}};
  return kVenues;
}

}  // namespace millrace::normalize
