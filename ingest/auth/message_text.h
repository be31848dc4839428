#pragma once

#include <string_view>

#include "ingest/auth/auth_error.h"
#include "ingest/auth/secret.h"

namespace millrace::ingest {

// Small pieces of the texts that are signed and sent.

// The inside of a JSON string, for texts without control characters (check_text).
Secret json_escaped(std::string_view text);

// `object` is the text of a JSON object: the same with `members` ("\"a\":1,\"b\":2") at its end. Errors: kBadArgument.
AuthResult<Secret> with_members(std::string_view object, std::string_view members);

// A request target as it goes onto the wire: begins with '/', no spaces, control or non-ASCII characters, no fragment.
// Errors: kBadArgument.
AuthResult<void> check_target(std::string_view target);

// The same for what may stand behind the '?', or for a form body.
AuthResult<void> check_encoded(std::string_view query, std::string_view what);

// An HTTP method in capitals. Errors: kBadArgument.
AuthResult<void> check_method(std::string_view method);

}  // namespace millrace::ingest
