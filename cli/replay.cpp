// `millrace replay`: history from topics, a journal or recordings, in order and at a chosen speed.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/normalize/output.h"
#include "cli/reader_options.h"
#include "replay/history/csv.h"
#include "replay/history/replay_run.h"
#include "replay/history/topic_source.h"

namespace millrace::cli {
namespace {

struct Options {
  ReaderFlags reader;
  bool topics = false;
  std::string from, to, as_of;
  history::ReplayOptions replay;
  std::int64_t refresh_seconds = 60;
  std::int64_t late_seconds = 900;
  std::int64_t memory_mib = 64;
  history::Format format = history::Format::kJson;
  std::string output;
  std::string summary;
};

schemas::UnixNanos wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

schemas::UnixNanos time_of(const char* flag, const std::string& text) {
  if (const auto time = history::parse_time(text)) return *time;
  throw UsageError(fmt::format("{} wants a time such as 2026-11-22T01:02:03.5Z, or nanoseconds since 1970", flag));
}

history::ReplayOptions replay_options(const Options& options) {
  history::ReplayOptions out = options.replay;
  if (!options.from.empty()) out.read.range.from = time_of("--from", options.from);
  if (!options.to.empty()) out.read.range.to = time_of("--to", options.to);
  if (!options.as_of.empty()) {
    out.read.range.to = time_of("--as-of", options.as_of);
    out.only_books = true;
  }
  if (out.read.range.from > out.read.range.to) throw UsageError("--from is later than --to");
  out.refresh_ns = options.refresh_seconds * 1'000'000'000;
  out.read.late_ns = options.late_seconds * 1'000'000'000;
  out.read.memory_bytes = static_cast<std::size_t>(options.memory_mib) << 20;
  out.read.now = wall_clock();
  return out;
}

int run(const Options& options) {
  const history::ReplayOptions replay = replay_options(options);
  ReaderSetup setup;
  if (!resolve(options.reader, setup)) return kUsage;
  publish::KafkaSettings kafka;
  kafka.brokers = setup.kafka.brokers;
  kafka.prefix = setup.prefix;
  kafka.properties = setup.kafka.properties;
  const auto begun = std::chrono::steady_clock::now();
  history::Problems problems{[](std::string_view line) { fmt::print(stderr, "millrace: {}\n", line); }};
  history::ReplayRun run{replay, history::open_topics(kafka, replay.selection, replay.read.range, 75'000'000'000),
                         problems};
  Output output{options.output};
  const auto writer = history::make_stream_writer(
      options.format, [&](std::string_view b) { output.write(b); }, problems);
  const auto summary = run.run(*writer, [](const history::Record&) { return true; });
  output.finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print(stderr, "{}\n", summary.to_json(took.count()));
  return summary.complete ? kOk : kFailed;
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("replay", "Replay history from topics, a journal or recordings");
  add_reader_flags(*command, options->reader);
  command->add_flag("--topics", options->topics, "from the topics under --prefix");
  command->add_option("--from", options->from, "first receive time: ISO 8601 or nanoseconds since 1970");
  command->add_option("--to", options->to, "last receive time");
  command->add_option("--as-of", options->as_of, "print the books as they were at this time, and nothing else");
  command->add_option("--memory", options->memory_mib)->capture_default_str();
  command->add_option("--late", options->late_seconds)->capture_default_str();
  static const std::map<std::string, history::Format> kFormats{
      {"json", history::Format::kJson}, {"proto", history::Format::kProto}, {"csv", history::Format::kCsv}};
  command->add_option("--format", options->format)->transform(CLI::CheckedTransformer(kFormats));
  command->add_option("--venue", options->replay.selection.venues);
  command->add_option("--dataset", options->replay.selection.datasets);
  command->add_option("--instrument", options->replay.selection.instruments);
  command->add_option("-o,--output", options->output, "a file instead of standard output");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
