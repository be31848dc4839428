#pragma once

#include <string>
#include <string_view>

namespace millrace::cli {

// `text` as a JSON string, for the few lines that commands print for machines. Control characters become spaces. Names,
// paths and our own messages only: it does not check UTF-8, as schemas' JsonWriter does for what venues send.
inline std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

}  // namespace millrace::cli
