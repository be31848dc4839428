#include "publish/journal/keeper.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "publish/wall_clock.h"
#include "schemas/events/time.h"

namespace millrace::publish {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxToSync = 16;
constexpr int kLevel = 1;  // records hold varints: higher levels gain a tenth and cost four times as much
constexpr std::chrono::seconds kBetweenLooks{60};  // for what grows too old

std::int64_t unix_seconds() { return wall_clock() / kSecond; }

// Copies `in` compressed to `out`; false with errno or a text.
bool pack_file(int in, int out, std::string& why) {
  const std::unique_ptr<ZSTD_CStream, decltype(&ZSTD_freeCStream)> stream(ZSTD_createCStream(), ZSTD_freeCStream);
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
  std::string raw(ZSTD_CStreamInSize(), '\0');
  std::string packed(ZSTD_CStreamOutSize(), '\0');
  std::int64_t from = 0;
  std::int64_t to = 0;
  while (true) {
    const std::int64_t got = read_at(in, raw.data(), raw.size(), from);
    if (got < 0) return why = std::strerror(errno), false;
    from += got;
    const bool last = static_cast<std::size_t>(got) < raw.size();
    ZSTD_inBuffer input{raw.data(), static_cast<std::size_t>(got), 0};
    std::size_t left = 1;
    while (left != 0) {
      ZSTD_outBuffer output{packed.data(), packed.size(), 0};
      left = ZSTD_compressStream2(stream.get(), &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) return why = ZSTD_getErrorName(left), false;
      if (!write_at(out, {packed.data(), output.pos}, to)) return why = std::strerror(errno), false;
      to += static_cast<std::int64_t>(output.pos);
      if (!last && input.pos == input.size) break;
    }
    if (last) break;
  }
  if (::fsync(out) != 0) return why = std::strerror(errno), false;
  return true;
}

}  // namespace

Journal::Keeper::Keeper(const JournalSettings& settings, JournalStats& stats)
    : settings_(settings), stats_(stats), thread_([this] { run(); }) {}

Journal::Keeper::~Keeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Journal::Keeper::sync(std::shared_ptr<File> file) {
  {
    const std::lock_guard lock(mutex_);
    const bool waits = std::ranges::find(to_sync_, file) != to_sync_.end();
    if (!waits && to_sync_.size() >= kMaxToSync) return false;
    if (!waits) to_sync_.push_back(std::move(file));
  }
  wake_.notify_one();
  return true;
}

void Journal::Keeper::look_after() {
  {
    const std::lock_guard lock(mutex_);
    look_ = true;
  }
  wake_.notify_one();
}

// Syncing before compressing: that is what a power cut asks for. At the end what waits is synced, and no more is
// compressed; the next process goes on with that.
void Journal::Keeper::run() {
  while (true) {
    std::vector<std::shared_ptr<File>> files;
    bool look = false;
    bool ending = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kBetweenLooks, [this] { return ending_ || look_ || !to_sync_.empty(); });
      files.swap(to_sync_);
      look = std::exchange(look_, false) || files.empty();
      ending = ending_;
    }
    for (const auto& file : files) {
      if (::fdatasync(file->fd()) == 0) continue;
      stats_.keeper_errors.add();
      spdlog::error("journal_sync_failed folder={} detail=\"{}\"", settings_.folder, std::strerror(errno));
    }
    if (ending) return;
    if (!look) continue;
    try {
      pack_one();
      remove_what_is_too_much();
    } catch (const std::exception& error) {
      stats_.keeper_errors.add();
      spdlog::error("journal_not_looked_after detail=\"{}\"", error.what());
    }
  }
}

// One, so that files to be synced do not wait for more; the others when the next look comes, which it asks for.
void Journal::Keeper::pack_one() {
  for (const SegmentName& name : list_segments(settings_.folder)) {
    if (!name.closed || name.compressed) continue;
    if (pack(name)) look_after();
    return;
  }
}

// The compressed file takes its name only when it is whole on the disk, and the other goes only then.
bool Journal::Keeper::pack(const SegmentName& name) {
  SegmentName packed = name;
  packed.compressed = true;
  packed.path = closed_segment_path(settings_.folder, packed);
  const std::string half = packed.path + ".tmp";
  const File in(::open(name.path.c_str(), O_RDONLY | O_CLOEXEC));
  const File out(::open(half.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  std::string why = in && out ? "" : std::strerror(errno);
  if (in && out && pack_file(in.fd(), out.fd(), why) && ::rename(half.c_str(), packed.path.c_str()) == 0) {
    ::unlink(name.path.c_str());
    return true;
  }
  ::unlink(half.c_str());
  stats_.keeper_errors.add();
  spdlog::warn("journal_not_compressed segment={} detail=\"{}\"", name.path, why);
  return false;
}

void Journal::Keeper::remove_what_is_too_much() {
  const auto names = list_segments(settings_.folder);
  std::vector<std::int64_t> sizes;
  std::int64_t total = 0;
  for (const SegmentName& name : names) {
    std::error_code gone;
    const auto size = fs::file_size(name.path, gone);
    sizes.push_back(gone ? 0 : static_cast<std::int64_t>(size));
    total += sizes.back();
  }
  const std::int64_t too_old_ns = settings_.max_age_s == 0 ? 0 : (unix_seconds() - settings_.max_age_s) * 1'000'000'000;
  std::size_t left = names.size();
  for (std::size_t i = 0; i < names.size() && names[i].closed; ++i) {
    if (total <= settings_.limit_bytes && names[i].last_ns >= too_old_ns) break;
    if (::unlink(names[i].path.c_str()) != 0) continue;
    total -= sizes[i];
    --left;
    stats_.expired.add();
    spdlog::warn("journal_segment_removed segment={} bytes={}", names[i].path, sizes[i]);
  }
  stats_.disk_bytes.set(static_cast<std::uint64_t>(total));
  stats_.segments.set(left);
}

}  // namespace millrace::publish
