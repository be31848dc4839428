#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "replay/history/per_epoch.h"
#include "replay/history/sorter.h"
#include "replay/history/source.h"
#include "replay/history/stream.h"

namespace millrace::history {

struct ReadOptions {
  TimeRange range;
  std::int64_t lookback_ns = 0;  // books are read from so long before the range
  // How much later than its time a record may stand in its source, behind records of later times: the length of the
  // longest outage after which a worker still wrote what it had kept.
  std::int64_t late_ns = 900'000'000'000;
  UnixNanos now = 0;  // times more than a day ahead of it are none
  std::size_t memory_bytes = 64 * 1024 * 1024;
  std::string temp_folder = "/tmp";
  std::function<bool()> stop = [] { return false; };  // asked while reading: end early
};

// Reads sources beside each other and gives their selected records in one deterministic order (Record::time, stream,
// seq), whatever the order inside a source was, as long as nothing stands further back than `late_ns`. What does is
// counted as a problem
// ("late") and left out: it would come behind what was given. Memory is that of the Sorter. One thread.
class OrderedReader {
 public:
  OrderedReader(std::vector<std::unique_ptr<Source>> sources, StreamTable& streams, ReadOptions options,
                Problems& problems);

  // False: all sources are read, or it was stopped. `out.bytes` is valid until the next call.
  bool next(Record& out);

  bool stopped() const noexcept { return stopped_; }

  // Between 0 and 1: half of it is reading, half is handing over.
  double progress() const;
  std::int64_t bytes_on_disk() const noexcept { return sorter_.bytes_on_disk(); }

 private:
  struct Part {
    UnixNanos newest;  // time of a record seen so far
    bool ended = false;
  };
  struct Lane {
    std::unique_ptr<Source> source;
    std::vector<Part> parts;
    UnixNanos newest;  // of the part that is furthest behind
    bool ended = false;
    bool waiting = false;  // `record` did not fit
    Record record;
  };

  // How far the records of one numbering were read.
  struct Place {
    std::int64_t seq = 0;
    UnixNanos time = 0;
  };

  void fill();
  Lane* furthest_behind();
  UnixNanos nothing_before() const;
  bool read_some(Lane& lane);
  static void look_at_parts(Lane& lane);
  bool read_one(Lane& lane);
  bool has_time(const Record& record);
  UnixNanos order_time(const Record& record);
  bool is_wanted(const Record& record) const;
  bool is_late(const Record& record);

  std::vector<Lane> lanes_;
  StreamTable& streams_;
  PerEpoch<Place> places_;
  ReadOptions options_;
  Problems& problems_;
  Sorter sorter_;
  UnixNanos below_;   // what was handed over lies below
  UnixNanos latest_;  // beyond it a time is none
  bool all_read_ = false;
  bool stopped_ = false;
  std::int64_t taken_ = 0;
  std::int64_t given_ = 0;
};

}  // namespace millrace::history
