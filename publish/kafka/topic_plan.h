#pragma once

#include <string>
#include <vector>

#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_manifest.h"

namespace millrace::publish {

// What is to be said of one wanted topic.
enum class TopicVerdict : std::uint8_t {
  kMissing,  // apply makes it
  kSame,
  kDiffers,   // works, but an operator chose something else (retention, replication)
  kConflict,  // would break a promise: partitions, cleanup policy, or records that do not fit
};
std::string_view name(TopicVerdict verdict) noexcept;

// `differences` are lines for people; the verdict is the worst of them.
struct TopicFinding {
  WantedTopic topic;
  TopicVerdict verdict;
  std::vector<std::string> differences;  // "partitions: 8, wanted 4 (never changed in place)"
};

// Compares, topic by topic, in the order of `wanted`. Pure. `existing` is sorted by name and has its config.
std::vector<TopicFinding> plan_topics(const std::vector<WantedTopic>& wanted, const ClusterState& existing,
                                      std::int32_t replication);

// The number of copies that the manifest asks for on this cluster: as many as there are brokers, at most 3, if it
// leaves the choice to us.
std::int32_t replication_for(const TopicManifest& manifest, std::int32_t brokers) noexcept;

}  // namespace millrace::publish
