#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// UTF-8 as RFC 3629 has it: proto3 strings and JSON allow nothing else, while a venue or a TLS library may send
// anything.
namespace millrace::schemas {

// Length in bytes of the well-formed beginning of `text`; linear. Overlong forms and surrogates are not well-formed.
std::size_t valid_utf8_prefix(std::string_view text) noexcept;

inline bool is_valid_utf8(std::string_view text) noexcept { return valid_utf8_prefix(text) == text.size(); }

// The text with each malformed byte replaced by U+FFFD.
std::string repaired_utf8(std::string_view text);

}  // namespace millrace::schemas
