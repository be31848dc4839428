#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "publish/kafka/settings.h"
#include "publish/kafka/topic_manifest.h"

namespace millrace::publish {

// A topic as the broker has it.
struct ExistingTopic {
  std::string name;
  std::int32_t partitions = 0;
  std::int32_t replication = 0;
  std::map<std::string, std::string> config;  // filled by describe()
};

// What a broker says of itself.
struct ClusterState {
  std::int32_t brokers = 0;
  std::vector<ExistingTopic> topics;  // sorted by name
};

// Asks the broker about topics and makes them. Blocks; for start-up and tools, not for ingest threads. Everything
// throws std::runtime_error with what to do when the broker does not answer in time.
class TopicAdmin {
 public:
  explicit TopicAdmin(const KafkaSettings& settings, std::chrono::milliseconds timeout = std::chrono::seconds{15});
  ~TopicAdmin();
  TopicAdmin(const TopicAdmin&) = delete;
  TopicAdmin& operator=(const TopicAdmin&) = delete;

  // All topics whose name begins with `prefix`.
  ClusterState look(std::string_view prefix);
  // Fills the config of these topics. One request for all of them; a topic that is gone meanwhile keeps an empty
  // config.
  void describe(std::vector<ExistingTopic>& topics);
  // Makes these, each with `replication` copies. One line for each that could not be made; one that somebody else has
  // just made is no error.
  std::vector<std::string> create(const std::vector<WantedTopic>& topics, std::int32_t replication);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace millrace::publish
