#include "ingest/rest/https_connection.h"

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "normalize/venue_adapter.h"

namespace millrace::ingest {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

template <class Number>
std::optional<Number> number_of(beast::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The step that failed and how: becomes the answer's error text.
struct StepFailed {
  std::string_view step;
  error_code error;
};

// The request as it goes onto the wire. Written here, as Beast's own message would leave copies of headers and body in
// freed memory, and in one piece, which the TLS stream encrypts from where it lies.
Secret text_of(const HttpRequest& request, const Address& address) {
  const std::string authority = address.authority();
  const std::string length = std::to_string(request.body.size());
  std::vector<std::string_view> parts{
      request.method,        " ",       request.target.reveal(),
      " HTTP/1.1\r\nHost: ", authority, "\r\nUser-Agent: millrace\r\nAccept: application/json\r\n"};
  for (const SecretHeader& header : request.headers) {
    parts.insert(parts.end(), {header.name, ": ", header.value.reveal(), "\r\n"});
  }
  if (!request.content_type.empty()) parts.insert(parts.end(), {"Content-Type: ", request.content_type, "\r\n"});
  if (!request.body.empty() || request.method != "GET") parts.insert(parts.end(), {"Content-Length: ", length, "\r\n"});
  parts.insert(parts.end(), {"\r\n", request.body.reveal()});
  return Secret::joined(parts);
}

class BeastHttpsConnection final : public HttpsConnection, public std::enable_shared_from_this<BeastHttpsConnection> {
 public:
  BeastHttpsConnection(asio::io_context& context, std::shared_ptr<asio::ssl::context> tls, HttpsOptions options)
      : context_(context), tls_(std::move(tls)), options_(std::move(options)), resolver_(context) {}

  void get(std::string target, Done done) override {
    HttpRequest request;
    request.target = Secret::copy_of(target);
    send(std::move(request), std::move(done));
  }

  void send(HttpRequest request, Done done) override {
    done_ = std::move(done);
    page_header_ = std::move(request.page_header);
    asio::co_spawn(context_, run(shared_from_this(), text_of(request, options_.address)), asio::detached);
  }

  void close() override {
    closed_ = true;
    done_ = nullptr;
    resolver_.cancel();
    if (stream_) beast::get_lowest_layer(*stream_).close();
  }

 private:
  // Parameters by value: the coroutine keeps the connection alive while it waits.
  static asio::awaitable<void> run(std::shared_ptr<BeastHttpsConnection> self, Secret request) {
    HttpAnswer answer;
    const bool reused = self->stream_ != nullptr;
    auto failed = co_await self->exchange(request.reveal(), answer);
    // A host may close a kept connection at any moment; that says nothing about this request.
    if (failed && reused && failed->error != beast::error::timeout && self->done_) {
      self->stream_.reset();
      failed = co_await self->exchange(request.reveal(), answer);
    }
    if (failed) {
      self->stream_.reset();
      answer = HttpAnswer{};
      answer.error = fmt::format("{}: {}", failed->step, failed->error.message());
    }
    if (const Done done = std::exchange(self->done_, nullptr)) done(std::move(answer));
  }

  // One deadline for sending and receiving together: a host that drips its answer gains nothing.
  asio::awaitable<std::optional<StepFailed>> exchange(std::string_view request, HttpAnswer& answer) {
    if (!stream_) {
      if (auto failed = co_await connect()) co_return failed;
    }
    deadline(options_.request);
    if (auto [error, n] = co_await asio::async_write(*stream_, asio::buffer(request), kAwait); error) {
      co_return StepFailed{"send", error};
    }
    http::response_parser<http::string_body> parser;
    parser.body_limit(options_.body_limit);
    beast::flat_buffer buffer;
    if (auto [error, n] = co_await http::async_read(*stream_, buffer, parser, kAwait); error) {
      co_return StepFailed{"receive", error};
    }
    take(parser.release(), answer);
    co_return std::nullopt;
  }

  // close() during the resolve finds no stream to close, so `closed_` is looked at behind it.
  asio::awaitable<std::optional<StepFailed>> connect() {
    const Address& address = options_.address;
    auto [not_found, endpoints] = co_await resolver_.async_resolve(address.host, std::to_string(address.port), kAwait);
    if (closed_) not_found = asio::error::operation_aborted;
    if (not_found) co_return StepFailed{"resolve", not_found};
    auto stream = std::make_unique<Stream>(context_, *tls_);
    stream_ = std::move(stream);
    name_host();
    deadline(options_.connect);
    if (auto [error, at] = co_await beast::get_lowest_layer(*stream_).async_connect(endpoints, kAwait); error) {
      co_return StepFailed{"connect", error};
    }
    error_code ignored;
    beast::get_lowest_layer(*stream_).socket().set_option(tcp::no_delay(true), ignored);
    deadline(options_.handshake);
    if (auto [error] = co_await stream_->async_handshake(asio::ssl::stream_base::client, kAwait); error) {
      co_return StepFailed{"tls", error};
    }
    co_return std::nullopt;
  }

  // Which certificate we accept, and which one we ask for (SNI is for names only).
  void name_host() {
    const std::string& host = options_.address.host;
    stream_->set_verify_callback(asio::ssl::host_name_verification(host));
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (no_address) SSL_set_tlsext_host_name(stream_->native_handle(), host.c_str());
  }

  void deadline(std::chrono::milliseconds limit) { beast::get_lowest_layer(*stream_).expires_after(limit); }

  // X-MBX-USED-WEIGHT-1M is Binance's count of our address's weight in its present minute (rest-api.md, Limits); other
  // hosts do not send it.
  void take(http::response<http::string_body> response, HttpAnswer& answer) {
    answer.end.status = static_cast<int>(response.result_int());
    if (const auto wait = number_of<std::int64_t>(response[http::field::retry_after]); wait && *wait >= 0) {
      answer.end.retry_after = std::chrono::seconds(*wait);
    }
    if (!page_header_.empty()) answer.page = response[page_header_];
    answer.used_weight = number_of<std::int64_t>(response["X-MBX-USED-WEIGHT-1M"]);
    answer.body = std::move(response.body());
    answer.body.reserve(answer.body.size() + normalize::kFramePadding);
    // A failed or unwanted connection costs more than a new handshake.
    if (!response.keep_alive() || answer.end.status >= 400) stream_.reset();
    if (stream_) beast::get_lowest_layer(*stream_).expires_never();
  }

  asio::io_context& context_;
  const std::shared_ptr<asio::ssl::context> tls_;
  const HttpsOptions options_;
  tcp::resolver resolver_;
  std::unique_ptr<Stream> stream_;  // null = not connected
  Done done_;
  std::string page_header_;  // of the request under way
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<HttpsConnection> make_https_connection(asio::io_context& context,
                                                       std::shared_ptr<asio::ssl::context> tls, HttpsOptions options) {
  return std::make_shared<BeastHttpsConnection>(context, std::move(tls), std::move(options));
}

std::shared_ptr<asio::ssl::context> tls_client_context(const std::string& ca_file) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  tls->set_verify_mode(asio::ssl::verify_peer);
  if (ca_file.empty()) {
    tls->set_default_verify_paths();
  } else {
    tls->load_verify_file(ca_file);
  }
  return tls;
}

}  // namespace millrace::ingest
