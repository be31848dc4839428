#include <array>
#include <memory>
#include <utility>

#include "normalize/json/json_tree.h"
#include "normalize/venues/accounts.h"
#include "normalize/venues/binance/account_adapter.h"
#include "normalize/venues/binance/account_config.h"
#include "normalize/venues/binance/account_fills.h"
#include "normalize/venues/binance/account_judge.h"
#include "normalize/venues/binance/message_reader.h"

namespace millrace::normalize {
namespace binance {
namespace {

constexpr std::int64_t kMinuteNs = 60'000'000'000;

// Only the key identifies us here: no signature. POST on a living key gives the same one again (sheet, 5.2).
PrivateRequest listen_key_request(std::string method) {
  PrivateRequest request;
  request.key = "token";
  request.method = std::move(method);
  request.target = "/fapi/v1/listenKey";
  request.signing = Signing::kKey;
  return request;
}

TokenRule token_rule(const AccountConfig& config) {
  TokenRule rule;
  if (config.is_spot) return rule;
  rule.request = listen_key_request("POST");
  rule.member = "listenKey";
  rule.before_connect = true;
  rule.refresh_ns = 30 * kMinuteNs;
  rule.urgent_ns = 50 * kMinuteNs;
  rule.lifetime_ns = 60 * kMinuteNs;
  rule.prolong = listen_key_request("PUT");
  return rule;
}

// An address without a path gets the venue's; one with a path is meant as it is.
std::string private_url(const AccountConfig& config, std::string_view configured) {
  std::string url(configured.empty() ? config.ws_base : configured);
  const std::size_t scheme = url.find("://");
  const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::size_t path = url.find('/', host);
  if (path != std::string::npos && path + 1 < url.size()) return url;
  if (path != std::string::npos) url.pop_back();
  return url.append(config.ws_path);
}

class BinanceAccountVenue final : public AccountVenue {
 public:
  BinanceAccountVenue(const AccountConfig& config, const VenueOptions& options)
      : config_(config),
        token_(token_rule(config)),
        ws_url_(private_url(config, options.ws_url)),
        rest_url_(options.rest_url.empty() ? std::string(config.rest_url) : options.rest_url) {}

  std::string_view venue_name() const noexcept override { return config_.name; }
  const AccountCapabilities& capabilities() const noexcept override { return config_.capabilities; }
  const TokenRule& token() const noexcept override { return token_; }
  const std::string& ws_url() const noexcept override { return ws_url_; }
  const std::string& rest_url() const noexcept override { return rest_url_; }

  // Open orders and balances of all symbols come at once: nothing is asked by symbol.
  std::unique_ptr<AccountAdapter> make_adapter(std::string account,
                                               std::vector<std::string> /*symbols*/) const override {
    return std::make_unique<BinanceAccount>(config_, std::move(account));
  }
  std::unique_ptr<FillWalk> walk_fills(std::string account, SweepRange range) const override {
    return std::make_unique<SymbolFills>(config_, std::move(account), std::move(range));
  }

  Judgement judge(const PrivateAnswer& answer) const override { return judge_answer(answer); }

  PrivateRequest time_request() const override {
    PrivateRequest request;
    request.key = "time";
    request.target = config_.time_path;
    request.signing = Signing::kNone;
    return request;
  }
  // {"serverTime":1499827319559}
  Result<UnixNanos> read_time(const PrivateAnswer& answer) const override {
    JsonParser parser;
    const auto tree = parse_json(parser, answer.body);
    if (!tree) return tree.error();
    ObjectReader row(*tree, "time");
    const auto time = nanos_from_wire(row.need_integer("serverTime"));
    if (auto error = row.error()) return *std::move(error);
    if (!time) return Error{Errc::kBadTime, "time.serverTime"};
    return *time;
  }

 private:
  const AccountConfig& config_;
  const TokenRule token_;
  const std::string ws_url_;
  const std::string rest_url_;
};

template <std::size_t I>
std::unique_ptr<AccountVenue> make(const VenueOptions& options) {
  return std::make_unique<BinanceAccountVenue>(account_configs()[I], options);
}

template <std::size_t... I>
std::array<AccountVenueEntry, sizeof...(I)> entries(std::index_sequence<I...> /*indices*/) {
  return {AccountVenueEntry{account_configs()[I].name, &make<I>}...};
}

}  // namespace
}  // namespace binance

std::span<const AccountVenueEntry> binance_account_venues() noexcept {
  static const auto all = binance::entries(std::make_index_sequence<binance::kAccountVenueCount>());
  return all;
}

}  // namespace millrace::normalize
