#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/sim/accounts/crypto.h"

namespace millrace::sim::accounts {

// What a JSON Web Token of Coinbase must be (protocols/coinbase.md section 5.2): signed by the key, of the key's name,
// fresh, for this one request and never seen before.
class TokenCheck {
 public:
  // What is wrong with `token`, empty if nothing; remembers it. `name` is the key's; `uri` the claim that it must hold,
  // empty = none may be there.
  std::string check(std::string_view token, const ClientKey& key, std::string_view name, std::string_view uri,
                    std::int64_t now_ns);

 private:
  std::map<std::string, std::int64_t, std::less<>> seen_;  // signature -> when it has expired, s
};

// The `kid` of a token's header, unchecked; empty if it has none.
std::string token_key_name(std::string_view token);

}  // namespace millrace::sim::accounts
