#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "publish/journal/record.h"

// One file of a journal. While it is written it is `{number}.journal`; when it is closed its name says which receive
// times lie in it, `{number}_{first}_{last}.journal`, and `.zst` behind that says that it is compressed.
namespace millrace::publish {

struct SegmentName {
  std::int64_t number = 0;
  bool closed = false;
  bool compressed = false;
  std::int64_t first_ns = 0;  // of a closed one; smallest and largest receive time
  std::int64_t last_ns = 0;
  std::string path;
};

// Nullopt: not a segment's name.
std::optional<SegmentName> parse_segment_name(const std::string& path);
std::string open_segment_path(const std::string& folder, std::int64_t number);
std::string closed_segment_path(const std::string& folder, const SegmentName& name);
// The segments of one folder by number. A number that is there twice (compressed, but not yet removed) is the
// compressed one. Throws std::runtime_error if the folder cannot be read.
std::vector<SegmentName> list_segments(const std::string& folder);

// A descriptor with an owner.
class File {
 public:
  File() = default;
  explicit File(int fd) noexcept : fd_(fd) {}
  ~File();
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  int fd() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Makes the folder (mode 0700) if need be and takes it for this process, as long as the result lives. Throws
// std::runtime_error that names the folder and what to do.
File lock_folder(const std::string& folder);

// All of it, at an offset; false with errno. Interrupted calls go on.
bool write_at(int fd, std::string_view bytes, std::int64_t offset) noexcept;
// How many bytes are there, up to `size`; -1 with errno.
std::int64_t read_at(int fd, char* out, std::size_t size, std::int64_t offset) noexcept;

// Reads frames one after the other through a bounded buffer, from a plain or compressed file.
class SegmentReader {
 public:
  // Throws std::runtime_error that names the file.
  explicit SegmentReader(const SegmentName& name);
  ~SegmentReader();
  SegmentReader(const SegmentReader&) = delete;
  SegmentReader& operator=(const SegmentReader&) = delete;

  // False: the end, or damage, which problem() then names. The views are valid until the next call.
  bool next(JournalRecord& record);
  const std::string& problem() const noexcept { return problem_; }
  std::int64_t good_bytes() const noexcept { return good_; }      // of whole records, uncompressed
  std::int64_t bytes_read() const noexcept { return consumed_; }  // of the file

 private:
  struct Unpacker;
  bool fill(std::size_t need);
  std::size_t read_some(char* out, std::size_t room);
  bool stop(Frame frame);

  SegmentName name_;
  File file_;
  std::unique_ptr<Unpacker> unpacker_;  // null: not compressed
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not yet handed out
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::int64_t consumed_ = 0;
  std::int64_t good_ = 0;
  std::string problem_;
};

}  // namespace millrace::publish
