#pragma once

#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// How venues write keys. `what` names the key in error texts ("Kraken private key"); its bytes never stand there.

// Base64 with padding; spaces and line breaks are skipped. Errors: kBadKey.
AuthResult<Secret> decode_base64_key(std::string_view text, std::string_view what);

// What stands between "-----BEGIN `label`-----" and its END, decoded; an empty Secret if there is no such block.
// A PEM that came through a variable or a JSON file, with "\n" spelled out, is read too. Errors: kBadKey.
AuthResult<Secret> decode_pem(std::string_view text, std::string_view label, std::string_view what);

// That a header or JSON string can hold it: not empty, no control characters. Errors: kEmpty, kBadText.
AuthResult<void> check_text(const Secret& secret, std::string_view what);

}  // namespace millrace::ingest
