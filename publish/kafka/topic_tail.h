#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "publish/kafka/settings.h"

namespace millrace::publish {

// One record that a TopicTail read; views are valid during the call.
struct TailRecord {
  std::string_view topic;  // after "{prefix}."
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string_view key;
  std::string_view value;
};

// Follows topics from a time on, for as long as it lives. No group, nothing is committed; records of open transactions
// are not read. One thread; poll() and the questions block as long as they are told.
class TopicTail {
 public:
  // Ends of partitions, by (topic, partition): offsets of the next record.
  using Ends = std::map<std::pair<std::string, std::int32_t>, std::int64_t>;

  // A topic and since when it is wanted: record time in ns since 1970; 0 = from its beginning.
  struct Start {
    std::string topic;  // after "{prefix}."
    std::int64_t since = 0;
  };

  // Throws std::runtime_error, with what to do, if a topic is missing or the broker does not answer.
  TopicTail(const KafkaSettings& settings, const std::vector<Start>& starts, std::chrono::milliseconds timeout);
  ~TopicTail();
  TopicTail(const TopicTail&) = delete;
  TopicTail& operator=(const TopicTail&) = delete;

  // Hands over what is there, waiting at most `wait` for the first record. Errors that pass by themselves are waited
  // for; the others throw std::runtime_error.
  void poll(std::chrono::milliseconds wait, const std::function<void(const TailRecord&)>& take);

  // Where the topics end now. Throws std::runtime_error if the broker does not say.
  Ends ends(std::chrono::milliseconds timeout);
  // Has poll() handed over all below these?
  bool reached(const Ends& ends) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish
