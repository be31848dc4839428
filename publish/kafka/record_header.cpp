#include "publish/kafka/record_header.h"

#include "schemas/codec/meta_view.h"

namespace millrace::publish {
namespace {

void append_varint(std::int64_t number, HeaderBytes& out) noexcept {
  auto rest = static_cast<std::uint64_t>(number);
  for (; rest >= 0x80; rest >>= 7) out.data[out.size++] = static_cast<char>((rest & 0x7f) | 0x80);
  out.data[out.size++] = static_cast<char>(rest);
}

// Takes one varint off the front of `bytes`; nullopt if it is cut short or longer than ten bytes.
std::optional<std::int64_t> take_varint(std::string_view& bytes) noexcept {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 70 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

// Of those kinds that begin with one.
std::optional<schemas::MetaView> meta_of(schemas::MessageType type, std::string_view record) noexcept {
  using schemas::MessageType;
  for (const auto bare :
       {MessageType::kHeartbeat, MessageType::kClaim, MessageType::kCursor, MessageType::kSubscription}) {
    if (type == bare) return {};
  }
  return schemas::view_meta(record);
}

}  // namespace

HeaderBytes encode_header(const RecordHeader& header) noexcept {
  HeaderBytes out{};
  out.data[0] = static_cast<char>(RecordHeader::kVersion);
  out.data[1] = static_cast<char>(header.type);
  out.data[2] = static_cast<char>(header.origin);
  out.data[3] = static_cast<char>(header.flags);
  out.size = 4;
  append_varint(header.epoch, out);
  append_varint(header.seq, out);
  return out;
}

RecordHeader header_of(schemas::MessageType type, std::string_view record, std::uint8_t flags) noexcept {
  const auto meta = meta_of(type, record);
  if (!meta) return {type, schemas::Origin::kUnspecified, flags};
  return {type, meta->origin, flags, meta->epoch, meta->seq};
}

std::int64_t receive_time_of(schemas::MessageType type, std::string_view record) noexcept {
  const auto meta = meta_of(type, record);
  return meta ? meta->receive_time : 0;
}

// Strict about its length: a header of a later version has another first byte.
std::optional<RecordHeader> decode_header(std::string_view bytes) noexcept {
  if (bytes.size() < 6 || bytes[0] != static_cast<char>(RecordHeader::kVersion)) return std::nullopt;
  RecordHeader header{static_cast<schemas::MessageType>(bytes[1]), static_cast<schemas::Origin>(bytes[2]),
                      static_cast<std::uint8_t>(bytes[3])};
  bytes.remove_prefix(4);
  const auto epoch = take_varint(bytes);
  const auto seq = take_varint(bytes);
  if (!epoch || !seq || !bytes.empty()) return std::nullopt;
  header.epoch = *epoch;
  header.seq = *seq;
  return header;
}

}  // namespace millrace::publish
