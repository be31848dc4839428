#pragma once

#include <array>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Alpaca: nothing is signed, the key pair itself travels (sheet, 4.1, 5 and 6). What comes out holds the secret: it
// goes to the socket and nowhere else, so not into a recording.
class AlpacaSigner {
 public:
  // Errors: kEmpty, kBadText.
  static AuthResult<AlpacaSigner> make(Secret key_id, Secret secret_key);

  // For every REST call.
  std::array<SecretHeader, 2> headers() const;

  // The first message on a market data or trading connection, within 10 s.
  Secret auth_message() const;

 private:
  AlpacaSigner(Secret key_id, Secret secret_key) : key_id_(std::move(key_id)), secret_key_(std::move(secret_key)) {}

  Secret key_id_;
  Secret secret_key_;
};

}  // namespace millrace::ingest
