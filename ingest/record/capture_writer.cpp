#include "ingest/record/capture_writer.h"

#include <utility>

namespace millrace::ingest {
namespace {

// What a queued line costs, roughly: its bytes and the line itself.
std::size_t cost_of(const CaptureLine& line) {
  return sizeof(CaptureLine) + line.payload.size() + line.connection.size() + (line.request ? line.request->size() : 0);
}

CaptureLine dropped_line(std::int64_t count, schemas::UnixNanos time) {
  CaptureLine line;
  line.time = time;
  line.direction = Direction::kControl;
  line.connection = "recorder";
  line.payload = "dropped " + std::to_string(count);
  return line;
}

}  // namespace

CaptureWriter::CaptureWriter(Settings settings)
    : max_queue_bytes_{settings.max_queue_bytes}, file_{std::move(settings.file)}, thread_{[this] { run(); }} {}

// Waits until what is queued is on disk and packed, which may take seconds for a large file.
CaptureWriter::~CaptureWriter() {
  {
    const std::lock_guard lock{mutex_};
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

// The loss is declared in front of the next line that finds room, so that a reader sees where the recording has its
// hole.
bool CaptureWriter::write(CaptureLine line) {
  const std::size_t cost = cost_of(line);
  {
    const std::lock_guard lock{mutex_};
    if (queued_bytes_ + cost > max_queue_bytes_) {
      ++dropped_;
      stats_.dropped_full.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    if (dropped_ > 0) queue_.push_back(dropped_line(std::exchange(dropped_, 0), line.time));
    queue_.push_back(std::move(line));
    queued_bytes_ += cost;
  }
  wake_.notify_one();
  return true;
}

std::string CaptureWriter::problem() const {
  const std::lock_guard lock{mutex_};
  return problem_;
}

// Takes the whole queue at once: the lock is held for a swap, whatever the disk does. The bytes of the batch at hand
// are not counted any more, so at worst twice the limit is held.
CaptureWriter::Batch CaptureWriter::wait() {
  std::unique_lock lock{mutex_};
  problem_ = file_.problem();
  wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  queued_bytes_ = 0;
  return {std::exchange(queue_, {}), stop_ ? std::exchange(dropped_, 0) : 0, stop_};
}

// What the disk would not take is told in the file as well, as soon as it takes something again.
void CaptureWriter::declare(std::int64_t dropped, schemas::UnixNanos time) {
  if (dropped == 0) return;
  text_.clear();
  append_line(dropped_line(dropped, time), text_);
  file_.append(text_);
}

// Flushes once per batch: under load a batch is large, and when little happens every line is on disk at once.
void CaptureWriter::save(const Batch& batch) {
  for (const CaptureLine& line : batch.lines) {
    last_time_ = line.time;
    declare(std::exchange(undeclared_, 0), line.time);
    text_.clear();
    append_line(line, text_);
    file_.append(text_);
  }
  declare(batch.dropped, last_time_);
  const std::int64_t lost = batch.stop ? file_.close() : file_.flush();
  undeclared_ += lost;
  stats_.lines.fetch_add(static_cast<std::int64_t>(batch.lines.size()), std::memory_order_relaxed);
  stats_.dropped_disk.fetch_add(lost, std::memory_order_relaxed);
}

void CaptureWriter::run() {
  for (bool stop = false; !stop;) {
    const Batch batch = wait();
    save(batch);
    stop = batch.stop;
  }
}

}  // namespace millrace::ingest
