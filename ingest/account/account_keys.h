#pragma once

#include <optional>

#include "ingest/auth/account_signer.h"
#include "ingest/config/config.h"

namespace millrace::ingest {

// Reads an account's key from where the configuration says. Start-up only, before other threads: variables are wiped
// out of the environment (take_secret_variable). Errors: those of secret_source, with the part's name in `where`.
AuthResult<AccountKeys> load_keys(const KeySource& source);

// The same later, from any thread: null where a part came from the environment, which holds it no more.
AuthResult<std::optional<AccountKeys>> reload_keys(const KeySource& source);

}  // namespace millrace::ingest
