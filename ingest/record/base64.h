#pragma once

#include <string>
#include <string_view>

namespace millrace::ingest {

// RFC 4648 with padding, on one line.
void append_base64(std::string_view bytes, std::string& out);

// False if `text` is no such encoding; `out` has no meaning then.
bool decode_base64(std::string_view text, std::string& out);

}  // namespace millrace::ingest
