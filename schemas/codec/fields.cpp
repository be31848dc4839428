#include "schemas/codec/fields.h"

namespace millrace::schemas::fields {

// The text must be a number: consumers compute with it, and JSON output copies it.
bool read(Reader& reader, WideDecimal& out) {
  if (reader.wire_type() != WireType::length_delimited) return false;
  for_each(reader.get_message(), [&](Reader& field) {
    return read_nth(field, 1, Sint{out.value.mantissa}, Exponent{out.value.exponent}, out.text);
  });
  if (!out.text.empty() && !parse_wide_decimal(out.text)) throw Malformed{};
  return true;
}

bool read(Reader& reader, GapMark& out) {
  if (reader.wire_type() != WireType::length_delimited) return false;
  for_each(reader.get_message(),
           [&](Reader& field) { return read_nth(field, 1, out.kind, out.from, out.to, out.count, out.reason); });
  return true;
}

// A repeated Meta merges into the first, field by field, as protobuf says of messages.
bool read_meta(Reader& reader, Meta& meta, StreamIdentity& identity, std::vector<GapMark>& gap) {
  if (reader.wire_type() != WireType::length_delimited) return false;
  for_each(reader.get_message(), [&](Reader& field) {
    return read_nth(field, 1, identity.venue, identity.symbol, identity.instrument, identity.account, meta.epoch,
                    meta.seq, meta.venue_seq, Fixed{meta.venue_time}, Fixed{meta.venue_send_time},
                    Fixed{meta.receive_time}, Fixed{meta.publish_time}, meta.staleness_ns, meta.origin, meta.flags,
                    gap);
  });
  return true;
}

}  // namespace millrace::schemas::fields
