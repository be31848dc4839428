#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Coinbase Exchange: REST calls and the subscribe message of the `user` channel (sheet, 5.1 and 6). Times are seconds
// since 1970, within 30 s of the venue's.
class CoinbaseExchangeSigner {
 public:
  // `secret`: base64, as Coinbase shows it once. Errors: kEmpty, kBadText, kBadKey.
  static AuthResult<CoinbaseExchangeSigner> make(Secret api_key, const Secret& secret, Secret passphrase);

  // CB-ACCESS-SIGN. `target` with its query. Errors: kBadArgument, kCrypto.
  AuthResult<std::string> signature(std::int64_t time_s, std::string_view method, std::string_view target,
                                    std::string_view body) const;

  // CB-ACCESS-KEY, -SIGN, -TIMESTAMP and -PASSPHRASE. Errors: as signature().
  AuthResult<std::array<SecretHeader, 4>> headers(std::int64_t time_s, std::string_view method, std::string_view target,
                                                  std::string_view body) const;

  // A subscribe message, the text of a JSON object, with signature, key, passphrase and timestamp added.
  // Errors: kBadArgument, kCrypto.
  AuthResult<Secret> signed_subscribe(std::string_view message, std::int64_t time_s) const;

 private:
  CoinbaseExchangeSigner(Secret api_key, Secret key, Secret passphrase)
      : api_key_(std::move(api_key)), key_(std::move(key)), passphrase_(std::move(passphrase)) {}

  Secret api_key_;
  Secret key_;  // decoded
  Secret passphrase_;
};

}  // namespace millrace::ingest
