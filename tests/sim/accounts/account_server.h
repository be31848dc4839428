#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/sim/accounts/face.h"
#include "tests/sim/net/client_impl.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim::accounts {

// One account on one port: carries what its face says. Everything of it happens on its strand.
class AccountServer : public std::enable_shared_from_this<AccountServer> {
 public:
  // `label` is "kraken:main": the name in the fault log and for --fault. `context` null = plain text; `book` and `log`
  // outlive the server. Binds at once; throws if the port is taken.
  AccountServer(boost::asio::io_context& io, std::uint16_t port, SSL_CTX* context, Client::Options client,
                FaultBook& book, FaultLog& log, Clock clock, std::string label, std::unique_ptr<AccountFace> face);

  void start();
  void stop();

  std::uint16_t port() const noexcept { return port_; }
  const std::string& label() const noexcept { return label_; }
  // What does not change: names, paths, instruments. All else only on the strand.
  const AccountFace& face() const noexcept { return *face_; }

  // GET ledger or POST of a command of commands.h, from any thread; answers on the strand.
  void control(std::string method, std::string verb, std::string body, sim::HttpReply reply);

 private:
  void accept();
  void on_accept(boost::asio::ip::tcp::socket socket);
  bool upgrade(Wire wire, BeastRequest request);
  void request(const HttpRequest& request, const sim::HttpReply& reply);
  void carry_out();
  void tick();

  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  SSL_CTX* context_;
  Client::Options client_options_;
  FaultBook* book_;
  FaultLog* log_;
  Clock clock_;
  std::string label_;
  std::unique_ptr<AccountFace> face_;
  std::map<ConnId, std::shared_ptr<Client>> clients_;
  ConnId next_ = 1;
  std::uint16_t port_ = 0;
  std::int64_t pinged_ns_ = 0;
  bool stopped_ = false;
};

}  // namespace millrace::sim::accounts
