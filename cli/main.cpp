// The one binary: picks a subcommand and turns what goes wrong into one line and an exit status.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

#include "cli/command.h"

int main(int argc, char** argv) {
  CLI::App app{"Millrace: exchange WebSockets to Kafka topics that can be trusted", "millrace"};
  app.require_subcommand(1);
  app.set_version_flag("--version", MILLRACE_VERSION);
  millrace::cli::Action action;
#define COMMAND(name) millrace::cli::add_##name(app, action);
#include "cli/commands.def"
#undef COMMAND
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? millrace::cli::kOk : millrace::cli::kUsage;
  }
  // Standard output is the command's own; what libraries have to say is not.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("millrace"));
  try {
    return action();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "millrace: %s\n", error.what());
    return millrace::cli::kFailed;
  }
}
