#include "tests/sim/proxy/proxy_link.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "tests/sim/proxy/proxy.h"

namespace millrace::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kMostWaiting = 256 * 1024;

}  // namespace

ProxyLink::ProxyLink(std::shared_ptr<Proxy> proxy, tcp::socket client)
    : proxy_(std::move(proxy)),
      client_(std::move(client)),
      server_(client_.get_executor()),
      up_(client_, server_, LinkDirection::kUp),
      down_(server_, client_, LinkDirection::kDown) {}

void ProxyLink::start() {
  server_.async_connect(proxy_->target_, [self = shared_from_this()](boost::system::error_code error) {
    if (error || self->dead_) return self->reset();  // nobody listens: the client is told
    boost::system::error_code ignored;
    self->client_.set_option(tcp::no_delay(true), ignored);
    self->server_.set_option(tcp::no_delay(true), ignored);
    self->wake();
  });
}

void ProxyLink::wake() {
  pump(up_);
  pump(down_);
}

// Lets things move that may: reading while there is room, sending what is due.
void ProxyLink::pump(Pipe& pipe) {
  if (dead_ || proxy_->faults_.partitioned(pipe.direction)) return;
  if (!pipe.reading && !pipe.ended && pipe.bytes < kMostWaiting) read(pipe);
  if (!pipe.sending && !pipe.waiting.empty()) send(pipe);
}

void ProxyLink::read(Pipe& pipe) {
  pipe.reading = true;
  pipe.from.async_read_some(asio::buffer(pipe.buffer),
                            [self = shared_from_this(), &pipe](boost::system::error_code error, std::size_t size) {
                              pipe.reading = false;
                              self->on_read(pipe, error, size);
                            });
}

// A side that ends is passed on behind its bytes: FIN as FIN, all else as RST.
void ProxyLink::on_read(Pipe& pipe, boost::system::error_code error, std::size_t size) {
  if (dead_) return;
  if (error && error != asio::error::eof) return reset();
  if (error) {
    pipe.ended = true;
    pipe.waiting.push_back({{}, Clock::now(), LinkOutcome::End::kHalfClose});
  } else {
    take(pipe, std::string(pipe.buffer.data(), size));
  }
  pump(pipe);
}

// Order is kept: nothing is due before what stands in front of it.
void ProxyLink::take(Pipe& pipe, std::string chunk) {
  const std::size_t size = chunk.size();
  LinkOutcome outcome = proxy_->faults_.pass(pipe.direction, pipe.passed, std::move(chunk));
  pipe.passed += size;
  proxy_->passed_[static_cast<std::size_t>(pipe.direction)] += size;
  auto due = Clock::now() + outcome.late;
  if (!pipe.waiting.empty()) due = std::max(due, pipe.waiting.back().due);
  for (LinkOutcome::Piece& piece : outcome.pieces) {
    due += piece.wait;
    pipe.bytes += piece.bytes.size();
    pipe.waiting.push_back({std::move(piece.bytes), due, LinkOutcome::End::kNone});
  }
  if (outcome.end == LinkOutcome::End::kNone) return;
  pipe.ended = true;
  pipe.waiting.push_back({{}, due, outcome.end});
}

void ProxyLink::send(Pipe& pipe) {
  pipe.sending = true;
  const auto done = [self = shared_from_this(), &pipe](boost::system::error_code error, std::size_t size) {
    if (self->dead_) return;
    if (error) return self->reset();
    pipe.sending = false;
    pipe.bytes -= size;
    const LinkOutcome::End end = pipe.waiting.front().end;
    pipe.waiting.pop_front();
    if (end != LinkOutcome::End::kNone) self->finish(pipe, end);
    self->pump(pipe);
  };
  pipe.timer.expires_at(pipe.waiting.front().due);
  pipe.timer.async_wait([self = shared_from_this(), &pipe, done](boost::system::error_code error) {
    if (self->dead_ || error) return;
    // A partition may have begun while it waited.
    if (self->proxy_->faults_.partitioned(pipe.direction)) {
      pipe.sending = false;
      return;
    }
    asio::async_write(pipe.to, asio::buffer(pipe.waiting.front().bytes), done);
  });
}

void ProxyLink::finish(Pipe& pipe, LinkOutcome::End end) {
  if (end == LinkOutcome::End::kReset) return reset();
  boost::system::error_code ignored;
  pipe.to.shutdown(tcp::socket::shutdown_send, ignored);
  const Pipe& other = &pipe == &up_ ? down_ : up_;
  if (other.ended && other.waiting.empty()) reset();  // both have said all: nothing is left to reset
}

// Closing with linger 0 is RST where something could still come, and the end of a socket that has said FIN.
void ProxyLink::reset() {
  if (std::exchange(dead_, true)) return;
  boost::system::error_code ignored;
  for (tcp::socket* socket : {&client_, &server_}) {
    const bool said_all = up_.ended && down_.ended && up_.waiting.empty() && down_.waiting.empty();
    if (!said_all) socket->set_option(asio::socket_base::linger(true, 0), ignored);
    socket->close(ignored);
  }
  up_.timer.cancel();
  down_.timer.cancel();
  proxy_->links_.remove(shared_from_this());
}

}  // namespace millrace::sim
