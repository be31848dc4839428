#include "ingest/session/frame_writer.h"

#include <array>
#include <cstring>

#include "ingest/session/frame_reader.h"

namespace millrace::ingest {
namespace {

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

// The shortest form of the length, as RFC 6455, 5.2 demands. Bytes are masked one at a time: what we send is a few
// hundred bytes a minute.
void append_frame(std::string& out, std::uint8_t opcode, std::string_view payload, std::uint32_t mask) {
  out.push_back(static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() < 65536) {
    out.push_back(static_cast<char>(0x80 | 126));
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(static_cast<char>(0x80 | 127));
    append_big_endian(out, payload.size(), 8);
  }
  std::array<char, 4> key;
  std::memcpy(key.data(), &mask, key.size());
  out.append(key.data(), key.size());
  const std::size_t begin = out.size();
  out.append(payload);
  for (std::size_t i = 0; i < payload.size(); ++i) out[begin + i] = static_cast<char>(out[begin + i] ^ key[i % 4]);
}

}  // namespace

void append_text(std::string& out, std::string_view text, std::uint32_t mask) { append_frame(out, 1, text, mask); }
void append_ping(std::string& out, std::string_view data, std::uint32_t mask) { append_frame(out, 9, data, mask); }
void append_pong(std::string& out, std::string_view data, std::uint32_t mask) { append_frame(out, 10, data, mask); }

void append_close(std::string& out, std::uint16_t code, std::string_view reason, std::uint32_t mask) {
  std::string payload;
  if (code != close_code::kNoStatus) {
    append_big_endian(payload, code, 2);
    payload.append(reason.substr(0, 123));
  }
  append_frame(out, 8, payload, mask);
}

}  // namespace millrace::ingest
