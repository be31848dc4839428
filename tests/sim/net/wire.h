#pragma once

#include <openssl/ssl.h>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::sim {

// What carries the bytes of one connection, with TLS or without; the state behind Wire. It is our own rather than
// Asio's ssl::stream for two reasons: many messages leave with one system call while each keeps its own TLS record, as
// at a venue, and the faults of a network (bytes one by one, a dead peer, RST) are made here. Runs on the socket's
// strand; kept alive by the operations under way.
class WireState : public std::enable_shared_from_this<WireState> {
 public:
  using Done = std::function<void(boost::system::error_code, std::size_t)>;

  // `context` null = plain text.
  WireState(boost::asio::ip::tcp::socket socket, SSL_CTX* context);
  ~WireState();
  WireState(const WireState&) = delete;
  WireState& operator=(const WireState&) = delete;

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

  // Reads what is there into `into`; one read at a time. The first read does the TLS handshake.
  void read(boost::asio::mutable_buffer into, Done done);
  // Queues bytes as one TLS record or more; they leave in order. Nothing is sent after close or reset.
  void write(const void* data, std::size_t size);
  // Calls back once less than kHighWater bytes wait.
  void when_writable(std::size_t size, Done done);
  std::size_t buffered() const noexcept;

  // Ends politely: what is queued is still sent, then close_notify and FIN.
  void finish();
  // Ends at once with RST: pending bytes are thrown away, except that queued ones are offered to the kernel first.
  void reset();
  // Neither reads nor writes from now on, and does not close either.
  void freeze() noexcept { frozen_ = true; }
  // The next `bytes` bytes leave one by one, a millisecond apart.
  void drip(std::size_t bytes);

  static constexpr std::size_t kHighWater = 256 * 1024;

 private:
  void pump_read();
  void on_received(boost::system::error_code error, std::size_t size);
  void complete_read(boost::system::error_code error, std::size_t size);
  void collect_ciphertext();
  void flush();
  void on_flushed(boost::system::error_code error);
  void drip_one();
  void linger();
  void fail(boost::system::error_code error);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  SSL* ssl_ = nullptr;  // owns its two memory BIOs
  BIO* from_network_ = nullptr;
  BIO* to_network_ = nullptr;
  std::array<char, 16 * 1024> received_;
  boost::asio::mutable_buffer into_;
  Done reader_;
  std::string waiting_;  // bytes for the network, not yet handed over
  std::string sending_;  // what the kernel is being given
  std::vector<std::pair<std::size_t, Done>> writers_;
  std::size_t drip_left_ = 0;
  bool flushing_ = false;
  bool frozen_ = false;
  bool finishing_ = false;
  bool dead_ = false;
};

// A stream for Beast: a handle on a WireState.
class Wire {
 public:
  using executor_type = boost::asio::any_io_executor;

  explicit Wire(std::shared_ptr<WireState> state) : state_(std::move(state)) {}

  executor_type get_executor() const { return state_->socket().get_executor(); }
  WireState& state() noexcept { return *state_; }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [](auto handler, std::shared_ptr<WireState> state, boost::asio::mutable_buffer into) {
          state->read(into, erased(std::move(handler), state->socket().get_executor()));
        },
        token, state_, first_usable(buffers));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [](auto handler, std::shared_ptr<WireState> state, std::string bytes) {
          state->write(bytes.data(), bytes.size());
          state->when_writable(bytes.size(), erased(std::move(handler), state->socket().get_executor()));
        },
        token, state_, gathered(buffers));
  }

 private:
  template <class Buffers>
  static boost::asio::mutable_buffer first_usable(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
      const boost::asio::mutable_buffer one(*at);
      if (one.size() > 0) return one;
    }
    return {};
  }

  // Header and payload together, so that a frame is one TLS record whatever Beast's buffers look like.
  template <class Buffers>
  static std::string gathered(const Buffers& buffers) {
    std::string bytes(boost::asio::buffer_size(buffers), '\0');
    boost::asio::buffer_copy(boost::asio::buffer(bytes), buffers);
    return bytes;
  }

  // Beast's handlers only move; std::function copies. Completion goes through the handler's own executor.
  template <class Handler>
  static WireState::Done erased(Handler handler, boost::asio::any_io_executor fallback) {
    auto kept = std::make_shared<Handler>(std::move(handler));
    return [kept, fallback = std::move(fallback)](boost::system::error_code error, std::size_t size) {
      auto executor = boost::asio::get_associated_executor(*kept, fallback);
      boost::asio::post(executor, [kept, error, size] { std::move (*kept)(error, size); });
    };
  }

  std::shared_ptr<WireState> state_;
};

// How Beast ends the transport after a time-out.
void beast_close_socket(Wire& wire);

// The same after the closing handshake.
void teardown(boost::beast::role_type role, Wire& wire, boost::system::error_code& error);

template <class Handler>
void async_teardown(boost::beast::role_type, Wire& wire, Handler&& handler) {
  wire.state().finish();
  boost::asio::post(wire.get_executor(), [handler = std::forward<Handler>(handler)]() mutable {
    std::move(handler)(boost::system::error_code{});
  });
}

}  // namespace millrace::sim
