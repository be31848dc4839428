#include "publish/kafka/topic_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::publish {
namespace {

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void note(TopicFinding& finding, TopicVerdict verdict, std::string text) {
  finding.verdict = std::max(finding.verdict, verdict);
  finding.differences.push_back(std::move(text));
}

// How bad it is that the broker has `have` where the manifest says `want`.
// A compacted topic would lose trades, a smaller record limit would lose books: promises. Retention is the operator's.
TopicVerdict verdict_on(const std::string& name, const std::string& have, const std::string& want) {
  if (name == "cleanup.policy") return TopicVerdict::kConflict;
  if (name == "max.message.bytes" && number_in(have) < number_in(want)) return TopicVerdict::kConflict;
  return TopicVerdict::kDiffers;
}

void compare_config(const WantedTopic& wanted, const ExistingTopic& existing, TopicFinding& finding) {
  for (const auto& [name, want] : wanted.config) {
    const auto found = existing.config.find(name);
    const std::string have = found == existing.config.end() ? "" : found->second;
    if (have != want) note(finding, verdict_on(name, have, want), fmt::format("{}: {}, wanted {}", name, have, want));
  }
}

TopicFinding compare(const WantedTopic& wanted, const ExistingTopic& existing, std::int32_t replication) {
  TopicFinding finding{wanted, TopicVerdict::kSame, {}};
  if (existing.partitions != wanted.partitions) {
    note(finding, TopicVerdict::kConflict,
         fmt::format("partitions: {}, wanted {} (never changed in place: keys would move)", existing.partitions,
                     wanted.partitions));
  }
  if (existing.replication != replication) {
    note(finding, TopicVerdict::kDiffers, fmt::format("replication: {}, wanted {}", existing.replication, replication));
  }
  compare_config(wanted, existing, finding);
  return finding;
}

}  // namespace

std::string_view name(TopicVerdict verdict) noexcept {
  switch (verdict) {
    case TopicVerdict::kMissing:
      return "missing";
    case TopicVerdict::kSame:
      return "same";
    case TopicVerdict::kDiffers:
      return "differs";
    case TopicVerdict::kConflict:
      return "conflict";
  }
  return "conflict";
}

std::vector<TopicFinding> plan_topics(const std::vector<WantedTopic>& wanted, const ClusterState& existing,
                                      std::int32_t replication) {
  std::vector<TopicFinding> findings;
  for (const WantedTopic& topic : wanted) {
    const auto at =
        std::lower_bound(existing.topics.begin(), existing.topics.end(), topic.name,
                         [](const ExistingTopic& each, const std::string& name) { return each.name < name; });
    if (at == existing.topics.end() || at->name != topic.name) {
      findings.push_back({topic, TopicVerdict::kMissing, {}});
    } else {
      findings.push_back(compare(topic, *at, replication));
    }
  }
  return findings;
}

std::int32_t replication_for(const TopicManifest& manifest, std::int32_t brokers) noexcept {
  return manifest.replication > 0 ? manifest.replication : std::clamp(brokers, 1, 3);
}

}  // namespace millrace::publish
