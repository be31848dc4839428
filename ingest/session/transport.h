#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ingest/session/tls_context.h"

namespace millrace::ingest {

// Bytes over one TCP connection, plain or TLS, never blocking. Asio connects and waits for the socket; reading, writing
// and TLS are direct calls, so that one wake-up can drain all there is. Used on one thread.
class Transport {
 public:
  // kWantRead, kWantWrite: nothing was moved; call again when the socket is ready for that (TLS may want the other
  // direction). kEnd: the peer has closed. kError: see error(); only close() makes sense from here on.
  enum class Status : std::uint8_t { kOk, kWantRead, kWantWrite, kEnd, kError };
  // How far one call came. kOk with fewer bytes than wanted is normal.
  struct Moved {
    Status status = Status::kError;
    // With kOk.
    std::size_t bytes = 0;
  };

  explicit Transport(boost::asio::io_context& context) : socket_(context) {}

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

  // After the TCP connect: non-blocking, no delay, keepalive, and given up when sent bytes stay unacknowledged for
  // `user_timeout_ms`. False: see error().
  bool prepare(int user_timeout_ms);
  // From now on all bytes go through TLS; handshake() until kOk.
  bool secure(TlsContext& tls, const std::string& host, bool is_address, SslSessionPtr* keep);
  Status handshake();

  // What one recv or one TLS record gives; never blocks. Zero bytes are never kOk.
  Moved read(std::span<char> into);
  Moved write(std::string_view from);

  // Says goodbye in TLS, best effort, and closes.
  void close() noexcept;

  bool secured() const noexcept { return ssl_ != nullptr; }
  bool resumed() const noexcept { return ssl_ && SSL_session_reused(ssl_.get()) == 1; }
  // The handshake failed because the certificate was not accepted.
  bool untrusted() const noexcept { return ssl_ && SSL_get_verify_result(ssl_.get()) != X509_V_OK; }
  // What the last kError was.
  const std::string& error() const noexcept { return error_; }
  // TCP_USER_TIMEOUT or keepalive.
  bool timed_out() const noexcept { return errno_ == ETIMEDOUT; }

 private:
  Status tls_status(int result);
  Moved moved(ssize_t count, Status if_none);
  Status failed(int error_number);

  boost::asio::ip::tcp::socket socket_;
  SslPtr ssl_;
  std::string error_;
  int errno_ = 0;
};

}  // namespace millrace::ingest
