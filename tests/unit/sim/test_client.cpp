#include "tests/unit/sim/test_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <stdexcept>

namespace millrace::sim {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

namespace {

using TlsStream = beast::ssl_stream<beast::tcp_stream>;
constexpr auto kPatience = std::chrono::seconds(5);

struct Address {
  bool tls = false;
  std::uint16_t port = 0;
  std::string path;
};

Address parse(std::string_view url) {
  Address address;
  address.tls = url.starts_with("wss://") || url.starts_with("https://");
  const auto host = url.find("://") + 3;
  const auto colon = url.find(':', host);
  const auto slash = std::min(url.find('/', host), url.size());
  address.port = static_cast<std::uint16_t>(std::stoi(std::string(url.substr(colon + 1, slash - colon - 1))));
  address.path = slash == url.size() ? "/" : std::string(url.substr(slash));
  return address;
}

asio::ssl::context verifying(const std::string& ca_file) {
  asio::ssl::context context(asio::ssl::context::tls_client);
  if (ca_file.empty()) return context;
  context.load_verify_file(ca_file);
  context.set_verify_mode(asio::ssl::verify_peer);
  context.set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
  return context;
}

// Runs one operation to its end; a time-out is an error like others.
template <class Start>
error_code wait_for(asio::io_context& io, Start start) {
  error_code result = asio::error::timed_out;
  start([&result](error_code error, auto&&...) { result = error; });
  io.restart();
  io.run();
  return result;
}

}  // namespace

class TestClient::Impl {
 public:
  Impl(const Address& address, const std::string& ca_file, bool deflate)
      : context_(verifying(ca_file)), stream_(io_, context_) {
    auto& tcp = beast::get_lowest_layer(stream_);
    tcp.expires_after(kPatience);
    const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), address.port);
    error_ = wait_for(io_, [&](auto done) { tcp.async_connect(endpoint, done); });
    if (error_) return;
    error_ =
        wait_for(io_, [&](auto done) { stream_.next_layer().async_handshake(asio::ssl::stream_base::client, done); });
    if (error_) return;
    websocket::permessage_deflate option;
    option.client_enable = deflate;
    stream_.set_option(option);
    stream_.read_message_max(64U << 20U);
    stream_.control_callback([this](websocket::frame_type kind, beast::string_view) {
      if (kind == websocket::frame_type::ping) ++pings_;
    });
    error_ = wait_for(io_, [&](auto done) { stream_.async_handshake(response_, "127.0.0.1", address.path, done); });
    open_ = !error_;
  }

  void write(std::string_view text) {
    beast::get_lowest_layer(stream_).expires_after(kPatience);
    error_ = wait_for(io_, [&](auto done) { stream_.async_write(asio::buffer(text), done); });
  }

  std::optional<std::string> read() {
    beast::flat_buffer buffer;
    beast::get_lowest_layer(stream_).expires_after(kPatience);
    error_ = wait_for(io_, [&](auto done) { stream_.async_read(buffer, done); });
    if (error_) return std::nullopt;
    return beast::buffers_to_string(buffer.data());
  }

  asio::io_context io_;
  asio::ssl::context context_;
  websocket::stream<TlsStream> stream_;
  websocket::response_type response_;
  error_code error_;
  bool open_ = false;
  int pings_ = 0;
};

TestClient::TestClient(std::string_view url, const std::string& ca_file, bool deflate)
    : impl_(std::make_unique<Impl>(parse(url), ca_file, deflate)) {}
TestClient::~TestClient() = default;
bool TestClient::open() const noexcept { return impl_->open_; }
void TestClient::write(std::string_view text) { impl_->write(text); }
std::optional<std::string> TestClient::read() { return impl_->read(); }
std::uint16_t TestClient::close_code() const noexcept { return impl_->stream_.reason().code; }
std::string TestClient::error() const { return impl_->error_.message(); }
int TestClient::pings() const noexcept { return impl_->pings_; }
std::string TestClient::extensions() const {
  return std::string(impl_->response_[http::field::sec_websocket_extensions]);
}

std::optional<std::string> TestClient::read_until(std::string_view part) {
  for (auto text = read(); text; text = read()) {
    if (text->find(part) != std::string::npos) return text;
  }
  return std::nullopt;
}

namespace {

template <class Stream>
TestAnswer exchange(asio::io_context& io, Stream& stream, std::string_view method, std::string_view target,
                    std::string_view body) {
  http::request<http::string_body> message(http::string_to_verb(method), target, 11);
  message.set(http::field::host, "127.0.0.1");
  message.body() = body;
  message.prepare_payload();
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (wait_for(io, [&](auto done) { http::async_write(stream, message, done); })) return {};
  if (wait_for(io, [&](auto done) { http::async_read(stream, buffer, response, done); })) return {};
  return {static_cast<int>(response.result_int()), response.body(), std::string(response[http::field::retry_after])};
}

}  // namespace

TestAnswer request(std::string_view url, const std::string& ca_file, std::string_view method, std::string_view target,
                   std::string_view body) {
  const Address address = parse(url);
  asio::io_context io;
  asio::ssl::context context = verifying(ca_file);
  TlsStream stream(io, context);
  auto& tcp = beast::get_lowest_layer(stream);
  tcp.expires_after(kPatience);
  const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), address.port);
  if (wait_for(io, [&](auto done) { tcp.async_connect(endpoint, done); })) return {};
  if (!address.tls) return exchange(io, tcp, method, target, body);
  if (wait_for(io, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); })) return {};
  return exchange(io, stream, method, target, body);
}

}  // namespace millrace::sim
