#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::ingest {

// A server's address in its parts.
struct Address {
  std::string scheme;  // "https", "wss"
  std::string host;    // an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string path;  // as written, without a trailing slash; empty = none

  // "host" or "host:port" as the Host header wants it.
  std::string authority() const;
};

// Reads "https://host[:port][/path]" or "wss://...". Empty: malformed, another scheme, or with a user or fragment.
// Percent escapes in the path stay as they are.
std::optional<Address> parse_address(std::string_view text);

// "host:port" in its parts; port 0 is allowed. IPv6 addresses in brackets.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> parse_host_port(std::string_view text);

}  // namespace millrace::ingest
