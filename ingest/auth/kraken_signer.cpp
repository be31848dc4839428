#include "ingest/auth/kraken_signer.h"

#include "ingest/auth/digest.h"
#include "ingest/auth/key_text.h"
#include "ingest/auth/message_text.h"

namespace millrace::ingest {

AuthResult<KrakenSigner> KrakenSigner::make(Secret api_key, const Secret& private_key) {
  if (const auto fit = check_text(api_key, "Kraken API key"); !fit) return fit.error();
  auto key = decode_base64_key(private_key.reveal(), "Kraken private key");
  if (!key) return key.error();
  return KrakenSigner(std::move(api_key), std::move(*key));
}

AuthResult<KrakenSigner::Request> KrakenSigner::request(std::string_view path, std::uint64_t nonce,
                                                        std::string_view form) const {
  if (const auto fit = check_target(path); !fit) return fit.error();
  if (path.find('?') != std::string_view::npos) return AuthError{AuthErrc::kBadArgument, "Kraken path with a query"};
  if (const auto fit = check_encoded(form, "form"); !fit) return fit.error();
  std::string body = "nonce=" + std::to_string(nonce);
  if (!form.empty()) body.append("&").append(form);
  const auto signed_body = signature(path, nonce, body);
  if (!signed_body) return signed_body.error();
  return Request{std::move(body),
                 {SecretHeader{"API-Key", Secret::copy_of(api_key_.reveal())},
                  SecretHeader{"API-Sign", Secret::copy_of(*signed_body)}}};
}

AuthResult<std::string> KrakenSigner::signature(std::string_view path, std::uint64_t nonce,
                                                std::string_view body) const {
  const auto digest = sha256(std::to_string(nonce).append(body));
  if (!digest) return digest.error();
  const auto mac = hmac(Hash::kSha512, key_.reveal(), std::string(path).append(*digest));
  if (!mac) return mac.error();
  return base64(*mac);
}

}  // namespace millrace::ingest
