#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/proxy/link_fault.h"
#include "tests/sim/venues/venue.h"

namespace millrace::sim {

class ProxyLink;

// A TCP port on loopback that passes connections on to one address, and does to their bytes what is ordered. All of it
// runs on one strand; what is public may be called from any thread once it was made by make_shared. What waits in it is
// bounded: 256 KiB a direction of a connection, then it reads no more, as a network would.
class Proxy : public std::enable_shared_from_this<Proxy> {
 public:
  // Binds a free port; throws boost::system::system_error if there is none. `target` is "127.0.0.1:PORT".
  Proxy(boost::asio::io_context& io, std::string name, const std::string& target, std::uint64_t seed);
  ~Proxy();

  const std::string& name() const noexcept { return name_; }
  std::uint16_t port() const noexcept { return port_; }
  void start();
  // Closes the port and every connection.
  void stop();

  // POST with a fault of parse_link_fault(), {"kind":"clear"} for an end of all, {"kind":"cut"} for RST to every
  // connection now; GET for what was seen: {"connections":1,"up":10,"down":20,"struck":{}}.
  void control(std::string method, std::string body, HttpReply reply);

 private:
  friend class ProxyLink;

  void accept();
  HttpAnswer order(const std::string& body);
  void cut();

  using Tcp = boost::asio::ip::tcp;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  Tcp::acceptor acceptor_;
  const std::string name_;
  const Tcp::endpoint target_;
  const std::uint16_t port_;
  LinkFaults faults_;
  std::list<std::shared_ptr<ProxyLink>> links_;  // until each is over
  std::uint64_t connections_ = 0;
  std::uint64_t passed_[2] = {0, 0};  // bytes by direction
};

}  // namespace millrace::sim
