#pragma once

#include <zlib.h>

#include <cstddef>
#include <string_view>

#include "ingest/session/padded_buffer.h"

namespace millrace::ingest {

// What was agreed for the direction server -> client (RFC 7692). We never compress what we send.
struct DeflateOptions {
  bool enabled = false;
  bool no_context_takeover = false;  // each message stands alone
  int window_bits = 15;              // 8..15
};

// Inflates the messages of one connection, one after another. Bounded: output beyond `max_bytes` is refused before it
// is stored, so a small message cannot blow up.
class Inflater {
 public:
  // kBad: not deflate data, or cut. kTooBig: beyond max_bytes.
  enum class Status : std::uint8_t { kOk, kBad, kTooBig };

  // Throws std::bad_alloc if zlib has no memory. At the full window that is about 40 KiB a connection.
  Inflater(const DeflateOptions& options, std::size_t max_bytes);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // In this order for each message: begin(), append() once per frame, finish(). After kBad or kTooBig the connection
  // cannot go on: what follows could refer to bytes that were not inflated.
  void begin();
  Status append(std::string_view part);  // payload of a frame, in order
  Status finish();                       // the message is complete

  // The message after finish(); valid until begin(), followed by kFramePadding readable bytes.
  std::string_view text() const noexcept { return output_.view(); }

 private:
  Status run();

  const bool no_context_takeover_;
  const std::size_t max_bytes_;
  z_stream stream_{};
  // The last byte so far ended a block marked final.
  bool after_final_block_ = false;
  PaddedBuffer output_;
};

}  // namespace millrace::ingest
