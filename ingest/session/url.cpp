#include "ingest/session/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace millrace::ingest {
namespace {

bool is_literal_ip(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Splits "host:port" or "[v6]:port"; the port is what follows the colon, empty if there is none.
bool split_authority(std::string_view authority, std::string& host, std::string_view& port) {
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return false;
    host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (authority.empty()) return true;
    if (authority.front() != ':') return false;
    port = authority.substr(1);
    return !port.empty();
  }
  const auto colon = authority.find(':');
  host = authority.substr(0, colon);
  if (colon == std::string_view::npos) return true;
  port = authority.substr(colon + 1);
  return !port.empty();
}

// Nothing that could end a request line or header early.
bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string WsUrl::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  std::string text = v6 ? "[" + host + "]" : host;
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::optional<WsUrl> parse_ws_url(std::string_view text) {
  WsUrl url;
  if (!is_clean(text) || text.find('#') != std::string_view::npos) return std::nullopt;
  if (take_prefix(text, "ws://")) {
    url.tls = false;
    url.port = 80;
  } else if (!take_prefix(text, "wss://")) {
    return std::nullopt;
  }
  const auto path = std::min(text.find_first_of("/?"), text.size());
  url.target = text.substr(path);
  if (url.target.empty() || url.target.front() == '?') url.target.insert(0, "/");

  std::string_view port;
  if (text.substr(0, path).find('@') != std::string_view::npos) return std::nullopt;
  if (!split_authority(text.substr(0, path), url.host, port) || url.host.empty()) return std::nullopt;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) return std::nullopt;
  }
  url.is_address = is_literal_ip(url.host);
  return url;
}

}  // namespace millrace::ingest
