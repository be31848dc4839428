#include "ingest/config/load.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tuple>

#include "ingest/config/checks.h"
#include "ingest/config/keys.h"
#include "ingest/config/section_reader.h"

namespace millrace::ingest {
namespace {

void read_venues(SectionReader& reader, const YAML::Node& list, Config& config) {
  if (!list.IsSequence()) return reader.report(list, "venues must be a list of venues");
  for (std::size_t i = 0; i < list.size(); ++i) {
    reader.read(list[i], venue_keys(), fmt::format("venues[{}].", i), config.venues.emplace_back());
  }
}

void read_accounts(SectionReader& reader, const YAML::Node& list, Config& config) {
  if (!list.IsSequence()) return reader.report(list, "accounts must be a list of accounts");
  for (std::size_t i = 0; i < list.size(); ++i) {
    reader.read(list[i], account_keys(), fmt::format("accounts[{}].", i), config.accounts.emplace_back());
  }
}

void read_root(const YAML::Node& root, const Environment& environment, Loaded& loaded) {
  SectionReader reader(environment, loaded.places, loaded.problems);
  bool any_seen = false;
  const SubSection lists = [&](const std::string& path, const YAML::Node& value) {
    if (path != "venues" && path != "accounts") return false;
    any_seen = true;
    loaded.places[path] = {value.Mark().line + 1, value.Mark().column + 1, {}, false};
    if (path == "venues") read_venues(reader, value, loaded.config);
    if (path == "accounts") read_accounts(reader, value, loaded.config);
    return true;
  };
  reader.read(root, worker_keys(), "", loaded.config, lists);
  if (!any_seen) reader.report(root, "venues is missing (or accounts)");
}

void sort_by_place(std::vector<Problem>& problems) {
  std::ranges::stable_sort(problems, [](const Problem& a, const Problem& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

// Checks that need the whole run even if single settings were wrong: all errors at once is the promise.
Loaded load(std::string_view text, const Environment& environment, const std::string& journal_dir) {
  Loaded loaded;
  try {
    read_root(YAML::Load(std::string(text)), environment, loaded);
  } catch (const YAML::Exception& error) {
    // A text that is no YAML has one problem: the place where reading stopped.
    loaded.problems.push_back({{error.mark.line + 1, error.mark.column + 1, {}, false}, error.msg});
    return loaded;
  }
  if (!journal_dir.empty()) {
    loaded.config.journal.dir = journal_dir;
    loaded.config.kafka.brokers.clear();
  }
  check_config(loaded.config, loaded.places, loaded.problems);
  sort_by_place(loaded.problems);
  return loaded;
}

LoadedFile load_file(const std::string& path, const Environment& environment, NamedFiles named,
                     const std::string& journal_dir) {
  LoadedFile result;
  errno = 0;
  std::ifstream file(path);
  std::stringstream text;
  // peek() first: inserting an empty file is an error to the stream, and a folder opens but does not read.
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    const std::string why = fmt::format("cannot be read: {}", std::strerror(errno));
    result.problems.push_back({{}, "the file " + why});
    result.lines.push_back(path + ": " + why);
    return result;
  }
  Loaded loaded = load(text.str(), environment, journal_dir);
  if (named == NamedFiles::kMayBeAbsent)
    std::erase_if(loaded.problems, [](const Problem& one) { return one.missing_file; });
  for (const Problem& problem : loaded.problems) result.lines.push_back(to_text(path, problem));
  result.config = std::move(loaded.config);
  result.problems = std::move(loaded.problems);
  return result;
}

}  // namespace millrace::ingest
