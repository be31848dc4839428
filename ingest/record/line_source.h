#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::ingest {

// Lines of a file, plain or zstd (told by its first bytes). Holds one block and one line; a line longer than the bound
// is skipped without being held. Not thread-safe.
class LineSource {
 public:
  enum class Status {
    kLine,     // a line with its newline
    kTorn,     // what stands behind the last newline
    kTooLong,  // a line beyond the bound; empty
    kBroken,   // the file cannot be read further: problem() says why
    kEnd
  };

  // Throws std::runtime_error if the file cannot be opened. "-" is standard input.
  LineSource(const std::string& path, std::size_t max_line_bytes);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  // `line` is without its newline and valid until the next call.
  Status next(std::string_view& line);
  const std::string& problem() const noexcept { return problem_; }
  std::int64_t bytes_read() const noexcept;  // of the file, in blocks

 private:
  struct Input;
  bool fill();  // more bytes in block_; false at the end or when broken

  std::unique_ptr<Input> input_;
  std::size_t max_line_bytes_;
  std::string_view block_;  // what of the input's block is not consumed
  std::string line_;
  std::string problem_;
};

}  // namespace millrace::ingest
