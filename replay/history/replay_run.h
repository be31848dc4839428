#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/history/book_states.h"
#include "replay/history/dedupe.h"
#include "replay/history/digest.h"
#include "replay/history/ordered_reader.h"
#include "replay/history/writer.h"

namespace millrace::history {

// What to replay and how. `read.range` is the range to write; reading begins before it where books need that.
struct ReplayOptions {
  Selection selection;
  ReadOptions read;
  std::int64_t refresh_ns = 60'000'000'000;  // how often the worker wrote each book whole
  bool only_books = false;                   // the books as they were at the end of the range, and nothing else
};

// The same with what follows from it: how far back books are read, and of `only_books` the range, which then lies
// behind the books and is empty. What sources are opened for is `read.range` and `read.lookback_ns` of this.
ReplayOptions planned(ReplayOptions options);

// Holds a record back until it is due. False: the replay shall end.
using WaitFor = std::function<bool(const Record&)>;

// What a replay came to.
struct ReplaySummary {
  struct Kind {
    std::int64_t records = 0;
    std::int64_t streams = 0;
  };
  std::int64_t records = 0;     // written, without the next two
  std::int64_t duplicates = 0;  // repeats that were left out
  std::int64_t books = 0;       // snapshots made for the begin of the range, or of `only_books`
  std::map<std::pair<std::string, std::string>, Kind> kinds;  // by venue and dataset
  UnixNanos first = 0, last = 0;                              // receive times of `records`
  std::int64_t bytes = 0;                                     // of the records as the source has them
  std::int64_t bytes_on_disk = 0;                             // written for sorting
  std::map<std::string, std::int64_t, std::less<>> problems;  // what was passed over, by kind
  bool complete = false;                                      // false: a signal, or nobody took records any more
  std::string sha256;                                         // of `records`: see Digest

  // One JSON object without a newline. `seconds`: how long it took.
  std::string to_json(double seconds) const;
};

// Reads the sources in order, drops repeats, begins books from the snapshot before the range, and writes. One thread;
// `problems` must outlive it.
class ReplayRun {
 public:
  // `options` as planned() gives them.
  ReplayRun(ReplayOptions options, std::vector<std::unique_ptr<Source>> sources, Problems& problems);

  // To the end, or until `wait` or the writer wants no more. Call once.
  ReplaySummary run(Writer& writer, const WaitFor& wait);

  // For a progress line, from inside `wait`.
  double progress() const { return reader_.progress(); }
  std::int64_t records() const noexcept { return summary_.records; }

 private:
  bool begin_books(Writer& writer, const WaitFor& wait);
  bool replay(const Record& record, Writer& writer, const WaitFor& wait);
  void finish();

  ReplayOptions options_;
  StreamTable streams_;
  OrderedReader reader_;
  Dedupe dedupe_;
  BookStates books_;
  Digest digest_;
  Problems& problems_;
  ReplaySummary summary_;
};

}  // namespace millrace::history
