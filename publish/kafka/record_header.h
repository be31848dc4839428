#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schemas/codec/decode.h"
#include "schemas/events/meta.h"

namespace millrace::publish {

// The binary Kafka header `mr`, by which a router or reader filters records without decoding them. Bytes, in order:
// version (1), schema (schemas::MessageType), origin, flags, then epoch and seq as protobuf varints.
struct RecordHeader {
  static constexpr const char* kName = "mr";
  static constexpr std::uint8_t kVersion = 1;
  // Bits of `flags`.
  static constexpr std::uint8_t kPossibleDuplicate = 1;  // may have been sent before, by a producer that died

  schemas::MessageType type{};
  schemas::Origin origin = schemas::Origin::kUnspecified;
  std::uint8_t flags = 0;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

// A header's bytes; at most 4 + 2 * 10.
struct HeaderBytes {
  std::array<char, 24> data;
  std::size_t size = 0;
  std::string_view view() const noexcept { return {data.data(), size}; }
};
HeaderBytes encode_header(const RecordHeader& header) noexcept;

// The header that belongs to an encoded record, read off its Meta; zeros where it has none (heartbeats, claims), or is
// no record. Costs the same for a book of any size.
RecordHeader header_of(schemas::MessageType type, std::string_view record, std::uint8_t flags) noexcept;

// The receive time of an encoded record, Unix ns; 0 where it has no Meta.
std::int64_t receive_time_of(schemas::MessageType type, std::string_view record) noexcept;

// Nullopt: another version, cut short, or with bytes behind it.
std::optional<RecordHeader> decode_header(std::string_view bytes) noexcept;

}  // namespace millrace::publish
