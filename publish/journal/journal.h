#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "publish/journal/record.h"
#include "publish/journal/segment.h"
#include "publish/tally.h"

namespace millrace::publish {

struct JournalSettings {
  std::string folder;
  std::int64_t limit_bytes = std::int64_t{1} << 30;  // of all segments; the oldest closed ones go first
  std::int64_t max_age_s = 0;                        // closed segments whose last record is older go; 0 = none
  std::int64_t segment_bytes = std::int64_t{64} * 1024 * 1024;
  std::chrono::milliseconds sync_every{1'000};  // how much a power cut may take; 0: each flush() waits for the disk
};

// Written by the journal's thread and its keeper, read by any.
struct JournalStats {
  Tally records;        // taken
  Tally bytes;          // of their frames
  Tally disk_bytes;     // gauge: of all segments
  Tally segments;       // gauge
  Tally expired;        // segments removed for size or age
  Tally torn;           // segments of an earlier process whose end was cut off or damaged
  Tally refused;        // records that room() had no place for: the disk refuses
  Tally disk_errors;    // writes and syncs that the disk refused
  Tally keeper_errors;  // syncs and compressions in the background that it refused
};

// Records on local disk, in the order of append(): the sink of a worker without a broker, and an archive. Segments are
// reserved whole, written in batches, synced in the background, closed when full, compressed then and removed when they
// are too many or too old. One thread; one process per folder (flock). A killed process loses what was appended since
// the last flush(), a power cut also what was not synced.
class Journal {
 public:
  // Makes the folder (mode 0700) if need be; ends what an earlier process left open, cut at its last whole record:
  // notes() tells where bytes were left out. Throws std::runtime_error that names the folder and what to do.
  explicit Journal(JournalSettings settings);
  ~Journal();  // flushes, syncs and closes the segment; what the disk refuses is lost: see flush()
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // May `bytes` more be appended? False only while the disk refuses what came before: error() has its words.
  bool room(std::size_t bytes);
  // REQUIRES room(); false: the record is too large for any segment (append_frame).
  bool append(const JournalRecord& record);
  // Hands what was appended to the disk. False: it refuses (full, broken); everything is kept and tried again with the
  // next flush(), at most ten times a second.
  bool flush();

  std::int64_t flushed() const noexcept { return flushed_; }  // records that the file has
  const std::string& error() const noexcept { return error_; }
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  const JournalStats& stats() const noexcept { return stats_; }

 private:
  class Keeper;
  bool begin_segment();
  void end_segment();
  bool write_pending();
  bool refuse(const std::string& what);
  void recover();
  void recover(const SegmentName& left_open);

  JournalSettings settings_;
  JournalStats stats_;
  std::string pending_;  // frames not yet in a file
  std::int64_t pending_records_ = 0;
  std::int64_t pending_first_ns_ = 0;
  std::int64_t pending_last_ns_ = 0;
  std::shared_ptr<File> file_;  // of the open segment; shared with the keeper, which syncs it
  SegmentName name_;            // of the open segment, or of the last one
  std::int64_t size_ = 0;       // written to it
  std::int64_t flushed_ = 0;
  std::chrono::steady_clock::time_point synced_at_{};
  std::chrono::steady_clock::time_point refused_at_{};
  std::string error_;
  std::vector<std::string> notes_;
  File lock_;
  std::unique_ptr<Keeper> keeper_;  // last: its thread reads the stats
};

}  // namespace millrace::publish
