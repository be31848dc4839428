#include "ingest/auth/private_key.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <array>

#include "ingest/auth/digest.h"
#include "ingest/auth/key_text.h"

namespace millrace::ingest {
namespace {

using namespace std::string_view_literals;

template <auto Function>
struct With {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using MessageContext = std::unique_ptr<EVP_MD_CTX, With<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, With<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, With<BN_clear_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, With<ECDSA_SIG_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, With<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, With<OSSL_PARAM_free>>;

// Contents of the OBJECT IDENTIFIERs.
constexpr std::string_view kEd25519Id = "\x2b\x65\x70"sv;                   // 1.3.101.112
constexpr std::string_view kEcKeyId = "\x2a\x86\x48\xce\x3d\x02\x01"sv;     // 1.2.840.10045.2.1
constexpr std::string_view kP256Id = "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv;  // 1.2.840.10045.3.1.7
constexpr std::size_t kScalarSize = 32;                                     // both kinds
constexpr std::size_t kSignatureSize = 64;

AuthError unusable(std::string_view what, std::string_view why) {
  ERR_clear_error();
  return {AuthErrc::kBadKey, std::string(what) + ": " + std::string(why)};
}

AuthError damaged(std::string_view what) { return unusable(what, "the key inside the PEM block is damaged"); }

// See digest.cpp on the error queue.
AuthError signing_failed() {
  ERR_clear_error();
  return {AuthErrc::kCrypto, "signature: OpenSSL failed"};
}

// Takes one element off the front of `der`. False if it is another or does not fit.
bool take(std::string_view& der, int wanted_class, int wanted_tag, std::string_view& content) {
  if (der.empty()) return false;
  const unsigned char* at = octets(der);
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int flags = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(der.size()));
  const bool indefinite = (flags & 1) != 0;  // BER, not DER
  if ((flags & 0x80) != 0 || indefinite || tag != wanted_tag || tag_class != wanted_class) {
    ERR_clear_error();
    return false;
  }
  const auto header = static_cast<std::size_t>(at - octets(der));
  content = der.substr(header, static_cast<std::size_t>(length));
  der.remove_prefix(header + content.size());
  return true;
}

bool take(std::string_view& der, int wanted_tag, std::string_view& content) {
  return take(der, V_ASN1_UNIVERSAL, wanted_tag, content);
}

// DER of ECDSA-Sig-Value to r and s of 32 bytes each.
AuthResult<std::string> raw_signature(const std::array<unsigned char, 80>& der, std::size_t size) {
  const unsigned char* at = der.data();
  const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!signature) return signing_failed();
  std::array<unsigned char, kSignatureSize> raw;
  constexpr int kHalf = kSignatureSize / 2;
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), kHalf) != kHalf ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + kHalf, kHalf) != kHalf) {
    return signing_failed();
  }
  return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
}

// A secure BIGNUM makes the builder keep its copy in the secure heap, too.
Parameters p256_parameters(std::string_view scalar) {
  const Number secure(BN_secure_new());
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (!secure || !builder || BN_bin2bn(octets(scalar), static_cast<int>(scalar.size()), secure.get()) == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secure.get(), kScalarSize) != 1) {
    return nullptr;
  }
  return Parameters(OSSL_PARAM_BLD_to_param(builder.get()));
}

// 0 < scalar < the order of the curve (SEC 2, 2.4.2); both are big-endian of one length.
bool is_p256_scalar(std::string_view scalar) {
  constexpr std::string_view kOrder =
      "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
      "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"sv;
  return scalar.find_first_not_of('\0') != std::string_view::npos && scalar < kOrder;
}

}  // namespace

void PrivateKey::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

AuthResult<PrivateKey> PrivateKey::from_pem(const Secret& pem, std::string_view what) {
  if (pem.reveal().find("BEGIN ENCRYPTED PRIVATE KEY") != std::string_view::npos) {
    return unusable(what, "is protected by a password; export it without one");
  }
  const auto pkcs8 = decode_pem(pem.reveal(), "PRIVATE KEY", what);
  if (!pkcs8) return pkcs8.error();
  if (!pkcs8->empty()) return from_pkcs8(pkcs8->reveal(), what);
  const auto sec1 = decode_pem(pem.reveal(), "EC PRIVATE KEY", what);
  if (!sec1) return sec1.error();
  if (!sec1->empty()) return from_sec1(sec1->reveal(), false, what);
  return unusable(what, "is no PEM text with BEGIN PRIVATE KEY or BEGIN EC PRIVATE KEY");
}

// RFC 5958: SEQUENCE { version, SEQUENCE { algorithm, curve }, OCTET STRING }; attributes may follow.
AuthResult<PrivateKey> PrivateKey::from_pkcs8(std::string_view der, std::string_view what) {
  std::string_view whole;
  std::string_view version;
  std::string_view algorithm;
  std::string_view id;
  std::string_view inner;
  if (!take(der, V_ASN1_SEQUENCE, whole) || !take(whole, V_ASN1_INTEGER, version) ||
      !take(whole, V_ASN1_SEQUENCE, algorithm) || !take(algorithm, V_ASN1_OBJECT, id) ||
      !take(whole, V_ASN1_OCTET_STRING, inner)) {
    return damaged(what);
  }
  if (id == kEd25519Id) {  // RFC 8410, 7: the seed is an OCTET STRING again
    std::string_view seed;
    if (!take(inner, V_ASN1_OCTET_STRING, seed)) return damaged(what);
    return ed25519(seed, what);
  }
  std::string_view curve;
  if (id == kEcKeyId && take(algorithm, V_ASN1_OBJECT, curve) && curve == kP256Id) return from_sec1(inner, true, what);
  return unusable(what, "is neither an Ed25519 nor a P-256 key");
}

// RFC 5915: SEQUENCE { 1, OCTET STRING, [0] curve, [1] public key }; inside PKCS#8 the curve stands outside.
AuthResult<PrivateKey> PrivateKey::from_sec1(std::string_view der, bool curve_known, std::string_view what) {
  std::string_view whole;
  std::string_view version;
  std::string_view scalar;
  if (!take(der, V_ASN1_SEQUENCE, whole) || !take(whole, V_ASN1_INTEGER, version) ||
      !take(whole, V_ASN1_OCTET_STRING, scalar)) {
    return damaged(what);
  }
  if (!curve_known) {
    std::string_view parameters;
    std::string_view curve;
    if (!take(whole, V_ASN1_CONTEXT_SPECIFIC, 0, parameters) || !take(parameters, V_ASN1_OBJECT, curve) ||
        curve != kP256Id) {
      return unusable(what, "is not a P-256 key");
    }
  }
  return p256(scalar, what);
}

AuthResult<PrivateKey> PrivateKey::from_ed25519_base64(const Secret& text, std::string_view what) {
  const auto bytes = decode_base64_key(text.reveal(), what);
  if (!bytes) return bytes.error();
  if (bytes->size() != kScalarSize && bytes->size() != 2 * kScalarSize) {
    return unusable(what, "is not the base64 of 32 or 64 bytes");
  }
  auto key = ed25519(bytes->reveal().substr(0, kScalarSize), what);
  if (!key || bytes->size() == kScalarSize) return key;
  std::array<unsigned char, kScalarSize> derived;
  std::size_t size = derived.size();
  if (EVP_PKEY_get_raw_public_key(ed25519_handle(key->seed_.reveal()).get(), derived.data(), &size) != 1 ||
      bytes->reveal().substr(kScalarSize) != std::string_view(reinterpret_cast<const char*>(derived.data()), size)) {
    return unusable(what, "its two halves, seed and public key, do not belong together");
  }
  return key;
}

PrivateKey::Handle PrivateKey::ed25519_handle(std::string_view seed) {
  return Handle(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, octets(seed), seed.size()));
}

AuthResult<PrivateKey> PrivateKey::ed25519(std::string_view seed, std::string_view what) {
  if (seed.size() != kScalarSize || !ed25519_handle(seed)) return damaged(what);
  return PrivateKey(Secret::copy_of(seed));
}

AuthResult<PrivateKey> PrivateKey::p256(std::string_view scalar, std::string_view what) {
  if (scalar.size() != kScalarSize || !is_p256_scalar(scalar)) return damaged(what);
  const Parameters parameters = p256_parameters(scalar);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) != 1) {
    return damaged(what);
  }
  return PrivateKey(Handle(key));
}

AuthResult<std::string> PrivateKey::sign(std::string_view message) const {
  const Handle for_now = kind_ == Kind::kEd25519 ? ed25519_handle(seed_.reveal()) : nullptr;
  EVP_PKEY* key = for_now ? for_now.get() : p256_.get();
  const MessageContext context(EVP_MD_CTX_new());
  const char* digest = kind_ == Kind::kP256 ? "SHA256" : nullptr;  // Ed25519 hashes by itself
  std::array<unsigned char, 80> out;                               // DER of two 33-byte integers is 72
  std::size_t size = out.size();
  if (!context || key == nullptr ||
      EVP_DigestSignInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, octets(message), message.size()) != 1) {
    return signing_failed();
  }
  if (kind_ == Kind::kP256) return raw_signature(out, size);
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

}  // namespace millrace::ingest
