#include "publish/journal/segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <utility>

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".journal";
constexpr std::string_view kPacked = ".zst";
constexpr std::size_t kBuffer = 1024 * 1024;

// Takes a whole number off the front of `text`.
bool take_number(std::string_view& text, std::int64_t& number) {
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || number < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return true;
}

bool take_underline(std::string_view& text) {
  if (!text.starts_with('_')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<SegmentName> parse_segment_name(const std::string& path) {
  SegmentName name;
  name.path = path;
  const std::string file = fs::path(path).filename().string();
  std::string_view text = file;
  if (text.ends_with(kPacked)) {
    name.compressed = true;
    text.remove_suffix(kPacked.size());
  }
  if (!text.ends_with(kSuffix)) return std::nullopt;
  text.remove_suffix(kSuffix.size());
  if (!take_number(text, name.number)) return std::nullopt;
  if (text.empty()) return name.compressed ? std::nullopt : std::optional(name);
  name.closed = take_underline(text) && take_number(text, name.first_ns) && take_underline(text) &&
                take_number(text, name.last_ns) && text.empty();
  return name.closed ? std::optional(name) : std::nullopt;
}

std::string open_segment_path(const std::string& folder, std::int64_t number) {
  return fmt::format("{}/{:012}{}", folder, number, kSuffix);
}

std::string closed_segment_path(const std::string& folder, const SegmentName& name) {
  return fmt::format("{}/{:012}_{}_{}{}{}", folder, name.number, name.first_ns, name.last_ns, kSuffix,
                     name.compressed ? kPacked : "");
}

std::vector<SegmentName> list_segments(const std::string& folder) {
  std::map<std::int64_t, SegmentName> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    auto name = parse_segment_name(entry.path().string());
    if (!name) continue;
    SegmentName& kept = found[name->number];
    if (kept.path.empty() || !kept.compressed) kept = *std::move(name);
  }
  if (failed) throw std::runtime_error(fmt::format("journal {}: {}", folder, failed.message()));
  std::vector<SegmentName> names;
  for (auto& [number, name] : found) names.push_back(std::move(name));
  return names;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}
File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

File lock_folder(const std::string& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw std::runtime_error(fmt::format("journal {}: cannot be made: {}", folder, failed.message()));
  fs::permissions(folder, fs::perms::owner_all, failed);
  File lock(::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) throw std::runtime_error(fmt::format("journal {}: {}", folder, std::strerror(errno)));
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    throw std::runtime_error(fmt::format("journal {}: another process uses it; give each worker its own", folder));
  }
  return lock;
}

bool write_at(int fd, std::string_view bytes, std::int64_t offset) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return true;
}

std::int64_t read_at(int fd, char* out, std::size_t size, std::int64_t offset) noexcept {
  std::int64_t total = 0;
  while (size > 0) {
    const ssize_t got = ::pread(fd, out, size, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    out += got;
    size -= static_cast<std::size_t>(got);
    offset += got;
    total += got;
  }
  return total;
}

struct SegmentReader::Unpacker {
  ZSTD_DStream* stream = ZSTD_createDStream();
  std::string packed = std::string(ZSTD_DStreamInSize(), '\0');
  ZSTD_inBuffer in{packed.data(), 0, 0};
  std::size_t expected = 0;  // 0: between frames, where the file may end

  Unpacker() = default;
  ~Unpacker() { ZSTD_freeDStream(stream); }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
};

SegmentReader::SegmentReader(const SegmentName& name)
    : name_(name), file_(::open(name.path.c_str(), O_RDONLY | O_CLOEXEC)), buffer_(kBuffer, '\0') {
  if (!file_) throw std::runtime_error(fmt::format("journal segment {}: {}", name.path, std::strerror(errno)));
  if (name.compressed) unpacker_ = std::make_unique<Unpacker>();
}

SegmentReader::~SegmentReader() = default;

bool SegmentReader::next(JournalRecord& record) {
  if (!problem_.empty()) return false;
  std::size_t need = kFrameHead;
  while (true) {
    if (end_ - begin_ < need) fill(need);
    if (!problem_.empty()) return false;
    const Frame frame = parse_frame(std::string_view(buffer_).substr(begin_, end_ - begin_), record);
    if (frame.state == FrameState::kRecord) {
      begin_ += frame.size;
      good_ += static_cast<std::int64_t>(frame.size);
      return true;
    }
    if (frame.state != FrameState::kCut || at_end_) return stop(frame);
    need = frame.size;
  }
}

// An open segment is filled with zeros ahead, so its end is a length of 0; a closed one ends where its file does.
bool SegmentReader::stop(Frame frame) {
  if (frame.state == FrameState::kEnd && (!name_.closed || begin_ == end_)) return false;
  problem_ = fmt::format("journal segment {}: at byte {}: a record is {}; what follows it in this file is left out",
                         name_.path, good_, frame.state == FrameState::kCut ? "cut off" : "damaged");
  return false;
}

// Moves what is left to the front and reads until `need` bytes are there or the file ends.
bool SegmentReader::fill(std::size_t need) {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= std::exchange(begin_, 0);
  if (buffer_.size() < need) buffer_.resize(need);
  while (end_ < need && !at_end_ && problem_.empty()) {
    const std::size_t got = read_some(buffer_.data() + end_, buffer_.size() - end_);
    end_ += got;
    at_end_ = at_end_ || (got == 0 && !unpacker_);
  }
  return end_ >= need;
}

std::size_t SegmentReader::read_some(char* out, std::size_t room) {
  const auto from_file = [this](char* into, std::size_t size) -> std::size_t {
    const std::int64_t got = read_at(file_.fd(), into, size, consumed_);
    if (got < 0) problem_ = fmt::format("journal segment {}: {}", name_.path, std::strerror(errno));
    consumed_ += std::max<std::int64_t>(got, 0);
    return static_cast<std::size_t>(std::max<std::int64_t>(got, 0));
  };
  if (!unpacker_) return from_file(out, room);
  Unpacker& unpacker = *unpacker_;
  if (unpacker.in.pos == unpacker.in.size) {
    unpacker.in = {unpacker.packed.data(), from_file(unpacker.packed.data(), unpacker.packed.size()), 0};
    if (unpacker.in.size == 0) {
      at_end_ = true;
      if (unpacker.expected != 0) problem_ = fmt::format("journal segment {}: its compression is cut off", name_.path);
      return 0;
    }
  }
  ZSTD_outBuffer into{out, room, 0};
  unpacker.expected = ZSTD_decompressStream(unpacker.stream, &into, &unpacker.in);
  if (ZSTD_isError(unpacker.expected)) {
    problem_ = fmt::format("journal segment {}: {}", name_.path, ZSTD_getErrorName(unpacker.expected));
    at_end_ = true;
    return 0;
  }
  return into.pos;
}

}  // namespace millrace::publish
