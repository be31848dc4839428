#include "tests/sim/accounts/crypto.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace millrace::sim::accounts {

namespace {

constexpr std::size_t kHalf = 32;  // of a P-256 signature

const unsigned char* raw(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::string& bytes) noexcept { return reinterpret_cast<unsigned char*>(bytes.data()); }

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), raw(bytes), bytes.size(), raw(out), &size);
  out.resize(size);
  return out;
}

struct Release {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(ECDSA_SIG* signature) const noexcept { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

// r and s as OpenSSL wants them.
std::string to_der(std::string_view signature) {
  if (signature.size() != 2 * kHalf) return {};
  const Owned<ECDSA_SIG> parts(ECDSA_SIG_new());
  ECDSA_SIG_set0(parts.get(), BN_bin2bn(raw(signature), kHalf, nullptr),
                 BN_bin2bn(raw(signature) + kHalf, kHalf, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(parts.get(), &der);
  std::string out(reinterpret_cast<char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

std::string from_der(std::string_view der) {
  const unsigned char* at = raw(der);
  const Owned<ECDSA_SIG> parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!parts) return {};
  std::string out(2 * kHalf, '\0');
  BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), raw(out), kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), raw(out) + kHalf, kHalf);
  return out;
}

EVP_PKEY* of(const std::shared_ptr<void>& key) noexcept { return static_cast<EVP_PKEY*>(key.get()); }

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), raw(out), &size, EVP_sha256(), nullptr);
  out.resize(size);
  return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) { return hmac(EVP_sha256(), key, bytes); }
std::string hmac_sha512(std::string_view key, std::string_view bytes) { return hmac(EVP_sha512(), key, bytes); }

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(raw(out), raw(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const auto body = text.find_last_not_of('=');
  const std::size_t padding = body == std::string_view::npos ? text.size() : text.size() - body - 1;
  if (padding > 2) return std::nullopt;
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(raw(out), raw(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

std::string to_base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  while (!out.empty() && out.back() == '=') out.pop_back();
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

bool same_proof(std::string_view a, std::string_view b, bool any_case) {
  if (a.size() != b.size()) return false;
  unsigned differs = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto lower = [&](char c) { return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    differs |= static_cast<unsigned>(lower(a[i]) ^ lower(b[i]));
  }
  return differs == 0;
}

ClientKey::ClientKey(void* key) : key_(key, [](void* one) { EVP_PKEY_free(static_cast<EVP_PKEY*>(one)); }) {}

std::optional<ClientKey> ClientKey::from_pem(std::string_view pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
  ERR_clear_error();
  if (key == nullptr) return std::nullopt;
  ClientKey made(key);
  const int kind = EVP_PKEY_get_base_id(key);
  const bool known = kind == EVP_PKEY_ED25519 || (kind == EVP_PKEY_EC && EVP_PKEY_get_bits(key) == 256);
  return known ? std::optional(std::move(made)) : std::nullopt;
}

std::optional<ClientKey> ClientKey::ed25519(std::string_view seed) {
  EVP_PKEY* const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(seed), seed.size());
  ERR_clear_error();
  if (key == nullptr) return std::nullopt;
  return ClientKey(key);
}

ClientKey ClientKey::make_p256() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  if (key == nullptr) throw std::runtime_error("OpenSSL cannot make a P-256 key");
  return ClientKey(key);
}

bool ClientKey::is_ed25519() const noexcept { return EVP_PKEY_get_base_id(of(key_)) == EVP_PKEY_ED25519; }

bool ClientKey::verifies(std::string_view message, std::string_view signature) const {
  const std::string der = is_ed25519() ? std::string(signature) : to_der(signature);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = is_ed25519() ? nullptr : EVP_sha256();
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, of(key_)) == 1 &&
                    EVP_DigestVerify(context.get(), raw(der), der.size(), raw(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string ClientKey::sign(std::string_view message) const {
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = is_ed25519() ? nullptr : EVP_sha256();
  std::string out(128, '\0');
  std::size_t size = out.size();
  EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, of(key_));
  if (EVP_DigestSign(context.get(), raw(out), &size, raw(message), message.size()) != 1) {
    throw std::runtime_error("OpenSSL cannot sign");
  }
  out.resize(size);
  return is_ed25519() ? out : from_der(out);
}

std::string ClientKey::pem() const {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (is_ed25519()) {
    PEM_write_bio_PKCS8PrivateKey(bio.get(), of(key_), nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PrivateKey_traditional(bio.get(), of(key_), nullptr, nullptr, 0, nullptr, nullptr);
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string random_bytes(std::size_t size) {
  std::string out(size, '\0');
  if (RAND_bytes(raw(out), static_cast<int>(size)) != 1) throw std::runtime_error("OpenSSL has no randomness");
  return out;
}

}  // namespace millrace::sim::accounts
