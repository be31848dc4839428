#pragma once

#include <cstdint>
#include <string_view>

#include "publish/sequence/record_sink.h"

namespace millrace::publish {

// Who wants to know what became of a lane's records: the sequencer, whose heartbeats name the last acknowledged offset
// and whose next record declares what was lost. Called on the lane's thread, from flush_batch() and poll(), in the
// order of the stream; must not call the lane back: rings are being released. Must outlive the lane or be replaced.
class AckListener {
 public:
  virtual ~AckListener() = default;

  // The broker has the record; said once, even where a renewal of the producer put it into the topic twice. `offset` is
  // -1 where the broker found it a repeat and no longer knows its place.
  virtual void on_ack(StreamSlot stream, std::int32_t partition, std::int64_t offset, std::int64_t seq) = 0;

  // The record will never reach the broker and is not sent again: declare a LOCAL gap over it. `reason` is a fixed
  // word.
  virtual void on_lost(StreamSlot stream, std::int64_t seq, std::string_view reason) = 0;

  // An offset below an earlier one was acknowledged: the stream's topic was made anew, its readers have nothing of what
  // came before. Refresh the book.
  virtual void on_topic_made_anew(StreamSlot stream) = 0;
};

}  // namespace millrace::publish
