#include "ingest/record/capture_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace millrace::ingest {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

struct FreeStream {
  void operator()(ZSTD_CStream* stream) const noexcept { ZSTD_freeCStream(stream); }
};

// What write() would not take is left; errno says why.
std::string_view write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return bytes;
}

// One block through the compressor, to the end of the frame if it is the last.
bool pack(ZSTD_CStream* stream, ZSTD_inBuffer in, bool last, std::vector<char>& room, std::FILE* to) {
  for (;;) {
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t left = ZSTD_compressStream2(stream, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (ZSTD_isError(left) != 0 || std::fwrite(room.data(), 1, out.pos, to) != out.pos) return false;
    if (last ? left == 0 : in.pos == in.size) return true;
  }
}

// With a checksum, so that a damaged recording is noticed when it is read.
bool pack_file(std::FILE* from, std::FILE* to) {
  const std::unique_ptr<ZSTD_CStream, FreeStream> stream{ZSTD_createCStream()};
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
  std::vector<char> block(ZSTD_CStreamInSize());
  std::vector<char> room(ZSTD_CStreamOutSize());
  for (;;) {
    const std::size_t count = std::fread(block.data(), 1, block.size(), from);
    if (std::ferror(from) != 0) return false;
    const bool last = count < block.size();
    if (!pack(stream.get(), {block.data(), count, 0}, last, room, to)) return false;
    if (last) return std::fflush(to) == 0;
  }
}

}  // namespace

std::string compress_file(const std::string& path) {
  // Under its final name only when it is whole.
  const std::string part = path + ".zst.part";
  errno = 0;
  {
    const File from{std::fopen(path.c_str(), "rb")};
    const File to{std::fopen(part.c_str(), "wb")};
    if (!from || !to || !pack_file(from.get(), to.get())) {
      const std::string problem = fmt::format("{}: {}", part, errno != 0 ? std::strerror(errno) : "zstd failed");
      std::remove(part.c_str());
      return problem;
    }
  }
  if (std::rename(part.c_str(), (path + ".zst").c_str()) != 0) return path + ".zst: " + std::strerror(errno);
  std::remove(path.c_str());
  return {};
}

CaptureFile::CaptureFile(Settings settings) : settings_{std::move(settings)} {
  std::error_code failed;
  std::filesystem::create_directories(settings_.folder, failed);
  if (failed) throw std::runtime_error{settings_.folder + ": " + failed.message()};
  if (!open_next()) throw std::runtime_error{problem_};
}

CaptureFile::~CaptureFile() { close(); }

// O_EXCL: a recording never writes over another one.
bool CaptureFile::open_next() {
  path_ = fmt::format("{}/{}-{:04}.capture.jsonl", settings_.folder, settings_.name, ++number_);
  written_ = 0;
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor_ < 0) problem_ = path_ + ": " + std::strerror(errno);
  return descriptor_ >= 0;
}

// The next file begins before a line that would not fit: no line is split over two.
void CaptureFile::append(std::string_view line) {
  const std::size_t filled = written_ + buffer_.size();
  if (filled > 0 && filled + line.size() > settings_.max_bytes) given_up_ += close();
  // After a failure to open, each line tries again: the disk may have room by then.
  if (descriptor_ < 0 && !open_next()) {
    ++given_up_;
    return;
  }
  buffer_ += line;
  ++buffered_lines_;
  if (buffer_.size() >= kBuffer) given_up_ += flush();
}

// What a full disk did not take is given up and not kept: memory must not grow with the trouble.
std::int64_t CaptureFile::flush() {
  const std::int64_t earlier = std::exchange(given_up_, 0);
  if (buffer_.empty()) return earlier;
  const std::int64_t lines = std::exchange(buffered_lines_, 0);
  const bool whole = write_all(descriptor_, buffer_).empty();
  if (whole) {
    written_ += buffer_.size();
  } else {
    problem_ = path_ + ": " + std::strerror(errno);
    // No half line may stay in front of the next one.
    if (::ftruncate(descriptor_, static_cast<off_t>(written_)) == 0) {
      ::lseek(descriptor_, static_cast<off_t>(written_), SEEK_SET);
    }
  }
  buffer_.clear();
  return earlier + (whole ? 0 : lines);
}

// A file that cannot be packed stays plain, which every reader takes too.
std::int64_t CaptureFile::close() {
  if (descriptor_ < 0) return std::exchange(given_up_, 0);
  const std::int64_t lost = flush();
  ::close(std::exchange(descriptor_, -1));
  if (settings_.compress) {
    std::string problem = compress_file(path_);
    if (!problem.empty()) problem_ = std::move(problem);
  }
  return lost;
}

}  // namespace millrace::ingest
