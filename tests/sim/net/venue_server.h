#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/sim/net/client_impl.h"
#include "tests/sim/venues/venue.h"
#include "tests/sim/venues/weight.h"

namespace millrace::sim {

// How fast a venue runs and what it lets clients do.
struct ServerOptions {
  double rate = 100;  // messages a second; 0 = as fast as the clients read
  Client::Options client;
};

// Figures for GET /stats; read from any thread.
struct ServerCounters {
  std::atomic<std::uint64_t> connections{0}, open{0}, messages{0}, bytes{0}, requests{0}, slow_clients{0};
  // Limits broken: connects refused, requests answered 429 and 418 (unless by a fault), clients put out with 1008.
  std::atomic<std::uint64_t> refused{0}, limited{0}, banned{0}, put_out{0};
};

// One venue on one port: accepts, keeps the clients, drives the venue's clock and flow. Everything of it happens on
// its strand.
class VenueServer : public Outbox, public std::enable_shared_from_this<VenueServer> {
 public:
  // `context` null = plain text; `book` and `log` outlive the server. Binds at once; throws if the port is taken.
  VenueServer(boost::asio::io_context& io, std::uint16_t port, SSL_CTX* context, ServerOptions options, FaultBook& book,
              FaultLog& log, Clock clock);

  // The venue it serves, made with this server as its outbox; then start() once.
  void set_venue(std::unique_ptr<Venue> venue) { venue_ = std::move(venue); }
  void start();
  void stop();

  std::uint16_t port() const noexcept { return port_; }
  const Venue& venue() const noexcept { return *venue_; }
  const ServerCounters& counters() const noexcept { return counters_; }
  std::string stats() const;  // one JSON object

  void send(ClientId to, std::string_view text, const Tag& tag) override;
  void close(ClientId client, std::uint16_t code, std::string_view reason) override;
  void send_framed(ClientId to, std::string_view frame) override;
  bool crowded() const override { return crowded_; }

 private:
  void accept();
  void on_accept(boost::asio::ip::tcp::socket socket);
  bool upgrade(Wire wire, BeastRequest request);
  void request(const HttpRequest& request, HttpReply reply);
  bool fault_request(const Fault& fault, const HttpRequest& request, HttpReply& reply);
  void close_all();
  void forget(ClientId client);
  void pace();
  void run_flow();
  void watch_queues(std::int64_t now);
  bool run_recording(std::int64_t now);
  void tick();
  void look_after(ClientId id, Client& client, std::int64_t now);
  void check_slow(ClientId id, Client& client, std::int64_t now);

  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pace_timer_;
  boost::asio::steady_timer second_timer_;
  SSL_CTX* context_;
  ServerOptions options_;
  FaultBook* book_;
  FaultLog* log_;
  Clock clock_;
  std::unique_ptr<Venue> venue_;
  std::map<ClientId, std::shared_ptr<Client>> clients_;
  ClientId next_client_ = 1;
  RateWindow connects_;
  ServerCounters counters_;
  std::uint16_t port_ = 0;
  double budget_ = 0;
  std::int64_t paced_ns_ = 0;
  std::int64_t refuse_until_ns_ = 0;
  bool crowded_ = false;  // a client has much to read yet
  bool stopped_ = false;
  bool plays_ = false;  // the venue is a recording
  bool play_ended_ = false;
};

}  // namespace millrace::sim
