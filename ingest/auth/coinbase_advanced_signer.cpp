#include "ingest/auth/coinbase_advanced_signer.h"

#include <algorithm>
#include <string>

#include "ingest/auth/digest.h"
#include "ingest/auth/key_text.h"
#include "ingest/auth/message_text.h"

namespace millrace::ingest {
namespace {

constexpr std::int64_t kLifetime = 120;   // s
constexpr std::size_t kRandomBytes = 16;  // as 32 hex digits
constexpr std::string_view kWhat = "Coinbase private key";

AuthResult<void> check_host(std::string_view host) {
  const auto unfit = [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '/'; };
  if (host.empty() || std::ranges::any_of(host, unfit)) return AuthError{AuthErrc::kBadArgument, "not a host name"};
  return {};
}

}  // namespace

AuthResult<CoinbaseAdvancedSigner> CoinbaseAdvancedSigner::make(Secret key_name, const Secret& key) {
  if (const auto fit = check_text(key_name, "Coinbase key name"); !fit) return fit.error();
  const bool pem = key.reveal().find("-----BEGIN") != std::string_view::npos;
  auto read = pem ? PrivateKey::from_pem(key, kWhat) : PrivateKey::from_ed25519_base64(key, kWhat);
  if (!read) return read.error();
  return CoinbaseAdvancedSigner(json_escaped(key_name.reveal()), std::move(*read));
}

AuthResult<Secret> CoinbaseAdvancedSigner::token(std::int64_t now_s, std::string_view random) const {
  return signed_token(now_s, random, "");
}

AuthResult<Secret> CoinbaseAdvancedSigner::rest_token(std::int64_t now_s, std::string_view random,
                                                      std::string_view method, std::string_view host,
                                                      std::string_view target) const {
  if (const auto fit = check_method(method); !fit) return fit.error();
  if (const auto fit = check_host(host); !fit) return fit.error();
  if (const auto fit = check_target(target); !fit) return fit.error();
  const Secret path = json_escaped(target.substr(0, target.find('?')));
  std::string member = ",\"uri\":\"";
  member.append(method).append(" ").append(host).append(path.reveal()).append("\"");
  return signed_token(now_s, random, member);
}

AuthResult<SecretHeader> CoinbaseAdvancedSigner::rest_header(std::int64_t now_s, std::string_view random,
                                                             std::string_view method, std::string_view host,
                                                             std::string_view target) const {
  const auto made = rest_token(now_s, random, method, host, target);
  if (!made) return made.error();
  return SecretHeader{"Authorization", Secret::joined({"Bearer ", made->reveal()})};
}

AuthResult<Secret> CoinbaseAdvancedSigner::signed_subscribe(std::string_view message, std::int64_t now_s,
                                                            std::string_view random) const {
  const auto made = token(now_s, random);
  if (!made) return made.error();
  const Secret member = Secret::joined({"\"jwt\":\"", made->reveal(), "\""});
  return with_members(message, member.reveal());
}

// RFC 7515, 3.1: base64url(header) "." base64url(claims) "." base64url(signature).
AuthResult<Secret> CoinbaseAdvancedSigner::signed_token(std::int64_t now_s, std::string_view random,
                                                        std::string_view uri_member) const {
  if (now_s <= 0) return AuthError{AuthErrc::kBadArgument, "time before 1970"};
  if (random.size() != kRandomBytes) return AuthError{AuthErrc::kBadArgument, "a token wants 16 random bytes"};
  const std::string_view algorithm = key_.kind() == PrivateKey::Kind::kP256 ? "ES256" : "EdDSA";
  const Secret header = Secret::joined({"{\"alg\":\"", algorithm, "\",\"kid\":\"", key_name_.reveal(),
                                        "\",\"nonce\":\"", hex(random), "\",\"typ\":\"JWT\"}"});
  const Secret claims =
      Secret::joined({"{\"sub\":\"", key_name_.reveal(), "\",\"iss\":\"cdp\",\"nbf\":", std::to_string(now_s),
                      ",\"exp\":", std::to_string(now_s + kLifetime), uri_member, "}"});
  const Secret signing_input = Secret::joined({base64url(header.reveal()), ".", base64url(claims.reveal())});
  const auto signature = key_.sign(signing_input.reveal());
  if (!signature) return signature.error();
  return Secret::joined({signing_input.reveal(), ".", base64url(*signature)});
}

}  // namespace millrace::ingest
