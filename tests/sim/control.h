#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/sim/faults/fault_book.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

// The control endpoint, plain HTTP on loopback: POST /fault, GET /log, GET /stats, POST /quit, and
// /accounts/VENUE:NAME/... for accounts, /proxy/NAME for proxies. On a strand of its own.
class Control : public std::enable_shared_from_this<Control> {
 public:
  struct Actions {
    std::function<std::string()> stats;  // one JSON object
    std::function<void()> quit;
    // /accounts and what is below it; answers now or later.
    std::function<void(const HttpRequest&, HttpReply)> accounts;
    std::function<void(const HttpRequest&, HttpReply)> proxy;  // the same for /proxy
  };

  // `book` and `log` outlive it. Binds at once; throws if the port is taken.
  Control(boost::asio::io_context& io, std::uint16_t port, FaultBook& book, FaultLog& log, Actions actions);

  void start() { accept(); }
  void stop();
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  // What the endpoint answers; apart from the socket for tests.
  HttpAnswer answer(const HttpRequest& request);

 private:
  void accept();
  HttpAnswer add_fault(std::string_view body);

  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::ip::tcp::acceptor acceptor_;
  FaultBook* book_;
  FaultLog* log_;
  Actions actions_;
};

}  // namespace millrace::sim
