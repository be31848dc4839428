// `millrace check`: everything that is wrong with a configuration file, at once; or the page that explains the
// settings.

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "ingest/config/keys.h"
#include "ingest/config/load.h"
#include "schemas/codec/json_writer.h"

namespace millrace::cli {
namespace {

struct CheckOptions {
  std::string file;
  bool reference = false;
  bool json = false;
};

void print_json(const std::string& file, const ingest::LoadedFile& loaded) {
  std::string line;
  schemas::JsonWriter json(line);
  json.text("file", file);
  json.boolean("ok", loaded.ok());
  json.open_array("problems");
  for (const ingest::Problem& problem : loaded.problems) {
    json.element_object();
    json.integer("line", problem.place.line);
    json.integer("column", problem.place.column);
    json.text("text", problem.text);
    json.close_object();
  }
  json.close_array();
  json.finish();
  fmt::print("{}\n", line);
}

void print_text(const std::string& file, const ingest::LoadedFile& loaded) {
  for (const std::string& line : loaded.lines) fmt::print(stderr, "{}\n", line);
  if (!loaded.ok()) return fmt::print(stderr, "{}: {} error(s)\n", file, loaded.lines.size());
  std::size_t streams = 0;
  for (const auto& venue : loaded.config.venues) streams += wanted_streams(venue).size();
  fmt::print("{}: ok, {} venue(s), {} streams, {} thread(s)\n", file, loaded.config.venues.size(), streams,
             loaded.config.threads);
}

int run(const CheckOptions& options) {
  if (options.reference) {
    fmt::print("{}", ingest::reference_page());
    return kOk;
  }
  if (options.file.empty()) throw UsageError("check needs --config FILE or --reference");
  const ingest::LoadedFile loaded = ingest::load_file(options.file);
  options.json ? print_json(options.file, loaded) : print_text(options.file, loaded);
  return loaded.ok() ? kOk : kUsage;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  auto* check = app.add_subcommand("check", "Show every error of a configuration file, with line and column");
  const auto options = std::make_shared<CheckOptions>();
  check->add_option("--config", options->file, "The file of `millrace ingest`");
  check->add_flag("--reference", options->reference, "Print the page of all settings (deploy/CONFIGURATION.md)");
  check->add_flag("--json", options->json, "One JSON object instead of text");
  check->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
