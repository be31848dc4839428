#pragma once

#include <cstdint>
#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/private_key.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Coinbase Advanced Trade: a JSON Web Token for each REST call and each subscribe or unsubscribe message (sheet, 5.2),
// never used twice. ES256 with a P-256 key, EdDSA with an Ed25519 key.
//
// `random`: 16 unpredictable bytes, new for each token. `now_s`: seconds since 1970; a token is good for 120 s from it.
class CoinbaseAdvancedSigner {
 public:
  // `key_name`: "organizations/{org}/apiKeys/{key}" or the key's id. `key`: a PEM text, or the base64 of an Ed25519
  // key. Errors: kEmpty, kBadText, kBadKey.
  static AuthResult<CoinbaseAdvancedSigner> make(Secret key_name, const Secret& key);

  // For WebSocket messages. Errors: kBadArgument, kCrypto.
  AuthResult<Secret> token(std::int64_t now_s, std::string_view random) const;

  // For one REST call; a query in `target` is left out, as the venue wants it. Errors: kBadArgument, kCrypto.
  AuthResult<Secret> rest_token(std::int64_t now_s, std::string_view random, std::string_view method,
                                std::string_view host, std::string_view target) const;

  // "Authorization: Bearer" with rest_token().
  AuthResult<SecretHeader> rest_header(std::int64_t now_s, std::string_view random, std::string_view method,
                                       std::string_view host, std::string_view target) const;

  // A subscribe or unsubscribe message, the text of a JSON object, with its token added. Errors: kBadArgument, kCrypto.
  AuthResult<Secret> signed_subscribe(std::string_view message, std::int64_t now_s, std::string_view random) const;

 private:
  CoinbaseAdvancedSigner(Secret key_name, PrivateKey key) : key_name_(std::move(key_name)), key_(std::move(key)) {}

  AuthResult<Secret> signed_token(std::int64_t now_s, std::string_view random, std::string_view uri_member) const;

  Secret key_name_;  // escaped for JSON
  PrivateKey key_;
};

}  // namespace millrace::ingest
