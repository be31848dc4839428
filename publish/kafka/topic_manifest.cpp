#include "publish/kafka/topic_manifest.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

#include "publish/kafka/topic_names.h"

namespace millrace::publish {
namespace {

[[noreturn]] void fail(const YAML::Node& node, std::string_view text) {
  throw std::runtime_error(fmt::format("topic manifest, line {}: {}", node.Mark().line + 1, text));
}

std::int64_t milliseconds_in(char unit) {
  switch (unit) {
    case 's':
      return 1'000;
    case 'm':
      return 60'000;
    case 'h':
      return 3'600'000;
    case 'd':
      return 86'400'000;
    default:
      return 0;
  }
}

// "7d" as milliseconds, "forever" as -1; nullopt for anything else.
std::optional<std::int64_t> parse_retention(const std::string& text) {
  if (text == "forever") return -1;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number <= 0 || number > 100'000 || rest + 1 != end) return std::nullopt;
  const std::int64_t unit = milliseconds_in(*rest);
  return unit == 0 ? std::nullopt : std::optional(number * unit);
}

// A misspelt key would otherwise be a default that nobody chose.
void check_keys(const YAML::Node& map, const std::set<std::string>& known) {
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (!known.contains(key)) fail(entry.first, fmt::format("unknown key \"{}\"", key));
  }
}

// No default for cleanup: whether a topic forgets is not for us to guess.
std::map<std::string, std::string> parse_policy(const YAML::Node& node) {
  std::map<std::string, std::string> config;
  const auto cleanup = node["cleanup"].as<std::string>("");
  if (cleanup != "delete" && cleanup != "compact") fail(node, "cleanup must be \"delete\" or \"compact\"");
  config["cleanup.policy"] = cleanup;
  if (cleanup == "compact") {
    if (node["retention"]) fail(node["retention"], "a compacted topic has no retention");
    return config;
  }
  const auto retention = parse_retention(node["retention"].as<std::string>(""));
  if (!retention) fail(node, "retention must be a number with s, m, h or d, or \"forever\"");
  config["retention.ms"] = std::to_string(*retention);
  return config;
}

TopicRow parse_row(const YAML::Node& node) {
  check_keys(node, {"name", "partitions", "cleanup", "retention", "datasets"});
  TopicRow row;
  row.name = node["name"].as<std::string>("");
  if (row.name.empty()) fail(node, "a topic needs a name");
  row.partitions = node["partitions"].as<std::int32_t>(0);
  if (row.partitions < 1 || row.partitions > 10'000) fail(node, "partitions must be a number from 1 to 10000");
  row.config = parse_policy(node);
  if (node["datasets"]) row.datasets = node["datasets"].as<std::vector<std::string>>();
  return row;
}

std::int32_t parse_replication(const YAML::Node& node) {
  if (!node || node.as<std::string>("") == "auto") return 0;
  const auto number = node.as<std::int32_t>(-1);
  if (number < 1 || number > 100) fail(node, "replication must be \"auto\" or a number from 1");
  return number;
}

TopicManifest parse_root(const YAML::Node& root) {
  if (!root.IsMap()) fail(root, "expected the keys replication, max_message_bytes and topics");
  check_keys(root, {"replication", "max_message_bytes", "topics"});
  TopicManifest manifest;
  manifest.replication = parse_replication(root["replication"]);
  const auto bytes = root["max_message_bytes"].as<std::int64_t>(4'194'304);
  if (!root["topics"] || !root["topics"].IsSequence()) fail(root, "topics must be a list");
  for (const auto& node : root["topics"]) {
    manifest.rows.push_back(parse_row(node));
    manifest.rows.back().config["max.message.bytes"] = std::to_string(bytes);
  }
  return manifest;
}

constexpr std::array<std::string_view, 2> kAccountDatasets{"execution", "balance"};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
  return text;
}

// Reference data and accounts have rows of their own.
bool is_market(const std::string& dataset) {
  return dataset != "instrument" && std::ranges::find(kAccountDatasets, dataset) == kAccountDatasets.end();
}

// The datasets of the venue that the row is for.
std::vector<std::string> datasets_for(const TopicRow& row, const VenueDatasets& venue) {
  std::vector<std::string> chosen;
  std::copy_if(venue.datasets.begin(), venue.datasets.end(), std::back_inserter(chosen), [&](const std::string& each) {
    if (row.datasets.empty()) return is_market(each);
    return std::find(row.datasets.begin(), row.datasets.end(), each) != row.datasets.end();
  });
  return chosen;
}

// The names that a row stands for at one venue.
// A row without {dataset} is one topic a venue, or one for all if it has no {venue} either.
std::vector<std::string> names_at(const TopicRow& row, const VenueDatasets& venue) {
  const std::string name = replaced(row.name, "{venue}", venue.venue);
  const auto datasets = datasets_for(row, venue);
  if (name.find("{dataset}") == std::string::npos) {
    const bool wanted = row.datasets.empty() || !datasets.empty();
    return wanted ? std::vector<std::string>{name} : std::vector<std::string>{};
  }
  std::vector<std::string> names;
  for (const std::string& dataset : datasets) names.push_back(replaced(name, "{dataset}", dataset));
  return names;
}

}  // namespace

TopicManifest parse_manifest(const std::string& yaml) {
  try {
    return parse_root(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    throw std::runtime_error(fmt::format("topic manifest, line {}: {}", error.mark.line + 1, error.msg));
  }
}

VenueDatasets with_accounts(VenueDatasets venue) {
  for (const std::string_view each : kAccountDatasets) {
    if (std::ranges::find(venue.datasets, each) == venue.datasets.end()) venue.datasets.emplace_back(each);
  }
  return venue;
}

std::vector<WantedTopic> wanted_topics(const TopicManifest& manifest, std::string_view prefix,
                                       const std::vector<VenueDatasets>& venues) {
  // By name: two venues share the rows without {venue}.
  std::map<std::string, WantedTopic> by_name;
  for (const TopicRow& row : manifest.rows) {
    for (const VenueDatasets& venue : venues) {
      for (const std::string& name : names_at(row, venue)) {
        const std::string full = full_topic(prefix, name);
        by_name[full] = {full, row.partitions, row.config};
      }
    }
  }
  std::vector<WantedTopic> topics;
  for (auto& [name, topic] : by_name) topics.push_back(std::move(topic));
  return topics;
}

}  // namespace millrace::publish
