#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>

namespace millrace::client {

// Executions and balances are events: read by one process of a group, committed, none left out. Status, recovery and
// heartbeats are state: every process reads them for itself, and the last word holds.
enum class TopicKind : std::uint8_t { kExecution, kBalance, kStatus, kRecovery, kHeartbeat };

// A partition of a topic, by the name that the broker knows.
struct Place {
  std::string topic;
  std::int32_t partition = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

// One record as it came from Kafka.
struct Record {
  Place place;
  TopicKind kind = TopicKind::kExecution;
  std::string venue;  // by the topic
  std::int64_t offset = 0;
  // Read again, or before the end of a state topic was reached: to be remembered, not told.
  bool old = false;
  std::string key;
  std::string value;
};
using RecordPtr = std::shared_ptr<const Record>;

}  // namespace millrace::client
