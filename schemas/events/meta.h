#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace::schemas {

// Nanoseconds since 1970-01-01 UTC.
using UnixNanos = std::int64_t;

// Numbers below are those of schemas/proto/millrace/v1.
enum class Origin : std::uint8_t { kUnspecified, kLive, kSnapshot, kReplay, kHistory };
enum class GapKind : std::uint8_t { kUnspecified, kVenue, kLocal, kRestart };
enum class Side : std::uint8_t { kUnspecified, kBuy, kSell };
enum class StreamState : std::uint8_t {
  kUnspecified,
  kDisconnected,
  kConnecting,
  kAuthenticating,
  kSubscribing,
  kSyncing,
  kLive,
  kStale,
  kRecovering,
  kBackingOff,
  kHalted
};
enum class LossEvidence : std::uint8_t { kUnspecified, kNone, kSequence, kChecksum };

// Bits of Meta::flags.
namespace flag {
inline constexpr std::uint32_t kSnapshot = 1;
inline constexpr std::uint32_t kRefresh = 2;
inline constexpr std::uint32_t kReset = 4;
inline constexpr std::uint32_t kStale = 8;
inline constexpr std::uint32_t kConflated = 16;
inline constexpr std::uint32_t kCrossed = 32;
inline constexpr std::uint32_t kChecksumOk = 64;
inline constexpr std::uint32_t kDepthLimited = 128;
inline constexpr std::uint32_t kBadVenueTime = 256;
}  // namespace flag

// A hole in a stream. `reason` is a short fixed word.
struct GapMark {
  GapKind kind = GapKind::kUnspecified;
  std::optional<std::int64_t> from;   // first missing id, inclusive
  std::optional<std::int64_t> to;     // last missing id, inclusive
  std::optional<std::int64_t> count;  // how many events, where known
  std::string reason;

  friend bool operator==(const GapMark&, const GapMark&) = default;
};

// What names a stream in each of its records, and the same encoded once as the beginning of Meta (fields 1 to 4).
// Immutable after `make_stream_identity`; must outlive every Meta that points to it.
struct StreamIdentity {
  std::string venue;
  std::string symbol;
  std::string instrument;
  std::string account;  // account streams only, else empty
  std::string encoded;  // protobuf wire of Meta fields 1 to 4
};
StreamIdentity make_stream_identity(std::string venue, std::string symbol, std::string instrument,
                                    std::string account = {});

// First member of every event on the wire. Where absent is possible, the member is optional.
struct Meta {
  const StreamIdentity* stream = nullptr;  // never null when encoded
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  std::optional<std::int64_t> venue_seq;
  std::optional<UnixNanos> venue_time;
  std::optional<UnixNanos> venue_send_time;
  UnixNanos receive_time = 0;
  std::optional<UnixNanos> publish_time;
  std::int64_t staleness_ns = 0;
  Origin origin = Origin::kUnspecified;
  std::uint32_t flags = 0;
  std::span<const GapMark> gap = {};
};

// The word of one bit of Meta::flags, counted from 0; empty for a bit that has none.
std::string_view flag_name(std::size_t bit) noexcept;

std::string_view name(Origin origin) noexcept;
std::string_view name(GapKind kind) noexcept;
std::string_view name(Side side) noexcept;
std::string_view name(StreamState state) noexcept;
std::string_view name(LossEvidence evidence) noexcept;

}  // namespace millrace::schemas
