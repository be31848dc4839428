#include "tests/sim/control.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "tests/sim/net/session.h"

namespace millrace::sim {

namespace asio = boost::asio;
using asio::ip::tcp;

Control::Control(asio::io_context& io, std::uint16_t port, FaultBook& book, FaultLog& log, Actions actions)
    : strand_(asio::make_strand(io)),
      acceptor_(strand_, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
      book_(&book),
      log_(&log),
      actions_(std::move(actions)) {}

void Control::accept() {
  acceptor_.async_accept(strand_, [self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (!error) {
      const Wire wire(std::make_shared<WireState>(std::move(socket), nullptr));
      const auto on_request = [self](const HttpRequest& request, const HttpReply& reply) {
        if (request.path.starts_with("/accounts")) return self->actions_.accounts(request, reply);
        if (request.path.starts_with("/proxy")) return self->actions_.proxy(request, reply);
        reply(self->answer(request));
      };
      std::make_shared<HttpSession>(wire, on_request, [](const Wire&, const BeastRequest&) { return false; })->start();
    }
    self->accept();
  });
}

void Control::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
  });
}

HttpAnswer Control::answer(const HttpRequest& request) {
  const bool post = request.method == "POST";
  if (request.path == "/fault" && post) return add_fault(request.body);
  if (request.path == "/log") return {.body = log_->lines(), .content_type = "application/x-ndjson"};
  if (request.path == "/stats") return {.body = actions_.stats()};
  if (request.path == "/quit" && post) {
    actions_.quit();
    return {.body = "{\"ok\":true}"};
  }
  return {.status = 404, .body = R"({"error":"POST /fault, GET /log, GET /stats, POST /quit, /accounts, /proxy"})"};
}

HttpAnswer Control::add_fault(std::string_view body) {
  auto parsed = parse_fault_json(body);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    std::string text;
    for (const char c : *error) text += c == '"' ? '\'' : c;
    return {.status = 400, .body = fmt::format(R"({{"error":"{}"}})", text)};
  }
  book_->add(std::move(std::get<Fault>(parsed)));
  return {.body = "{\"ok\":true}"};
}

}  // namespace millrace::sim
