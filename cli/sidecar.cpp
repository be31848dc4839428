// `millrace sidecar`: finds the fills that the private streams did not tell, until SIGTERM or SIGINT, and reads the
// keys again on SIGHUP; `millrace sidecar recover`: one account and one range, by hand.

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "cli/command.h"
#include "cli/flag_values.h"
#include "cli/service.h"
#include "ingest/config/load.h"
#include "normalize/account/decimal_math.h"
#include "replay/fills/sidecar_process.h"

namespace millrace::cli {
namespace {

struct SidecarFlags {
  std::string config_file;
  bool take_over = false;
  // recover
  std::string account;
  std::string from, to;
  bool dry_run = false;
};

std::string shown(const std::optional<schemas::WideDecimal>& number) {
  return number ? normalize::plain_text(*number) : "-";
}

void print_progress(const fills::SidecarProgress& progress) {
  const bool sized = progress.target > progress.reached;
  fmt::print(stderr, "sweep {}: {} fills read, {} of {} published{}\n", progress.sweep, progress.fills_read,
             progress.acknowledged, progress.to_publish,
             sized ? fmt::format(", {} s to go", (progress.target - progress.reached) / 1'000'000'000) : "");
}

void print_fill(const normalize::FoundFill& fill) {
  fmt::print("missing {} {} {} {} @ {} order {} at {}\n", fill.execution.event_id, fill.symbol,
             schemas::name(fill.execution.side), shown(fill.execution.last_quantity), shown(fill.execution.last_price),
             fill.execution.order_id, fill.venue_time);
}

void print_end(const fills::SweepEnd& end) {
  const schemas::Recovery& found = end.recovery;
  fmt::print("{}: {} fills read, {} were missing, {} richer, {} requests{}{}\n", end.ok ? "complete" : "FAILED",
             found.fills_read, found.fills_missing, found.fills_richer, found.requests, end.error.empty() ? "" : ": ",
             end.error);
}

// A file with an error changes nothing.
void reload(const std::string& config_file, fills::SidecarProcess& process) {
  const ingest::LoadedFile loaded = ingest::load_file(config_file);
  for (const std::string& line : loaded.lines) spdlog::error("reload_refused {}", line);
  if (loaded.ok()) process.renew(loaded.config);
}

// Signals are waited for on a thread of their own, as run() has the main one.
int serve(ingest::Config config, const std::string& config_file, fills::SidecarOptions options, bool tell_ready) {
  const Signals signals;
  fills::SidecarProcess process(std::move(config), std::move(options));
  std::jthread waiter([&](std::stop_token ended) {
    while (!ended.stop_requested()) {
      const auto signal = signals.wait(std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
      if (signal && *signal != SIGHUP) return process.stop();
      if (signal) reload(config_file, process);
    }
  });
  try {
    const auto end = process.run([tell_ready](const std::string& metrics) {
      if (!tell_ready) return;
      fmt::print("{{\"ready\":true,\"metrics\":\"http://{}/metrics\"}}\n", metrics);
      std::fflush(stdout);
    });
    return static_cast<int>(end);
  } catch (const std::exception& error) {
    spdlog::error("sidecar_failed {}", error.what());
    return kFailed;
  }
}

int run(const SidecarFlags& flags, bool recover) {
  const ingest::LoadedFile loaded = ingest::load_file(flags.config_file);
  for (const std::string& line : loaded.lines) fmt::print(stderr, "{}\n", line);
  if (!loaded.ok()) return kUsage;
  fills::SidecarOptions options;
  options.take_over = flags.take_over;
  if (recover) {
    options.hand = {flags.account, time_of("--from", flags.from), time_of("--to", flags.to), flags.dry_run};
    if (options.hand->from > options.hand->to) throw UsageError("--from is after --to");
    options.on_progress = print_progress;
    options.on_would_publish = print_fill;
    options.on_end = print_end;
  }
  set_up_log(recover ? "warn" : loaded.config.log_level);
  return serve(loaded.config, flags.config_file, std::move(options), !recover);
}

}  // namespace

void add_sidecar(CLI::App& app, Action& action) {
  auto* sidecar = app.add_subcommand("sidecar", "Find missed fills over REST and publish them, with a watermark");
  const auto flags = std::make_shared<SidecarFlags>();
  const std::string take_over = "Replace another sidecar at once, instead of waiting until it is silent for 30 s";
  auto* config = sidecar->add_option("--config", flags->config_file, "The configuration that `millrace ingest` has");
  sidecar->add_flag("--take-over", flags->take_over, take_over);
  auto* recover = sidecar->add_subcommand("recover", "Sweep one account and range by hand, with progress");
  recover->add_option("--config", flags->config_file, "The configuration that `millrace ingest` has")->required();
  recover->add_option("--account", flags->account, "VENUE/NAME, or NAME where only one venue has it")->required();
  recover->add_option("--from", flags->from, "The venue's time, such as 2026-01-31T12:00:00Z, inclusive")->required();
  recover->add_option("--to", flags->to, "The same, inclusive")->required();
  recover->add_flag("--dry-run", flags->dry_run, "Only tell what is missing");
  recover->add_flag("--take-over", flags->take_over, take_over);
  sidecar->callback([flags, config, recover, &action] {
    if (recover->parsed()) return;
    if (config->empty()) throw CLI::RequiredError("--config");
    action = [flags] { return run(*flags, false); };
  });
  recover->callback([flags, &action] { action = [flags] { return run(*flags, true); }; });
}

}  // namespace millrace::cli
