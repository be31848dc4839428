#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/record/capture_line.h"
#include "ingest/record/line_source.h"

namespace millrace::ingest {

// Reads a capture file line by line, plain or zstd, from any recorder of the layout. Memory: one line. A bad line does
// not end the reading: whoever asks decides whether to go on. Not thread-safe.
class CaptureReader {
 public:
  // kBad is about one line unless the file itself is broken: then kEnd follows.
  enum class Status {
    kLine,
    kBad,  // problem() says what is wrong with line number(); next() goes on behind it
    kEnd
  };
  static constexpr std::size_t kMaxLineBytes = 64 * 1024 * 1024;

  // Throws std::runtime_error if the file cannot be opened. "-" is standard input.
  explicit CaptureReader(const std::string& path, std::size_t max_line_bytes = kMaxLineBytes);

  // Empty lines are passed over. `line` keeps its buffers from call to call; it has a meaning after kLine only.
  Status next(CaptureLine& line);

  std::int64_t number() const noexcept { return number_; }  // of the line last read, from 1
  const std::string& problem() const noexcept { return problem_; }
  std::int64_t bytes_read() const noexcept { return source_.bytes_read(); }  // of the file, in blocks

 private:
  Status bad(std::string problem);

  LineSource source_;
  CaptureLineParser parser_;
  std::int64_t number_ = 0;
  std::string problem_;
  bool ended_ = false;
};

}  // namespace millrace::ingest
