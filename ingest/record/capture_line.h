#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/events/meta.h"

namespace millrace::ingest {

// From the venue, to the venue, or about the connection.
enum class Direction : std::uint8_t { kIn, kOut, kControl };
// What a frame came over: a message of a socket, or the answer to a request.
enum class Via : std::uint8_t { kWebSocket, kRest };

// One line of a capture file: a frame, a REST answer, or (kControl) what happened to a connection. A control line's
// payload is "open", "close CODE WORDS", "resync DATASET/SYMBOL REASON" or "dropped COUNT". Owns what it holds, so it
// may cross to the recorder's thread.
struct CaptureLine {
  schemas::UnixNanos time = 0;  // received or sent; 0 = not recorded
  Direction direction = Direction::kIn;
  Via via = Via::kWebSocket;
  std::string connection;              // "public-1"
  std::optional<std::string> request;  // a REST answer's "METHOD path?query"
  std::optional<int> status;           // of a REST answer, if recorded
  std::string payload;                 // as on the wire
  bool binary = false;                 // stands as b64 in the file

  friend bool operator==(const CaptureLine&, const CaptureLine&) = default;
};

// Appends the line with its newline, in the layout of the recordings: keys in fixed order, no spaces, non-ASCII as it
// is. A payload that is not UTF-8 goes out as b64.
void append_line(const CaptureLine& line, std::string& out);

// Reads lines of a capture; reuses its buffers from one to the next. Not thread-safe.
class CaptureLineParser {
 public:
  CaptureLineParser();
  ~CaptureLineParser();
  CaptureLineParser(const CaptureLineParser&) = delete;
  CaptureLineParser& operator=(const CaptureLineParser&) = delete;

  // `text` is one line without its newline. On failure says what is wrong with it, and `line` has no meaning; empty =
  // all well. Unknown keys are ignored. What it returns has static life; the payload is a copy with JSON's escapes
  // resolved.
  std::string_view parse(std::string_view text, CaptureLine& line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::ingest
