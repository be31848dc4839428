#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
// Called from any of the library's threads, one call at a time. What it throws is ignored. It must not call back into
// the Listener, and while it does not return nothing else goes on.
using LogCallback = std::function<void(LogLevel level, std::string_view text)>;

// Where a group begins that has never committed anything.
enum class Begin : std::uint8_t { kEarliest, kLatest };

// How to reach Kafka and what to read there.
struct Options {
  std::string brokers;              // "host:port,host:port"
  std::string prefix = "millrace";  // of all topics
  // The consumer group: one per application. Several processes with one group share the accounts between them.
  std::string group;
  std::vector<std::string> venues;    // "kraken", "binance-usdm": at least one
  std::vector<std::string> accounts;  // empty = all
  Begin begin = Begin::kLatest;
  // librdkafka's own settings by its names, for security and timeouts. May hold secrets: never logged. Those that the
  // guarantees rest on (group.id, enable.auto.commit ...) are refused.
  std::map<std::string, std::string> kafka;

  std::string dead_letter_topic;         // empty = "{prefix}.dlq.{group}.v1"
  bool create_dead_letter_topic = true;  // with one partition and 30 days of retention, if it is missing
  std::size_t parked_limit = 10'000;     // events on their way to it; beyond that reading pauses

  // How many event ids are remembered of each account, to tell nothing twice.
  std::size_t remembered_ids = 50'000;
  // How many records before the committed offset are read again after start, of each partition, to remember their ids.
  std::int64_t lookback = 10'000;

  // Workers say once a second that they live. Not heard for so long, an account is disconnected.
  std::chrono::milliseconds silence{3'000};
  std::chrono::milliseconds commit_interval{200};
  std::chrono::milliseconds start_timeout{15'000};  // for the broker to answer start()
  std::chrono::milliseconds stop_timeout{10'000};   // for callbacks under way to return
  LogCallback log;                                  // empty = warnings and errors to standard error
};

// What a listener wants to be told of. Empty = all. `symbol` is the venue's spelling or the instrument's; what concerns
// no symbol (balances, connections) is told whatever it says.
struct Subscription {
  std::string venue;
  std::string account;
  std::string symbol;
};

// How one listener is treated.
struct Handling {
  std::chrono::milliseconds deadline{5'000};  // a call that takes longer makes it hung
  std::size_t queue_size = 1'000;             // events that wait for it
  // How long reading waits for room in a full queue, so that a backlog is not parked. After one such wait in vain
  // events are parked at once, until the queue is half empty. Other listeners wait as well meanwhile, but not for a
  // hung one.
  std::chrono::milliseconds room_wait{5'000};
  int retries = 5;                               // after a call that threw
  std::chrono::milliseconds first_backoff{100};  // doubled from try to try
  std::chrono::milliseconds longest_backoff{5'000};
};

}  // namespace millrace
