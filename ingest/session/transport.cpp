#include "ingest/session/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace millrace::ingest {
namespace {

// A peer that vanished is noticed after 15 + 3 * 5 s, also on a connection where nobody sends.
constexpr int kKeepIdleSeconds = 15;
constexpr int kKeepIntervalSeconds = 5;
constexpr int kKeepProbes = 3;

// SSL_get_error looks at both. Looking whether there is an error costs less than clearing none.
void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
  errno = 0;
}

bool set(int fd, int level, int option, int value) { return setsockopt(fd, level, option, &value, sizeof value) == 0; }

}  // namespace

// No delay: what we send is small and waited for. TCP_USER_TIMEOUT bounds how long sent bytes may stay unacknowledged;
// without it the kernel tries for a quarter of an hour.
bool Transport::prepare(int user_timeout_ms) {
  boost::system::error_code error;
  socket_.non_blocking(true, error);
  const int fd = socket_.native_handle();
  const bool done = !error && set(fd, IPPROTO_TCP, TCP_NODELAY, 1) && set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) &&
                    set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepIdleSeconds) &&
                    set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepIntervalSeconds) &&
                    set(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepProbes) &&
                    set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms);
  if (!done) failed(errno);
  return done;
}

bool Transport::secure(TlsContext& tls, const std::string& host, bool is_address, SslSessionPtr* keep) {
  ssl_ = tls.connect(socket_.native_handle(), host, is_address, keep);
  if (!ssl_) error_ = "OpenSSL: " + take_ssl_errors();
  return ssl_ != nullptr;
}

// OpenSSL's text for a refused certificate is "certificate verify failed"; the verify result says which check it was.
Transport::Status Transport::handshake() {
  clear_errors();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Status::kOk;
  const Status status = tls_status(result);
  if (untrusted()) error_ = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
  return status;
}

// Plain sockets are for tests on one machine; both ways give the same statuses.
Transport::Moved Transport::read(std::span<char> into) {
  if (!ssl_) return moved(recv(socket_.native_handle(), into.data(), into.size(), 0), Status::kWantRead);
  clear_errors();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  if (result == 1) return {Status::kOk, count};
  return {tls_status(result), 0};
}

Transport::Moved Transport::write(std::string_view from) {
  if (!ssl_) return moved(send(socket_.native_handle(), from.data(), from.size(), MSG_NOSIGNAL), Status::kWantWrite);
  clear_errors();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), from.data(), from.size(), &count);
  if (result == 1) return {Status::kOk, count};
  return {tls_status(result), 0};
}

// The TLS goodbye is sent and not waited for. The error queue is emptied on both sides, as it belongs to the thread.
void Transport::close() noexcept {
  ERR_clear_error();
  if (ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ssl_.reset();
  boost::system::error_code ignored;
  socket_.close(ignored);
}

// errno is read first: SSL_get_error and what follows may change it.
Transport::Status Transport::tls_status(int result) {
  const int error_number = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Status::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Status::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Status::kEnd;
    case SSL_ERROR_SYSCALL:
      return error_number == 0 ? Status::kEnd : failed(error_number);
    default:
      // A peer that closes TCP without TLS's goodbye is common and no attack here: messages have their own lengths.
      if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return Status::kEnd;
      }
      error_ = take_ssl_errors();
      return Status::kError;
  }
}

Transport::Moved Transport::moved(ssize_t count, Status if_none) {
  if (count > 0) return {Status::kOk, static_cast<std::size_t>(count)};
  if (count == 0) return {Status::kEnd, 0};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {if_none, 0};
  return {failed(errno), 0};
}

Transport::Status Transport::failed(int error_number) {
  errno_ = error_number;
  error_ = std::strerror(error_number);
  return Status::kError;
}

}  // namespace millrace::ingest
