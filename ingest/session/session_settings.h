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
  // TCP, per address.
  Nanos connect = std::chrono::seconds(5);
  // TLS.
  Nanos handshake = std::chrono::seconds(5);
  // HTTP request and answer.
  Nanos upgrade = std::chrono::seconds(5);
  // From open to the first message; 0 = do not watch.
  Nanos first_data = std::chrono::seconds(15);
  // From our ping to its pong, else the connection is half-open.
  Nanos pong = std::chrono::seconds(10);
  // For the close frame to leave and be answered.
  Nanos close = std::chrono::milliseconds(500);
};

// When to try again. The first attempt after a stable connection goes out at once; the n-th after it waits a random
// time between half and all of first_wait * 2^(n-2), at most max_wait.
struct Ladder {
  Nanos first_wait = std::chrono::milliseconds(250);
  Nanos max_wait = std::chrono::seconds(30);
  // Open for so long: the count starts anew.
  Nanos stable_after = std::chrono::seconds(60);
  // After 1008, 429, 418, and for what will not heal by itself.
  Nanos limited_floor = std::chrono::seconds(30);
  // After 1012, 1013: random between these two.
  Nanos restart_least = std::chrono::seconds(1);
  Nanos restart_most = std::chrono::seconds(5);
  // Between tries after "auth refused".
  Nanos auth_wait = std::chrono::seconds(30);
  // Then HALTED.
  int auth_tries = 5;
};

// Everything about one connection that is not the venue's payload.
struct SessionSettings {
  // "wss://host[:port]/path?query"; "ws://" only with allow_plain.
  std::string url = {};
  // PEM; empty = the system's CAs.
  std::string ca_file = {};
  // Addresses ("127.0.0.1", "::1") to use instead of asking DNS.
  std::vector<std::string> resolve_override = {};
  // Further lines of the upgrade request, "Name: value".
  std::vector<std::string> headers = {};
  // Unencrypted "ws://": for tests on the same machine only.
  bool allow_plain = false;

  // silence_ns, busy_silence_ns, ping_interval_ns, messages_per_second, connects_per_window and connect_window_s are
  // obeyed here.
  normalize::VenueLimits limits = {};
  // Capabilities::ping_text; empty = WebSocket ping frames, whose round trip is measured.
  std::string ping_text = {};
  // Shared by all sessions to one venue from this process, also over threads; null = this session has its own.
  std::shared_ptr<ConnectBudget> connect_budget = {};

  bool offer_deflate = true;
  // After inflation; longer: closed with 1009.
  std::size_t max_message_bytes = 16u << 20;
  // Full: send() says no.
  std::size_t send_queue_messages = 1024;
  std::size_t send_queue_bytes = 1u << 20;

  Deadlines deadlines = {};
  Ladder ladder = {};
  // 0 = from the system's random source.
  std::uint64_t jitter_seed = 0;
};

// Says what is wrong with the settings in one line, empty if nothing: the address, the CA file, the overrides.
std::string check(const SessionSettings& settings);

}  // namespace millrace::ingest
