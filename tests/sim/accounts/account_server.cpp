#include "tests/sim/accounts/account_server.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <chrono>

#include "tests/sim/accounts/commands.h"
#include "tests/sim/net/session.h"

namespace millrace::sim::accounts {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kTick = std::chrono::milliseconds(2);
constexpr std::int64_t kPingEvery = 20'000'000'000;

HttpAnswer to_answer(HttpReply reply) {
  HttpAnswer out{reply.status, std::move(reply.body), std::move(reply.content_type), {}, reply.cut};
  for (Header& one : reply.headers) out.headers.emplace_back(std::move(one.name), std::move(one.value));
  return out;
}

}  // namespace

AccountServer::AccountServer(asio::io_context& io, std::uint16_t port, SSL_CTX* context, Client::Options client,
                             FaultBook& book, FaultLog& log, Clock clock, std::string label,
                             std::unique_ptr<AccountFace> face)
    : strand_(asio::make_strand(io)),
      acceptor_(strand_, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
      timer_(strand_),
      context_(context),
      client_options_(client),
      book_(&book),
      log_(&log),
      clock_(std::move(clock)),
      label_(std::move(label)),
      face_(std::move(face)),
      port_(acceptor_.local_endpoint().port()) {}

void AccountServer::start() {
  asio::post(strand_, [self = shared_from_this()] {
    self->accept();
    self->tick();
  });
}

void AccountServer::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    self->stopped_ = true;
    error_code ignored;
    self->acceptor_.close(ignored);
    self->timer_.cancel();
    const auto clients = self->clients_;
    for (const auto& [id, client] : clients) client->reset();
  });
}

void AccountServer::accept() {
  acceptor_.async_accept(strand_, [self = shared_from_this()](error_code error, tcp::socket socket) {
    if (self->stopped_) return;
    if (!error) self->on_accept(std::move(socket));
    self->accept();
  });
}

void AccountServer::on_accept(tcp::socket socket) {
  if (book_->on_connect(label_)) {
    log_->add({.time_ns = clock_(), .venue = label_, .kind = FaultKind::kRefuseConnect});
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    return;  // closes with RST
  }
  const Wire wire(std::make_shared<WireState>(std::move(socket), context_));
  std::make_shared<HttpSession>(
      wire, [self = shared_from_this()](const HttpRequest& one, sim::HttpReply reply) { self->request(one, reply); },
      [self = shared_from_this()](Wire taken, BeastRequest one) {
        return self->upgrade(std::move(taken), std::move(one));
      })
      ->start();
}

bool AccountServer::upgrade(Wire wire, BeastRequest request) {
  const std::string target(request.target());
  if (!face_->serves(target)) return false;
  const ConnId id = next_++;
  auto self = shared_from_this();
  Client::Events events;
  events.on_open = [self, target](ClientId conn) {
    self->face_->open(conn, target, self->clock_());
    self->carry_out();
  };
  events.on_text = [self](ClientId conn, std::string_view text) {
    self->face_->message(conn, text, self->clock_());
    self->carry_out();
  };
  events.on_control_frame = [](ClientId) {};
  events.on_close = [self](ClientId conn) {
    if (self->clients_.erase(conn) == 0) return;
    self->face_->closed(conn, self->clock_());
    self->carry_out();
  };
  clients_[id] = make_client(std::move(wire), std::move(request), id, client_options_, std::move(events),
                             Injector(*book_, *log_, clock_, label_, id));
  return true;
}

void AccountServer::request(const HttpRequest& request, const sim::HttpReply& reply) {
  const std::string target =
      request.query.empty() ? std::string(request.path) : fmt::format("{}?{}", request.path, request.query);
  HttpAsk ask{request.method, target, request.body, {}};
  for (const auto& [name, value] : request.headers) ask.headers.push_back({name, value});
  HttpReply answer = face_->rest(ask, clock_());
  carry_out();
  reply(to_answer(std::move(answer)));
}

// Everything that the face wants sent. Faults of the command line concern connections here, messages have the knobs.
void AccountServer::carry_out() {
  for (const Outgoing& one : face_->take_outgoing()) {
    const auto found = clients_.find(one.conn);
    if (found == clients_.end()) continue;
    Client& client = *found->second;
    switch (one.kind) {
      case Outgoing::Kind::kText:
        client.send(one.data, {});
        break;
      case Outgoing::Kind::kBinary:
        client.send_binary(one.data);
        break;
      case Outgoing::Kind::kClose:
        client.close(one.code, one.data);
        break;
      case Outgoing::Kind::kReset:
        if (one.data.empty()) {
          client.reset();
        } else {
          client.break_off(one.data);
        }
        break;
    }
  }
}

void AccountServer::control(std::string method, std::string verb, std::string body, sim::HttpReply reply) {
  asio::post(strand_, [self = shared_from_this(), method = std::move(method), verb = std::move(verb),
                       body = std::move(body), reply = std::move(reply)] {
    if (method == "GET" && verb == "ledger") {
      self->face_->tick(self->clock_());
      reply({.body = ledger_json(*self->face_)});
    } else if (method == "POST") {
      reply(to_answer(command(*self->face_, verb, body, self->clock_())));
    } else {
      reply({.status = 404, .body = R"({"error":"GET ledger, or POST a command"})"});
    }
    self->carry_out();
  });
}

void AccountServer::tick() {
  if (stopped_) return;
  const std::int64_t now = clock_();
  face_->tick(now);
  carry_out();
  if (now - pinged_ns_ >= kPingEvery) {
    pinged_ns_ = now;
    for (const auto& [id, client] : clients_) client->ping();
  }
  timer_.expires_after(kTick);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->tick();
  });
}

}  // namespace millrace::sim::accounts
