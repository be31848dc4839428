#include "publish/journal/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSegmentBytes = 16 * 1024 * 1024;
constexpr const char* kSpillSuffix = ".spill";

void encode(const SpilledRecord& record, std::string& out) {
  out.clear();
  append_frame(out, {record.topic, record.key, record.bytes, record.time_ns, record.seq, record.slot, record.type});
}

SpilledRecord owned(const JournalRecord& record) {
  return {std::string(record.topic),
          std::string(record.key),
          std::string(record.bytes),
          record.time_ns,
          record.seq,
          record.slot,
          record.type};
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The record at `offset`, which moves behind it. False: cut or damaged.
bool read_record(int file, std::int64_t& offset, std::string& buffer, SpilledRecord& record) {
  std::size_t need = kFrameHead;
  while (true) {
    buffer.resize(need);
    if (read_at(file, buffer.data(), need, offset) != static_cast<std::int64_t>(need)) return false;
    JournalRecord found;
    const Frame frame = parse_frame(buffer, found);
    if (frame.state == FrameState::kRecord) {
      record = owned(found);
      offset += static_cast<std::int64_t>(frame.size);
      return true;
    }
    if (frame.state != FrameState::kCut || frame.size <= need) return false;
    need = frame.size;
  }
}

// The number of one of our files; nullopt: not ours.
std::optional<std::int64_t> number_of(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::int64_t number = 0;
  const auto [stop, failed] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
  const bool ours = path.extension() == kSpillSuffix && failed == std::errc{} && stop == stem.data() + stem.size();
  return ours && number >= 0 ? std::optional(number) : std::nullopt;
}

void close_file(int& file) {
  if (file >= 0) ::close(file);
  file = -1;
}

}  // namespace

Spill::Spill(std::string folder, std::int64_t limit_bytes) : folder_(std::move(folder)), limit_(limit_bytes) {
  if (folder_.empty()) return;
  lock_ = lock_folder(folder_);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (number_of(entry.path())) leftover_.push_back(entry.path().string());
  }
  std::ranges::sort(leftover_);  // names have leading zeros
  if (!leftover_.empty()) number_ = number_of(leftover_.back()).value_or(0);
}

Spill::~Spill() {
  close_file(read_);
  close_file(write_);
}

bool Spill::refuse(const std::string& what) {
  error_ = fmt::format("journal {}: {}", folder_, what);
  return false;
}

int Spill::create(std::int64_t number, std::string& path) {
  path = fmt::format("{}/{:012}{}", folder_, number, kSpillSuffix);
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
}

bool Spill::begin_segment() {
  close_file(write_);
  Segment segment;
  segment.number = number_ + 2;
  write_ = create(segment.number, segment.path);
  if (write_ < 0) return refuse(std::strerror(errno));
  number_ = segment.number;
  segments_.push_back(std::move(segment));
  return true;
}

bool Spill::append(const SpilledRecord& record) {
  if (folder_.empty()) return refuse("none is configured");
  encode(record, buffer_);
  const auto size = static_cast<std::int64_t>(buffer_.size());
  if (bytes_ + size > limit_) return refuse(fmt::format("its limit of {} bytes is reached", limit_));
  const bool full = segments_.empty() || write_ < 0 || segments_.back().size + size > kSegmentBytes;
  if (full && !begin_segment()) return false;
  Segment& segment = segments_.back();
  if (!write_all(write_, buffer_)) {
    const std::string why = std::strerror(errno);
    // What was written in part must not stand before the next record.
    if (::ftruncate(write_, segment.size) != 0) close_file(write_);
    return refuse(why);
  }
  segment.size += size;
  ++segment.records;
  ++records_;
  bytes_ += size;
  return true;
}

std::optional<SpilledRecord> Spill::take() {
  while (!segments_.empty()) {
    Segment& segment = segments_.front();
    if (segment.records == 0) {
      end_reading();
      continue;
    }
    if (read_ < 0) read_ = ::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC);
    SpilledRecord record;
    const std::int64_t before = segment.read;
    if (read_ >= 0 && read_record(read_, segment.read, buffer_, record)) {
      --segment.records;
      --records_;
      bytes_ -= segment.read - before;
      if (segment.records == 0) end_reading();
      return record;
    }
    ++damaged_;
    records_ -= std::exchange(segment.records, 0);
    bytes_ -= segment.size - segment.read;
    end_reading();
  }
  return std::nullopt;
}

// The front segment is written anew, with these before what was not taken of it.
bool Spill::put_back(const std::vector<SpilledRecord>& older) {
  if (segments_.empty())
    return std::ranges::all_of(older, [this](const SpilledRecord& record) { return append(record); });
  Segment& front = segments_.front();
  std::string whole;
  for (const SpilledRecord& record : older) {
    encode(record, buffer_);
    whole += buffer_;
  }
  std::string rest(static_cast<std::size_t>(front.size - front.read), '\0');
  if (read_ < 0) read_ = ::open(front.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (read_ < 0 || read_at(read_, rest.data(), rest.size(), front.read) != static_cast<std::int64_t>(rest.size()))
    return refuse("a segment cannot be read");
  const auto added = static_cast<std::int64_t>(whole.size());
  whole += rest;
  std::string path;
  int file = create(front.number - 1, path);
  if (file < 0) return refuse(std::strerror(errno));
  const bool written = write_all(file, whole);
  const std::string why = std::strerror(errno);
  close_file(file);
  if (!written) {
    ::unlink(path.c_str());
    return refuse(why);
  }
  close_file(read_);
  if (segments_.size() == 1) close_file(write_);
  ::unlink(front.path.c_str());
  records_ += static_cast<std::int64_t>(older.size());
  bytes_ += added;
  front = {path, front.records + static_cast<std::int64_t>(older.size()), 0, static_cast<std::int64_t>(whole.size()),
           front.number - 1};
  return true;
}

// Also of the segment that is being written: the next record begins a new one.
void Spill::end_reading() {
  close_file(read_);
  if (segments_.size() == 1) close_file(write_);
  ::unlink(segments_.front().path.c_str());
  segments_.pop_front();
}

void Spill::take_leftover(const std::function<void(SpilledRecord)>& visit) {
  for (const std::string& path : std::exchange(leftover_, {})) {
    int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::error_code unknown;
    const auto size = static_cast<std::int64_t>(fs::file_size(path, unknown));
    std::int64_t offset = 0;
    SpilledRecord record;
    while (file >= 0 && offset < size && read_record(file, offset, buffer_, record)) visit(std::move(record));
    if (offset < size) ++damaged_;
    close_file(file);
    ::unlink(path.c_str());
  }
}

}  // namespace millrace::publish
