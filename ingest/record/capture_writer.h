#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "ingest/record/capture_file.h"
#include "ingest/record/capture_line.h"

namespace millrace::ingest {

// Records frames without making their thread wait for a disk: lines go into a bounded queue, a thread of its own writes
// them. What finds no room is dropped, counted, and declared in the file by a control line "dropped COUNT" of
// connection "recorder" in front of the next line. Destruction writes what is queued, closes and compresses.
class CaptureWriter {
 public:
  struct Settings {
    CaptureFile::Settings file;
    std::size_t max_queue_bytes = 64 * 1024 * 1024;
  };

  // Readable from any thread. What was dropped is declared in the file too.
  struct Stats {
    std::atomic<std::int64_t> lines{0};  // handed to the file
    std::atomic<std::int64_t> dropped_full{0};
    std::atomic<std::int64_t> dropped_disk{0};
  };

  // Throws std::runtime_error if the first file cannot be made.
  explicit CaptureWriter(Settings settings);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  // Any thread; never waits for the disk. False: dropped, because the queue holds max_queue_bytes.
  bool write(CaptureLine line);

  const Stats& stats() const noexcept { return stats_; }
  // The file's last problem, such as a full disk; empty = none. As of the writing thread's last round.
  std::string problem() const;

 private:
  // What one round of the writing thread took from the queue.
  struct Batch {
    std::deque<CaptureLine> lines;
    std::int64_t dropped = 0;  // behind the last of them
    bool stop = false;
  };

  void run();
  Batch wait();
  void save(const Batch& batch);
  void declare(std::int64_t dropped, schemas::UnixNanos time);

  const std::size_t max_queue_bytes_;
  CaptureFile file_;                  // of the writing thread
  std::int64_t undeclared_ = 0;       // of the writing thread
  schemas::UnixNanos last_time_ = 0;  // of the writing thread
  std::string text_;                  // of the writing thread
  Stats stats_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<CaptureLine> queue_;  // guarded by mutex_
  std::size_t queued_bytes_ = 0;   // guarded by mutex_
  std::int64_t dropped_ = 0;       // guarded by mutex_: since the last line that went in
  bool stop_ = false;              // guarded by mutex_
  std::string problem_;            // guarded by mutex_
  std::thread thread_;             // last: it uses all the others
};

}  // namespace millrace::ingest
