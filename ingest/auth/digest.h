#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ingest/auth/auth_error.h"

namespace millrace::ingest {

enum class Hash : std::uint8_t { kSha256, kSha512 };

// Raw bytes: 32 or 64. Errors: kCrypto.
AuthResult<std::string> hmac(Hash hash, std::string_view key, std::string_view message);
AuthResult<std::string> sha256(std::string_view message);

std::string hex(std::string_view bytes);        // lower case
std::string base64(std::string_view bytes);     // RFC 4648, 4
std::string base64url(std::string_view bytes);  // RFC 4648, 5, without padding, as RFC 7515 wants it
std::string percent_encoded(std::string_view text);

// As OpenSSL wants them.
inline const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace millrace::ingest
