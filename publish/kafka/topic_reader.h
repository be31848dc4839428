#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "publish/kafka/settings.h"

namespace millrace::publish {

// Reads a topic once, from its beginning to its end as it is at the time. For start-up; one thread.
class TopicReader {
 public:
  // Throws std::runtime_error if the topic is missing or the broker does not answer in time.
  TopicReader(const KafkaSettings& settings, const std::string& topic, std::chrono::milliseconds timeout);
  ~TopicReader();
  TopicReader(const TopicReader&) = delete;
  TopicReader& operator=(const TopicReader&) = delete;

  bool at_end() const noexcept;  // of every partition
  // Takes the next record, if one comes in time. Throws std::runtime_error if the broker refuses.
  void read(const std::function<void(std::string_view value)>& take, std::chrono::milliseconds wait);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish
