#pragma once

#include <string>
#include <string_view>

#include "schemas/codec/decode.h"

// Records of several kinds in one file or pipe. `dataset` tells apart what has one kind but different sources ("bbo",
// "bbo-book"); empty for records that name it themselves.
namespace millrace::schemas {

// Appends a millrace.v1.Record message that holds these bytes, behind its length as a varint. The bytes are not looked
// at.
void append_delimited(MessageType type, std::string_view dataset, std::string_view bytes, std::string& out);

// Appends one JSON object and a newline: what json.h writes, and behind "type" the "dataset". False, with nothing
// appended, if the bytes are not a message of this type.
bool append_json_line(MessageType type, std::string_view dataset, std::string_view bytes, std::string& out);

}  // namespace millrace::schemas
