#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::ingest {

// The frames that a client sends: always whole, masked, never compressed. Pure; `mask` must be unpredictable (RFC 6455,
// 10.3), so the caller takes it from the system's random source. Each appends one frame to `out`.
void append_text(std::string& out, std::string_view text, std::uint32_t mask);
void append_ping(std::string& out, std::string_view data, std::uint32_t mask);  // data: at most 125 bytes
void append_pong(std::string& out, std::string_view data, std::uint32_t mask);
// `reason` is cut at 123 bytes; kNoStatus (1005) sends a close frame without a code.
void append_close(std::string& out, std::uint16_t code, std::string_view reason, std::uint32_t mask);

}  // namespace millrace::ingest
