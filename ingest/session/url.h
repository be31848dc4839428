#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::ingest {

// A WebSocket address in its parts.
struct WsUrl {
  bool tls = true;
  // As written, an IPv6 address without its brackets.
  std::string host;
  std::uint16_t port = 443;
  // Path and query, never empty.
  std::string target;
  // Host is a literal IP: no DNS, no SNI.
  bool is_address = false;

  // "host" or "host:port" as the Host header wants it.
  std::string authority() const;
};

// Reads "wss://host[:port][/path][?query]". Empty: not such an address (a user part and a fragment are refused, as are
// spaces and control characters: the target goes into a request line).
std::optional<WsUrl> parse_ws_url(std::string_view text);

}  // namespace millrace::ingest
