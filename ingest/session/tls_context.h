#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace millrace::ingest {

struct SslDeleter {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
  // Without the shutdown state OpenSSL would throw away the TLS session of a connection whose peer just vanished.
  void operator()(SSL* ssl) const noexcept {
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
  }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, SslDeleter>;

// What TLS client connections share: trusted CAs, TLS 1.2 or newer, peers verified always. Loading the system's CAs
// costs milliseconds and a megabyte, so there is one per CA file and process. Callable from any thread.
class TlsContext {
 public:
  // The one for this CA file (empty: the system's CAs). Throws std::runtime_error if it cannot be read.
  static std::shared_ptr<TlsContext> shared(const std::string& ca_file);

  // Use shared(). Throws as it does.
  explicit TlsContext(const std::string& ca_file);

  // A connection on the non-blocking socket `fd`, which it does not own. The peer's certificate must name `host`
  // (name or IP address). Each TLS session that the server hands out replaces `*keep`, which outlives the connection;
  // the one in it is offered for resumption. Null if OpenSSL has no memory.
  SslPtr connect(int fd, const std::string& host, bool is_address, SslSessionPtr* keep);

 private:
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

// Takes OpenSSL's queued errors of this thread as one line, empty if there are none. The queue is per thread: what is
// not taken would be found by the next call of another connection.
std::string take_ssl_errors();

}  // namespace millrace::ingest
