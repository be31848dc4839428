#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/venue_adapter.h"
#include "normalize/venues/binance/venue_config.h"

// Names and texts of the wire: stream names, subscribe messages, addresses, request targets.
namespace millrace::normalize::binance {

// At most so many streams in one SUBSCRIBE: longer ones have been refused.
inline constexpr std::size_t kStreamsPerMessage = 200;

// "btcusdt@depth@100ms"; nullopt where the dataset has no stream (instrument) or the venue does not offer it.
// `speed` is the option, empty for 100ms.
std::optional<std::string> stream_name(const VenueConfig& config, const Subscription& wanted, std::string_view speed);

// Does the venue offer the dataset at all, over WebSocket or REST?
bool offers(const VenueConfig& config, Dataset dataset) noexcept;

// USD-M only: "/public" or "/market". A stream on the wrong route is silent, not refused.
std::string_view route_of(const VenueConfig& config, Dataset dataset) noexcept;

// {"method":"SUBSCRIBE","params":[...],"id":1}; names are written as they are, so no quote may be in them.
std::string control_text(std::string_view method, std::span<const std::string> streams, std::int64_t id);

// "/api/v3/depth?symbol=BTCUSDT&limit=1000"
std::string depth_target(const VenueConfig& config, std::string_view symbol, int levels);

// What a request's target asks for. Takes recorded ones too: "GET " in front, any order of parameters, any version of
// the path ("/api/v1/depth").
struct Target {
  enum class Kind : std::uint8_t { kDepth, kInfo, kOther };
  Kind kind = Kind::kOther;
  std::string symbol;
  std::optional<int> limit;
};
// Never fails: what it does not know is kOther, and a symbol may be empty.
Target parse_target(std::string_view target);

}  // namespace millrace::normalize::binance
