#include "schemas/codec/meta_view.h"

#include <bit>
#include <cstring>

#include "schemas/codec/wire.h"

namespace millrace::schemas {
namespace {

static_assert(std::endian::native == std::endian::little);

// Field numbers of Meta in common.proto.
namespace number {
enum : std::uint64_t {
  kVenue = 1,
  kSymbol,
  kInstrument,
  kAccount,
  kEpoch,
  kSeq,
  kReceiveTime = 10,
  kPublishTime,
  kOrigin = 13,
  kFlags
};
}  // namespace number

// One field as it stands on the wire.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t wire_type = 0;
  std::uint64_t value = 0;  // varints and fixed64
  std::string_view bytes;   // length-delimited
  const char* begin = nullptr;
};

// Walks over the fields of one message.
class Scan {
 public:
  explicit Scan(std::string_view bytes) noexcept : at_{bytes.data()}, end_{bytes.data() + bytes.size()} {}

  bool done() const noexcept { return at_ == end_; }
  const char* at() const noexcept { return at_; }

  // False: cut short, or a wire type that proto3 does not have.
  bool next(Field& out) noexcept {
    out.begin = at_;
    std::uint64_t tag = 0;
    if (!varint(tag) || tag < 8) return false;
    out.number = tag >> 3;
    out.wire_type = tag & 7;
    switch (out.wire_type) {
      case 0:
        return varint(out.value);
      case 1:
        return fixed(8, out.value);
      case 2:
        return varint(out.value) && length_delimited(out);
      case 5:
        return fixed(4, out.value);
      default:
        return false;
    }
  }

 private:
  bool varint(std::uint64_t& out) noexcept {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) [[likely]] {
      out = static_cast<std::uint64_t>(*at_++);
      return true;
    }
    out = 0;
    for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool fixed(std::size_t size, std::uint64_t& out) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size) return false;
    out = 0;
    std::memcpy(&out, at_, size);
    at_ += size;
    return true;
  }

  bool length_delimited(Field& out) noexcept {
    if (static_cast<std::uint64_t>(end_ - at_) < out.value) return false;
    out.bytes = {at_, static_cast<std::size_t>(out.value)};
    at_ += out.value;
    return true;
  }

  const char* at_;
  const char* end_;
};

void take(const Field& field, std::string_view record, MetaView& out) noexcept {
  switch (field.number) {
    case number::kVenue:
      out.venue = field.bytes;
      break;
    case number::kSymbol:
      out.symbol = field.bytes;
      break;
    case number::kInstrument:
      out.instrument = field.bytes;
      break;
    case number::kAccount:
      out.account = field.bytes;
      break;
    case number::kEpoch:
      out.epoch = static_cast<std::int64_t>(field.value);
      break;
    case number::kSeq:
      out.seq = static_cast<std::int64_t>(field.value);
      break;
    case number::kReceiveTime:
      out.receive_time = static_cast<std::int64_t>(field.value);
      break;
    case number::kPublishTime:
      if (field.wire_type == 1) out.publish_time_at = static_cast<std::uint32_t>(field.begin - record.data());
      break;
    case number::kOrigin:
      out.origin = static_cast<Origin>(field.value < 255 ? field.value : 255);
      break;
    case number::kFlags:
      out.flags = static_cast<std::uint32_t>(field.value);
      break;
    default:
      break;
  }
}

constexpr std::size_t kPublishTimeSize = 1 + sizeof(UnixNanos);

void append_length(std::uint64_t length, std::string& out) {
  std::uint8_t room[wire::kMaxVarint];
  const std::uint8_t* const end = wire::put_varint_exact(room, length);
  out.append(reinterpret_cast<const char*>(room), static_cast<std::size_t>(end - room));
}

// Tag and length of Meta, then its fields, of which `parts` are written one behind the other.
void append_meta(std::initializer_list<std::string_view> parts, std::string& out) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  out += static_cast<char>(wire::tag(1, wire::Type::kLength));
  append_length(size, out);
  for (const std::string_view part : parts) out += part;
}

}  // namespace

std::optional<MetaView> view_meta(std::string_view record) noexcept {
  constexpr std::uint64_t kLongest = 1 << 30;  // offsets are 32 bits
  Scan message{record};
  Field meta;
  if (record.size() > kLongest || !message.next(meta) || meta.number != 1 || meta.bytes.data() == nullptr) {
    return std::nullopt;
  }
  MetaView out;
  Field field;
  for (Scan fields{meta.bytes}; !fields.done();) {
    field.bytes = {};
    if (!fields.next(field)) return std::nullopt;
    take(field, record, out);
  }
  while (!message.done()) {
    if (!message.next(field)) return std::nullopt;
  }
  out.meta_begin = static_cast<std::uint32_t>(meta.bytes.data() - record.data());
  out.meta_end = out.meta_begin + static_cast<std::uint32_t>(meta.bytes.size());
  return out;
}

void append_unpublished(std::string_view record, const PublishTimePlace& place, std::string& out) {
  if (place.publish_time_at == 0) {
    out += record;
    return;
  }
  const std::size_t behind = place.publish_time_at + kPublishTimeSize;
  append_meta({record.substr(place.meta_begin, place.publish_time_at - place.meta_begin),
               record.substr(behind, place.meta_end - behind)},
              out);
  out += record.substr(place.meta_end);
}

// Fields stay in the order of their numbers, as every encoder writes them: those before publish_time_ns, it, those
// between it and origin, it, the rest.
void append_with_origin(std::string_view record, Origin origin, UnixNanos publish_time, std::string& out) {
  Scan message{record};
  Field meta;
  if (!message.next(meta)) return;
  std::string_view before, between, behind;
  Field field;
  for (Scan fields{meta.bytes}; !fields.done() && fields.next(field);) {
    if (field.number == number::kPublishTime || field.number == number::kOrigin) continue;
    std::string_view& part = field.number < number::kPublishTime ? before
                             : field.number < number::kOrigin    ? between
                                                                 : behind;
    const char* const begin = part.empty() ? field.begin : part.data();
    part = {begin, static_cast<std::size_t>(fields.at() - begin)};
  }
  std::uint8_t room[2][wire::kMaxVarint + 8];
  const auto put = [](std::uint8_t* begin, const std::uint8_t* end) {
    return std::string_view{reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
  };
  const auto published = put(room[0], wire::put_fixed_field(room[0], number::kPublishTime, publish_time));
  room[1][0] = wire::tag(number::kOrigin, wire::Type::kVarint);
  const auto known = put(room[1], wire::put_varint_exact(room[1] + 1, static_cast<std::uint64_t>(origin)));
  append_meta({before, published, between, known, behind}, out);
  out += record.substr(static_cast<std::size_t>(message.at() - record.data()));
}

}  // namespace millrace::schemas
