#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Protobuf wire primitives for the hot encoders. Each writes at `at` and returns where the next one goes. They check no
// bounds: the caller has reserved `encoded_bound`, which includes kSlack, as a varint may store (never keep) up to
// seven bytes more than it needs.
namespace millrace::schemas::wire {

// Room in bytes behind the last field for the overshoot of put_varint.
inline constexpr std::size_t kSlack = 16;
// 64 bits in groups of seven.
inline constexpr std::size_t kMaxVarint = 10;

// The wire types that we write; groups and fixed32 are not among them.
enum class Type : std::uint8_t { kVarint = 0, kFixed64 = 1, kLength = 2 };

// The tag byte of a field below 16: all fields of the hot messages are.
constexpr std::uint8_t tag(unsigned field, Type type) noexcept {
  return static_cast<std::uint8_t>(field << 3 | static_cast<unsigned>(type));
}

// sint64 on the wire: small numbers of either sign become short varints (0, -1, 1, -2 are 0, 1, 2, 3).
constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

// Bytes of a varint: one for each 7 bits, without a division (9/64 is close enough to 1/7 up to 64 bits).
constexpr std::size_t varint_size(std::uint64_t value) noexcept {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) * 9 + 64) / 64;
}

// One byte at a time: writes exactly what it needs.
inline std::uint8_t* put_varint_exact(std::uint8_t* at, std::uint64_t value) noexcept {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<std::uint8_t>(value | 0x80);
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

// The continuation bits and the length of a varint of up to 8 bytes, by the highest bit that is set.
struct VarintShape {
  std::uint64_t continuation;
  std::uint64_t size;
};
inline constexpr std::array<VarintShape, 56> kVarintShapes = [] {
  std::array<VarintShape, 56> shapes{};
  for (std::size_t bit = 0; bit < shapes.size(); ++bit) {
    const std::size_t size = varint_size(std::uint64_t{1} << bit);
    shapes[bit] = {0x8080808080808080 & ((std::uint64_t{1} << (8 * (size - 1))) - 1), size};
  }
  return shapes;
}();

// Spreads up to 56 bits over eight bytes at once: no branch depends on the length, which varies from one quantity to
// the next. 1.5 ns a number where lengths are random, a byte loop takes 3.5. 300 is 10 0101100 in groups of seven: each
// goes into a byte of its own, the lowest first, with the high bit set on all but the last: AC 02.
inline std::uint8_t* put_varint(std::uint8_t* at, std::uint64_t value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  if (value >= std::uint64_t{1} << 56) [[unlikely]]
    return put_varint_exact(at, value);
  const VarintShape& shape = kVarintShapes[static_cast<std::size_t>(63 ^ __builtin_clzll(value | 1))];
  // (63 ^ clz is one instruction, bit_width - 1 is six.) Each step moves the upper half of each group up by adding it
  // the times that are missing: 28 bits by 4, 14 by 2, 7 by 1.
  std::uint64_t spread = value + (value & 0x00fffffff0000000) * 15;
  spread += (spread & 0x0fffc0000fffc000) * 3;
  spread += spread & 0x3f803f803f803f80;
  spread |= shape.continuation;
  std::memcpy(at, &spread, sizeof spread);
  return at + shape.size;
}

inline std::uint8_t* put_varint_field(std::uint8_t* at, unsigned field, std::uint64_t value) noexcept {
  *at = tag(field, Type::kVarint);
  return put_varint(at + 1, value);
}

// int32, int64 and enums: negative numbers take ten bytes.
inline std::uint8_t* put_int_field(std::uint8_t* at, unsigned field, std::int64_t value) noexcept {
  return put_varint_field(at, field, static_cast<std::uint64_t>(value));
}

// The same for proto3 fields without presence, which leave out zero.
inline std::uint8_t* put_int_unless_zero(std::uint8_t* at, unsigned field, std::int64_t value) noexcept {
  return value == 0 ? at : put_int_field(at, field, value);
}

inline std::uint8_t* put_sint_unless_zero(std::uint8_t* at, unsigned field, std::int64_t value) noexcept {
  return value == 0 ? at : put_varint_field(at, field, zigzag(value));
}

// sfixed64: eight bytes, least significant first, hence the assertion of byte order above.
inline std::uint8_t* put_fixed_field(std::uint8_t* at, unsigned field, std::int64_t value) noexcept {
  *at = tag(field, Type::kFixed64);
  std::memcpy(at + 1, &value, sizeof value);
  return at + 1 + sizeof value;
}

inline std::uint8_t* put_bytes(std::uint8_t* at, std::string_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

// Any length. Exact varint, as the text follows behind it at once.
inline std::uint8_t* put_text_unless_empty(std::uint8_t* at, unsigned field, std::string_view text) noexcept {
  if (text.empty()) return at;
  *at = tag(field, Type::kLength);
  return put_bytes(put_varint_exact(at + 1, text.size()), text);
}

// Writes the length prefix of a body that was laid after a guess of the prefix's size, from `prefix` to `body`; moves
// the body where the guess was wrong, so that the prefix is canonical. A move overshoots by at most the difference of
// the two prefix sizes, which the callers' bounds contain.
inline std::uint8_t* close_length(std::uint8_t* prefix, std::uint8_t* body, std::uint8_t* end) noexcept {
  const auto size = static_cast<std::size_t>(end - body);
  std::uint8_t* const place = prefix + varint_size(size);
  if (place != body) std::memmove(place, body, size);
  put_varint_exact(prefix, size);
  return place + size;
}

}  // namespace millrace::schemas::wire
