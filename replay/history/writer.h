#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "replay/history/source.h"
#include "replay/history/stream.h"

namespace millrace::history {

// Where replayed records go. Called on one thread, in the order of the replay. Errors that end it are
// std::runtime_error.
class Writer {
 public:
  virtual ~Writer() = default;

  // False: nobody takes records any more, and the replay ends.
  virtual bool write(const Record& record) = 0;
  // What was written shall arrive now: the replay waits for a while.
  virtual void flush() = 0;
  // Everything was written. Returns when it has arrived.
  virtual void finish() = 0;
};

// JSON lines, length-delimited millrace.v1.Record messages, or CSV of one message type.
enum class Format { kJson, kProto, kCsv };

using WriteBytes = std::function<void(std::string_view)>;

// Writes text or protobuf in blocks of some 64 KiB. A record whose body cannot be read is a problem ("not_a_record")
// and left out; protobuf output does not look at bodies. `write` throws what ends the replay; `problems` must outlive
// it.
std::unique_ptr<Writer> make_stream_writer(Format format, WriteBytes write, Problems& problems);

}  // namespace millrace::history
