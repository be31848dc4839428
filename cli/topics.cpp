// `millrace topics plan|apply|list`: compares a broker's topics with the manifest and makes what is missing.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/flag_values.h"
#include "ingest/config/load.h"
#include "normalize/venue_adapter.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_plan.h"
#include "schemas/codec/json_writer.h"

namespace millrace::cli {
namespace {

using publish::TopicFinding;
using publish::TopicVerdict;

struct TopicsOptions {
  std::string what;  // "plan", "apply", "list"
  std::string brokers;
  std::string prefix;
  std::string config_file;
  std::string manifest_file = "deploy/topics.yaml";
  std::vector<std::string> venues;
  std::vector<std::string> datasets;
  bool json = false;
};

// What the command works on, from the configuration file and the flags that win over it.
struct Scope {
  publish::KafkaSettings kafka;
  std::vector<publish::VenueDatasets> venues;
};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UsageError(fmt::format("cannot read {}: name the manifest with --manifest FILE", path));
  return {std::istreambuf_iterator<char>(file), {}};
}

publish::TopicManifest read_manifest(const std::string& path) {
  const std::string text = read_text(path);
  try {
    return publish::parse_manifest(text);
  } catch (const std::runtime_error& error) {
    throw UsageError(fmt::format("{}: {}", path, error.what()));
  }
}

publish::VenueDatasets datasets_of(const ingest::VenueConfig& venue) {
  publish::VenueDatasets found{venue.name, venue.dataset_names};
  if (venue.bbo_from_book) found.datasets.emplace_back("bbo-book");
  return found;
}

Scope scope_from_config(const std::string& path) {
  const auto loaded = ingest::load_file(path, ingest::process_environment(), ingest::NamedFiles::kMayBeAbsent);
  std::string text;
  for (const std::string& line : loaded.lines) text += (text.empty() ? "" : "\n") + line;
  if (!loaded.ok()) throw UsageError(text);
  Scope scope;
  scope.kafka.brokers = loaded.config.kafka.brokers;
  scope.kafka.prefix = loaded.config.kafka.prefix;
  scope.kafka.properties = loaded.config.kafka.properties;
  for (const auto& venue : loaded.config.venues) scope.venues.push_back(datasets_of(venue));
  for (const auto& account : loaded.config.accounts) {
    const auto known = std::ranges::find(scope.venues, account.venue, &publish::VenueDatasets::venue);
    if (known == scope.venues.end()) scope.venues.push_back({account.venue, {}});
  }
  return scope;
}

// Topics are never deleted here, so a slip of the keyboard would stay on the broker.
void check_names(const TopicsOptions& options) {
  if (!options.datasets.empty() && options.venues.empty()) throw UsageError("topics: --dataset needs its --venue");
  for (const std::string& name : options.venues) {
    const auto is_it = [&name](const auto& venue) { return venue.name == name; };
    if (std::ranges::none_of(normalize::venues(), is_it)) {
      throw UsageError(fmt::format("topics: unknown venue \"{}\": see `millrace capabilities`", name));
    }
  }
}

void check(const Scope& scope, const TopicsOptions& options) {
  check_names(options);
  if (scope.kafka.brokers.empty()) throw UsageError("topics: --brokers HOST:PORT or --config FILE is needed");
  const auto problems = publish::problems(scope.kafka);
  if (!problems.empty()) throw UsageError("topics: " + problems.front());
  if (!publish::is_topic_text(scope.kafka.prefix)) throw UsageError("topics: --prefix: letters, digits, . _ - only");
  if (scope.venues.empty() && options.what != "list") {
    throw UsageError("topics: --config FILE, or --venue and --dataset, say which topics are needed");
  }
}

// Flags add to the file's venues and replace its broker and prefix. Account topics are always among what is wanted:
// empty ones cost nothing, and an account that is added later finds its own.
Scope scope_of(const TopicsOptions& options) {
  Scope scope = options.config_file.empty() ? Scope{} : scope_from_config(options.config_file);
  if (!options.brokers.empty()) scope.kafka.brokers = options.brokers;
  if (!options.prefix.empty()) scope.kafka.prefix = options.prefix;
  for (const std::string& venue : options.venues) scope.venues.push_back({venue, options.datasets});
  check(scope, options);
  for (auto& venue : scope.venues) venue = publish::with_accounts(std::move(venue));
  return scope;
}

std::string finding_json(const TopicFinding& finding) {
  std::string row;
  schemas::JsonWriter json(row);
  json.text("topic", finding.topic.name);
  json.text("verdict", name(finding.verdict));
  json.integer("partitions", finding.topic.partitions);
  json.texts("differences", finding.differences);
  json.finish();
  return row;
}

std::string finding_text(const TopicFinding& finding, bool made) {
  const auto& config = finding.topic.config;
  const auto policy = config.find("cleanup.policy");
  std::string line =
      fmt::format("{:<8} {:<48} {:>2} partitions, {}\n", made ? "made" : name(finding.verdict), finding.topic.name,
                  finding.topic.partitions, policy == config.end() ? "" : policy->second);
  for (const std::string& each : finding.differences) line += fmt::format("         {}\n", each);
  return line;
}

// The report of plan and apply; exit status.
int report(const std::vector<TopicFinding>& findings, const std::vector<std::string>& errors,
           const TopicsOptions& options) {
  const bool applied = options.what == "apply";
  std::string rows;
  bool conflict = false;
  for (const TopicFinding& finding : findings) {
    conflict = conflict || finding.verdict == TopicVerdict::kConflict;
    const bool made = applied && finding.verdict == TopicVerdict::kMissing && errors.empty();
    if (options.json) {
      rows += (rows.empty() ? "" : ",\n ") + finding_json(finding);
    } else {
      rows += finding_text(finding, made);
    }
  }
  const bool ok = errors.empty() && !conflict;
  if (options.json) rows = fmt::format("{{\"ok\":{},\"applied\":{},\"topics\":[\n {}]}}\n", ok, applied, rows);
  std::fputs(rows.c_str(), stdout);
  for (const std::string& error : errors) std::fprintf(stderr, "millrace: %s\n", error.c_str());
  if (conflict) std::fputs("millrace: topics in conflict with the manifest are left alone: see above\n", stderr);
  return ok ? kOk : kFailed;
}

// A dot ends the prefix, so that "demo" does not mean "demo2" as well.
std::string dotted(const std::string& prefix) { return prefix.empty() ? prefix : prefix + "."; }

// Planned again on every call from what the broker has: nothing is remembered, so apply may be repeated at will.
int plan_or_apply(const Scope& scope, const TopicsOptions& options) {
  const auto manifest = read_manifest(options.manifest_file);
  const auto wanted = publish::wanted_topics(manifest, scope.kafka.prefix, scope.venues);
  publish::TopicAdmin admin(scope.kafka);
  auto cluster = admin.look(dotted(scope.kafka.prefix));
  admin.describe(cluster.topics);
  const auto replication = publish::replication_for(manifest, cluster.brokers);
  const auto findings = publish::plan_topics(wanted, cluster, replication);
  std::vector<publish::WantedTopic> missing;
  for (const TopicFinding& finding : findings) {
    if (finding.verdict == TopicVerdict::kMissing) missing.push_back(finding.topic);
  }
  std::vector<std::string> errors;
  if (options.what == "apply") errors = admin.create(missing, replication);
  return report(findings, errors, options);
}

int list(const Scope& scope, const TopicsOptions& options) {
  publish::TopicAdmin admin(scope.kafka);
  std::string rows;
  for (const auto& topic : admin.look(dotted(scope.kafka.prefix)).topics) {
    if (options.json) {
      if (!rows.empty()) rows += ",\n ";
      schemas::JsonWriter json(rows);
      json.text("topic", topic.name);
      json.integer("partitions", topic.partitions);
      json.integer("replication", topic.replication);
      json.finish();
    } else {
      rows += fmt::format("{:<48} {:>2} partitions, {} copies\n", topic.name, topic.partitions, topic.replication);
    }
  }
  if (options.json) rows = fmt::format("{{\"topics\":[\n {}]}}\n", rows);
  std::fputs(rows.c_str(), stdout);
  return kOk;
}

int run(const TopicsOptions& options) {
  const Scope scope = scope_of(options);
  return options.what == "list" ? list(scope, options) : plan_or_apply(scope, options);
}

void add_options(CLI::App& app, TopicsOptions& options) {
  app.add_option("--brokers", options.brokers, "Kafka's bootstrap servers, host:port,...");
  app.add_option("--prefix", options.prefix, "Beginning of all topic names (else of --config, else millrace)");
  app.add_option("--config", options.config_file, "Configuration of ingest: brokers, prefix, venues, datasets");
  app.add_option("--manifest", options.manifest_file, "What topics should be like")->capture_default_str();
  app.add_option("--venue", options.venues, "A venue (repeatable), without or beside --config");
  app.add_option("--dataset", options.datasets, "A dataset of each --venue (repeatable)")->check(check_dataset);
  app.add_flag("--json", options.json, "One JSON object instead of text");
}

}  // namespace

void add_topics(CLI::App& app, Action& action) {
  auto* topics = app.add_subcommand("topics", "Make and check the Kafka topics of deploy/topics.yaml");
  topics->require_subcommand(1);
  const auto options = std::make_shared<TopicsOptions>();
  const auto add = [&](const char* what, const char* help) {
    auto* sub = topics->add_subcommand(what, help);
    add_options(*sub, *options);
    sub->callback([options, &action, what] {
      options->what = what;
      action = [options] { return run(*options); };
    });
  };
  add("plan", "Say what apply would do; exit 1 if a topic is in conflict with the manifest");
  add("apply", "Make the topics that are missing; never changes one that exists");
  add("list", "Show the topics under the prefix");
}

}  // namespace millrace::cli
