#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/events/meta.h"

namespace millrace::cli {

// One subscription and who serves it.
struct WantedRow {
  std::string venue;
  std::string symbol;
  std::vector<std::string> datasets;  // empty = as the workers are configured
  schemas::UnixNanos time = 0;        // since when
  std::string by;
  std::int32_t partition = 0;
  std::string worker;                                               // that came last; empty: nobody ever told its state
  schemas::StreamState state = schemas::StreamState::kUnspecified;  // the worst of its datasets
};

// What the compacted topics come to: the subscriptions that stand, and the last state of their streams. Fed each topic
// from its beginning; records of a partition in its order. One thread.
class Wanted {
 public:
  // False: not a record of that topic, passed over.
  bool on_subscription(std::string_view key, std::string_view value, std::int32_t partition);
  bool on_status(std::string_view value);

  // Is it wanted as of now?
  bool has(const std::string& key) const { return rows_.contains(key); }
  // By venue and symbol; of one venue, unless that is empty.
  std::vector<WantedRow> rows(std::string_view venue) const;

 private:
  // The last word on a stream, under the highest epoch seen of it.
  struct Told {
    std::int64_t epoch = 0;
    std::string worker;
    schemas::StreamState state = schemas::StreamState::kUnspecified;
  };
  using Datasets = std::map<std::string, Told>;

  void add_state(WantedRow& row) const;

  std::map<std::string, WantedRow, std::less<>> rows_;              // by key
  std::map<std::pair<std::string, std::string>, Datasets> status_;  // by venue and symbol
};

// A table for people, with a line of how many there are; and a JSON object a line.
std::string wanted_table(const std::vector<WantedRow>& rows);
std::string wanted_json(const std::vector<WantedRow>& rows);

}  // namespace millrace::cli
