#pragma once

#include <openssl/evp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/auth/secret.h"

namespace millrace::ingest::test {

// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  std::string file(std::string_view name) const { return (path_ / name).string(); }
  std::string file_with(std::string_view name, std::string_view content, int mode = 0600) const;

 private:
  std::filesystem::path path_;
};

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

// Made and written by OpenSSL. An empty password: none.
KeyHandle new_p256_key();
std::string pkcs8_pem(EVP_PKEY* key, const std::string& password = "");
std::string traditional_pem(EVP_PKEY* key, const std::string& password = "");

// What a venue does. `signature`: 64 raw bytes.
bool verifies_es256(EVP_PKEY* key, std::string_view message, std::string_view signature);
bool verifies_ed25519(std::string_view public_key, std::string_view message, std::string_view signature);

std::string unhex(std::string_view digits);
std::string from_base64(std::string_view text);     // throws
std::string from_base64url(std::string_view text);  // without padding; throws
std::string ed25519_pem(std::string_view seed);

inline Secret secret(std::string_view text) { return Secret::copy_of(text); }

std::string read_file(const std::string& path);

}  // namespace millrace::ingest::test
