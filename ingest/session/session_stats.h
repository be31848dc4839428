#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace millrace::ingest {

// Why a connection ended or could not be made: the reason label of metrics and status records.
enum class Reason : std::uint8_t {
  kNone,
  kResolve,       // the name has no address, or DNS did not answer
  kConnect,       // TCP refused, unreachable or too slow
  kTls,           // handshake failed
  kUntrusted,     // certificate or host name not accepted
  kUpgrade,       // no valid WebSocket answer
  kRedirected,    // 3xx: the configured address is wrong
  kUnauthorized,  // 401, or the venue refused our login
  kLimited,       // 429, 418, 403, close 1008
  kServerError,   // 5xx
  kClosed,        // close frame, any other code
  kRestart,       // close 1012, 1013
  kEof,           // TCP or TLS ended without a close frame
  kReset,         // RST and other socket errors
  kHalfOpen,      // no pong, or TCP_USER_TIMEOUT
  kSilent,        // nothing for longer than the venue's limit
  kNoData,        // open, but no first message in time
  kProtocol,      // the peer broke RFC 6455, RFC 7692 or UTF-8: closed with 1002 or 1007
  kTooBig,        // a message over our bound: closed with 1009
  kMaintenance,   // the venue says it is closed
  kRequested,     // reconnect() of the owner
  kBudget,        // waiting for the venue's connect rate
  kStopped,       // stop() of the owner
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kStopped) + 1;

std::string_view name(Reason reason) noexcept;  // "half_open" ...

// Written by the session's thread, readable from any (relaxed: each value is right, they need not belong together).
// All count from the Session's construction, over reconnects.
struct SessionStats {
  using Counter = std::atomic<std::int64_t>;

  Counter messages{0};          // whole text and binary messages handed to the listener
  Counter frames{0};            // WebSocket frames, control frames and fragments included
  Counter bytes{0};             // after TLS, before inflation
  Counter compressed_bytes{0};  // payload bytes of messages that came compressed, as received
  Counter inflated_bytes{0};    // the same messages, inflated
  Counter messages_sent{0};
  Counter sends_refused{0};  // send() said no: queue full or not open
  Counter pings_received{0};
  Counter pings_sent{0};
  Counter pongs_received{0};
  Counter rtt_ns{-1};        // of the last answered WebSocket ping; -1 = none yet
  Counter attempts{0};       // TCP connections begun
  Counter connects{0};       // upgrades that succeeded
  Counter tls_resumed{0};    // of these, with a resumed TLS session
  Counter open_since_ns{0};  // UnixNanos of the present upgrade; 0 = not open
  Counter last_frame_ns{0};  // UnixNanos of the last received frame of any kind
  Counter send_queue{0};     // messages waiting
  Counter read_wakeups{0};
  std::array<Counter, kReasonCount> ended{};  // by Reason: connections and attempts that ended so
};

}  // namespace millrace::ingest
