#include "schemas/codec/add_fields.h"

#include "schemas/codec/meta_wire.h"
#include "schemas/codec/utf8.h"

namespace millrace::schemas::wire {

void append_meta(const Meta& meta, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + meta_bound(meta));
  auto* const begin = reinterpret_cast<std::uint8_t*>(out.data());
  const std::uint8_t* const end = put_meta(begin + start, meta);
  out.resize(static_cast<std::size_t>(end - begin));
}

void add_text(pbf_writer& writer, pbf_tag_type field, std::string_view text) {
  if (!text.empty()) add_element(writer, field, text);
}

void add_element(pbf_writer& writer, pbf_tag_type field, std::string_view text) {
  if (is_valid_utf8(text)) {
    writer.add_bytes(field, text.data(), text.size());
  } else {
    writer.add_string(field, repaired_utf8(text));
  }
}

void add_bytes(pbf_writer& writer, pbf_tag_type field, std::string_view bytes) {
  if (!bytes.empty()) writer.add_bytes(field, bytes.data(), bytes.size());
}

void add_int(pbf_writer& writer, pbf_tag_type field, std::int64_t value) {
  if (value != 0) writer.add_int64(field, value);
}

void add_time(pbf_writer& writer, pbf_tag_type field, UnixNanos time) {
  if (time != 0) writer.add_sfixed64(field, time);
}

// Marks too are laid by the hot path's writer: one encoding of each message, whoever writes it.
void add_gap_mark(pbf_writer& writer, pbf_tag_type field, const GapMark& mark) {
  std::string body(gap_mark_bound(mark), '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(body.data());
  body.resize(static_cast<std::size_t>(put_gap_mark(begin, mark) - begin));
  writer.add_message(field, body);
}

void add(pbf_writer& writer, pbf_tag_type field, const std::optional<UnixNanos>& time) {
  if (time) writer.add_sfixed64(field, *time);
}

void add(pbf_writer& writer, pbf_tag_type field, const std::optional<WideDecimal>& number) {
  if (!number) return;
  // A nested writer takes a message without content back, and a plain zero has none.
  if (*number == WideDecimal{}) return writer.add_message(field, "", 0);
  pbf_writer message(writer, field);
  if (!number->text.empty()) return message.add_string(3, number->text);
  if (number->value.mantissa != 0) message.add_sint64(1, number->value.mantissa);
  if (number->value.exponent != 0) message.add_sint32(2, number->value.exponent);
}

}  // namespace millrace::schemas::wire
