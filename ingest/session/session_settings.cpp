#include "ingest/session/session_settings.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>

#include "ingest/session/tls_context.h"
#include "ingest/session/url.h"

namespace millrace::ingest {
namespace {

constexpr std::size_t kLargestMessage = 1u << 30;

bool is_header_line(const std::string& line) {
  const auto colon = line.find(':');
  const bool printable = std::none_of(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; });
  return printable && colon != std::string::npos && colon > 0 && line.find(' ') > colon;
}

}  // namespace

// Everything that can be known without connecting, so that a wrong setting is found at start and not by a session that
// fails for ever.
std::string check(const SessionSettings& settings) {
  const auto url = parse_ws_url(settings.url);
  if (!url) return "not a WebSocket address: '" + settings.url + "' (wss://host[:port]/path)";
  if (!url->tls && !settings.allow_plain) return "'" + settings.url + "' is not encrypted: use wss://";
  for (const auto& address : settings.resolve_override) {
    boost::system::error_code error;
    boost::asio::ip::make_address(address, error);
    if (error) return "not an IP address: '" + address + "'";
  }
  for (const auto& line : settings.headers) {
    if (!is_header_line(line)) return "not a header line (Name: value): '" + line.substr(0, line.find(':')) + "'";
  }
  if (settings.max_message_bytes == 0 || settings.max_message_bytes > kLargestMessage) {
    return "max_message_bytes is not in 1 .. " + std::to_string(kLargestMessage);
  }
  try {
    if (url->tls) TlsContext::shared(settings.ca_file);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace millrace::ingest
