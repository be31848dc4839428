#include "schemas/codec/record_stream.h"

#include <cstdint>

namespace millrace::schemas {
namespace {

// Field numbers of Record: the kinds in the order of MessageType from 1, with the dataset between them.
constexpr std::uint64_t kDataset = 15;
constexpr std::uint64_t kLengthDelimited = 2;

std::uint64_t field_of(MessageType type) {
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

void append_delimited(MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) {
  const std::uint64_t kind = field_of(type);
  append_varint(field_size(kind, bytes) + (dataset.empty() ? 0 : field_size(kDataset, dataset)), out);
  append_field(kind, bytes, out);
  if (!dataset.empty()) append_field(kDataset, dataset, out);
}

bool append_json_line(MessageType type, std::string_view dataset, std::string_view bytes, std::string& out) {
  const auto record = decode(type, bytes);
  if (!record) return false;
  const std::size_t begin = out.size();
  to_json(*record, out);
  if (!dataset.empty()) {
    // Behind the first member, "type". Names of datasets need no escape.
    out.insert(out.find(',', begin), ",\"dataset\":\"" + std::string{dataset} + '"');
  }
  out += '\n';
  return true;
}

}  // namespace millrace::schemas
