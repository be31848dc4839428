#pragma once

#include <string>
#include <string_view>

#include "schemas/codec/decode.h"

// Records as comma-separated values: one line a record, of a book one line a level. Numbers of the venue are plain
// decimals, times integers, flags their words with '|' between them; what is absent is empty. Texts are quoted where
// RFC 4180 asks for it. One file holds one message type.
namespace millrace::history {

// Has this type a form as CSV? Market data, reference data, executions and balances do.
bool has_csv(schemas::MessageType type) noexcept;

// Appends the line of column names. REQUIRES has_csv().
void append_csv_header(schemas::MessageType type, std::string& out);

// Appends the lines of one record. False, with nothing appended, if the bytes are not a message of this type. A book
// without levels is one line without side, price and quantity.
bool append_csv(schemas::MessageType type, std::string_view dataset, std::string_view bytes, std::string& out);

}  // namespace millrace::history
