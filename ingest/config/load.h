#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/config/config.h"
#include "ingest/config/problem.h"

namespace millrace::ingest {

// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

// What became of a configuration text. `config` may be used only if `problems` is empty.
struct Loaded {
  Config config;
  Places places;
  std::vector<Problem> problems;  // every one, in the order of the file
};

// Reads YAML text by the table of keys.h and checks it against what the venues can do. No exceptions, no I/O but
// looking whether a named CA file can be read, and reading Kafka's secret files. Texts may refer to the environment as
// ${NAME}; a variable that is not set is a problem.
// With a `journal_dir` the worker is to do without a broker: it replaces the configured one, and brokers are forgotten.
Loaded load(std::string_view text, const Environment& environment, const std::string& journal_dir = {});

// The same for a file; `lines` has one per problem as to_text() writes them.
struct LoadedFile {
  Config config;
  std::vector<Problem> problems;
  std::vector<std::string> lines;

  bool ok() const noexcept { return lines.empty(); }
};
// Must the files be there that the configuration names (a venue's CA file)? Only who connects to venues opens them.
enum class NamedFiles : std::uint8_t { kMustBeThere, kMayBeAbsent };
LoadedFile load_file(const std::string& path, const Environment& environment = process_environment(),
                     NamedFiles named = NamedFiles::kMustBeThere, const std::string& journal_dir = {});

}  // namespace millrace::ingest
