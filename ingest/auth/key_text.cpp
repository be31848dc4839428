#include "ingest/auth/key_text.h"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

namespace millrace::ingest {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Secret without_spaces(std::string_view text) {
  Secret dense(text.size());
  const auto end = std::remove_copy_if(text.begin(), text.end(), dense.bytes().begin(), is_space);
  dense.truncate(static_cast<std::size_t>(end - dense.bytes().begin()));
  return dense;
}

// "\n" of two characters becomes a line break and a space: the same length, and both are skipped.
Secret with_line_breaks(std::string_view text) {
  Secret plain = Secret::copy_of(text);
  const auto bytes = plain.bytes();
  for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
    if (bytes[at] != '\\' || (bytes[at + 1] != 'n' && bytes[at + 1] != 'r')) continue;
    bytes[at] = '\n';
    bytes[at + 1] = ' ';
  }
  return plain;
}

AuthError bad_key(std::string_view what, std::string_view why) {
  return {AuthErrc::kBadKey, std::string(what) + ": " + std::string(why)};
}

}  // namespace

AuthResult<Secret> decode_base64_key(std::string_view text, std::string_view what) {
  const Secret dense = without_spaces(text);
  const std::string_view digits = dense.reveal();
  const std::size_t padding = digits.size() - (digits.find_last_not_of('=') + 1);
  // OpenSSL takes padding anywhere and counts it as bytes.
  if (digits.empty() || digits.size() % 4 != 0 || padding > 2 || digits.find('=') < digits.size() - padding) {
    return bad_key(what, "is not base64; copy it whole, with the '=' at its end");
  }
  Secret key(digits.size() / 4 * 3);
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.bytes().data()),
                      reinterpret_cast<const unsigned char*>(digits.data()), static_cast<int>(digits.size())) < 0) {
    return bad_key(what, "is not base64; copy it whole, with the '=' at its end");
  }
  key.truncate(key.size() - padding);
  return key;
}

AuthResult<Secret> decode_pem(std::string_view text, std::string_view label, std::string_view what) {
  const Secret plain = with_line_breaks(text);
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  std::string_view body = plain.reveal();
  const auto from = body.find(begin);
  if (from == std::string_view::npos) return Secret();
  body.remove_prefix(from + begin.size());
  const auto until = body.find(end);
  if (until == std::string_view::npos) return bad_key(what, "has no line " + end + "; copy it whole");
  body = body.substr(0, until);
  if (body.find(':') != std::string_view::npos)
    return bad_key(what, "is protected by a password; export it without one");
  return decode_base64_key(body, what);
}

AuthResult<void> check_text(const Secret& secret, std::string_view what) {
  if (secret.empty()) return AuthError{AuthErrc::kEmpty, std::string(what) + ": is empty"};
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (std::ranges::any_of(secret.reveal(), is_control)) {
    return AuthError{AuthErrc::kBadText, std::string(what) + ": has a line break or another control character in it"};
  }
  return {};
}

}  // namespace millrace::ingest
