#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// All that can go wrong on purpose. The README's table says what each does.
enum class FaultKind : std::uint8_t {
  kDrop,
  kDuplicate,
  kReorder,
  kGap,
  kBadChecksum,
  kBadJson,
  kTruncatedJson,
  kWrongType,
  kHugeFrame,
  kFragment,
  kSilence,
  kHalfOpen,
  kReset,
  kClose,
  kDrip,
  kPingFlood,
  kHttp429,
  kHttp418,
  kHttp500,
  kHttp503,
  kHttpHtml,
  kSlowRest,
  kRefuseConnect,
};

// Where a fault strikes: at a message of a channel, at a connection (on any message of it), at a REST request, at a
// TCP connect.
enum class FaultPlace : std::uint8_t { kMessage, kConnection, kRequest, kConnect };

std::string_view name(FaultKind kind) noexcept;
FaultPlace place_of(FaultKind kind) noexcept;

// One fault to inject. Empty filters match everything.
struct Fault {
  FaultKind kind = FaultKind::kDrop;
  std::string venue;
  std::string symbol;
  std::string channel;       // "book", "bbo", "trade", "trade-agg", "ticker", "candle"
  double rate = 0;           // probability per candidate; 0 = not by chance
  std::uint64_t at = 1;      // the n-th candidate from now, if rate is 0
  int count = 0;             // frames of a gap, MiB of a huge frame, pings, bytes of a drip; 0 = the kind's default
  int code = 0;              // of a close; 0 = 1001
  std::int64_t seconds = 0;  // how long silence, delay, Retry-After or refusal last; 0 = the kind's default
  std::uint64_t seen = 0;    // candidates so far
  bool spent = false;        // an `at` fault that has struck
};

// Reads KIND[:rate][:key=value]...[:venue][:symbol], such as "drop:0.01:kraken", "gap:at=100:binance-spot:BTCUSDT" or
// "close:1012:at=50". The error is a text for the user.
std::variant<Fault, std::string> parse_fault(std::string_view text);

// The same from the control endpoint's JSON: {"kind":"drop","venue":..,"symbol":..,"channel":..,"rate":..,"at":..}.
std::variant<Fault, std::string> parse_fault_json(std::string_view text);

// What can tell a loss on this channel, by the venue's protocol: "sequence", "checksum" or "none".
std::string_view loss_evidence(std::string_view venue, Channel channel) noexcept;

// Can that evidence show this fault on this message? "yes", "no" or "maybe" (a checksum covers ten levels; what is
// below shows only if it rises into them).
std::string_view shown(FaultKind kind, std::string_view venue, const Tag& tag) noexcept;

}  // namespace millrace::sim
