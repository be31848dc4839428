#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace millrace::ingest {

// A private key that signs: Ed25519 or ECDSA on P-256. Its bytes are read by a small reader of our own (DER by
// OpenSSL's ASN1_get_object): OpenSSL's PEM decoder leaves what it decoded in freed memory, where a core file shows it.
class PrivateKey {
 public:
  enum class Kind : std::uint8_t { kEd25519, kP256 };

  // PKCS#8 ("BEGIN PRIVATE KEY", both kinds) or SEC1 ("BEGIN EC PRIVATE KEY", P-256), without a password. `what` names
  // the key in error texts. Errors: kBadKey.
  static AuthResult<PrivateKey> from_pem(const Secret& pem, std::string_view what);

  // Base64 of the 32 bytes of an Ed25519 seed, or of 64: seed and public key, which must belong together.
  // Errors: kBadKey.
  static AuthResult<PrivateKey> from_ed25519_base64(const Secret& text, std::string_view what);

  Kind kind() const noexcept { return kind_; }

  // 64 raw bytes: RFC 8032's signature, or r and s of ECDSA with SHA-256, 32 each, as RFC 7518 wants them for ES256.
  // Ed25519 always gives the same; ECDSA takes its randomness from OpenSSL. Errors: kCrypto.
  AuthResult<std::string> sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;

  explicit PrivateKey(Handle p256) : kind_(Kind::kP256), p256_(std::move(p256)) {}
  explicit PrivateKey(Secret seed) : kind_(Kind::kEd25519), seed_(std::move(seed)) {}
  static Handle ed25519_handle(std::string_view seed);
  static AuthResult<PrivateKey> ed25519(std::string_view seed, std::string_view what);
  static AuthResult<PrivateKey> p256(std::string_view scalar, std::string_view what);
  static AuthResult<PrivateKey> from_pkcs8(std::string_view der, std::string_view what);
  static AuthResult<PrivateKey> from_sec1(std::string_view der, bool curve_known, std::string_view what);

  Kind kind_;
  Handle p256_;
  // OpenSSL 3.0 keeps an Ed25519 key in ordinary memory, so it gets one for the time of a signature only and wipes it.
  Secret seed_;
};

}  // namespace millrace::ingest
