#include "ingest/auth/auth_error.h"

#include <stdexcept>

namespace millrace::ingest {

std::string_view name(AuthErrc code) noexcept {
  switch (code) {
    case AuthErrc::kNotFound:
      return "not_found";
    case AuthErrc::kUnreadable:
      return "unreadable";
    case AuthErrc::kExposed:
      return "exposed";
    case AuthErrc::kEmpty:
      return "empty";
    case AuthErrc::kTooLarge:
      return "too_large";
    case AuthErrc::kBadText:
      return "bad_text";
    case AuthErrc::kBadKey:
      return "bad_key";
    case AuthErrc::kBadArgument:
      return "bad_argument";
    case AuthErrc::kCrypto:
      return "crypto";
    case AuthErrc::kNonceDamaged:
      return "nonce_damaged";
    case AuthErrc::kNonceReplaced:
      return "nonce_replaced";
  }
  return "unknown";
}

void throw_exception_from_error(const AuthError& error, const boost::source_location& /*where*/) {
  throw std::runtime_error(std::string(name(error.code)) + ": " + error.where);
}

}  // namespace millrace::ingest
