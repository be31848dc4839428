#pragma once

#include <memory>
#include <string>

#include "ingest/account/private_rest.h"
#include "ingest/auth/nonce_source.h"
#include "ingest/config/config.h"
#include "ingest/rest/https_connection.h"
#include "ingest/session/session_settings.h"

// What connects an account's pure parts with the world: used by the worker's account thread and by the sidecar.
namespace millrace::ingest {

// Percent of an account's REST budget that a process may use up: all of it where the venue counts each key by itself
// and the sidecar has a key of its own, else `share_percent`.
std::int64_t share_of_budget(const AccountConfig& config, const normalize::AccountCapabilities& capabilities,
                             std::int64_t share_percent);

// The REST host of one account: one HTTPS connection, one request at a time.
class PrivateHost {
 public:
  // Throws std::runtime_error if the address or the CA file cannot be used. `context` outlives it.
  PrivateHost(boost::asio::io_context& context, const AccountConfig& config, const std::string& rest_url);
  ~PrivateHost();

  void send(HttpRequest request, HttpsConnection::Done done) { connection_->send(std::move(request), std::move(done)); }
  // What venues sign of the address, and what stands before each target.
  const std::string& signed_host() const noexcept { return address_.host; }
  const std::string& path() const noexcept { return address_.path; }
  // As in a Host header.
  std::string authority() const { return address_.authority(); }
  // The process's share of the configured budget, else of the venue's documented one; see share_of_budget().
  PrivateRest::Settings rest_settings(const normalize::AccountCapabilities& capabilities,
                                      std::int64_t share_percent) const;

 private:
  const AccountConfig config_;
  Address address_;
  std::shared_ptr<HttpsConnection> connection_;
};

// A signed request as the connection takes it; `asked` is what it was made of.
HttpRequest http_request(SignedRequest made, const normalize::PrivateRequest& asked, std::string_view path);

// A NonceSource that opens its file when the first nonce is asked for.
class LazyNonces {
 public:
  explicit LazyNonces(std::string path) : path_(std::move(path)) {}
  AuthResult<std::uint64_t> next(std::int64_t now_ns);

 private:
  const std::string path_;
  std::unique_ptr<NonceSource> source_;
};

// The system's clock plus `offset_ns`, these nonces, OpenSSL's randomness.
SigningWorld signing_world(std::shared_ptr<LazyNonces> nonces, std::shared_ptr<const std::int64_t> offset_ns);

SessionSettings account_session_settings(const AccountConfig& config,
                                         const normalize::AccountCapabilities& capabilities);

}  // namespace millrace::ingest
