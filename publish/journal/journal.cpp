#include "publish/journal/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "publish/journal/keeper.h"

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBatch = 256 * 1024;  // appended records go to the file at the latest with so many bytes
constexpr std::size_t kMostPending = 8 * 1024 * 1024;  // while the disk refuses
constexpr std::chrono::milliseconds kBetweenTries{100};

// Reserved whole, so that a sync need not write the file's size each time. File systems that cannot do it grow the
// file.
bool reserve(int fd, std::int64_t bytes) {
  if (::fallocate(fd, 0, 0, bytes) == 0) return true;
  return errno == EOPNOTSUPP || errno == ENOSYS;
}

}  // namespace

Journal::Journal(JournalSettings settings) : settings_(std::move(settings)) {
  settings_.segment_bytes = std::min(settings_.segment_bytes, settings_.limit_bytes / 4);
  lock_ = lock_folder(settings_.folder);
  recover();
  keeper_ = std::make_unique<Keeper>(settings_, stats_);
}

Journal::~Journal() {
  refused_at_ = {};
  flush();
  end_segment();
}

// Also removes what a keeper was killed over, and what it had compressed and not yet removed.
void Journal::recover() {
  for (const auto& entry : fs::directory_iterator(settings_.folder)) {
    if (entry.path().extension() == ".tmp") fs::remove(entry.path());
  }
  const auto names = list_segments(settings_.folder);
  if (!names.empty()) name_.number = names.back().number;
  for (const SegmentName& name : names) {
    if (!name.closed) recover(name);
  }
}

void Journal::recover(const SegmentName& left_open) {
  SegmentName name = left_open;
  std::int64_t good = 0;
  std::int64_t records = 0;
  {
    SegmentReader reader(left_open);
    JournalRecord record;
    while (reader.next(record)) {
      name.first_ns = records == 0 ? record.time_ns : std::min(name.first_ns, record.time_ns);
      name.last_ns = records == 0 ? record.time_ns : std::max(name.last_ns, record.time_ns);
      ++records;
    }
    good = reader.good_bytes();
    if (!reader.problem().empty()) {
      stats_.torn.add();
      notes_.push_back(reader.problem());
    }
  }
  name.closed = true;
  const std::string closed = closed_segment_path(settings_.folder, name);
  const bool done = records == 0 ? ::unlink(left_open.path.c_str()) == 0
                                 : ::truncate(left_open.path.c_str(), good) == 0 &&
                                       ::rename(left_open.path.c_str(), closed.c_str()) == 0;
  if (!done) throw std::runtime_error(fmt::format("journal segment {}: {}", left_open.path, std::strerror(errno)));
}

bool Journal::refuse(const std::string& what) {
  error_ = fmt::format("journal {}: {}", settings_.folder, what);
  stats_.disk_errors.add();
  refused_at_ = Clock::now();
  return false;
}

bool Journal::room(std::size_t bytes) {
  if (pending_.size() >= kBatch) flush();
  if (pending_.empty() || pending_.size() + bytes <= kMostPending) return true;
  stats_.refused.add();
  return false;
}

bool Journal::append(const JournalRecord& record) {
  const std::size_t before = pending_.size();
  if (!append_frame(pending_, record)) return false;
  pending_first_ns_ = before == 0 ? record.time_ns : std::min(pending_first_ns_, record.time_ns);
  pending_last_ns_ = before == 0 ? record.time_ns : std::max(pending_last_ns_, record.time_ns);
  ++pending_records_;
  stats_.records.add();
  stats_.bytes.add(pending_.size() - before);
  return true;
}

bool Journal::flush() {
  const auto now = Clock::now();
  if (refused_at_ != Clock::time_point{} && now - refused_at_ < kBetweenTries) return false;
  if (!pending_.empty() && !write_pending()) return false;
  refused_at_ = {};
  if (file_ && settings_.sync_every.count() > 0 && now - synced_at_ >= settings_.sync_every) {
    synced_at_ = now;
    keeper_->sync(file_);
  }
  return true;
}

// After a sync that failed nobody knows what the disk has: the batch is written again, to another file.
bool Journal::write_pending() {
  const auto bytes = static_cast<std::int64_t>(pending_.size());
  if (file_ && size_ > 0 && size_ + bytes > settings_.segment_bytes) end_segment();
  if (!file_ && !begin_segment()) return false;
  if (!write_at(file_->fd(), pending_, size_)) return refuse(std::strerror(errno));
  if (settings_.sync_every.count() == 0 && ::fdatasync(file_->fd()) != 0) {
    const std::string why = std::strerror(errno);
    end_segment();
    return refuse(why);
  }
  name_.first_ns = size_ == 0 ? pending_first_ns_ : std::min(name_.first_ns, pending_first_ns_);
  name_.last_ns = size_ == 0 ? pending_last_ns_ : std::max(name_.last_ns, pending_last_ns_);
  size_ += bytes;
  flushed_ += std::exchange(pending_records_, 0);
  pending_.clear();
  return true;
}

bool Journal::begin_segment() {
  SegmentName name;
  name.number = name_.number + 1;
  name.path = open_segment_path(settings_.folder, name.number);
  auto file = std::make_shared<File>(::open(name.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!*file) return refuse(std::strerror(errno));
  const auto bytes = std::max(settings_.segment_bytes, static_cast<std::int64_t>(pending_.size()));
  if (!reserve(file->fd(), bytes)) {
    const std::string why = std::strerror(errno);
    ::unlink(name.path.c_str());
    return refuse(why);
  }
  name_ = std::move(name);
  file_ = std::move(file);
  size_ = 0;
  keeper_->look_after();
  return true;
}

// Cut to its length and named by its times; the keeper compresses it. A segment that cannot be renamed is what an
// earlier process left open, for the next one.
void Journal::end_segment() {
  if (!file_) return;
  const auto file = std::exchange(file_, nullptr);
  if (size_ == 0) {
    ::unlink(name_.path.c_str());
    return;
  }
  name_.closed = true;
  const std::string closed = closed_segment_path(settings_.folder, name_);
  if (::ftruncate(file->fd(), size_) != 0 || ::rename(name_.path.c_str(), closed.c_str()) != 0) {
    refuse(std::strerror(errno));
  }
  if (!keeper_->sync(file) && ::fdatasync(file->fd()) != 0) refuse(std::strerror(errno));
  keeper_->look_after();
}

}  // namespace millrace::publish
