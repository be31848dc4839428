#include "ingest/auth/coinbase_exchange_signer.h"

#include "ingest/auth/digest.h"
#include "ingest/auth/key_text.h"
#include "ingest/auth/message_text.h"

namespace millrace::ingest {
namespace {

// What a subscribe message signs in place of its own text.
constexpr std::string_view kVerifyTarget = "/users/self/verify";

}  // namespace

AuthResult<CoinbaseExchangeSigner> CoinbaseExchangeSigner::make(Secret api_key, const Secret& secret,
                                                                Secret passphrase) {
  if (const auto fit = check_text(api_key, "Coinbase API key"); !fit) return fit.error();
  if (const auto fit = check_text(passphrase, "Coinbase passphrase"); !fit) return fit.error();
  auto key = decode_base64_key(secret.reveal(), "Coinbase secret");
  if (!key) return key.error();
  return CoinbaseExchangeSigner(std::move(api_key), std::move(*key), std::move(passphrase));
}

AuthResult<std::string> CoinbaseExchangeSigner::signature(std::int64_t time_s, std::string_view method,
                                                          std::string_view target, std::string_view body) const {
  if (time_s <= 0) return AuthError{AuthErrc::kBadArgument, "timestamp before 1970"};
  if (const auto fit = check_method(method); !fit) return fit.error();
  if (const auto fit = check_target(target); !fit) return fit.error();
  const auto message = std::to_string(time_s).append(method).append(target).append(body);
  const auto mac = hmac(Hash::kSha256, key_.reveal(), message);
  if (!mac) return mac.error();
  return base64(*mac);
}

AuthResult<std::array<SecretHeader, 4>> CoinbaseExchangeSigner::headers(std::int64_t time_s, std::string_view method,
                                                                        std::string_view target,
                                                                        std::string_view body) const {
  const auto sign = signature(time_s, method, target, body);
  if (!sign) return sign.error();
  return std::array<SecretHeader, 4>{SecretHeader{"CB-ACCESS-KEY", Secret::copy_of(api_key_.reveal())},
                                     SecretHeader{"CB-ACCESS-SIGN", Secret::copy_of(*sign)},
                                     SecretHeader{"CB-ACCESS-TIMESTAMP", Secret::copy_of(std::to_string(time_s))},
                                     SecretHeader{"CB-ACCESS-PASSPHRASE", Secret::copy_of(passphrase_.reveal())}};
}

AuthResult<Secret> CoinbaseExchangeSigner::signed_subscribe(std::string_view message, std::int64_t time_s) const {
  const auto sign = signature(time_s, "GET", kVerifyTarget, "");
  if (!sign) return sign.error();
  const Secret key = json_escaped(api_key_.reveal());
  const Secret passphrase = json_escaped(passphrase_.reveal());
  const Secret members =
      Secret::joined({"\"signature\":\"", *sign, "\",\"key\":\"", key.reveal(), "\",\"passphrase\":\"",
                      passphrase.reveal(), "\",\"timestamp\":\"", std::to_string(time_s), "\""});
  return with_members(message, members.reveal());
}

}  // namespace millrace::ingest
