#include "ingest/config/address.h"

// Boost.URL, compiled here and nowhere else: Debian 12 has its headers without a library.
#include <boost/url/src.hpp>
#include <charconv>

namespace millrace::ingest {
namespace {

constexpr std::uint16_t kTlsPort = 443;

std::string_view view(boost::core::string_view text) { return {text.data(), text.size()}; }

bool read_port(std::string_view digits, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size();
}

}  // namespace

std::string Address::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == kTlsPort ? name : name + ":" + std::to_string(port);
}

std::optional<Address> parse_address(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed) return std::nullopt;
  const auto& url = parsed.value();
  Address address{std::string(view(url.scheme())), url.host_address(), kTlsPort, std::string(view(url.encoded_path()))};
  const bool known = address.scheme == "https" || address.scheme == "wss";
  if (!known || address.host.empty() || url.has_userinfo() || url.has_fragment()) return std::nullopt;
  if (url.has_port() && !read_port(view(url.port()), address.port)) return std::nullopt;
  if (address.port == 0) return std::nullopt;
  if (address.path.ends_with('/')) address.path.pop_back();
  return address;
}

// The last colon ends the host, so that an IPv6 address in brackets works like a name.
std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const bool is_port = read_port(digits, port);
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const bool odd = host.empty() || host.find_first_of(" /,") != std::string_view::npos;
  if (!is_port || odd) return std::nullopt;
  return HostPort{std::string(host), port};
}

}  // namespace millrace::ingest
