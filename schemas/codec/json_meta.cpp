#include "schemas/codec/json_meta.h"

namespace millrace::schemas {
namespace {

void write_flags(JsonWriter& json, std::uint32_t flags) {
  if (flags == 0) return;
  json.open_array("flags");
  for (std::size_t bit = 0; !flag_name(bit).empty(); ++bit) {
    if (flags >> bit & 1) json.element(flag_name(bit));
  }
  json.close_array();
}

}  // namespace

void write_mark(JsonWriter& json, const GapMark& mark) {
  json.text("kind", name(mark.kind));
  json.integer("from", mark.from);
  json.integer("to", mark.to);
  json.integer("count", mark.count);
  json.text("reason", mark.reason);
}

void write_marks(JsonWriter& json, std::span<const GapMark> marks) {
  if (marks.empty()) return;
  json.open_array("gap");
  for (const GapMark& mark : marks) {
    json.element_object();
    write_mark(json, mark);
    json.close_object();
  }
  json.close_array();
}

void write_meta(JsonWriter& json, std::string_view type, const Meta& meta) {
  json.text("type", type);
  json.open_object("meta");
  json.text("venue", meta.stream->venue);
  json.text("symbol", meta.stream->symbol);
  json.text("instrument", meta.stream->instrument);
  json.text("account", meta.stream->account);
  json.integer("epoch", meta.epoch);
  json.integer("seq", meta.seq);
  json.integer("venue_seq", meta.venue_seq);
  json.integer("venue_time_ns", meta.venue_time);
  json.integer("venue_send_time_ns", meta.venue_send_time);
  json.integer("receive_time_ns", meta.receive_time);
  json.integer("publish_time_ns", meta.publish_time);
  json.integer("staleness_ns", meta.staleness_ns);
  json.text("origin", name(meta.origin));
  write_flags(json, meta.flags);
  write_marks(json, meta.gap);
  json.close_object();
}

}  // namespace millrace::schemas
