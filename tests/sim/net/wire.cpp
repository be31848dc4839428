#include "tests/sim/net/wire.h"

#include <openssl/err.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

namespace millrace::sim {

namespace asio = boost::asio;
using boost::system::error_code;

WireState::WireState(asio::ip::tcp::socket socket, SSL_CTX* context)
    : socket_(std::move(socket)), timer_(socket_.get_executor()) {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // A small kernel buffer: how much a slow reader leaves behind is then ours to bound.
  socket_.set_option(asio::socket_base::send_buffer_size(256 * 1024), ignored);
  if (context == nullptr) return;
  ssl_ = SSL_new(context);
  from_network_ = BIO_new(BIO_s_mem());
  to_network_ = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(from_network_, -1);
  BIO_set_mem_eof_return(to_network_, -1);
  SSL_set_bio(ssl_, from_network_, to_network_);
  SSL_set_accept_state(ssl_);
}

WireState::~WireState() {
  if (ssl_ != nullptr) SSL_free(ssl_);
}

void WireState::read(asio::mutable_buffer into, Done done) {
  into_ = into;
  reader_ = std::move(done);
  if (into.size() == 0) return complete_read({}, 0);
  pump_read();
}

void WireState::pump_read() {
  if (frozen_ || !reader_) return;
  if (dead_) return complete_read(asio::error::operation_aborted, 0);
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, into_.data(), static_cast<int>(std::min<std::size_t>(into_.size(), 1U << 20U)));
    const int why = SSL_get_error(ssl_, got);
    flush();  // handshake messages, alerts
    if (got > 0) return complete_read({}, static_cast<std::size_t>(got));
    if (why == SSL_ERROR_ZERO_RETURN) return complete_read(asio::error::eof, 0);
    if (why != SSL_ERROR_WANT_READ) return complete_read(asio::error::connection_aborted, 0);
  }
  const auto target = ssl_ == nullptr ? into_ : asio::buffer(received_);
  socket_.async_read_some(
      target, [self = shared_from_this()](error_code error, std::size_t size) { self->on_received(error, size); });
}

void WireState::on_received(error_code error, std::size_t size) {
  if (frozen_) return;
  if (error) return complete_read(error, 0);
  if (ssl_ == nullptr) return complete_read({}, size);
  BIO_write(from_network_, received_.data(), static_cast<int>(size));
  pump_read();
}

void WireState::complete_read(error_code error, std::size_t size) {
  const Done done = std::exchange(reader_, nullptr);
  if (done) done(error, size);
}

void WireState::write(const void* data, std::size_t size) {
  if (dead_ || finishing_ || frozen_ || size == 0) return;
  if (ssl_ == nullptr) {
    waiting_.append(static_cast<const char*>(data), size);
  } else {
    ERR_clear_error();
    SSL_write(ssl_, data, static_cast<int>(size));  // into memory: never short
  }
  flush();
}

std::size_t WireState::buffered() const noexcept {
  const std::size_t encrypted = to_network_ == nullptr ? 0 : BIO_ctrl_pending(to_network_);
  return waiting_.size() + sending_.size() + encrypted;
}

void WireState::when_writable(std::size_t size, Done done) {
  if (dead_) return done(asio::error::operation_aborted, 0);
  if (frozen_) return;  // like a peer that has gone: the write never ends
  if (buffered() < kHighWater) return done({}, size);
  writers_.emplace_back(size, std::move(done));
}

void WireState::collect_ciphertext() {
  if (to_network_ == nullptr) return;
  char* data = nullptr;
  const long size = BIO_get_mem_data(to_network_, &data);
  if (size <= 0) return;
  waiting_.append(data, static_cast<std::size_t>(size));
  BIO_reset(to_network_);
}

void WireState::flush() {
  if (flushing_ || frozen_ || dead_) return;
  collect_ciphertext();
  if (waiting_.empty()) {
    if (finishing_) fail(asio::error::eof);
    return;
  }
  flushing_ = true;
  if (drip_left_ > 0) return drip_one();
  sending_.clear();
  sending_.swap(waiting_);
  asio::async_write(socket_, asio::buffer(sending_),
                    [self = shared_from_this()](error_code error, std::size_t) { self->on_flushed(error); });
}

void WireState::on_flushed(error_code error) {
  flushing_ = false;
  sending_.clear();
  if (error) return fail(error);
  flush();
  if (buffered() >= kHighWater) return;
  for (auto& [size, done] : std::exchange(writers_, {})) done({}, size);
}

void WireState::drip_one() {
  --drip_left_;
  timer_.expires_after(std::chrono::milliseconds(1));
  timer_.async_wait([self = shared_from_this()](error_code) {
    if (self->dead_ || self->frozen_) return;
    self->sending_.assign(1, self->waiting_.front());
    self->waiting_.erase(0, 1);
    asio::async_write(self->socket_, asio::buffer(self->sending_),
                      [self](error_code error, std::size_t) { self->on_flushed(error); });
  });
}

void WireState::drip(std::size_t bytes) { drip_left_ = bytes; }

void WireState::finish() {
  if (dead_ || finishing_) return;
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
  finishing_ = true;
  flush();
}

void WireState::reset() {
  if (dead_) return;
  collect_ciphertext();
  error_code error;
  if (!flushing_) {
    socket_.non_blocking(true, error);
    socket_.write_some(asio::buffer(waiting_), error);
  }
  socket_.set_option(asio::socket_base::linger(true, 0), error);
  fail(asio::error::connection_reset);
}

// FIN is sent; waits a second for the peer's. To close at once with bytes unread would send RST, and the peer might
// lose what it has not read yet.
void WireState::linger() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([self = shared_from_this()](error_code) {
    error_code unused;
    self->socket_.close(unused);
  });
}

// The end, polite or not: nothing is waiting any more.
void WireState::fail(error_code error) {
  if (dead_) return;
  dead_ = true;
  error_code ignored;
  if (finishing_ && error == asio::error::eof) {
    linger();
  } else {
    socket_.close(ignored);
    timer_.cancel();
  }
  complete_read(error, 0);
  for (auto& [size, done] : std::exchange(writers_, {})) done(error, 0);
}

void beast_close_socket(Wire& wire) { wire.state().reset(); }

void teardown(boost::beast::role_type, Wire& wire, error_code& error) {
  wire.state().finish();
  error = {};
}

}  // namespace millrace::sim
