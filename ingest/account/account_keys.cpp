#include "ingest/account/account_keys.h"

#include "ingest/auth/secret_source.h"

namespace millrace::ingest {
namespace {

AuthResult<Secret> load_part(const std::string& file, const std::string& variable, std::string_view part) {
  if (file.empty() && variable.empty()) return Secret{};
  auto secret = file.empty() ? take_secret_variable(variable) : load_secret_file(file);
  if (secret) return secret;
  return AuthError{secret.error().code, std::string(part) + ": " + secret.error().where};
}

}  // namespace

AuthResult<AccountKeys> load_keys(const KeySource& source) {
  AccountKeys keys;
  auto api_key = load_part(source.api_key_file, source.api_key_env, "api_key");
  if (!api_key) return api_key.error();
  auto secret = load_part(source.secret_file, source.secret_env, "secret");
  if (!secret) return secret.error();
  auto passphrase = load_part(source.passphrase_file, source.passphrase_env, "passphrase");
  if (!passphrase) return passphrase.error();
  keys.api_key = std::move(*api_key);
  keys.secret = std::move(*secret);
  keys.passphrase = std::move(*passphrase);
  return keys;
}

AuthResult<std::optional<AccountKeys>> reload_keys(const KeySource& source) {
  if (!source.api_key_env.empty() || !source.secret_env.empty() || !source.passphrase_env.empty()) {
    return std::optional<AccountKeys>{};
  }
  auto keys = load_keys(source);
  if (!keys) return keys.error();
  return std::optional<AccountKeys>(std::move(*keys));
}

}  // namespace millrace::ingest
