#include "ingest/auth/alpaca_signer.h"

#include "ingest/auth/key_text.h"
#include "ingest/auth/message_text.h"

namespace millrace::ingest {

AuthResult<AlpacaSigner> AlpacaSigner::make(Secret key_id, Secret secret_key) {
  if (const auto fit = check_text(key_id, "Alpaca key id"); !fit) return fit.error();
  if (const auto fit = check_text(secret_key, "Alpaca secret key"); !fit) return fit.error();
  return AlpacaSigner(std::move(key_id), std::move(secret_key));
}

std::array<SecretHeader, 2> AlpacaSigner::headers() const {
  return {SecretHeader{"APCA-API-KEY-ID", Secret::copy_of(key_id_.reveal())},
          SecretHeader{"APCA-API-SECRET-KEY", Secret::copy_of(secret_key_.reveal())}};
}

Secret AlpacaSigner::auth_message() const {
  const Secret key = json_escaped(key_id_.reveal());
  const Secret secret = json_escaped(secret_key_.reveal());
  return Secret::joined({"{\"action\":\"auth\",\"key\":\"", key.reveal(), "\",\"secret\":\"", secret.reveal(), "\"}"});
}

}  // namespace millrace::ingest
