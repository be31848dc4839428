#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Kraken spot: private REST calls, the WebSocket token among them (sheet, 5.1). The nonce comes from a NonceSource.
class KrakenSigner {
 public:
  // A POST, form-urlencoded: the body must be sent byte for byte.
  struct Request {
    std::string body;
    std::array<SecretHeader, 2> headers;
  };

  // `private_key`: base64, as Kraken shows it once. Errors: kEmpty, kBadText, kBadKey.
  static AuthResult<KrakenSigner> make(Secret api_key, const Secret& private_key);

  // `path` is that on the venue ("/0/private/TradesHistory"), without host and query; `form` the other fields, encoded
  // ("type=all&ofs=50"), or empty. Errors: kBadArgument, kCrypto.
  AuthResult<Request> request(std::string_view path, std::uint64_t nonce, std::string_view form) const;

  // API-Sign. `body`: the exact bytes that are sent, with the nonce in them. Errors: kCrypto.
  AuthResult<std::string> signature(std::string_view path, std::uint64_t nonce, std::string_view body) const;

 private:
  KrakenSigner(Secret api_key, Secret key) : api_key_(std::move(api_key)), key_(std::move(key)) {}

  Secret api_key_;
  Secret key_;  // decoded
};

}  // namespace millrace::ingest
