#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::ingest {

// A WebSocket address in its parts.
struct WsUrl {
  bool tls = true;
  std::string host;  // as written, an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target;       // path and query, never empty
  bool is_address = false;  // host is a literal IP: no DNS, no SNI

  // "host" or "host:port" as the Host header wants it.
  std::string authority() const;
};

// Reads "wss://host[:port][/path][?query]". Empty: not such an address (a user part and a fragment are refused).
std::optional<WsUrl> parse_ws_url(std::string_view text);

}  // namespace millrace::ingest
