#include "tests/sim/net/venue_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>

#include "schemas/events/time.h"
#include "tests/sim/net/session.h"

namespace millrace::sim {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kPace = std::chrono::milliseconds(2);
constexpr auto kFullSpeedPause = std::chrono::microseconds(200);
constexpr int kStepsAtOnce = 512;
constexpr std::int64_t kStuckAfter = 10 * kSecond;  // at full speed: a client that reads nothing for so long is put out
constexpr double kIdleStep = 0.2;                   // what a step costs that no client hears of

}  // namespace

VenueServer::VenueServer(asio::io_context& io, std::uint16_t port, SSL_CTX* context, ServerOptions options,
                         FaultBook& book, FaultLog& log, Clock clock)
    : strand_(asio::make_strand(io)),
      acceptor_(strand_, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
      pace_timer_(strand_),
      second_timer_(strand_),
      context_(context),
      options_(options),
      book_(&book),
      log_(&log),
      clock_(std::move(clock)),
      port_(acceptor_.local_endpoint().port()) {}

void VenueServer::start() {
  asio::post(strand_, [self = shared_from_this()] {
    self->accept();
    self->paced_ns_ = self->clock_();
    self->pace();
    self->tick();
  });
}

void VenueServer::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    self->stopped_ = true;
    error_code ignored;
    self->acceptor_.close(ignored);
    self->pace_timer_.cancel();
    self->second_timer_.cancel();
    self->close_all();
  });
}

void VenueServer::close_all() {
  const auto clients = clients_;
  for (const auto& [id, client] : clients) client->reset();
}

void VenueServer::accept() {
  acceptor_.async_accept(strand_, [self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->stopped_) return;
    if (!error) self->on_accept(std::move(socket));
    self->accept();
  });
}

void VenueServer::on_accept(tcp::socket socket) {
  const auto fault = book_->on_connect(venue_->name());
  const std::int64_t now = clock_();
  if (fault) refuse_until_ns_ = now + fault->seconds * kSecond;
  if (fault || now < refuse_until_ns_) {
    log_->add({.time_ns = now, .venue = venue_->name(), .kind = FaultKind::kRefuseConnect});
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    return;  // closes with RST
  }
  Wire wire(std::make_shared<WireState>(std::move(socket), context_));
  std::make_shared<HttpSession>(
      wire,
      [self = shared_from_this()](const HttpRequest& request, HttpReply reply) {
        self->request(request, std::move(reply));
      },
      [self = shared_from_this()](Wire taken, BeastRequest request) {
        return self->upgrade(std::move(taken), std::move(request));
      })
      ->start();
}

bool VenueServer::upgrade(Wire wire, BeastRequest request) {
  const std::string target(request.target());
  const auto mark = target.find('?');
  const std::string path = target.substr(0, mark);
  const std::string query = mark == std::string::npos ? "" : target.substr(mark + 1);
  const Limits& limits = venue_->limits();
  if (!venue_->serves(path)) return false;
  if (!connects_.admit(limits.connects, limits.connect_window_s * kSecond, clock_())) {
    ++counters_.refused;
    return false;
  }
  const ClientId id = next_client_++;
  auto self = shared_from_this();
  Client::Events events;
  events.on_open = [self, path, query](ClientId client) {
    self->clients_[client]->opened_ns = self->clients_[client]->ponged_ns = self->clock_();
    self->venue_->on_open(client, path, query);
  };
  events.on_text = [self](ClientId client, std::string_view text) { self->venue_->on_text(client, text); };
  events.on_control_frame = [self](ClientId client) {
    const auto found = self->clients_.find(client);
    if (found != self->clients_.end()) found->second->ponged_ns = self->clock_();
    self->venue_->on_control_frame(client);
  };
  events.on_close = [self](ClientId client) { self->forget(client); };
  ++counters_.connections;
  ++counters_.open;
  clients_[id] = make_client(std::move(wire), std::move(request), id, options_.client, std::move(events),
                             Injector(*book_, *log_, clock_, venue_->name(), id));
  return true;
}

void VenueServer::forget(ClientId client) {
  if (clients_.erase(client) == 0) return;
  --counters_.open;
  venue_->on_close(client);
}

void VenueServer::request(const HttpRequest& request, HttpReply reply) {
  ++counters_.requests;
  const std::string target = fmt::format("{}?{}", request.path, request.query);
  const auto fault = book_->on_request(venue_->name(), target);
  if (fault && fault_request(*fault, request, reply)) return;
  venue_->on_http(request, [self = shared_from_this(), reply = std::move(reply)](HttpAnswer answer) {
    if (answer.status == 429) ++self->counters_.limited;
    if (answer.status == 418) ++self->counters_.banned;
    reply(std::move(answer));
  });
}

// True if the fault has taken the request over.
bool VenueServer::fault_request(const Fault& fault, const HttpRequest& request, HttpReply& reply) {
  log_->add({.time_ns = clock_(), .venue = venue_->name(), .kind = fault.kind, .target = request.path});
  const std::string wait = std::to_string(fault.seconds == 0 ? 1 : fault.seconds);
  switch (fault.kind) {
    case FaultKind::kHttp429:
    case FaultKind::kHttp418:
      reply({.status = fault.kind == FaultKind::kHttp429 ? 429 : 418,
             .body = R"({"code":-1003,"msg":"Too many requests."})",
             .headers = {{"Retry-After", wait}}});
      return true;
    case FaultKind::kHttp500:
      reply({.status = 500, .body = "internal error", .content_type = "text/plain"});
      return true;
    case FaultKind::kHttp503:
      reply({.status = 503, .body = R"({"code":-1000,"msg":"Service Unavailable."})"});
      return true;
    case FaultKind::kHttpHtml:
      reply({.status = 403, .body = "<html><body>Forbidden</body></html>", .content_type = "text/html"});
      return true;
    default:
      break;
  }
  // Slow: the answer is made now and sent later.
  auto timer =
      std::make_shared<asio::steady_timer>(strand_, std::chrono::seconds(fault.seconds == 0 ? 10 : fault.seconds));
  reply = [timer, late = std::move(reply)](HttpAnswer answer) {
    timer->async_wait([timer, late, answer = std::move(answer)](error_code) { late(answer); });
  };
  return false;
}

void VenueServer::send(ClientId to, std::string_view text, const Tag& tag) {
  const auto found = clients_.find(to);
  if (found == clients_.end()) return;
  ++counters_.messages;
  counters_.bytes += text.size();
  found->second->send(text, tag);
  if (found->second->buffered() > WireState::kHighWater) check_slow(to, *found->second, clock_());
}

void VenueServer::send_framed(ClientId to, std::string_view frame) {
  const auto found = clients_.find(to);
  if (found == clients_.end()) return;
  ++counters_.messages;
  counters_.bytes += frame.size();
  found->second->send_framed(frame);
  if (found->second->buffered() > WireState::kHighWater) check_slow(to, *found->second, clock_());
}

// At a given rate a venue drops whom it cannot serve; at full speed it waits, but not for ever.
void VenueServer::check_slow(ClientId id, Client& client, std::int64_t now) {
  crowded_ = true;
  if (client.blocked_since_ns == 0) client.blocked_since_ns = now;
  const bool stuck = options_.rate == 0 && now - client.blocked_since_ns > kStuckAfter;
  if (client.put_out || (!stuck && client.buffered() <= options_.client.max_buffered)) return;
  client.put_out = true;
  ++counters_.slow_clients;
  log_->event(now, "slow_client", fmt::format(R"(,"venue":"{}","conn":{})", venue_->name(), id));
  // Not from within a broadcast: the list of clients is in use.
  asio::post(strand_, [self = shared_from_this(), id] {
    const auto found = self->clients_.find(id);
    if (found != self->clients_.end()) found->second->reset();
  });
}

void VenueServer::close(ClientId client, std::uint16_t code, std::string_view reason) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  if (code == 1008) ++counters_.put_out;
  found->second->close(code, reason);
}

void VenueServer::pace() {
  if (stopped_) return;
  const bool full_speed = options_.rate == 0 && !plays_;
  run_flow();
  if (full_speed && venue_->wanted() && !crowded_) {
    return asio::post(strand_, [self = shared_from_this()] { self->pace(); });
  }
  if (full_speed) {
    pace_timer_.expires_after(kFullSpeedPause);
  } else {
    pace_timer_.expires_after(kPace);
  }
  pace_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->pace();
  });
}

void VenueServer::run_flow() {
  const std::int64_t now = clock_();
  const double elapsed = static_cast<double>(now - paced_ns_) / 1e9;
  paced_ns_ = now;
  if (!venue_->wanted()) return;
  watch_queues(now);
  if (run_recording(now)) return;
  // A pause of the process is not made up for: at most 100 ms of messages at once.
  budget_ = std::min(budget_ + elapsed * options_.rate, std::max(options_.rate / 10, 1.0));
  if (options_.rate == 0) {
    for (int i = 0; i < kStepsAtOnce && !crowded_; ++i) venue_->step();
    return;
  }
  while (budget_ >= 1) budget_ -= std::max(static_cast<double>(venue_->step()), kIdleStep);
}

void VenueServer::watch_queues(std::int64_t now) {
  crowded_ = false;
  for (const auto& [id, client] : clients_) {
    if (client->buffered() > WireState::kHighWater) {
      check_slow(id, *client, now);
    } else {
      client->blocked_since_ns = 0;
    }
  }
}

// True if the venue plays a recording; says once when it has ended. Connections and heartbeats go on.
bool VenueServer::run_recording(std::int64_t now) {
  const PlayState state = venue_->play();
  if (state == PlayState::kEnded && !play_ended_) {
    play_ended_ = true;
    log_->event(now, "playback_end",
                fmt::format(R"(,"venue":"{}","messages":{})", venue_->name(), counters_.messages.load()));
    fmt::print(stderr, "sim: the recording of {} has ended\n", venue_->name());
  }
  plays_ = state != PlayState::kNotARecording;
  return plays_;
}

void VenueServer::tick() {
  if (stopped_) return;
  const std::int64_t now = clock_();
  venue_->on_second();
  const auto clients = clients_;
  for (const auto& [id, client] : clients) look_after(id, *client, now);
  second_timer_.expires_after(std::chrono::seconds(1));
  second_timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->tick();
  });
}

// Pings, their answers and the lifetime of one connection.
void VenueServer::look_after(ClientId id, Client& client, std::int64_t now) {
  const Limits& limits = venue_->limits();
  if (client.opened_ns == 0) return;
  const std::int64_t age = (now - client.opened_ns) / kSecond;
  if (limits.lifetime_s > 0) {
    const std::int64_t warning = std::clamp<std::int64_t>(limits.lifetime_s / 10, 1, 30);
    if (!client.warned && age >= limits.lifetime_s - warning) {
      client.warned = true;
      venue_->on_expiring(id);
    }
    if (age >= limits.lifetime_s) return client.close(1001, "connection lifetime reached");
  }
  if (limits.ping_interval_s == 0) return;
  if (now - std::max(client.pinged_ns, client.opened_ns) >= limits.ping_interval_s * kSecond) {
    client.pinged_ns = now;
    client.ping();
  }
  const bool answered = client.ponged_ns >= client.pinged_ns;
  if (client.pinged_ns != 0 && !answered && now - client.pinged_ns > limits.pong_timeout_s * kSecond) {
    client.close(1008, "Pong timeout");
  }
}

std::string VenueServer::stats() const {
  return fmt::format(
      R"({{"connections":{},"open":{},"messages":{},"bytes":{},"requests":{},"slow_clients":{},"refused":{},)"
      R"("limited":{},"banned":{},"put_out":{}}})",
      counters_.connections.load(), counters_.open.load(), counters_.messages.load(), counters_.bytes.load(),
      counters_.requests.load(), counters_.slow_clients.load(), counters_.refused.load(), counters_.limited.load(),
      counters_.banned.load(), counters_.put_out.load());
}

}  // namespace millrace::sim
