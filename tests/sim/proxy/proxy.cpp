#include "tests/sim/proxy/proxy.h"

#include <fmt/format.h>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <stdexcept>
#include <utility>

#include "tests/sim/accounts/json_in.h"
#include "tests/sim/proxy/proxy_link.h"

namespace millrace::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint endpoint_of(const std::string& target) {
  const auto colon = target.rfind(':');
  std::uint16_t port = 0;
  const char* const end = target.data() + target.size();
  boost::system::error_code error;
  const auto address = asio::ip::make_address(target.substr(0, colon), error);
  const bool good = colon != std::string::npos && !error && port == 0 &&
                    std::from_chars(target.data() + colon + 1, end, port).ptr == end && port > 0;
  if (!good) throw std::runtime_error(fmt::format("proxy: \"{}\" is no address such as 127.0.0.1:9092", target));
  return {address, port};
}

}  // namespace

Proxy::Proxy(asio::io_context& io, std::string name, const std::string& target, std::uint64_t seed)
    : strand_(asio::make_strand(io)),
      acceptor_(strand_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      name_(std::move(name)),
      target_(endpoint_of(target)),
      port_(acceptor_.local_endpoint().port()),
      faults_(seed) {}

Proxy::~Proxy() = default;

void Proxy::start() {
  asio::post(strand_, [self = shared_from_this()] { self->accept(); });
}

void Proxy::accept() {
  acceptor_.async_accept(strand_, [self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (!error) {
      ++self->connections_;
      const auto link = std::make_shared<ProxyLink>(self, std::move(socket));
      self->links_.push_back(link);
      link->start();
    }
    self->accept();
  });
}

void Proxy::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
    self->cut();
  });
}

void Proxy::control(std::string method, std::string body, HttpReply reply) {
  asio::post(strand_,
             [self = shared_from_this(), method = std::move(method), body = std::move(body), reply = std::move(reply)] {
               if (method == "POST") return reply(self->order(body));
               reply({.body = fmt::format(R"({{"connections":{},"up":{},"down":{},"struck":{}}})", self->connections_,
                                          self->passed_[0], self->passed_[1], self->faults_.counts())});
             });
}

HttpAnswer Proxy::order(const std::string& body) {
  const std::string kind = accounts::JsonIn(body).text("/kind");
  if (kind == "clear") {
    faults_.clear();
    for (const auto& link : links_) link->wake();
  } else if (kind == "cut") {
    cut();
  } else {
    const auto parsed = parse_link_fault(body);
    if (const auto* error = std::get_if<std::string>(&parsed)) {
      return {.status = 400, .body = fmt::format(R"({{"error":{}}})", accounts::quoted(*error))};
    }
    faults_.add(std::get<LinkFault>(parsed));
  }
  return {.body = "{\"ok\":true}"};
}

// Each leaves the list as it ends.
void Proxy::cut() {
  const auto links = links_;
  for (const auto& link : links) link->reset();
}

}  // namespace millrace::sim
