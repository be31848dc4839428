#include "cli/normalize/record_files.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "schemas/codec/record_stream.h"

namespace millrace::cli {
RecordFile::RecordFile(std::vector<std::string> wanted, WriteBytes write)
    : wanted_{std::move(wanted)}, write_{std::move(write)} {}

bool RecordFile::wants(std::string_view dataset) const {
  return wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), dataset) != wanted_.end();
}

publish::StreamSlot RecordFile::open(const publish::StreamSpec& spec) {
  streams_.push_back({spec.dataset, spec.type, wants(spec.dataset)});
  return publish::StreamSlot{static_cast<std::uint32_t>(streams_.size() - 1)};
}

std::span<std::byte> RecordFile::reserve(publish::StreamSlot, std::size_t bound) {
  // Not empty even for a bound of 0: that would mean refused.
  if (room_.size() < std::max<std::size_t>(bound, 1)) room_.resize(std::max<std::size_t>(bound, 4096));
  return room_;
}

void RecordFile::commit(publish::StreamSlot slot, std::size_t length, std::int64_t) {
  const Stream& stream = streams_[static_cast<std::size_t>(slot)];
  if (!stream.wanted) return;
  write_record(stream.type, stream.dataset, {reinterpret_cast<const char*>(room_.data()), length});
}

bool RecordFile::put(std::string_view, std::string_view key, std::string_view bytes, schemas::MessageType type) {
  if (wants(key.substr(0, key.find('/')))) write_record(type, {}, bytes);
  return true;
}

void RecordFile::write_record(schemas::MessageType type, std::string_view dataset, std::string_view bytes) {
  text_.clear();
  format(type, dataset, bytes, text_);
  write_(text_);
}

void JsonLines::format(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) {
  if (schemas::append_json_line(type, dataset, bytes, out)) return;
  throw std::logic_error{"a record that our own reader does not read"};
}

void ProtoStream::format(schemas::MessageType type, std::string_view dataset, std::string_view bytes,
                         std::string& out) {
  schemas::append_delimited(type, dataset, bytes, out);
}

}  // namespace millrace::cli
