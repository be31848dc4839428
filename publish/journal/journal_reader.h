#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "publish/journal/segment.h"

namespace millrace::publish {

// Receive times, Unix nanoseconds: from `from` inclusive to `to` exclusive.
struct TimeRange {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
};

// The folders below `dir` (itself included) in which segments lie, sorted: a worker has one for each thread. Throws
// std::runtime_error if `dir` cannot be read.
std::vector<std::string> journal_folders(const std::string& dir);

// Reads the segments of one folder in the order in which they were written. May read what a worker is writing: it ends
// where that one is now. Damage ends a segment, is told, and the next segment goes on.
class JournalReader {
 public:
  // Closed segments without a record of `range` are passed over; records outside of it still come from the others.
  // Throws std::runtime_error if the folder cannot be read.
  explicit JournalReader(std::string folder, TimeRange range = {});

  // The next record; its views are valid until the next call. False: the end.
  bool next(JournalRecord& record);

  // No record that is still to come has an earlier receive time, as the names of the closed segments say; the smallest
  // number while one is left whose name does not.
  std::int64_t nothing_before() const noexcept;

  std::int64_t bytes_total() const noexcept { return total_; }  // of the files to read, as they were at the begin
  std::int64_t bytes_read() const noexcept;
  // One line for each torn tail, damaged or vanished segment: file, byte, what is left out.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  SegmentName name_of_now(std::int64_t number) const;
  bool open_next();
  void end_segment();

  std::string folder_;
  std::vector<SegmentName> names_;
  std::vector<std::int64_t> earliest_;  // in each segment and those behind it; one more than there are segments
  std::size_t next_ = 0;
  std::unique_ptr<SegmentReader> reader_;
  std::int64_t total_ = 0;
  std::int64_t done_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace millrace::publish
