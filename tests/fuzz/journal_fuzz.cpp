#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "publish/journal/record.h"
#include "tests/fuzz/encoding.h"

namespace {

using millrace::publish::Frame;
using millrace::publish::FrameState;
using millrace::publish::JournalRecord;
using millrace::test::require;

// Whatever lies in a segment: frames end, and what is told as a record lies in the input.
void read_all(std::string_view in) {
  while (true) {
    JournalRecord record;
    const Frame frame = millrace::publish::parse_frame(in, record);
    if (frame.state != FrameState::kRecord) return;
    require(frame.size > 0 && frame.size <= in.size());
    require(record.bytes.data() + record.bytes.size() <= in.data() + in.size());
    in.remove_prefix(frame.size);
  }
}

// A record made of the input reads back as it was, and no changed byte goes unnoticed.
void write_and_damage(std::string_view in) {
  const std::size_t topic = std::min<std::size_t>(in.size() / 4, 300);
  JournalRecord record{in.substr(0, topic), in.substr(topic, topic), in.substr(2 * topic), 7, -1, 3, 2};
  std::string bytes;
  if (!millrace::publish::append_frame(bytes, record)) return require(bytes.empty() && topic > 255);
  JournalRecord again;
  const Frame frame = millrace::publish::parse_frame(bytes, again);
  require(frame.state == FrameState::kRecord && frame.size == bytes.size());
  require(again.topic == record.topic && again.key == record.key && again.bytes == record.bytes);
  require(again.time_ns == record.time_ns && again.seq == record.seq && again.slot == record.slot);
  const auto at = static_cast<std::size_t>(static_cast<unsigned char>(in.front())) % bytes.size();
  bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (in.size() % 255 + 1));
  require(millrace::publish::parse_frame(bytes, again).state != FrameState::kRecord);
}

}  // namespace

// The frames of publish/journal: the input as a segment, and as what a record is made of.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  read_all(in);
  if (!in.empty()) write_and_damage(in);
  return 0;
}
