// `millrace ingest`: from the venues' sockets to Kafka, until SIGTERM or SIGINT. SIGHUP reads the file and the
// accounts' keys again.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "cli/command.h"
#include "cli/service.h"
#include "ingest/config/load.h"
#include "ingest/worker/worker.h"

namespace millrace::cli {
namespace {

struct IngestOptions {
  std::string config_file;
  std::string record_dir;
  std::string journal_dir;
  std::string ready_file;
  int seconds = 0;  // 0 = until a signal
};

void tell_ready(const IngestOptions& options, const ingest::Worker& worker) {
  const std::string line = fmt::format("{{\"ready\":true,\"metrics\":\"http://{}/metrics\",\"epoch\":{}}}\n",
                                       worker.metrics_address(), worker.epoch());
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
  if (options.ready_file.empty()) return;
  std::ofstream file(options.ready_file);
  // Whoever waits for the file would wait for ever.
  if (!(file << line << std::flush))
    throw std::runtime_error("--ready-file " + options.ready_file + " cannot be written");
}

ingest::LoadedFile load(const IngestOptions& options) {
  return ingest::load_file(options.config_file, ingest::process_environment(), ingest::NamedFiles::kMustBeThere,
                           options.journal_dir);
}

// A file with an error changes nothing: a slip in an editor must not end streams.
void reload(const IngestOptions& options, ingest::Worker& worker) {
  const ingest::LoadedFile loaded = load(options);
  for (const std::string& line : loaded.lines) spdlog::error("reload_refused {}", line);
  if (!loaded.ok()) return;
  for (const std::string& what : worker.reload(loaded.config)) spdlog::warn("reload_needs_restart {}", what);
  spdlog::info("reloaded");
}

// Records that the broker did not take in time are told, but the exit status stays 0: the end was asked for.
int serve(const IngestOptions& options, const Signals& signals, ingest::Worker& worker) {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  if (options.seconds > 0) deadline = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  while (const auto signal = signals.wait(deadline)) {
    if (*signal != SIGHUP) break;
    reload(options, worker);
  }
  spdlog::info("stopping");
  const std::size_t left = worker.stop();
  if (left == 0) {
    spdlog::info("stopped unacknowledged=0");
  } else {
    spdlog::error("stopped unacknowledged={}", left);
  }
  return kOk;
}

// Signals are blocked before the first thread starts, which inherit that; so none of them can be hit by one.
int run(const IngestOptions& options) {
  const ingest::LoadedFile loaded = load(options);
  for (const std::string& line : loaded.lines) fmt::print(stderr, "{}\n", line);
  if (!loaded.ok()) return kUsage;
  set_up_log(loaded.config.log_level);
  const Signals signals;
  std::atomic<bool> taken_over{false};
  ingest::Worker worker(loaded.config, options.record_dir, [&taken_over] {
    taken_over = true;
    kill(getpid(), SIGTERM);
  });
  const auto problems = worker.start();
  for (const std::string& problem : problems) spdlog::error("start_failed {}", problem);
  if (!problems.empty()) return kFailed;
  tell_ready(options, worker);
  const int status = serve(options, signals, worker);
  return taken_over ? kTakenOver : status;
}

}  // namespace

void add_ingest(CLI::App& app, Action& action) {
  auto* ingest = app.add_subcommand(
      "ingest", "Publish market data and accounts of the configured venues to Kafka, or to a journal");
  const auto options = std::make_shared<IngestOptions>();
  ingest->add_option("--config", options->config_file, "The configuration (see `millrace check`)")->required();
  ingest->add_option("--record", options->record_dir, "Also write capture files into this folder");
  ingest->add_option("--journal", options->journal_dir, "Write the records into this folder, without any broker");
  ingest->add_option("--ready-file", options->ready_file, "Write the READY line into this file as well");
  ingest->add_option("--seconds", options->seconds, "End after so many seconds")->check(from_zero_to(kYearSeconds));
  ingest->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
