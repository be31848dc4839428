#pragma once

#include <span>
#include <string_view>

#include "schemas/codec/json_writer.h"
#include "schemas/events/meta.h"

// What the JSON of several messages shares. Absent members are left out.
namespace millrace::schemas {

// The members "type" and "meta" of an event. Requires meta.stream != null.
void write_meta(JsonWriter& json, std::string_view type, const Meta& meta);

// The members of one mark, into the object that is open.
void write_mark(JsonWriter& json, const GapMark& mark);

// The member "gap", unless there are none.
void write_marks(JsonWriter& json, std::span<const GapMark> marks);

}  // namespace millrace::schemas
