#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "normalize/account/account_adapter.h"

namespace millrace::normalize::binance {

// All that tells one of Binance's private sides from another (sheet, sections 1, 5 and 6). Static life.
struct AccountConfig {
  std::string_view name;
  bool is_spot;              // else USD-M futures
  std::string_view ws_base;  // scheme, host and port
  std::string_view ws_path;  // path and query, with kTokenPlace where a listenKey belongs
  std::string_view rest_url;
  std::string_view info_path;
  int info_weight;
  std::string_view open_orders_path;  // of all symbols at once
  int open_orders_weight;
  std::string_view order_path;
  int order_weight;
  std::string_view balances_path;
  int balances_weight;
  std::string_view fills_path;
  int fills_weight;
  std::int64_t fills_window_ms;  // start and end of a request may be so far apart
  std::int64_t fills_begin_ms;   // no fill is older than the venue
  std::string_view time_path;
  AccountCapabilities capabilities;
};
inline constexpr std::size_t kAccountVenueCount = 2;
std::span<const AccountConfig> account_configs() noexcept;

// For values in a query: what is not a letter, a digit or one of "-._~" as %XX. Symbols need not be ASCII.
std::string percent_encoded(std::string_view text);

}  // namespace millrace::normalize::binance
