#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::cli {

// One record, or the news that a partition has been read to its end for now. The views live during the call.
struct Incoming {
  bool end = false;  // no record: everything below `offset` was read
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view key;
  std::string_view value;
  bool resent = false;  // header "mr" with POSSIBLE_DUPLICATE: it may have been sent before
};

// Reads topics without a consumer group and without committing anything, for `tail` and `verify`. One thread. Errors of
// set-up are std::runtime_error (a setting that librdkafka refuses: UsageError); a broker that goes away later is
// waited for. A topic that is deleted while it is read just falls silent; one that may not be read is an error.
class KafkaReader {
 public:
  struct Options {
    std::string brokers;
    std::map<std::string, std::string> properties;  // handed to librdkafka; may hold secrets
  };
  explicit KafkaReader(const Options& options);
  ~KafkaReader();

  // Topic by its full name.
  struct Partition {
    std::string topic;
    std::int32_t id = 0;
    friend auto operator<=>(const Partition&, const Partition&) = default;
  };
  // Every partition of every topic whose name begins so, as of now: ask again for topics made later. Blocks up to 10 s.
  // Throws if no broker answers, and if there are topics that this user may not see.
  std::vector<Partition> partitions(std::string_view topic_prefix);

  // kTime: from the first record at or after that time; a partition without one is read from its end.
  enum class From { kBeginning, kEnd, kTime };
  // Reads these too from now on. `since_ms` (Unix time) goes with kTime.
  void add(const std::vector<Partition>& partitions, From from, std::int64_t since_ms = 0);

  // Where each partition ends now: the offset behind the last record that a reader may see. Those of which nobody says
  // it (the topic was deleted, the broker is away) are left out. Blocks up to 10 s.
  std::map<Partition, std::int64_t> ends(const std::set<Partition>& partitions) const;

  // Hands over what has arrived, at most some thousands at a time, waiting up to `timeout` for the first. Returns how
  // many messages that were, news of the moment included. What `handle` throws goes through; the rest of the batch is
  // lost then.
  std::size_t poll(std::chrono::milliseconds timeout, const std::function<void(const Incoming&)>& handle);

 private:
  void check_hidden(std::string_view topic_prefix);

  struct Handles;
  std::string brokers_;  // for messages
  std::unique_ptr<Handles> handles_;
};

// True once SIGINT or SIGTERM came; the first call installs the handlers, so call it before reading begins.
bool interrupted();

}  // namespace millrace::cli
