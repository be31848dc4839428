#pragma once

#include <cstdint>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "schemas/events/decimal.h"
#include "schemas/events/meta.h"

// Single fields of the messages off the hot path, by protozero, in the form in which generated code writes them: fields
// without presence leave out their zero.
namespace millrace::schemas::wire {

using protozero::pbf_tag_type;
using protozero::pbf_writer;

// Meta as field 1, by the hot path's writer, so that there is one encoding of it.
void append_meta(const Meta& meta, std::string& out);

// Repairs what is not UTF-8: a reason that a server or a TLS library gave may be anything, and strict readers refuse
// the whole record then.
void add_text(pbf_writer& writer, pbf_tag_type field, std::string_view text);
// The same for one element of a repeated field, where an empty one counts.
void add_element(pbf_writer& writer, pbf_tag_type field, std::string_view text);
// As they are: a quarantined frame is not text.
void add_bytes(pbf_writer& writer, pbf_tag_type field, std::string_view bytes);
void add_int(pbf_writer& writer, pbf_tag_type field, std::int64_t value);
void add_time(pbf_writer& writer, pbf_tag_type field, UnixNanos time);
void add_gap_mark(pbf_writer& writer, pbf_tag_type field, const GapMark& mark);

// With presence: a zero is written.
void add(pbf_writer& writer, pbf_tag_type field, const std::optional<UnixNanos>& time);
void add(pbf_writer& writer, pbf_tag_type field, const std::optional<WideDecimal>& number);

// int64 for int32 fields as well: the wire form of both is the same.
template <class Integer>
void add_optional_int(pbf_writer& writer, pbf_tag_type field, const std::optional<Integer>& value) {
  if (value) writer.add_int64(field, *value);
}

template <class Enum>
void add_enum(pbf_writer& writer, pbf_tag_type field, Enum value) {
  add_int(writer, field, static_cast<std::int64_t>(value));
}

}  // namespace millrace::schemas::wire
