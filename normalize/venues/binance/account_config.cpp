#include "normalize/venues/binance/account_config.h"

#include <fmt/format.h>

#include <array>

#include "schemas/events/time.h"

namespace millrace::normalize::binance {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

// The private connection as the public ones (venue_config.cpp): a day of life, a ping of ours every 15 s.
constexpr AccountCapabilities capabilities(std::string_view executions, std::string_view balances,
                                           std::string_view fills, int messages, int weight) {
  AccountCapabilities out;
  out.scheme = AuthScheme::kBinance;
  out.execution_channel = executions;
  out.balance_channel = balances;
  out.evidence = schemas::LossEvidence::kNone;
  out.limits.streams_per_connection = 1;
  out.limits.messages_per_second = messages;
  out.limits.connects_per_window = 300;
  out.limits.connect_window_s = 300;
  out.limits.rest_weight_per_minute = weight;
  out.limits.lifetime_s = 24 * 60 * 60;
  out.limits.silence_ns = 40 * kSecond;
  out.limits.ping_interval_ns = 15 * kSecond;
  out.fills_channel = fills;
  out.fills_per_symbol = true;
  out.fills_page = 1000;
  return out;
}

constexpr std::array kConfigs = {
    AccountConfig{
        .name = "binance-spot",
        .is_spot = true,
        .ws_base = "wss://ws-api.binance.com:443",
        .ws_path = "/ws-api/v3?returnRateLimits=false",
        .rest_url = "https://api.binance.com",
        .info_path = "/api/v3/exchangeInfo",
        .info_weight = 20,
        .open_orders_path = "/api/v3/openOrders",
        .open_orders_weight = 80,
        .order_path = "/api/v3/order",
        .order_weight = 4,
        .balances_path = "/api/v3/account",
        .balances_weight = 20,
        .fills_path = "/api/v3/myTrades",
        .fills_weight = 20,
        .fills_window_ms = 24 * kHourMs - 1,
        .fills_begin_ms = 1'498'867'200'000,  // July 2017
        .time_path = "/api/v3/time",
        .capabilities = capabilities("executionReport", "outboundAccountPosition", "/api/v3/myTrades", 4, 6000),
    },
    // The address form (a) of the sheet, 5.2: the only one that is both documented and seen to deliver.
    AccountConfig{
        .name = "binance-usdm",
        .is_spot = false,
        .ws_base = "wss://fstream.binance.com",
        .ws_path = "/private/ws?listenKey=${token}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE",
        .rest_url = "https://fapi.binance.com",
        .info_path = "/fapi/v1/exchangeInfo",
        .info_weight = 1,
        .open_orders_path = "/fapi/v1/openOrders",
        .open_orders_weight = 40,
        .order_path = "/fapi/v1/order",
        .order_weight = 1,
        .balances_path = "/fapi/v3/balance",
        .balances_weight = 5,
        .fills_path = "/fapi/v1/userTrades",
        .fills_weight = 5,
        .fills_window_ms = 7 * 24 * kHourMs - 1,
        .fills_begin_ms = 1'567'296'000'000,  // September 2019
        .time_path = "/fapi/v1/time",
        .capabilities = capabilities("ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "/fapi/v1/userTrades", 9, 2400),
    },
};

static_assert(kConfigs.size() == kAccountVenueCount);

}  // namespace

std::span<const AccountConfig> account_configs() noexcept { return kConfigs; }

std::string percent_encoded(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
  };
  std::string out;
  for (const char c : text) {
    if (plain(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

}  // namespace millrace::normalize::binance
