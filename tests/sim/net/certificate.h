#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>

namespace millrace::sim {

// A certificate authority and a server certificate for 127.0.0.1 and localhost, both made anew at each start. Only
// the CA's certificate is written to disk; the keys stay in memory and die with the process. Throws
// std::runtime_error if OpenSSL or the disk refuses.
class ServerIdentity {
 public:
  // Writes `folder`/ca.pem; the folder exists.
  explicit ServerIdentity(const std::filesystem::path& folder);
  ~ServerIdentity();

  const std::filesystem::path& ca_file() const noexcept { return ca_file_; }
  // Shared by all connections; TLS 1.2 and up, session tickets on.
  SSL_CTX* context() const noexcept { return context_; }

 private:
  std::filesystem::path ca_file_;
  SSL_CTX* context_ = nullptr;
};

}  // namespace millrace::sim
