// The one binary: picks a subcommand and turns what goes wrong into one line and an exit status.

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "cli/command.h"

namespace millrace::cli {
namespace {

// From nothing to records in Kafka, for who has just built it.
constexpr const char* kWayIn =
    "deploy/demo does all of this once: Kafka, topics, venues, records, verdict. By hand:\n"
    "  millrace check --config deploy/example.yaml\n"
    "  millrace topics apply --config deploy/example.yaml\n"
    "  millrace ingest --config deploy/example.yaml\n"
    "  millrace tail --config deploy/example.yaml\n"
    "  millrace verify --config deploy/example.yaml";

// The command that the arguments had reached, as the user typed it: "millrace topics plan".
std::string command_line(const CLI::App& app) {
  std::string name = app.get_name();
  for (const CLI::App* sub : app.get_subcommands()) {
    if (!sub->get_name().empty()) name += " " + command_line(*sub);
  }
  return name;
}

// One line that says what is wrong and where help is. CLI11 tells of what is missing before it tells of what nobody
// knows; a misspelt flag is both, and its spelling is the news.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const std::string command = command_line(app);
  const std::vector<std::string> unknown = app.remaining(true);
  std::string what = unknown.empty() ? error.what() : fmt::format("\"{}\" is not known here", unknown.front());
  std::ranges::replace(what, '\n', ' ');
  std::fprintf(stderr, "%s: %s; `%s --help` lists what there is\n", command.c_str(), what.c_str(), command.c_str());
  return kUsage;
}

int parse_failed(const CLI::App& app, const CLI::ParseError& error, bool bare) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  if (!bare) return refuse(app, error);
  std::fputs(app.help().c_str(), stderr);
  return kUsage;
}

// What went to a full disk or a closed descriptor was not said, whatever the command thinks.
int with_output(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  std::fprintf(stderr, "millrace: standard output cannot be written: %s\n", std::strerror(errno));
  return status == kOk ? kFailed : status;
}

int act(const Action& action) {
  try {
    return with_output(action());
  } catch (const UsageError& error) {
    std::fprintf(stderr, "millrace: %s\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "millrace: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace
}  // namespace millrace::cli

int main(int argc, char** argv) {
  CLI::App app{"Millrace: exchange WebSockets to Kafka topics that can be trusted", "millrace"};
  app.require_subcommand(1);
  app.set_version_flag("--version", MILLRACE_VERSION);
  app.footer(millrace::cli::kWayIn);
  millrace::cli::Action action;
#define COMMAND(name) millrace::cli::add_##name(app, action);
#include "cli/commands.def"
#undef COMMAND
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return millrace::cli::parse_failed(app, error, argc < 2);
  }
  // Standard output is the command's own; what libraries have to say is not.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("millrace"));
  return millrace::cli::act(action);
}
