#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "normalize/venue_adapter.h"
#include "normalize/venues/binance/update_chain.h"

namespace millrace::normalize::binance {

// For people and reference data; rules of the wire have fields of their own.
enum class Product : std::uint8_t { kSpot, kUsdMargined, kCoinMargined };

// One row of the venue's weight table: a depth request of up to `levels` costs `weight`.
struct DepthWeight {
  int levels;
  int weight;
};

// All that tells one of Binance's venues from another. Plain data with static life.
struct VenueConfig {
  std::string_view name;
  Product product;
  ChainRule rule;           // how updates of a book follow one another
  std::string_view ws_url;  // scheme, host and port
  bool routed;              // streams live under /public and /market
  std::string_view rest_url;
  std::string_view depth_path;
  std::string_view info_path;                  // exchangeInfo
  int info_weight;                             // of exchangeInfo
  std::span<const DepthWeight> depth_weights;  // ascending
  bool depth_exact;                            // only the listed numbers of levels may be asked for
  std::string_view plain_depth_speed;          // what "@depth" without a suffix means
  std::span<const std::string_view> depth_speeds;
  Capabilities capabilities;
};

inline constexpr std::size_t kVenueCount = 6;
std::span<const VenueConfig> venue_configs() noexcept;

// How many levels a snapshot request asks for, `wanted` being the option (0 = 1000; clamped to what the venue has, and
// for futures raised to a number that it lists), and what that costs.
DepthWeight depth_request(const VenueConfig& config, int wanted) noexcept;

}  // namespace millrace::normalize::binance
