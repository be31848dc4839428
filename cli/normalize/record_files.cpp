#include "cli/normalize/record_files.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace millrace::cli {
namespace {

// Field numbers of Record: the kinds in the order of MessageType from 1, with the dataset between them.
constexpr std::uint64_t kDataset = 15;
constexpr std::uint64_t kLengthDelimited = 2;

std::uint64_t field_of(schemas::MessageType type) {
  const std::uint64_t number = 1 + static_cast<std::uint64_t>(type);
  return number < kDataset ? number : number + 1;
}

std::uint64_t tag_of(std::uint64_t number) { return number << 3 | kLengthDelimited; }

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

std::size_t field_size(std::uint64_t number, std::string_view bytes) {
  return varint_size(tag_of(number)) + varint_size(bytes.size()) + bytes.size();
}

void append_field(std::uint64_t number, std::string_view bytes, std::string& out) {
  append_varint(tag_of(number), out);
  append_varint(bytes.size(), out);
  out += bytes;
}

}  // namespace

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

// Reads its own encoding back: the JSON is of what a consumer of the bytes would see.
void JsonLines::format(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) {
  const auto record = schemas::decode(type, bytes);
  if (!record) throw std::logic_error{"a record that our own reader does not read"};
  schemas::to_json(*record, out);
  if (!dataset.empty()) {
    // Behind the first member, "type". Names of datasets need no escape.
    out.insert(out.find(','), ",\"dataset\":\"" + std::string{dataset} + '"');
  }
  out += '\n';
}

void ProtoStream::format(schemas::MessageType type, std::string_view dataset, std::string_view bytes,
                         std::string& out) {
  const std::uint64_t kind = field_of(type);
  append_varint(field_size(kind, bytes) + (dataset.empty() ? 0 : field_size(kDataset, dataset)), out);
  append_field(kind, bytes, out);
  if (!dataset.empty()) append_field(kDataset, dataset, out);
}

}  // namespace millrace::cli
