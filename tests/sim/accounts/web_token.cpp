#include "tests/sim/accounts/web_token.h"

#include "tests/sim/accounts/json_in.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kLongest = 120;  // seconds from nbf to exp

struct Parts {
  std::string_view header, claims, signature;
};

Parts split(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

}  // namespace

std::string token_key_name(std::string_view token) {
  return JsonIn(from_base64url(split(token).header).value_or("")).text("/kid");
}

std::string TokenCheck::check(std::string_view token, const ClientKey& key, std::string_view name, std::string_view uri,
                              std::int64_t now_ns) {
  const Parts parts = split(token);
  const JsonIn header(from_base64url(parts.header).value_or(""));
  const JsonIn claims(from_base64url(parts.claims).value_or(""));
  const std::int64_t now = now_ns / 1'000'000'000;
  std::erase_if(seen_, [&](const auto& one) { return one.second < now; });
  if (!header.is_object() || !claims.is_object()) return "not a token";
  if (header.text("/alg") != (key.is_ed25519() ? "EdDSA" : "ES256") || header.text("/typ") != "JWT") return "algorithm";
  if (header.text("/nonce").empty()) return "nonce";
  const std::string_view signed_text = token.substr(0, token.rfind('.'));
  if (!key.verifies(signed_text, from_base64url(parts.signature).value_or(""))) return "signature";
  if (header.text("/kid") != name || claims.text("/sub") != name || claims.text("/iss") != "cdp") return "key name";
  const auto from = claims.whole("/nbf");
  const auto to = claims.whole("/exp");
  if (!from || !to || *from > now || *to <= now || *to - *from > kLongest) return "time";
  if (claims.text("/uri") != uri) return "uri";
  if (!seen_.emplace(parts.signature, *to).second) return "used before";
  return {};
}

}  // namespace millrace::sim::accounts
