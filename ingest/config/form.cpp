#include "ingest/config/form.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>

#include "ingest/config/address.h"

namespace millrace::ingest {
namespace {

bool is_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), allowed);
}

bool is_url(std::string_view text, std::string_view scheme) {
  const auto address = parse_address(text);
  return address && address->scheme == scheme;
}

bool are_brokers(std::string_view text) {
  while (true) {
    const std::size_t comma = text.find(',');
    const auto broker = parse_host_port(text.substr(0, comma));
    if (!broker || broker->port == 0) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

// As the endpoint wants it: no name, which would have to be looked up before anything runs.
bool is_listen_address(std::string_view text) {
  const auto address = parse_host_port(text);
  in6_addr scratch;
  return address && (inet_pton(AF_INET, address->host.c_str(), &scratch) == 1 ||
                     inet_pton(AF_INET6, address->host.c_str(), &scratch) == 1);
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0.5" -> 500: milliseconds with up to three decimals, in microseconds. No floating point, so it is exact.
std::optional<std::int64_t> micros_of_millis(std::string_view text) {
  const std::size_t dot = text.find('.');
  std::string digits{text.substr(0, dot)};
  const std::string_view decimals = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  const bool bare_dot = dot != std::string_view::npos && decimals.empty();
  if (digits.empty() || digits.size() > 12 || bare_dot || decimals.size() > 3) return std::nullopt;
  digits += decimals;
  digits.append(3 - decimals.size(), '0');
  return whole<std::int64_t>(digits);
}

}  // namespace

// Empty is allowed where a default stands behind it; whether a key must be there is the table's to say.
std::string form_problem(Form form, const std::string& text) {
  switch (form) {
    case Form::kAny:
    case Form::kDecimalMillis:
      return {};
    case Form::kName:
      return is_name(text) ? "" : "must be letters, digits, \".\", \"_\" and \"-\"";
    case Form::kWssUrl:
      return text.empty() || is_url(text, "wss") ? "" : "must be an address wss://host[:port][/path]";
    case Form::kHttpsUrl:
      return text.empty() || is_url(text, "https") ? "" : "must be an address https://host[:port]";
    case Form::kBrokers:
      return are_brokers(text) ? "" : "must be host:port, comma separated";
    case Form::kListen:
      return is_listen_address(text) ? "" : "must be an IP address and a port, such as 127.0.0.1:9464";
    case Form::kFile:
      return text.empty() || std::ifstream(text).good() ? "" : "must be a file that can be read";
    case Form::kLevel:
      return std::ranges::find(kLogLevels, text) != std::end(kLogLevels)
                 ? ""
                 : "must be one of trace, debug, info, warn, error";
  }
  return {};
}

std::optional<std::int64_t> parse_number(Form form, std::string_view text) {
  return form == Form::kDecimalMillis ? micros_of_millis(text) : whole<std::int64_t>(text);
}

}  // namespace millrace::ingest
