#include "ingest/session/tls_context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>

#include "ingest/session/socket_bio.h"

namespace millrace::ingest {
namespace {

int keep_slot() {
  static const int slot = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

// A copy is kept: OpenSSL marks the session object of a broken connection as not resumable.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* keep = static_cast<SslSessionPtr*>(SSL_get_ex_data(ssl, keep_slot()));
  if (keep != nullptr) keep->reset(SSL_SESSION_dup(session));
  return 0;  // the reference stays OpenSSL's
}

}  // namespace

// Weak: when the last connection of a CA file ends, its megabyte goes too.
std::shared_ptr<TlsContext> TlsContext::shared(const std::string& ca_file) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<TlsContext>> known;  // guarded by mutex
  const std::lock_guard lock(mutex);
  auto& slot = known[ca_file];
  if (auto context = slot.lock()) return context;
  auto context = std::make_shared<TlsContext>(ca_file);
  slot = context;
  return context;
}

// Partial writes and moving buffers: outgoing bytes lie in a string that grows between two tries. Sessions are kept by
// us, per connection, so the context's own cache is off.
TlsContext::TlsContext(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) throw std::runtime_error("OpenSSL: " + take_ssl_errors());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  const int loaded =
      ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) : SSL_CTX_load_verify_file(context, ca_file.c_str());
  if (loaded != 1) throw std::runtime_error("cannot read CA file " + ca_file + ": " + take_ssl_errors());
}

// Name or address must be in the certificate: without that, verification would accept anybody's valid one.
SslPtr TlsContext::connect(int fd, const std::string& host, bool is_address, SslSessionPtr* keep) {
  SslPtr ssl(SSL_new(context_.get()));
  if (!ssl || SSL_set_ex_data(ssl.get(), keep_slot(), keep) != 1) return nullptr;
  BIO* socket = make_socket_bio(fd);
  if (socket == nullptr) return nullptr;
  SSL_set_bio(ssl.get(), socket, socket);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int named = is_address ? X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str())
                               : X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size());
  if (named != 1) return nullptr;
  if (!is_address && SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1) return nullptr;
  if (*keep && SSL_SESSION_is_resumable(keep->get())) SSL_set_session(ssl.get(), keep->get());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

std::string take_ssl_errors() {
  std::string text;
  while (const auto code = ERR_get_error()) {
    std::array<char, 200> line{};
    ERR_error_string_n(code, line.data(), line.size());
    if (!text.empty()) text += "; ";
    text += line.data();
  }
  return text;
}

}  // namespace millrace::ingest
