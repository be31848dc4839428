#pragma once

#include <string>

#include "schemas/events/account.h"
#include "schemas/events/market.h"
#include "schemas/events/meta.h"
#include "schemas/events/ops.h"

// Struct -> one JSON object, appended to `out` without a newline. Numbers of the venue are decimal strings, levels are
// ["price","quantity"] pairs, times are integers; keys and enum words are those of the .proto files, and the first key
// is "type" with the message's name in lower case ("book", "stream_status").
namespace millrace::schemas {

// Absent members and empty texts are left out. Requires meta.stream != null. Any thread.
void to_json(const Meta& meta, const Book& body, std::string& out);
void to_json(const Meta& meta, const Bbo& body, std::string& out);
void to_json(const Meta& meta, const Trade& body, std::string& out);
void to_json(const Meta& meta, const Ticker& body, std::string& out);
void to_json(const Meta& meta, const Candle& body, std::string& out);
void to_json(const Meta& meta, const Instrument& body, std::string& out);
void to_json(const Meta& meta, const StreamStatus& body, std::string& out);
void to_json(const Meta& meta, const Gap& body, std::string& out);
void to_json(const Meta& meta, const Quarantine& body, std::string& out);
void to_json(const Meta& meta, const Execution& body, std::string& out);
void to_json(const Meta& meta, const Balance& body, std::string& out);
void to_json(const Meta& meta, const Recovery& body, std::string& out);
void to_json(const Heartbeat& body, std::string& out);
void to_json(const Claim& body, std::string& out);
void to_json(const Cursor& body, std::string& out);
void to_json(const Subscription& body, std::string& out);

}  // namespace millrace::schemas
