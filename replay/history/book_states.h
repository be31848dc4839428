#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/book/book.h"
#include "replay/history/source.h"
#include "replay/history/stream.h"

namespace millrace::history {

// Books as they were at one moment, by the reading rule of the schema: a snapshot replaces, a delta changes, a lower
// epoch is ignored, and behind a missing number the book is unknown until the next snapshot. Feed it first occurrences,
// each stream in order. Memory: the books. One thread.
class BookStates {
 public:
  // `problems` must outlive it.
  explicit BookStates(Problems& problems) : problems_{problems} {}

  void apply(const Record& record);

  // Makes a record of each book that is known, in the order of the streams: kind SNAPSHOT, flags SNAPSHOT and REFRESH,
  // origin SNAPSHOT, epoch, seq and venue_seq of the last record applied, receive time `at`, and as staleness the time
  // since then. Streams that were seen and have no book are a problem ("no_snapshot"). Record and bytes are valid
  // during the call.
  void for_each(UnixNanos at, const std::function<void(const Record&)>& take);

 private:
  struct State {
    Stream* stream = nullptr;
    normalize::Book book;
    schemas::StreamIdentity identity;
    std::int64_t epoch = 0;
    std::int64_t seq = 0;
    UnixNanos time = 0;
    std::optional<std::int64_t> venue_seq;
    std::uint32_t flags = 0;  // of the last record that stand for its state
    std::optional<std::int32_t> price_decimals, quantity_decimals, proven_depth, depth;
    bool known = false;
  };

  static bool apply_levels(State& state, const schemas::Book& record);
  void apply(State& state, const schemas::Meta& meta, const schemas::Book& record);
  void write(const State& state, UnixNanos at, const std::function<void(const Record&)>& take);

  Problems& problems_;
  std::vector<std::unique_ptr<State>> states_;  // by stream id; null: no book
  std::vector<std::byte> bytes_;
};

}  // namespace millrace::history
