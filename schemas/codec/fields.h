#pragma once

#include <cstdint>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "schemas/codec/utf8.h"
#include "schemas/events/decimal.h"
#include "schemas/events/meta.h"

// Typed reading of protobuf fields, for the decoders of this folder. Each `read` returns false, having read nothing, if
// the wire type is not the one the schema has: the caller then skips the field, as generated code does. Malformed
// content throws, and `decode` turns that into nullopt.
namespace millrace::schemas::fields {

// Thrown for what the wire allows and the schema does not.
struct Malformed {};

using Reader = protozero::pbf_reader;
using WireType = protozero::pbf_wire_type;

// How a number is written where its C++ type does not tell.
template <class T>
struct Fixed {  // sfixed64
  T& out;
};
template <class T>
Fixed(T&) -> Fixed<T>;

template <class T>
struct Sint {  // sint64
  T& out;
};
template <class T>
Sint(T&) -> Sint<T>;

struct Exponent {  // sint32; beyond 400 no venue's, and megabytes of zeros out of a few bytes
  std::int32_t& out;
};

struct Bytes {  // any bytes, where std::string alone means UTF-8
  std::string& out;
};

// Calls `handle(reader)` for each field; fields that it does not take are skipped. By value: the caller's reader stays
// where it is. Of a field that occurs twice the last one holds, repeated fields append.
template <class Handle>
void for_each(Reader reader, Handle&& handle) {
  while (reader.next()) {
    if (!handle(reader)) reader.skip();
  }
}

inline bool read(Reader& reader, std::int64_t& out) {
  if (reader.wire_type() != WireType::varint) return false;
  out = reader.get_int64();
  return true;
}

// int32 keeps the low 32 bits of a longer varint, as protobuf says.
inline bool read(Reader& reader, std::int32_t& out) {
  std::int64_t value = 0;
  if (!read(reader, value)) return false;
  out = static_cast<std::int32_t>(value);
  return true;
}

inline bool read(Reader& reader, std::uint32_t& out) {
  std::int64_t value = 0;
  if (!read(reader, value)) return false;
  out = static_cast<std::uint32_t>(value);
  return true;
}

inline bool read(Reader& reader, bool& out) {
  if (reader.wire_type() != WireType::varint) return false;
  out = reader.get_uint64() != 0;  // get_bool of protozero takes one byte only
  return true;
}

inline bool read(Reader& reader, Bytes field) {
  if (reader.wire_type() != WireType::length_delimited) return false;
  field.out = reader.get_string();
  return true;
}

inline bool read(Reader& reader, std::string& out) {
  if (!read(reader, Bytes{out})) return false;
  if (!is_valid_utf8(out)) throw Malformed{};
  return true;
}

inline bool read(Reader& reader, Exponent field) {
  if (reader.wire_type() != WireType::varint) return false;
  field.out = reader.get_sint32();
  if (field.out > 400 || field.out < -400) throw Malformed{};
  return true;
}

// Numbers that a newer schema added become 255, which has no word.
template <class Enum>
requires std::is_enum_v<Enum>
bool read(Reader& reader, Enum& out) {
  std::int32_t value = 0;
  if (!read(reader, value)) return false;
  out = static_cast<Enum>(value >= 0 && value < 255 ? value : 255);
  return true;
}

template <class T>
bool read(Reader& reader, Sint<T> field) {
  if (reader.wire_type() != WireType::varint) return false;
  field.out = reader.get_sint64();
  return true;
}

template <class T>
bool read(Reader& reader, Fixed<T> field) {
  if (reader.wire_type() != WireType::fixed64) return false;
  field.out = reader.get_sfixed64();
  return true;
}

bool read(Reader& reader, WideDecimal& out);
bool read(Reader& reader, GapMark& out);

template <class T>
bool read(Reader& reader, std::optional<T>& out) {
  T value{};
  if (!read(reader, value)) return false;
  out = std::move(value);
  return true;
}

template <class T>
bool read(Reader& reader, std::vector<T>& out) {
  T value{};
  if (!read(reader, value)) return false;
  out.push_back(std::move(value));
  return true;
}

// Reads the field whose number is `first` into the first of `outs`, `first + 1` into the second, and so on. So the
// argument list is the message's fields in order, without a hole. False: another field, or one with a wrong wire type.
template <class... Outs>
bool read_nth(Reader& reader, std::uint32_t first, Outs&&... outs) {
  bool taken = false;
  std::uint32_t number = first;
  const auto read_if_it = [&](auto& out) {
    if (reader.tag() != number++) return false;
    taken = read(reader, out);
    return true;
  };
  static_cast<void>((read_if_it(outs) || ...));
  return taken;
}

// Fields 1 to 4 go to `identity` (its block is not encoded yet), gap marks to `gap`.
bool read_meta(Reader& reader, Meta& meta, StreamIdentity& identity, std::vector<GapMark>& gap);

}  // namespace millrace::schemas::fields
