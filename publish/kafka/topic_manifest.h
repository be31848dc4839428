#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::publish {

// One row of deploy/topics.yaml.
struct TopicRow {
  std::string name;  // after "{prefix}.", with {venue} and {dataset}
  std::int32_t partitions = 1;
  std::map<std::string, std::string> config;  // Kafka's own names: cleanup.policy, retention.ms, max.message.bytes
  // The row is only for venues with one of these, and {dataset} stands for these alone; empty: market data.
  std::vector<std::string> datasets;
};

// deploy/topics.yaml as read: rows in the order of the file, a later one wins where two give the same name.
struct TopicManifest {
  std::int32_t replication = 0;  // 0 = as many as there are brokers, at most 3
  std::vector<TopicRow> rows;
};

// What a venue of the configuration publishes.
struct VenueDatasets {
  std::string venue;
  std::vector<std::string> datasets;  // "book", "trade", "execution" ...
};

// The same with `execution` and `balance`: topics of accounts, their recovery and the cursors are wanted only of a
// venue that has those two, so that a broker without accounts need not have them.
VenueDatasets with_accounts(VenueDatasets venue);

// A topic as it should be.
struct WantedTopic {
  std::string name;  // full
  std::int32_t partitions = 1;
  std::map<std::string, std::string> config;
};

// Reads the manifest's YAML. Throws std::runtime_error that names the line.
TopicManifest parse_manifest(const std::string& yaml);

// The topics that these venues need, sorted by name, each once. An unknown dataset of a venue gets a topic of its name:
// what exists is the configuration's question.
std::vector<WantedTopic> wanted_topics(const TopicManifest& manifest, std::string_view prefix,
                                       const std::vector<VenueDatasets>& venues);

}  // namespace millrace::publish
