#include "ingest/record/line_source.h"

#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace millrace::ingest {
namespace {

constexpr std::size_t kBlock = 256 * 1024;
constexpr unsigned char kZstdMagic[4] = {0x28, 0xb5, 0x2f, 0xfd};

struct CloseInput {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) std::fclose(file);
  }
};
struct FreeUnpacker {
  void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
};

}  // namespace

struct LineSource::Input {
  std::unique_ptr<std::FILE, CloseInput> file;
  std::unique_ptr<ZSTD_DStream, FreeUnpacker> zstd;  // null: plain
  std::vector<char> raw = std::vector<char>(kBlock);
  std::vector<char> unpacked;
  ZSTD_inBuffer in{};
  std::int64_t bytes_read = 0;
  bool started = false;
  bool inside_frame = false;  // of zstd: the end of the file would be too early
  bool holds_more = false;    // zstd has output that found no room

  bool read_raw(std::string& problem);
  std::string_view unpack(std::string& problem);
};

// False at the end of the file or if it cannot be read, which `problem` tells.
bool LineSource::Input::read_raw(std::string& problem) {
  in = {raw.data(), std::fread(raw.data(), 1, raw.size(), file.get()), 0};
  bytes_read += static_cast<std::int64_t>(in.size);
  if (in.size == 0 && std::ferror(file.get()) != 0) problem = std::strerror(errno);
  if (!started && in.size >= sizeof kZstdMagic && std::memcmp(raw.data(), kZstdMagic, sizeof kZstdMagic) == 0) {
    zstd.reset(ZSTD_createDStream());
    unpacked.resize(kBlock);
  }
  started = true;
  return in.size > 0;
}

// A recording may be several zstd frames one behind the other, as compressors write when they append; a file that ends
// inside one is broken and said to be.
std::string_view LineSource::Input::unpack(std::string& problem) {
  for (;;) {
    // Without new bytes the library is only asked for what it still holds: at the end of a frame it would begin
    // another.
    if (in.pos == in.size && !holds_more && !read_raw(problem)) {
      if (problem.empty() && inside_frame) problem = "zstd: the file ends inside a frame";
      return {};
    }
    ZSTD_outBuffer out{unpacked.data(), unpacked.size(), 0};
    const std::size_t left = ZSTD_decompressStream(zstd.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      problem = std::string{"zstd: "} + ZSTD_getErrorName(left);
      return {};
    }
    inside_frame = left > 0;
    holds_more = inside_frame && out.pos == out.size;
    if (out.pos > 0) return {unpacked.data(), out.pos};
  }
}

LineSource::LineSource(const std::string& path, std::size_t max_line_bytes)
    : input_{std::make_unique<Input>()}, max_line_bytes_{max_line_bytes} {
  input_->file.reset(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!input_->file) throw std::runtime_error{path + ": " + std::strerror(errno)};
}

LineSource::~LineSource() = default;

std::int64_t LineSource::bytes_read() const noexcept { return input_->bytes_read; }

// Whether the file is packed shows with its first block; until then nothing is known.
bool LineSource::fill() {
  if (!problem_.empty()) return false;
  if (!input_->zstd) {
    if (!input_->read_raw(problem_)) return false;
    if (!input_->zstd) {
      block_ = {input_->raw.data(), input_->in.size};
      return true;
    }
  }
  block_ = input_->unpack(problem_);
  return !block_.empty();
}

// A line that is too long is skipped to its end without being held, so that the lines behind it can still be read.
LineSource::Status LineSource::next(std::string_view& line) {
  line_.clear();
  bool too_long = false;
  while (!block_.empty() || fill()) {
    const std::size_t newline = block_.find('\n');
    const std::string_view piece = block_.substr(0, newline);
    too_long = too_long || line_.size() + piece.size() > max_line_bytes_;
    if (!too_long) line_.append(piece);
    block_.remove_prefix(newline == block_.npos ? block_.size() : newline + 1);
    if (newline == block_.npos) continue;
    line = too_long ? std::string_view{} : std::string_view{line_};
    return too_long ? Status::kTooLong : Status::kLine;
  }
  line = line_;
  if (!problem_.empty()) return Status::kBroken;
  if (too_long) return Status::kTooLong;
  return line_.empty() ? Status::kEnd : Status::kTorn;
}

}  // namespace millrace::ingest
