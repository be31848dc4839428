#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "publish/journal/spill.h"
#include "publish/sequence/record_sink.h"

namespace millrace::ingest {

// What becomes of market records that an earlier process left on disk: trades go out as REPLAY under the numbers that
// they had, with the hole before them; books and quotes are old and are dropped, declared in the gap ledger; records
// about streams go out as they are, but for states and signs of life, which are no longer true. Pure but for its sink.
class Leftover {
 public:
  // Where the topic ends: epoch and seq of a stream's last record, if known.
  using LastNumber = std::function<std::optional<std::pair<std::int64_t, std::int64_t>>(std::string_view topic,
                                                                                        std::string_view symbol)>;

  // `now`: Unix ns. `sink` outlives it.
  Leftover(publish::RecordSink& sink, LastNumber last_number, std::int64_t now);

  // Oldest first.
  void take(const publish::SpilledRecord& record);
  // Writes the ledger.
  void finish();

  std::size_t published() const noexcept { return published_; }
  std::size_t dropped() const noexcept { return dropped_; }
  std::size_t refused() const noexcept { return refused_; }  // by the sink, or not decodable

 private:
  // Of one stream in one epoch.
  struct Seen {
    std::int64_t next = 0;  // the seq that would leave no hole; 0: nothing is known
    std::int64_t dropped_first = 0;
    std::int64_t dropped_last = 0;
    std::int64_t dropped = 0;
    std::string dataset, venue, symbol, instrument;
  };
  using Stream = std::pair<std::string, std::int64_t>;  // topic and symbol; epoch

  void republish(const publish::SpilledRecord& record);
  void drop(const publish::SpilledRecord& record);
  void pass_on(const publish::SpilledRecord& record);
  Seen& seen(const std::string& topic, std::string_view symbol, std::int64_t epoch);

  publish::RecordSink& sink_;
  LastNumber last_number_;
  std::int64_t now_;
  std::map<Stream, Seen> streams_;
  std::string bytes_;
  std::size_t published_ = 0;
  std::size_t dropped_ = 0;
  std::size_t refused_ = 0;
};

}  // namespace millrace::ingest
