#include "tests/sim/net/session.h"

#include <fmt/format.h>

#include <boost/asio/dispatch.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace millrace::sim {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {
constexpr std::size_t kMaxBody = 1U << 20U;
constexpr std::uint32_t kMaxHeader = 64 * 1024;  // a thousand stream names in the address
}  // namespace

struct HttpSession::Parser {
  http::request_parser<http::string_body> request;
};

HttpSession::HttpSession(Wire wire, OnRequest on_request, OnUpgrade on_upgrade)
    : wire_(std::move(wire)), on_request_(std::move(on_request)), on_upgrade_(std::move(on_upgrade)) {}

void HttpSession::start() {
  parser_ = std::make_shared<Parser>();
  parser_->request.body_limit(kMaxBody);
  parser_->request.header_limit(kMaxHeader);
  http::async_read(wire_, buffer_, parser_->request,
                   [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
}

void HttpSession::on_read(error_code error) {
  if (error) return wire_.state().finish();
  BeastRequest request = parser_->request.release();
  keep_alive_ = request.keep_alive();
  if (boost::beast::websocket::is_upgrade(request)) {
    if (!on_upgrade_(wire_, std::move(request))) answer({.status = 404, .body = "no such stream"});
    return;
  }
  const std::string target(request.target());
  const std::string method(request.method_string());
  const std::string body = std::move(request.body());
  const auto mark = target.find('?');
  HttpRequest plain{method, std::string_view(target).substr(0, mark),
                    mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1), body};
  for (const auto& field : request) plain.headers.emplace_back(field.name_string(), field.value());
  on_request_(plain, [self = shared_from_this()](HttpAnswer reply) {
    boost::asio::dispatch(self->wire_.get_executor(), [self, reply = std::move(reply)] { self->answer(reply); });
  });
}

// The header promises the whole body.
void HttpSession::cut_off(const HttpAnswer& answer) {
  const std::string head = fmt::format("HTTP/1.1 {} OK\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
                                       answer.status, answer.content_type, answer.body.size());
  const std::string bytes = head + answer.body.substr(0, answer.body.size() / 2);
  wire_.state().write(bytes.data(), bytes.size());
  wire_.state().finish();
}

void HttpSession::answer(const HttpAnswer& answer) {
  if (answer.cut) return cut_off(answer);
  auto response = std::make_shared<http::response<http::string_body>>();
  response->result(static_cast<unsigned>(answer.status));
  response->set(http::field::content_type, answer.content_type);
  for (const auto& [key, value] : answer.headers) response->set(key, value);
  response->body() = answer.body;
  response->keep_alive(keep_alive_);
  response->prepare_payload();
  http::async_write(wire_, *response, [self = shared_from_this(), response](error_code error, std::size_t) {
    if (error || !self->keep_alive_) return self->wire_.state().finish();
    self->start();
  });
}

}  // namespace millrace::sim
