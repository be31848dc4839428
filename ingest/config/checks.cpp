#include "ingest/config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "ingest/auth/secret_source.h"
#include "normalize/account/account_adapter.h"
#include "publish/kafka/settings.h"

namespace millrace::ingest {
namespace {

using normalize::Capabilities;
using normalize::Dataset;
using normalize::DatasetCapability;

// One venue's checks; reports at the place of the setting at fault.
class VenueCheck {
 public:
  // `in_group`: its symbols are records of a topic.
  VenueCheck(VenueConfig& venue, bool in_group, std::string prefix, const Places& places,
             std::vector<Problem>& problems)
      : venue_(venue), in_group_(in_group), prefix_(std::move(prefix)), places_(places), problems_(problems) {}

  // Checks that need the venue come after its name is known to be right, and the plan last: it would only repeat what
  // the others have told with a better place.
  void run() {
    check_symbols();
    check_limits();
    if (venue_.name.empty()) return;
    const auto adapter = normalize::make_venue(venue_.name, venue_options(venue_));
    if (adapter == nullptr) return report("name", unknown_venue());
    const std::size_t before = problems_.size();
    check_datasets(adapter->capabilities());
    check_book(adapter->capabilities());
    if (venue_.hot_standby && !numbered(adapter->capabilities())) {
      report("hot_standby",
             fmt::format("{} does not number its updates, so two connections cannot be told apart", venue_.name));
    }
    check_lifetime(effective_limits(venue_.limits, adapter->capabilities().limits));
    if (problems_.size() == before) check_plan(*adapter);
  }

 private:
  const Place& place(const std::string& key) const {
    const auto found = places_.find(prefix_ + key);
    return found != places_.end() ? found->second : places_.at(prefix_);
  }
  // Set, and as a list: what is no list has been told already.
  bool is_empty_list(const std::string& key, const std::vector<std::string>& list) const {
    return list.empty() && is_set(key) && !place(key).broken;
  }
  bool is_set(const std::string& key) const { return places_.contains(prefix_ + key); }
  void report(const std::string& key, std::string text) { problems_.push_back({place(key), std::move(text)}); }

  std::string unknown_venue() const {
    std::vector<std::string_view> names;
    for (const auto& entry : normalize::venues()) names.push_back(entry.name);
    return fmt::format("unknown venue \"{}\"{}", place("name").shown, suggestion(venue_.name, names));
  }

  void check_symbols() {
    if (in_group_ && is_set("symbols")) {
      report("symbols", "the symbols of a group are records of ctl.subscription: see `millrace subscribe`");
    }
    if (!in_group_ && !is_set("symbols")) report("", fmt::format("{}symbols is missing", prefix_));
    if (is_empty_list("symbols", venue_.symbols)) report("symbols", "the list of symbols is empty");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < venue_.symbols.size(); ++i) {
      const std::string key = fmt::format("symbols[{}]", i);
      if (venue_.symbols[i].empty()) report(key, "an empty symbol");
      if (!seen.insert(venue_.symbols[i]).second) report(key, fmt::format("{} is listed twice", place(key).shown));
    }
  }

  // A ping interval above the silence limit would end every quiet connection.
  void check_limits() {
    const LimitConfig& limits = venue_.limits;
    const bool both = limits.ping_interval_ms != 0 && limits.silence_ms != 0;
    if (both && limits.ping_interval_ms >= limits.silence_ms) {
      report("limits.ping_interval_ms", "must be less than limits.silence_ms, else quiet connections count as dead");
    }
    if ((limits.connects_per_window != 0) != (limits.connect_window_s != 0)) {
      report(limits.connects_per_window != 0 ? "limits.connects_per_window" : "limits.connect_window_s",
             "limits.connects_per_window and limits.connect_window_s belong together");
    }
  }

  // Make-before-break needs a quarter of the lifetime; below four seconds there is no time for it.
  void check_lifetime(const normalize::VenueLimits& limits) {
    const std::int64_t first_data_s = venue_.timeouts.first_data_ms / 1000;
    if (limits.lifetime_s != 0 && is_set("limits.lifetime_s") && limits.lifetime_s < 4) {
      report("limits.lifetime_s", "must be at least 4: a second connection needs time before the first one ends");
    } else if (limits.lifetime_s != 0 && first_data_s >= limits.lifetime_s) {
      report("timeouts.first_data_ms", "must be less than the connection's lifetime");
    }
  }

  void check_datasets(const Capabilities& capabilities) {
    if (is_empty_list("datasets", venue_.dataset_names)) report("datasets", "the list of datasets is empty");
    std::vector<std::string_view> offered;
    for (const DatasetCapability& capability : capabilities.datasets) offered.push_back(name(capability.dataset));
    for (std::size_t i = 0; i < venue_.dataset_names.size(); ++i) {
      check_dataset(fmt::format("datasets[{}]", i), venue_.dataset_names[i], offered);
    }
  }

  // `datasets` is filled here and nowhere else: only names that passed are in it.
  void check_dataset(const std::string& key, const std::string& text, const std::vector<std::string_view>& offered) {
    const std::string& shown = place(key).shown;
    const auto dataset = normalize::dataset_from_name(text);
    if (!dataset) return report(key, fmt::format("unknown dataset \"{}\"{}", shown, suggestion(text, offered)));
    const auto& known = venue_.datasets;
    if (std::ranges::find(known, *dataset) != known.end()) return report(key, fmt::format("{} is listed twice", shown));
    if (*dataset == Dataset::kInstrument) return report(key, "instrument is always published; leave it out");
    if (*dataset == Dataset::kBboBook) return report(key, "bbo-book is derived: set bbo_from_book: true");
    if (std::ranges::find(offered, std::string_view(text)) == offered.end()) {
      return report(key, fmt::format("{} does not offer {}; it has {}", venue_.name, shown, fmt::join(offered, ", ")));
    }
    venue_.datasets.push_back(*dataset);
  }

  // A setting that has no effect is an error: who wrote it expects one.
  void check_book(const Capabilities& capabilities) {
    const bool book = std::ranges::find(venue_.dataset_names, "book") != venue_.dataset_names.end();
    for (const std::string key : {"book_depth", "book_speed", "snapshot_levels", "bbo_from_book", "book_audit_s"}) {
      if (is_set(key) && !book) report(key, key + " has no effect without dataset book");
    }
    if (venue_.snapshot_levels > venue_.max_levels)
      report("snapshot_levels", "snapshot_levels is more than max_levels");
    if (venue_.book_depth > venue_.max_levels) report("book_depth", "book_depth is more than max_levels");
    const auto row = std::ranges::find(capabilities.datasets, Dataset::kBook, &DatasetCapability::dataset);
    if (row != capabilities.datasets.end()) check_depth(row->depth);
  }

  // `choices` is for people; where it is a list of numbers, it is also the rule.
  void check_depth(std::string_view choices) {
    std::vector<std::int64_t> depths;
    for (std::string_view rest = choices; !rest.empty();) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      std::int64_t depth = 0;
      if (std::from_chars(rest.data(), rest.data() + end, depth).ptr != rest.data() + end) return;
      depths.push_back(depth);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (venue_.book_depth == 0 || depths.empty()) return;
    if (std::ranges::find(depths, venue_.book_depth) == depths.end()) {
      report("book_depth",
             fmt::format("{} has no depth {}; it has {}", venue_.name, place("book_depth").shown, choices));
    }
  }

  // What only the adapter knows, such as a speed it does not have.
  void check_plan(const normalize::Venue& adapter) {
    if (venue_.symbols.empty()) return;
    const auto plan = adapter.plan(wanted_streams(venue_));
    if (plan.has_error()) {
      report("", fmt::format("{} cannot do this: {} ({})", venue_.name, plan.error().where,
                             normalize::name(plan.error().code)));
    }
  }

  VenueConfig& venue_;
  const bool in_group_;
  const std::string prefix_;
  const Places& places_;
  std::vector<Problem>& problems_;
};

// One account's checks.
class AccountCheck {
 public:
  AccountCheck(const AccountConfig& account, std::string prefix, const Places& places, std::vector<Problem>& problems)
      : account_(account), prefix_(std::move(prefix)), places_(places), problems_(problems) {}

  void run() {
    if (!account_.venue.empty()) check_venue();
    check_keys("keys.", account_.keys);
    if (account_.sidecar_keys == KeySource{}) return;
    check_keys("sidecar_keys.", account_.sidecar_keys);
    check_apart("api_key_file", account_.keys.api_key_file, account_.sidecar_keys.api_key_file);
    check_apart("api_key_env", account_.keys.api_key_env, account_.sidecar_keys.api_key_env);
  }

 private:
  const Place& place(const std::string& key) const {
    const auto found = places_.find(prefix_ + key);
    return found != places_.end() ? found->second : places_.at(prefix_);
  }
  void report(const std::string& key, std::string text) { problems_.push_back({place(key), std::move(text)}); }

  void check_venue() {
    const auto known = normalize::account_venues();
    if (std::ranges::find(known, std::string_view(account_.venue), &normalize::AccountVenueEntry::name) !=
        known.end()) {
      return;
    }
    std::vector<std::string_view> names;
    for (const auto& entry : known) names.push_back(entry.name);
    report("venue", fmt::format("accounts of venue \"{}\" are not known{}", place("venue").shown,
                                suggestion(account_.venue, names)));
  }

  // One source for each part; whether the part is right is seen where it is read, at start.
  void check_keys(const std::string& section, const KeySource& source) {
    check_part(section + "api_key", source.api_key_file, source.api_key_env, true);
    check_part(section + "secret", source.secret_file, source.secret_env, true);
    check_part(section + "passphrase", source.passphrase_file, source.passphrase_env, false);
  }
  void check_part(const std::string& part, const std::string& file, const std::string& env, bool required) {
    if (!file.empty() && !env.empty())
      report(part + "_env", fmt::format("{0}_file and {0}_env exclude each other", part));
    const bool broken = places_.contains(prefix_ + part + "_file") || places_.contains(prefix_ + part + "_env");
    if (required && file.empty() && env.empty() && !broken) {
      report(part + "_file", fmt::format("{0}_file or {0}_env is missing", part));
    }
  }

  // Two processes with one key refuse each other's nonces.
  void check_apart(const std::string& part, const std::string& worker, const std::string& sidecar) {
    if (worker.empty() || worker != sidecar) return;
    report("sidecar_keys." + part,
           fmt::format("sidecar_keys.{0} is keys.{0}: the sidecar needs a key of its own, or none", part));
  }

  const AccountConfig& account_;
  const std::string prefix_;
  const Places& places_;
  std::vector<Problem>& problems_;
};

void check_accounts(const Config& config, const Places& places, std::vector<Problem>& problems) {
  std::set<std::pair<std::string, std::string>> names;
  for (std::size_t i = 0; i < config.accounts.size(); ++i) {
    const std::string prefix = fmt::format("accounts[{}].", i);
    const AccountConfig& account = config.accounts[i];
    if (!account.name.empty() && !names.emplace(account.venue, account.name).second) {
      const Place& place = places.at(prefix + "name");
      problems.push_back({place, fmt::format("account {} of {} is listed twice", place.shown, account.venue)});
    }
    AccountCheck(account, prefix, places, problems).run();
  }
  const bool broken = places.contains("journal.dir") && places.at("journal.dir").broken;
  if (!config.accounts.empty() && config.journal.dir.empty() && !broken) {
    problems.push_back({places.at("accounts"),
                        "journal.dir is missing: what accounts tell may not be dropped, so it "
                        "needs a folder to wait in while the broker is away"});
  }
}

void check_overload(const Config& config, const Places& places, std::vector<Problem>& problems) {
  const auto report = [&](std::string text) { problems.push_back({places.at("overload"), std::move(text)}); };
  for (const auto& [dataset, policy] : config.overload) {
    if (!normalize::dataset_from_name(dataset)) report(fmt::format("overload: {} is no dataset", dataset));
    if (policy != "spill" && policy != "conflate") {
      report(fmt::format("overload: {}: {} is no policy: `spill` or `conflate`", dataset, policy));
    }
    if (policy == "spill" && config.journal.dir.empty()) {
      report(fmt::format("overload: {}: spill needs journal.dir", dataset));
    }
  }
  const bool unclear = places.contains("journal.dir") && places.at("journal.dir").broken;
  if (has_broker(config) || !config.journal.dir.empty() || unclear) return;
  const auto at = places.find("kafka.brokers");
  if (at != places.end() && !at->second.shown.empty()) return;  // what it says is wrong, and told
  problems.push_back({at != places.end() ? at->second : places.at(""),
                      "kafka.brokers is missing; without a broker records go to journal.dir, which is missing too"});
}

// A secret has one place; both would leave it to chance which counts.
void read_secret_files(Config& config, const Places& places, std::vector<Problem>& problems) {
  for (const auto& [name, path] : config.kafka.secret_files) {
    const Place& place = places.at("kafka.secret_files." + name);
    const auto secret = load_secret_file(path);
    if (!secret) {
      problems.push_back({place, fmt::format("kafka.secret_files.{}: {}", name, secret.error().where)});
    } else if (!config.kafka.properties.emplace(name, secret->reveal()).second) {
      problems.push_back({place, fmt::format("{} is set in kafka.properties, too", name)});
    }
  }
}

// librdkafka knows its own settings; each line it gives begins with our name of the key.
// Asked of librdkafka itself, so that the list of its settings is not repeated here.
void check_properties(const Config& config, const Places& places, std::vector<Problem>& problems) {
  constexpr std::string_view kProperties = "kafka.properties.";
  publish::KafkaSettings settings;
  settings.brokers = "unused:1";  // has a form of its own
  settings.properties = config.kafka.properties;
  for (std::string& line : publish::problems(settings)) {
    const std::string path = line.substr(0, line.find(": "));
    auto found = places.find(path);
    if (found == places.end() && path.starts_with(kProperties)) {
      found = places.find("kafka.secret_files." + path.substr(kProperties.size()));
    }
    problems.push_back({found != places.end() ? found->second : places.at(""), std::move(line)});
  }
}

}  // namespace

// Problems are added in the order of checks; load() sorts them by place.
void check_config(Config& config, const Places& places, std::vector<Problem>& problems) {
  read_secret_files(config, places, problems);
  check_properties(config, places, problems);
  check_accounts(config, places, problems);
  check_overload(config, places, problems);
  if (!config.group.empty() && !has_broker(config) && places.contains("group")) {
    problems.push_back({places.at("group"), "group needs kafka.brokers: its members meet there"});
  }
  if (config.venues.empty() && places.contains("venues")) {
    problems.push_back({places.at("venues"), "the list of venues is empty"});
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.venues.size(); ++i) {
    const std::string prefix = fmt::format("venues[{}].", i);
    VenueConfig& venue = config.venues[i];
    if (!venue.name.empty() && !names.insert(venue.name).second) {
      const Place& place = places.at(prefix + "name");
      problems.push_back({place, fmt::format("venue {} is listed twice", place.shown)});
    }
    VenueCheck(venue, !config.group.empty(), prefix, places, problems).run();
  }
}

}  // namespace millrace::ingest
