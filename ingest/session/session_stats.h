#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace millrace::ingest {

// Why a connection ended or could not be made: the reason label of metrics and status records. Few and fixed; the order
// is that of the names, and new ones go to the end.
enum class Reason : std::uint8_t {
  kNone,
  // The name has no address, or DNS did not answer.
  kResolve,
  // TCP refused, unreachable or too slow.
  kConnect,
  // Handshake failed.
  kTls,
  // Certificate or host name not accepted.
  kUntrusted,
  // No valid WebSocket answer.
  kUpgrade,
  // 3xx: the configured address is wrong.
  kRedirected,
  // 401, or the venue refused our login.
  kUnauthorized,
  // 429, 418, 403, close 1008.
  kLimited,
  // 5xx.
  kServerError,
  // Close frame, any other code.
  kClosed,
  // Close 1012, 1013.
  kRestart,
  // TCP or TLS ended without a close frame.
  kEof,
  // RST and other socket errors.
  kReset,
  // No pong, or TCP_USER_TIMEOUT.
  kHalfOpen,
  // Nothing for longer than the venue's limit.
  kSilent,
  // Open, but no first message in time.
  kNoData,
  // The peer broke RFC 6455, RFC 7692 or UTF-8: closed with 1002 or 1007.
  kProtocol,
  // A message over our bound: closed with 1009.
  kTooBig,
  // The venue says it is closed.
  kMaintenance,
  // reconnect() of the owner.
  kRequested,
  // Waiting for the venue's connect rate.
  kBudget,
  // stop() of the owner.
  kStopped,
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kStopped) + 1;

std::string_view name(Reason reason) noexcept;  // "half_open" ...

// Written by the session's thread, readable from any (relaxed: each value is right, they need not belong together).
// All count from the Session's construction, over reconnects.
struct SessionStats {
  using Counter = std::atomic<std::int64_t>;

  // Whole text and binary messages handed to the listener.
  Counter messages{0};
  // WebSocket frames, control frames and fragments included.
  Counter frames{0};
  // After TLS, before inflation.
  Counter bytes{0};
  // Payload bytes of messages that came compressed, as received.
  Counter compressed_bytes{0};
  // The same messages, inflated.
  Counter inflated_bytes{0};
  Counter messages_sent{0};
  // send() said no: queue full or not open.
  Counter sends_refused{0};
  Counter pings_received{0};
  Counter pings_sent{0};
  Counter pongs_received{0};
  Counter pongs_sent{0};
  // Of the last answered WebSocket ping; -1 = none yet.
  Counter rtt_ns{-1};
  // TCP connections begun.
  Counter attempts{0};
  // Upgrades that succeeded.
  Counter connects{0};
  // Of these, with a resumed TLS session.
  Counter tls_resumed{0};
  // UnixNanos of the present upgrade; 0 = not open.
  Counter open_since_ns{0};
  // UnixNanos of the last received frame of any kind.
  Counter last_frame_ns{0};
  // Messages waiting.
  Counter send_queue{0};
  Counter read_wakeups{0};
  // By Reason: connections and attempts that ended so.
  std::array<Counter, kReasonCount> ended{};
};

}  // namespace millrace::ingest
