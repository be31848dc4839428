#include "ingest/auth/message_text.h"

#include <algorithm>
#include <string>

namespace millrace::ingest {
namespace {

bool needs_escape(char c) { return c == '"' || c == '\\'; }

AuthError bad_argument(std::string_view what, std::string_view why) {
  return {AuthErrc::kBadArgument, std::string(what) + " " + std::string(why)};
}

}  // namespace

Secret json_escaped(std::string_view text) {
  const auto extra = static_cast<std::size_t>(std::ranges::count_if(text, needs_escape));
  Secret escaped(text.size() + extra);
  auto at = escaped.bytes().begin();
  for (const char c : text) {
    if (needs_escape(c)) *at++ = '\\';
    *at++ = c;
  }
  return escaped;
}

AuthResult<Secret> with_members(std::string_view object, std::string_view members) {
  if (object.size() < 2 || object.front() != '{' || object.back() != '}') {
    return bad_argument("message to sign", "is not a JSON object");
  }
  const std::string_view inside = object.substr(1, object.size() - 2);
  const bool empty = inside.find_first_not_of(" \t\r\n") == std::string_view::npos;
  return Secret::joined({"{", inside, empty ? "" : ",", members, "}"});
}

AuthResult<void> check_encoded(std::string_view query, std::string_view what) {
  const auto unfit = [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '#' || c == '<' || c == '>'; };
  if (std::ranges::any_of(query, unfit)) return bad_argument(what, "must be percent-encoded before it is signed");
  return {};
}

AuthResult<void> check_target(std::string_view target) {
  if (!target.starts_with('/')) return bad_argument("request target", "must begin with '/'");
  return check_encoded(target, "request target");
}

AuthResult<void> check_method(std::string_view method) {
  const bool capitals = std::ranges::all_of(method, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (method.empty() || !capitals) return bad_argument("HTTP method", "must be in capitals");
  return {};
}

}  // namespace millrace::ingest
