#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::ingest {

// The files of one recording: FOLDER/NAME-0001.capture.jsonl and so on, a new one when a size is reached. A file that
// is closed becomes .zst; until then it is plain, so that a crash costs at most its last line. One thread.
class CaptureFile {
 public:
  struct Settings {
    std::string folder;                         // made if it is not there
    std::string name;                           // "kraken-20260801T101500Z"
    std::size_t max_bytes = 256 * 1024 * 1024;  // of one file, before compression; at least one line goes in
    bool compress = true;
  };

  // Opens the first file. Throws std::runtime_error if that fails or if it exists.
  explicit CaptureFile(Settings settings);
  ~CaptureFile();  // closes
  CaptureFile(const CaptureFile&) = delete;
  CaptureFile& operator=(const CaptureFile&) = delete;

  // Takes one whole line with its newline into the buffer; goes on to the next file when this one is full. Writes when
  // 256 KiB have gathered, so a crash costs what was not flushed.
  void append(std::string_view line);

  // Writes the buffer. Returns how many lines had to be given up because the disk would not have them, since it was
  // last asked; the file then ends with the last whole line before them.
  std::int64_t flush();

  // Flushes, closes and compresses. Returns what flush() does.
  std::int64_t close();

  const std::string& path() const noexcept { return path_; }        // of the file being written
  const std::string& problem() const noexcept { return problem_; }  // the last one; empty = none yet

 private:
  // False: it cannot be made, and problem() says why.
  bool open_next();

  Settings settings_;
  int number_ = 0;
  int descriptor_ = -1;
  std::string path_;
  std::string buffer_;
  std::int64_t buffered_lines_ = 0;
  std::int64_t given_up_ = 0;  // not yet told
  std::size_t written_ = 0;    // bytes of whole lines in this file
  std::string problem_;
};

// Packs `path` into path.zst and removes it; what is wrong if that fails, and `path` stays. Reads the whole file: not
// for an ingest thread.
std::string compress_file(const std::string& path);

}  // namespace millrace::ingest
