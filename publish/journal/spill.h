#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "publish/journal/segment.h"

namespace millrace::publish {

// A JournalRecord that owns what it holds.
struct SpilledRecord {
  std::string topic;  // after "{prefix}."
  std::string key;
  std::string bytes;
  std::int64_t time_ns = 0;  // receive time, Unix; 0: none
  std::int64_t seq = 0;
  std::uint32_t slot = 0;  // the lane's; means nothing in another process
  std::uint8_t type = 0;   // schemas::MessageType
};

// More than a record's frame takes beside its bytes.
inline constexpr std::size_t kFrameRoom = 512;

// A queue of records in files: what a lane cannot hold in memory while the broker is away. Segments of 16 MiB in one
// folder, made of frames (record.h); a segment is removed when its last record was taken out. Written
// without fsync: it survives the process, not the machine. One thread; one process per folder (flock).
class Spill {
 public:
  // Makes the folder (mode 0700) if need be; without a name there is none, and every append() is refused. Segments of
  // an earlier process are kept apart: see take_leftover(). Throws std::runtime_error that names the folder and what to
  // do.
  Spill(std::string folder, std::int64_t limit_bytes);
  ~Spill();  // leaves what is in it on disk
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  // False: the limit is reached, or the disk refuses (error() has its words); nothing was taken.
  bool append(const SpilledRecord& record);
  // The oldest record, taken out; nullopt: empty. The damaged rest of a segment is left out and counted.
  std::optional<SpilledRecord> take();
  // Records that were taken and are not done with stand before all others again, oldest first, for the next process.
  // What else was taken does not come back. False: as append(), and nothing changed where something was in here.
  bool put_back(const std::vector<SpilledRecord>& older);

  // What an earlier process left here, oldest first; a file is removed when all in it were visited. A damaged rest of a
  // segment is left out and counted.
  void take_leftover(const std::function<void(SpilledRecord)>& visit);

  std::int64_t records() const noexcept { return records_; }
  std::int64_t bytes() const noexcept { return bytes_; }  // on disk, not yet taken
  std::int64_t limit() const noexcept { return limit_; }
  std::int64_t damaged() const noexcept { return damaged_; }  // segments with an unreadable rest
  const std::string& error() const noexcept { return error_; }
  const std::string& folder() const noexcept { return folder_; }

 private:
  struct Segment {
    std::string path;
    std::int64_t records = 0;  // not yet taken
    std::int64_t read = 0;     // offset of the next one
    std::int64_t size = 0;
    std::int64_t number = 0;
  };

  int create(std::int64_t number, std::string& path);
  bool begin_segment();
  void end_reading();
  bool refuse(const std::string& what);

  const std::string folder_;
  const std::int64_t limit_;
  File lock_;
  int write_ = -1;           // the last segment
  int read_ = -1;            // the first segment
  std::int64_t number_ = 0;  // of the last segment; from one to the next there is one free for put_back()
  std::deque<Segment> segments_;
  std::vector<std::string> leftover_;
  std::int64_t records_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t damaged_ = 0;
  std::string error_;
  std::string buffer_;
};

}  // namespace millrace::publish
