#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::publish {

// One encoded record on its way to a topic, as it lies on local disk.
struct JournalRecord {
  std::string_view topic;  // after "{prefix}."
  std::string_view key;
  std::string_view bytes;
  std::int64_t time_ns = 0;  // receive time, Unix; of records without one, when they were written
  std::int64_t seq = 0;      // 0: not a stream's
  std::uint32_t slot = 0;    // the lane's; means nothing in another process
  std::uint8_t type = 0;     // schemas::MessageType
};

// On disk: length of the body (u32) and its CRC32C (u32); then the body: time, seq, slot, type, lengths of topic (u8)
// and key (u16), topic, key, bytes. All little endian. A length of 0 is the end: segments are filled with zeros ahead.
inline constexpr std::size_t kFrameHead = 8;
inline constexpr std::size_t kMaxJournalRecord = 64 * 1024 * 1024;  // of a body; what claims more is damaged

// False: a topic of more than 255 bytes, a key of more than 65,535, or bytes beyond kMaxJournalRecord; `out` is as it
// was.
bool append_frame(std::string& out, const JournalRecord& record);

enum class FrameState : std::uint8_t {
  kRecord,
  kEnd,      // of the data: a length of 0, or nothing more
  kCut,      // more bytes are wanted: `need` of them from the frame's begin
  kDamaged,  // a length that cannot be, a wrong checksum, or a body that is none
};
struct Frame {
  FrameState state;
  std::size_t size = 0;  // of the whole frame; kCut: what must be there to go on
};
// Reads the frame at the begin of `in`. The views of `record` point into `in`.
Frame parse_frame(std::string_view in, JournalRecord& record);

}  // namespace millrace::publish
