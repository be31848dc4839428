#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {

class ConnectBudget;

using Nanos = std::chrono::nanoseconds;

// How long each step may take before it counts as failed. Tests set them short.
struct Deadlines {
  Nanos resolve = std::chrono::seconds(5);
  Nanos connect = std::chrono::seconds(5);       // TCP, per address
  Nanos handshake = std::chrono::seconds(5);     // TLS
  Nanos upgrade = std::chrono::seconds(5);       // HTTP request and answer
  Nanos first_data = std::chrono::seconds(15);   // from open to the first message; 0 = do not watch
  Nanos pong = std::chrono::seconds(10);         // from our ping to its pong, else the connection is half-open
  Nanos close = std::chrono::milliseconds(500);  // for the close frame to leave and be answered
};

// When to try again. The first attempt after a stable connection goes out at once; the n-th after it waits a random
// time between half and all of first_wait * 2^(n-2), at most max_wait.
struct Ladder {
  Nanos first_wait = std::chrono::milliseconds(250);
  Nanos max_wait = std::chrono::seconds(30);
  Nanos stable_after = std::chrono::seconds(60);   // open for so long: the count starts anew
  Nanos limited_floor = std::chrono::seconds(30);  // after 1008, 429, 418, and for what will not heal by itself
  Nanos restart_least = std::chrono::seconds(1);   // after 1012, 1013: random between these two
  Nanos restart_most = std::chrono::seconds(5);
  Nanos auth_wait = std::chrono::seconds(30);  // between tries after "auth refused"
  int auth_tries = 5;                          // then HALTED
};

// Everything about one connection that is not the venue's payload.
struct SessionSettings {
  std::string url = {};                            // "wss://host[:port]/path?query"; "ws://" only with allow_plain
  std::string ca_file = {};                        // PEM; empty = the system's CAs
  std::vector<std::string> resolve_override = {};  // addresses ("127.0.0.1", "::1") to use instead of asking DNS
  std::vector<std::string> headers = {};           // further lines of the upgrade request, "Name: value"
  bool allow_plain = false;                        // unencrypted "ws://": for tests on the same machine only

  // silence_ns, ping_interval_ns, messages_per_second, connects_per_window and connect_window_s are obeyed here.
  normalize::VenueLimits limits = {};
  std::string ping_text = {};  // Capabilities::ping_text; empty = WebSocket ping frames, whose round trip is measured
  // Shared by all sessions to one venue from this process, also over threads; null = this session has its own.
  std::shared_ptr<ConnectBudget> connect_budget = {};

  bool offer_deflate = true;
  std::size_t max_message_bytes = 16u << 20;  // after inflation; longer: closed with 1009
  std::size_t send_queue_messages = 1024;     // full: send() says no
  std::size_t send_queue_bytes = 1u << 20;

  Deadlines deadlines = {};
  Ladder ladder = {};
  std::uint64_t jitter_seed = 0;  // 0 = from the system's random source
};

// Says what is wrong with the settings in one line, empty if nothing: the address, the CA file, the overrides.
std::string check(const SessionSettings& settings);

}  // namespace millrace::ingest
