#include "publish/journal/record.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "publish/journal/crc32c.h"

namespace millrace::publish {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are written as the machine has its numbers");

constexpr std::size_t kBodyHead = 8 + 8 + 4 + 1 + 1 + 2;

template <class Integer>
void put(char*& at, Integer value) {
  std::memcpy(at, &value, sizeof value);
  at += sizeof value;
}

template <class Integer>
Integer get(const char*& at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

void put_text(char*& at, std::string_view text) {
  std::ranges::copy(text, at);
  at += text.size();
}

bool parse_body(std::string_view body, JournalRecord& record) {
  if (body.size() < kBodyHead) return false;
  const char* at = body.data();
  record.time_ns = get<std::int64_t>(at);
  record.seq = get<std::int64_t>(at);
  record.slot = get<std::uint32_t>(at);
  record.type = get<std::uint8_t>(at);
  const std::size_t topic = get<std::uint8_t>(at);
  const std::size_t key = get<std::uint16_t>(at);
  if (body.size() < kBodyHead + topic + key) return false;
  record.topic = body.substr(kBodyHead, topic);
  record.key = body.substr(kBodyHead + topic, key);
  record.bytes = body.substr(kBodyHead + topic + key);
  return true;
}

}  // namespace

bool append_frame(std::string& out, const JournalRecord& record) {
  if (record.topic.size() > std::numeric_limits<std::uint8_t>::max()) return false;
  if (record.key.size() > std::numeric_limits<std::uint16_t>::max()) return false;
  const std::size_t length = kBodyHead + record.topic.size() + record.key.size() + record.bytes.size();
  if (length > kMaxJournalRecord) return false;
  const std::size_t begin = out.size();
  out.resize(begin + kFrameHead + length);
  char* at = out.data() + begin + kFrameHead;
  const std::string_view body(at, length);
  put(at, record.time_ns);
  put(at, record.seq);
  put(at, record.slot);
  put(at, record.type);
  put(at, static_cast<std::uint8_t>(record.topic.size()));
  put(at, static_cast<std::uint16_t>(record.key.size()));
  put_text(at, record.topic);
  put_text(at, record.key);
  put_text(at, record.bytes);
  char* head = out.data() + begin;
  put(head, static_cast<std::uint32_t>(length));
  put(head, crc32c(body));
  return true;
}

Frame parse_frame(std::string_view in, JournalRecord& record) {
  if (in.size() < sizeof(std::uint32_t)) {
    const bool zeros = in.find_first_not_of('\0') == std::string_view::npos;
    return zeros ? Frame{FrameState::kEnd} : Frame{FrameState::kCut, kFrameHead};
  }
  const char* at = in.data();
  const std::size_t length = get<std::uint32_t>(at);
  if (length == 0) return {FrameState::kEnd};
  if (length > kMaxJournalRecord) return {FrameState::kDamaged};
  const std::size_t size = kFrameHead + length;
  if (in.size() < size) return {FrameState::kCut, size};
  const auto wanted = get<std::uint32_t>(at);
  const std::string_view body = in.substr(kFrameHead, length);
  if (crc32c(body) != wanted || !parse_body(body, record)) return {FrameState::kDamaged};
  return {FrameState::kRecord, size};
}

}  // namespace millrace::publish
