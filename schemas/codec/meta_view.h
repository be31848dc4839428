#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/events/meta.h"

namespace millrace::schemas {

// What sorters, routers and rewriters need of an encoded record: its Meta without gap marks and venue times, nothing of
// its body. Texts are views into the record's bytes and not checked to be UTF-8.
struct MetaView {
  std::string_view venue, symbol, instrument, account;
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  UnixNanos receive_time = 0;
  Origin origin = Origin::kUnspecified;
  std::uint32_t flags = 0;
  // Where Meta's fields stand in the record, and among them publish_time_ns: offsets in bytes; 0 = not there.
  std::uint32_t meta_begin = 0;
  std::uint32_t meta_end = 0;
  std::uint32_t publish_time_at = 0;
};

// Reads Meta, which every encoder of ours writes first, and walks over the fields behind it, so that a record which is
// cut short is not taken for a whole one. Nullopt: not protobuf, or another field first. REQUIRES a kind of message
// that begins with Meta: of the others (heartbeats, claims, cursors, subscriptions) a text at the beginning can look
// like one. No allocation; linear in the number of fields. Any thread.
std::optional<MetaView> view_meta(std::string_view record) noexcept;

// Where publish_time_ns stands; all that append_unpublished() needs, so that it can be kept without the view.
struct PublishTimePlace {
  std::uint32_t meta_begin = 0;
  std::uint32_t meta_end = 0;
  std::uint32_t publish_time_at = 0;
};
inline PublishTimePlace place_of(const MetaView& meta) noexcept {
  return {meta.meta_begin, meta.meta_end, meta.publish_time_at};
}

// Appends the record as it would be without publish_time_ns: the same bytes whenever it was published, those that an
// offline run would write. `place` must be of this record.
void append_unpublished(std::string_view record, const PublishTimePlace& place, std::string& out);

// Appends the record with another origin and publish time, and all else as it is. `record` must be one that view_meta()
// reads.
void append_with_origin(std::string_view record, Origin origin, UnixNanos publish_time, std::string& out);

}  // namespace millrace::schemas
