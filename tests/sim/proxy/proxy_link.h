#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "tests/sim/proxy/link_fault.h"

namespace millrace::sim {

class Proxy;

// One connection through a proxy: two sockets, and what is on its way in each direction. On the proxy's strand. The
// proxy keeps it until it is over, and it the proxy.
class ProxyLink : public std::enable_shared_from_this<ProxyLink> {
 public:
  ProxyLink(std::shared_ptr<Proxy> proxy, boost::asio::ip::tcp::socket client);

  void start();
  // A partition may have ended.
  void wake();
  // RST to both sides.
  void reset();

 private:
  using Clock = std::chrono::steady_clock;
  using Socket = boost::asio::ip::tcp::socket;
  struct Waiting {
    std::string bytes;
    Clock::time_point due;
    LinkOutcome::End end = LinkOutcome::End::kNone;  // after the bytes
  };
  // One direction.
  struct Pipe {
    Pipe(Socket& source, Socket& sink, LinkDirection which)
        : from(source), to(sink), timer(sink.get_executor()), direction(which) {}

    Socket& from;
    Socket& to;
    boost::asio::steady_timer timer;
    LinkDirection direction;
    std::deque<Waiting> waiting;
    std::size_t bytes = 0;     // in `waiting`
    std::uint64_t passed = 0;  // read so far
    bool reading = false;
    bool sending = false;
    bool ended = false;  // nothing more is read
    std::array<char, 16 * 1024> buffer;
  };

  void pump(Pipe& pipe);
  void read(Pipe& pipe);
  void on_read(Pipe& pipe, boost::system::error_code error, std::size_t size);
  void take(Pipe& pipe, std::string chunk);
  void send(Pipe& pipe);
  void finish(Pipe& pipe, LinkOutcome::End end);

  std::shared_ptr<Proxy> proxy_;
  Socket client_;
  Socket server_;
  Pipe up_;
  Pipe down_;
  bool dead_ = false;
};

}  // namespace millrace::sim
