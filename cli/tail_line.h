#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/verify/topic_name.h"
#include "schemas/codec/decode.h"

namespace millrace::cli {

// Which message a topic carries; nullopt for one that has none of ours.
std::optional<schemas::MessageType> message_type(const TopicName& topic);

// What `millrace tail` may leave out; empty = all. `instrument` is ours or the venue's symbol.
struct TailFilter {
  std::string venue, dataset, instrument;
};
// Heartbeats, claims, cursors and subscriptions have no instrument of their own and pass only if none is asked for. The
// case of an instrument does not matter.
bool passes(const TailFilter& filter, const TopicName& topic, const schemas::AnyDecoded& record);

// A record as one line for people, without a newline: time (UTC), venue, dataset, instrument, epoch:seq, what. `offset`
// is the record's, which for a claim gives the epoch. `colour`: with terminal escapes.
std::string tail_line(const TopicName& topic, const schemas::AnyDecoded& record, std::int64_t offset, bool colour);

// The same for a record without a value in the topic of subscriptions: only its key speaks. Not for other topics, where
// there is none.
std::string removal_line(std::string_view key);
std::string removal_json(std::string_view key);

}  // namespace millrace::cli
