#include "publish/kafka/record_header.h"

#include <exception>
#include <protozero/pbf_reader.hpp>

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

// Calls visit(reader) for each field of the record's Meta; it reads the field or skips it. By field numbers, without
// decoding what is not asked for.
template <class Visit>
void visit_meta(schemas::MessageType type, std::string_view record, const Visit& visit) noexcept {
  using schemas::MessageType;
  for (const auto bare :
       {MessageType::kHeartbeat, MessageType::kClaim, MessageType::kCursor, MessageType::kSubscription}) {
    if (type == bare) return;
  }
  try {
    protozero::pbf_reader message{record.data(), record.size()};
    if (!message.next(1)) return;
    protozero::pbf_reader meta = message.get_message();
    while (meta.next()) visit(meta);
  } catch (const std::exception&) {
    // Not a record with a Meta: what was found stands.
  }
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

// The field numbers are those of common.proto.
RecordHeader header_of(schemas::MessageType type, std::string_view record, std::uint8_t flags) noexcept {
  RecordHeader header{type, schemas::Origin::kUnspecified, flags};
  visit_meta(type, record, [&header](protozero::pbf_reader& meta) {
    switch (meta.tag()) {
      case 5:
        header.epoch = meta.get_int64();
        break;
      case 6:
        header.seq = meta.get_int64();
        break;
      case 13:
        header.origin = static_cast<schemas::Origin>(meta.get_enum());
        break;
      default:
        meta.skip();
    }
  });
  return header;
}

std::int64_t receive_time_of(schemas::MessageType type, std::string_view record) noexcept {
  std::int64_t time = 0;
  visit_meta(type, record, [&time](protozero::pbf_reader& meta) {
    if (meta.tag() == 10) {
      time = meta.get_sfixed64();
    } else {
      meta.skip();
    }
  });
  return time;
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
