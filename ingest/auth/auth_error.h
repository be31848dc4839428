#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::ingest {

// Every way in which a secret, a signature or a nonce can fail to come about.
enum class AuthErrc : std::uint8_t {
  kNotFound = 1,   // no such file, or the variable is not set
  kUnreadable,     // the system refused; `where` has its words
  kExposed,        // others on this machine may read or change the file
  kEmpty,          // nothing in it
  kTooLarge,       // more than a key can be: another file was named
  kBadText,        // control characters where a header or a JSON string will hold it
  kBadKey,         // not the key that the venue gives out: encoding, kind or length
  kBadArgument,    // the caller's: a path, a time or a message that cannot be signed
  kCrypto,         // OpenSSL failed, which a good key does not cause
  kNonceDamaged,   // the nonce file holds something else
  kNonceReplaced,  // the nonce file was removed or replaced while in use
};

std::string_view name(AuthErrc code) noexcept;  // "not_found" ...: fixed words for metric labels

// An error with what it concerns and what to do, for people. Never holds a byte of a secret.
struct AuthError {
  AuthErrc code;
  std::string where;

  friend bool operator==(const AuthError&, const AuthError&) = default;
};

// A value or an AuthError. value() on an error throws std::runtime_error with its words: start-up and tests only.
template <class T>
using AuthResult = boost::system::result<T, AuthError>;

[[noreturn]] void throw_exception_from_error(const AuthError& error, const boost::source_location& where);

}  // namespace millrace::ingest
