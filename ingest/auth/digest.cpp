#include "ingest/auth/digest.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "ingest/record/base64.h"

namespace millrace::ingest {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string text_of(const std::array<unsigned char, EVP_MAX_MD_SIZE>& bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

// The thread's error queue is cleared, since a TLS connection on the same thread would take what lies there for its
// own.
AuthError crypto_failed(const char* what) {
  ERR_clear_error();
  return {AuthErrc::kCrypto, std::string(what) + ": OpenSSL failed"};
}

}  // namespace

AuthResult<std::string> hmac(Hash hash, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  std::size_t size = 0;
  const char* digest = hash == Hash::kSha256 ? "SHA256" : "SHA512";
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, digest, nullptr, key.data(), key.size(), octets(message), message.size(),
                out.data(), out.size(), &size) == nullptr) {
    return crypto_failed("HMAC");
  }
  return text_of(out, size);
}

AuthResult<std::string> sha256(std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, message.data(), message.size(), out.data(), &size) != 1) {
    return crypto_failed("SHA-256");
  }
  return text_of(out, size);
}

std::string hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text;
  append_base64(bytes, text);
  return text;
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  text.resize(text.find_last_not_of('=') + 1);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// RFC 3986, 2.3: what need not be encoded.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHexUpper = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexUpper[byte >> 4];
    out += kHexUpper[byte & 15];
  }
  return out;
}

}  // namespace millrace::ingest
