#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/session/frame_reader.h"

namespace millrace::ingest::test {

// First byte of a frame.
inline constexpr std::uint8_t kFin = 0x80;
inline constexpr std::uint8_t kRsv1 = 0x40;

// A frame as a server sends it, unmasked, with its length in the shortest form.
inline std::string server_frame(int first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  const auto put = [&out](std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  };
  if (payload.size() < 126) {
    put(payload.size(), 1);
  } else if (payload.size() < 65536) {
    put(126, 1);
    put(payload.size(), 2);
  } else {
    put(127, 1);
    put(payload.size(), 8);
  }
  return out.append(payload);
}
inline std::string text_frame(std::string_view payload) { return server_frame(kFin | 1, payload); }

// One thing that came out of a reader, copied.
struct Got {
  Incoming::Kind kind;
  std::string payload;
  bool binary = false;
  int close_code = 0;

  friend bool operator==(const Got&, const Got&) = default;
};

// Takes everything that is whole; ends after a close frame or violation.
inline void take_all(FrameReader& reader, std::vector<Got>& into) {
  for (;;) {
    const Incoming found = reader.next();
    if (found.kind == Incoming::Kind::kNeedMore) return;
    into.push_back({found.kind, std::string(found.payload), found.binary, found.close_code});
    if (found.kind == Incoming::Kind::kClose || found.kind == Incoming::Kind::kViolation) return;
  }
}

// Feeds `bytes` in pieces; `next_size` says how long each is (at least 1).
template <class NextSize>
std::vector<Got> read_in_pieces(FrameReader& reader, std::string_view bytes, NextSize next_size) {
  std::vector<Got> got;
  while (!bytes.empty()) {
    const auto room = reader.prepare();
    const std::size_t count = std::min({bytes.size(), room.size(), static_cast<std::size_t>(next_size())});
    bytes.copy(room.data(), count);
    reader.commit(count);
    bytes.remove_prefix(count);
    take_all(reader, got);
    if (!got.empty() && got.back().kind >= Incoming::Kind::kClose) break;
  }
  return got;
}
inline std::vector<Got> read_at_once(FrameReader& reader, std::string_view bytes) {
  return read_in_pieces(reader, bytes, [&] { return bytes.size(); });
}

}  // namespace millrace::ingest::test
