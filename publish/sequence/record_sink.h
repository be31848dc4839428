#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schemas/codec/decode.h"
#include "schemas/events/meta.h"

namespace millrace::publish {

// A stream as a RecordSink knows it; dense from 0 in the order of open().
enum class StreamSlot : std::uint32_t {};

// What a sink needs to know of a stream before its first record.
struct StreamSpec {
  const schemas::StreamIdentity* identity;  // outlives the sink
  std::string dataset;                      // "book", "candle-1m"
  schemas::MessageType type;
};

// Where numbered, encoded records go: the Kafka lane, standard output, a journal. Called on one thread. "Full" is an
// answer: the caller numbers the record as lost and declares it on the next one that fits.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // Once per stream, before its first record. Never fails: a stream that cannot be written is refused record by record.
  virtual StreamSlot open(const StreamSpec& spec) = 0;

  // Room for one record of at most `bound` bytes, to be written and committed before the next call. Empty: refused.
  virtual std::span<std::byte> reserve(StreamSlot stream, std::size_t bound) = 0;
  // The first `length` bytes of the room are the stream's record `seq`. The sink owns it from here on.
  virtual void commit(StreamSlot stream, std::size_t length, std::int64_t seq) = 0;

  // A record that is no stream's: topic after "{prefix}." (such as "ops.kraken.status.v1"), key and bytes. False:
  // refused, and counted by the sink.
  virtual bool put(std::string_view topic, std::string_view key, std::string_view bytes, schemas::MessageType type) = 0;
};

}  // namespace millrace::publish
