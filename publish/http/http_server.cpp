#include "publish/http/http_server.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "publish/tally.h"

namespace millrace::publish {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using Response = http::response<http::string_body>;

constexpr auto kPlain = "text/plain; charset=utf-8";
constexpr auto kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

// What all connections share. Lives as long as the server.
struct Shared {
  HttpHandlers handlers;
  HttpLimits limits;
  std::size_t open = 0;  // connections; server thread only
  std::array<Tally, std::size(HttpServer::kStatuses)> answers;

  void count(unsigned status) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (HttpServer::kStatuses[i] == status) answers[i].add();
    }
  }
};

Response plain(http::status status, std::string body) {
  Response response{status, 11};
  response.set(http::field::content_type, kPlain);
  response.body() = std::move(body);
  return response;
}

Response readiness(const std::string& why_not) {
  return why_not.empty() ? plain(http::status::ok, "ready\n")
                         : plain(http::status::service_unavailable, why_not + "\n");
}

// The answer to a whole, well-formed request.
Response answer(const http::request<http::empty_body>& request, const Shared& shared) {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Response response = plain(http::status::method_not_allowed, "only GET and HEAD\n");
    response.set(http::field::allow, "GET, HEAD");
    return response;
  }
  if (request.target().size() > shared.limits.target_bytes) return plain(http::status::uri_too_long, "too long\n");
  const std::string_view target{request.target().data(), request.target().size()};
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/livez") return plain(http::status::ok, "alive\n");
  if (path == "/readyz") return readiness(shared.handlers.not_ready());
  if (path != "/metrics") return plain(http::status::not_found, "try /metrics, /livez or /readyz\n");
  Response response = plain(http::status::ok, shared.handlers.metrics());
  response.set(http::field::content_type, kPrometheus);
  return response;
}

// A handler that throws costs its client an answer, not the process its life.
Response safe_answer(const http::request<http::empty_body>& request, const Shared& shared) {
  try {
    return answer(request, shared);
  } catch (const std::exception& error) {
    return plain(http::status::internal_server_error, std::string(error.what()) + "\n");
  }
}

// The answer to what Beast's parser refused; nothing for a client that just left.
std::optional<Response> answer_to(beast::error_code error) {
  if (error == http::error::header_limit) return plain(http::status::request_header_fields_too_large, "too large\n");
  if (error == http::error::body_limit || error == http::error::unexpected_body) {
    return plain(http::status::payload_too_large, "no body wanted\n");
  }
  const bool malformed = error.category() == http::make_error_code(http::error::bad_method).category();
  if (!malformed || error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  return plain(http::status::bad_request, "bad request\n");
}

// One client: reads a request, answers it, reads the next. Keeps itself alive by its handlers.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) { ++shared_.open; }
  ~Connection() { --shared_.open; }

  void read() {
    parser_.emplace();
    parser_->header_limit(shared_.limits.header_bytes);
    parser_->body_limit(0);
    // One deadline for the whole request: a client that sends a byte now and then gains nothing.
    stream_.expires_after(shared_.limits.read_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

 private:
  // A client that just leaves gets nothing; one that broke a rule gets a status and the end of the connection.
  void on_read(beast::error_code error) {
    if (error) {
      if (auto response = answer_to(error)) write(std::move(*response), false, false);
      return;
    }
    const auto& request = parser_->get();
    const bool head = request.method() == http::verb::head;
    write(safe_answer(request, shared_), request.keep_alive(), head);
  }

  void write(Response response, bool keep_alive, bool head) {
    shared_.count(response.result_int());
    response.keep_alive(keep_alive);
    response.prepare_payload();
    if (head) response.body().clear();  // the length of what GET would have sent stays
    response_ = std::move(response);
    serializer_.emplace(response_);
    stream_.expires_after(shared_.limits.write_timeout);
    http::async_write(stream_, *serializer_,
                      [self = shared_from_this(), keep_alive](beast::error_code failed, std::size_t) {
                        if (!failed && keep_alive) return self->read();
                        beast::error_code ignored;
                        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                      });
  }

  beast::tcp_stream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{16 * 1024};  // also bounds what a client may send ahead
  std::optional<http::request_parser<http::empty_body>> parser_;
  Response response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

struct HttpServer::Impl {
  Shared shared;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context};
  std::uint16_t port = 0;
  std::thread thread;

  // Names are not looked up: an endpoint that hangs in DNS at the start would be worse than an error.
  void listen(const std::string& address, std::uint16_t wanted) {
    beast::error_code error;
    const auto host = asio::ip::make_address(address, error);
    if (error) throw std::runtime_error(fmt::format("metrics address {}: not an IP address", address));
    const tcp::endpoint endpoint(host, wanted);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error(fmt::format("metrics address {}:{}: {}", address, wanted, error.message()));
    port = acceptor.local_endpoint().port();
  }

  // Limits are checked at the door: a client that is turned away costs one accept and no buffer.
  void accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return accept_later();
      if (shared.open < shared.limits.connections) {
        std::make_shared<Connection>(std::move(socket), shared)->read();
      } else {
        shared.count(503);  // closed unheard: even an answer would hold a descriptor
      }
      accept();
    });
  }

  // Out of descriptors, most likely: asking again at once would spin.
  void accept_later() {
    pause.expires_after(std::chrono::milliseconds{100});
    pause.async_wait([this](beast::error_code error) {
      if (!error) accept();
    });
  }
};

HttpServer::HttpServer(const std::string& address, std::uint16_t port, HttpHandlers handlers, HttpLimits limits)
    : impl_(std::make_unique<Impl>()) {
  impl_->shared.handlers = std::move(handlers);
  impl_->shared.limits = limits;
  impl_->listen(address, port);
  impl_->accept();
  impl_->thread = std::thread([impl = impl_.get()] { impl->context.run(); });
}

// Stops first, then joins: connections and timers end with the context, whose handlers will not run any more.
HttpServer::~HttpServer() {
  impl_->context.stop();
  impl_->thread.join();
}

std::uint16_t HttpServer::port() const noexcept { return impl_->port; }

std::uint64_t HttpServer::answers(unsigned status) const noexcept {
  for (std::size_t i = 0; i < std::size(kStatuses); ++i) {
    if (kStatuses[i] == status) return impl_->shared.answers[i].value();
  }
  return 0;
}

}  // namespace millrace::publish
