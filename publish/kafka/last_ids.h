#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "publish/kafka/settings.h"

namespace millrace::publish {

// The venue id of each stream's last record in its topic: where the previous epoch ended, which the RESTART mark of the
// next one names. Filled once at start, then only read (any thread).
class LastIds {
 public:
  // An encoded record of a market topic. Of a stream the highest (epoch, seq) counts, whatever the order: a producer
  // that died may have repeated records. What is no such record is ignored.
  void note(std::string_view topic, std::string_view record);

  // Nothing if no record of it was noted. `topic` as given to note(), `symbol` as the venue spells it.
  std::optional<std::int64_t> find(std::string_view topic, std::string_view symbol) const;
  // Epoch and seq of the stream's last record, with or without a venue id.
  std::optional<std::pair<std::int64_t, std::int64_t>> last_number(std::string_view topic,
                                                                   std::string_view symbol) const;

 private:
  // The position that counts so far, and the venue's id at it.
  struct Last {
    std::pair<std::int64_t, std::int64_t> number;   // epoch and seq
    std::pair<std::int64_t, std::int64_t> with_id;  // the same of the last one that has a venue id
    std::optional<std::int64_t> venue_seq;
  };
  const Last* last(std::string_view topic, std::string_view symbol) const;
  using BySymbol = std::map<std::string, Last, std::less<>>;

  std::map<std::string, BySymbol, std::less<>> topics_;
};

// Reads the end of each of the topics (names after the prefix), at most `records` of each partition. A stream without a
// record there stays unknown: what is cheap to know is known, and nothing that is out of date. The same for what had
// not come when the time was up. Throws std::runtime_error as read_topics() does.
LastIds read_last_ids(const KafkaSettings& settings, const std::vector<std::string>& topics, std::int64_t records,
                      std::chrono::milliseconds timeout);

}  // namespace millrace::publish
