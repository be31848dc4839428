#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace::schemas {

// Nanoseconds since 1970-01-01 UTC. 64 bits reach until 2262. 0 is no time of any venue; where a time may be absent,
// the member is optional.
using UnixNanos = std::int64_t;

// Numbers below are those of schemas/proto/millrace/v1: values are cast to and from the wire, so the order is part of
// the contract and new ones go to the end.
// kLive: pushed as it happened. kSnapshot: state that was asked for, by REST or a subscribe. kReplay: read back later
// over REST. kHistory: a backtest; only under another topic prefix.
enum class Origin : std::uint8_t { kUnspecified, kLive, kSnapshot, kReplay, kHistory };
// kVenue: the feed lost something; ids are the venue's. kLocal: we dropped our own seqs, by policy. kRestart: first
// record of an epoch; `from` is the last venue id of the epoch before, where known.
enum class GapKind : std::uint8_t { kUnspecified, kVenue, kLocal, kRestart };
// Of a public trade, the side of the order that took liquidity; of an account's order, its own. kUnspecified: the venue
// does not say.
enum class Side : std::uint8_t { kUnspecified, kBuy, kSell };
// Of one stream, as StreamStatus and Heartbeat tell it. Only kLive promises that records are current; kHalted means
// that nothing will be tried again before something outside changes.
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
// By what a consumer can know that nothing is missing. kNone promises liveness and right values, no more.
enum class LossEvidence : std::uint8_t { kUnspecified, kNone, kSequence, kChecksum };

// Bits of Meta::flags.
namespace flag {
inline constexpr std::uint32_t kSnapshot = 1;        // the whole state, not a change
inline constexpr std::uint32_t kRefresh = 2;         // a snapshot that repeats known state, for late joiners and checks
inline constexpr std::uint32_t kReset = 4;           // state begins anew here: forget what you had
inline constexpr std::uint32_t kStale = 8;           // the stream was stale when this was received
inline constexpr std::uint32_t kConflated = 16;      // several events merged into one under overload
inline constexpr std::uint32_t kCrossed = 32;        // best bid >= best ask although the venue's evidence holds
inline constexpr std::uint32_t kChecksumOk = 64;     // the venue's checksum was compared with our book and agreed
inline constexpr std::uint32_t kDepthLimited = 128;  // levels beyond our own limit were cut
inline constexpr std::uint32_t kBadVenueTime = 256;  // the venue's time was absent, unreadable or absurd
}  // namespace flag

// A hole in a stream. `from` and `to` are venue ids (kVenue, kRestart) or our seqs (kLocal); a venue hole uses up no
// seq. `reason` is a short fixed word ("checksum", "reconnect"): it becomes a metric label, so never text of the venue.
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
// Made once per stream, when it is first seen; its texts must be UTF-8, as nothing checks them later.
StreamIdentity make_stream_identity(std::string venue, std::string symbol, std::string instrument,
                                    std::string account = {});

// First member of every event on the wire. Where absent is possible, the member is optional. A Meta is a view: `stream`
// and `gap` must outlive the call that it is given to.
struct Meta {
  const StreamIdentity* stream = nullptr;  // never null when encoded
  // The claim under which the stream is written, and the record's number in it, dense from 1. A higher epoch supersedes
  // a lower one for state (books, quotes, tickers, candles).
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  // As sent, so it may repeat, jump or restart; what it counts differs by venue and dataset.
  std::optional<std::int64_t> venue_seq;
  // When it happened at the venue, and when the venue sent it: by its clock, which may be off from ours by anything.
  // Absent if not sent.
  std::optional<UnixNanos> venue_time;
  std::optional<UnixNanos> venue_send_time;
  // Our clock at the last byte of the frame, set once and never rewritten, also for an update that waited for its
  // snapshot.
  UnixNanos receive_time = 0;
  // Our clock when the record was handed to the producer; absent offline.
  std::optional<UnixNanos> publish_time;
  // Receive time minus the previous proof that the stream is alive.
  std::int64_t staleness_ns = 0;
  Origin origin = Origin::kUnspecified;
  std::uint32_t flags = 0;  // bits of schemas::flag
  // Holes before this record, oldest first; empty on nearly all.
  std::span<const GapMark> gap = {};
};

// The word of one bit of Meta::flags, counted from 0; empty for a bit that has none.
std::string_view flag_name(std::size_t bit) noexcept;

// As name(BookKind).
std::string_view name(Origin origin) noexcept;
std::string_view name(GapKind kind) noexcept;
std::string_view name(Side side) noexcept;
std::string_view name(StreamState state) noexcept;
std::string_view name(LossEvidence evidence) noexcept;

}  // namespace millrace::schemas
