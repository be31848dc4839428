#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::history {

// Bytes that do not fit into memory, in one file without a name: it is gone when the process is, however that ends.
// What was read and dropped is given back to the disk at once, where the file system can. One thread. Errors (a full
// disk) are std::runtime_error with the folder.
class RunFile {
 public:
  // Nothing is made before the first append.
  explicit RunFile(std::string folder) : folder_{std::move(folder)} {}
  ~RunFile();
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;

  void append(std::string_view bytes);
  std::int64_t size() const noexcept { return size_; }  // of all that was ever appended

  // Fills `out` from `offset`. REQUIRES flush() since the last append, and that many bytes there.
  void read(std::int64_t offset, char* out, std::size_t size) const;
  void flush();
  // These will not be read again.
  void drop(std::int64_t begin, std::int64_t end) noexcept;

 private:
  void open();
  [[noreturn]] void fail(const char* what) const;

  std::string folder_;
  int file_ = -1;
  std::int64_t size_ = 0;
  std::string pending_;  // the end of the file that is not written yet
};

}  // namespace millrace::history
