#include "ingest/session/upgrade.h"

#include <openssl/evp.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/version.hpp>
#include <charconv>
#include <ctime>
#include <sstream>

namespace millrace::ingest {
namespace http = boost::beast::http;
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
constexpr std::uint32_t kHeaderLimit = 16 * 1024;
constexpr std::int64_t kLongestRetryAfter = 3 * 24 * 3600;  // Binance's longest ban

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), in, static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// The peer's words in our logs: printable and short.
std::string quoted(std::string_view text) {
  std::string out(text.substr(0, 120));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

// "15" or "\"15\"".
bool read_window_bits(std::string_view value, int& bits) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bits);
  return error == std::errc{} && end == value.data() + value.size() && bits >= 8 && bits <= 15;
}

}  // namespace

struct Upgrade::Parser : http::response_parser<http::empty_body> {};

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + std::string(kGuid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  return base64({reinterpret_cast<const char*>(digest.data()), length});
}

// RFC 9110, 10.2.3: seconds or a date. A date in the past is no wait.
Nanos parse_retry_after(std::string_view value, std::int64_t now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{} || end != value.data() + value.size()) {
    std::tm date{};
    if (strptime(std::string(value).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return Nanos::zero();
    seconds = timegm(&date) - now;
  }
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestRetryAfter));
}

// check() has looked at the configuration's header lines: none can end the header early.
Upgrade::Upgrade(const WsUrl& url, const SessionSettings& settings, std::string_view nonce)
    : offered_deflate_(settings.offer_deflate), parser_(std::make_unique<Parser>()) {
  const std::string key = base64(nonce);
  expected_accept_ = websocket_accept(key);
  http::request<http::empty_body> request(http::verb::get, url.target, 11);
  request.set(http::field::host, url.authority());
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::connection, "Upgrade");
  request.set(http::field::sec_websocket_key, key);
  request.set(http::field::sec_websocket_version, "13");
  request.set(http::field::user_agent, "millrace");
  if (offered_deflate_) request.set(http::field::sec_websocket_extensions, "permessage-deflate");
  for (const auto& line : settings.headers) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    request.set(line.substr(0, colon), value == std::string::npos ? "" : line.substr(value));
  }
  std::ostringstream text;
  text << request;
  request_ = text.str();
  parser_->header_limit(kHeaderLimit);
}

Upgrade::~Upgrade() = default;

// Only the header is parsed: what stands behind it are frames, also where a proxy announces a body.
Upgrade::Verdict Upgrade::feed(std::string_view bytes, std::size_t& used) {
  used = 0;
  boost::system::error_code error;
  while (!parser_->is_header_done()) {
    const auto count = parser_->put(boost::asio::buffer(bytes.substr(used)), error);
    used += count;
    if (error == http::error::need_more) return Verdict::kNeedMore;
    if (error) return invalid("not an HTTP answer: " + error.message());
    if (count == 0) return Verdict::kNeedMore;
  }
  return judge();
}

Upgrade::Verdict Upgrade::invalid(std::string what) {
  detail_ = std::move(what);
  return Verdict::kInvalid;
}

// The four conditions of RFC 6455, 4.1, each with words of its own: a wrong one is usually a proxy that answered in the
// venue's place.
Upgrade::Verdict Upgrade::judge() {
  const auto& answer = parser_->get();
  status_ = static_cast<int>(answer.result_int());
  retry_after_ = parse_retry_after(view(answer[http::field::retry_after]), std::time(nullptr));
  if (status_ != 101) {
    detail_ = "HTTP " + std::to_string(status_) + " " + quoted(view(answer.reason()));
    if (answer.count(http::field::location)) detail_ += " to " + quoted(view(answer[http::field::location]));
    return Verdict::kRefused;
  }
  if (!boost::beast::iequals(answer[http::field::upgrade], "websocket")) return invalid("no Upgrade: websocket");
  if (!http::token_list{answer[http::field::connection]}.exists("upgrade")) return invalid("no Connection: Upgrade");
  if (answer[http::field::sec_websocket_accept] != expected_accept_) return invalid("wrong Sec-WebSocket-Accept");
  if (answer.count(http::field::sec_websocket_protocol)) return invalid("a subprotocol that was not asked for");
  if (answer.count(http::field::sec_websocket_extensions) > 1) return invalid("more than one extension header");
  if (!read_extensions(view(answer[http::field::sec_websocket_extensions]))) {
    return invalid("extension not offered: " + quoted(view(answer[http::field::sec_websocket_extensions])));
  }
  return Verdict::kAccepted;
}

// Accepts nothing, or permessage-deflate once with parameters that a server may choose (RFC 7692, 7.1).
bool Upgrade::read_extensions(std::string_view header) {
  if (header.empty()) return true;
  const http::ext_list list{header};
  for (auto extension = list.begin(); extension != list.end(); ++extension) {
    if (!offered_deflate_ || deflate_.enabled) return false;
    if (!boost::beast::iequals(extension->first, "permessage-deflate")) return false;
    deflate_.enabled = true;
    for (const auto& [parameter, value] : extension->second) {
      if (boost::beast::iequals(parameter, "server_no_context_takeover")) {
        deflate_.no_context_takeover = true;
      } else if (boost::beast::iequals(parameter, "server_max_window_bits")) {
        if (!read_window_bits(view(value), deflate_.window_bits)) return false;
      } else if (!boost::beast::iequals(parameter, "client_no_context_takeover")) {
        return false;
      }
    }
  }
  return deflate_.enabled;
}

}  // namespace millrace::ingest
