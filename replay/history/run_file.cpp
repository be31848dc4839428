#include "replay/history/run_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace millrace::history {
namespace {

constexpr std::size_t kWriteSize = 1 << 20;

}  // namespace

RunFile::~RunFile() {
  if (file_ >= 0) close(file_);
}

void RunFile::fail(const char* what) const {
  throw std::runtime_error(fmt::format("{}: {} the records that are sorted there: {} (--temp names another folder)",
                                       folder_, what, std::strerror(errno)));
}

// Where the file system knows no files without a name, the name is taken away at once.
void RunFile::open() {
  file_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file_ >= 0) return;
  std::string name = folder_ + "/millrace-replay-XXXXXX";
  file_ = mkostemp(name.data(), O_CLOEXEC);
  if (file_ < 0) fail("cannot make a file for");
  unlink(name.c_str());
}

void RunFile::append(std::string_view bytes) {
  pending_ += bytes;
  size_ += static_cast<std::int64_t>(bytes.size());
  if (pending_.size() >= kWriteSize) flush();
}

void RunFile::flush() {
  if (pending_.empty()) return;
  if (file_ < 0) open();
  for (std::string_view rest = pending_; !rest.empty();) {
    const ssize_t wrote = write(file_, rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail("cannot write");
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  pending_.clear();
}

void RunFile::read(std::int64_t offset, char* out, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = pread(file_, out, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) errno = EIO;
    if (got <= 0) fail("cannot read");
    out += got;
    offset += got;
    size -= static_cast<std::size_t>(got);
  }
}

void RunFile::drop(std::int64_t begin, std::int64_t end) noexcept {
  if (file_ < 0 || begin >= end) return;
  // A file system that cannot keeps the space until the end.
  static_cast<void>(fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, end - begin));
}

}  // namespace millrace::history
