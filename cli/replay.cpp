// `millrace replay`: history from topics, a journal or recordings, in order and at a chosen speed.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/flag_values.h"
#include "cli/kafka_reader.h"
#include "cli/normalize/output.h"
#include "cli/reader_options.h"
#include "cli/replay/capture_source.h"
#include "cli/replay/console.h"
#include "publish/kafka/topic_names.h"
#include "publish/wall_clock.h"
#include "replay/history/csv.h"
#include "replay/history/journal_source.h"
#include "replay/history/replay_run.h"
#include "replay/history/topic_source.h"
#include "replay/history/topic_writer.h"
#include "replay/history/websocket_writer.h"

namespace millrace::cli {
namespace {

struct ReplayFlags {
  ReaderFlags reader;
  // From where: exactly one.
  bool topics = false;
  std::string journal;
  CaptureSourceOptions capture;
  // What.
  history::Selection selection;
  std::string from, to, as_of;
  // Where to: one, or standard output.
  history::Format format = history::Format::kJson;
  std::string output;
  std::string to_prefix;
  std::optional<std::int64_t> websocket;
  // How.
  std::string speed = "max";
  bool progress = false;
  bool strict = false;
  std::string summary;
  std::int64_t refresh_seconds = 60;
  std::int64_t late_seconds = 900;
  std::int64_t memory_mib = 64;
  std::string temp;
};

history::TimeRange range_of(const ReplayFlags& options) {
  history::TimeRange range;
  if (!options.from.empty()) range.from = time_of("--from", options.from);
  if (!options.to.empty()) range.to = time_of("--to", options.to);
  if (!options.as_of.empty()) range.to = time_of("--as-of", options.as_of);
  if (range.from > range.to) throw UsageError("--from is later than --to");
  return range;
}

double speed_of(const std::string& text) {
  if (text == "max") return 0;
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  if (error == std::errc{} && end == text.data() + text.size() && speed >= 0.001 && speed <= 1e6) return speed;
  throw UsageError("--speed wants max, or how many times as fast as it was: 1, 10, 0.5");
}

history::ReplayOptions replay_options(const ReplayFlags& options) {
  history::ReplayOptions out;
  out.selection = options.selection;
  out.only_books = !options.as_of.empty();
  out.refresh_ns = options.refresh_seconds * 1'000'000'000;
  out.read.range = range_of(options);
  out.read.late_ns = options.late_seconds * 1'000'000'000;
  out.read.memory_bytes = static_cast<std::size_t>(options.memory_mib) << 20;
  out.read.now = wall_clock();
  std::error_code ignored;
  out.read.temp_folder = options.temp.empty() ? std::filesystem::temp_directory_path(ignored).string() : options.temp;
  out.read.stop = interrupted;
  return history::planned(std::move(out));
}

// A file has one list of columns.
void check_csv(const ReplayFlags& options) {
  if (options.format != history::Format::kCsv) return;
  const auto type_of = [](const std::string& dataset) {
    return history::kind_of_topic(publish::market_topic("any", dataset))->type;
  };
  const auto& datasets = options.selection.datasets;
  const bool one_type = !datasets.empty() && std::all_of(datasets.begin(), datasets.end(), [&](const auto& dataset) {
    return type_of(dataset) == type_of(datasets.front());
  });
  if (one_type || !options.as_of.empty()) return;
  throw UsageError("--format csv wants one --dataset, or several with the same columns (bbo and bbo-book)");
}

void check(const ReplayFlags& options) {
  const int sources = options.topics + !options.journal.empty() + !options.capture.files.empty();
  if (sources != 1) throw UsageError("replay: say where from, one of --topics, --journal DIR, --capture FILE");
  const int targets = !options.output.empty() + !options.to_prefix.empty() + options.websocket.has_value();
  if (targets > 1) throw UsageError("replay: one of --output, --to-prefix, --websocket");
  if (!options.as_of.empty() && (!options.from.empty() || !options.to.empty())) {
    throw UsageError("--as-of is one time: it goes without --from and --to");
  }
  check_csv(options);
}

void check_target(const publish::KafkaSettings& kafka, const std::string& prefix) {
  if (!publish::is_topic_text(prefix)) throw UsageError("--to-prefix: letters, digits, . _ - only");
  if (prefix != kafka.prefix) return;
  throw UsageError(fmt::format("--to-prefix {}: history never goes where it came from, choose another prefix", prefix));
}

history::TopicSources open_sources(const ReplayFlags& options, const history::ReplayOptions& replay,
                                   const publish::KafkaSettings& kafka, history::Problems& problems) {
  const history::ReadOptions& read = replay.read;
  if (options.topics) return history::open_topics(kafka, replay.selection, read.range, read.lookback_ns, interrupted);
  if (!options.journal.empty()) {
    return {history::open_journal(options.journal, read.range, read.lookback_ns, problems), {}};
  }
  CaptureSourceOptions capture = options.capture;
  if (options.selection.venues.size() == 1) capture.venue = options.selection.venues.front();
  const auto& datasets = options.selection.datasets;
  capture.bbo_from_book = std::find(datasets.begin(), datasets.end(), "bbo-book") != datasets.end();
  try {
    return {open_captures(capture, problems), {}};
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("replay: {}", error.what()));
  }
}

// A writer, and what it writes to.
struct Target {
  std::unique_ptr<Output> output;  // null: topics, or clients
  std::unique_ptr<history::Writer> writer;
};

Target open_output(const ReplayFlags& options, history::Problems& problems) {
  Target target;
  try {
    target.output = std::make_unique<Output>(options.output);
  } catch (const std::invalid_argument& error) {
    throw UsageError(fmt::format("replay: {}", error.what()));
  }
  const auto write = [output = target.output.get()](std::string_view bytes) {
    output->write(bytes);
    if (output->failed()) output->finish();  // nobody reads any more: says so by throwing
  };
  target.writer = history::make_stream_writer(options.format, write, problems);
  return target;
}

// Null writer: ended before a client came.
Target open_websocket(std::int64_t port, history::Problems& problems) {
  auto server = history::make_websocket_writer(static_cast<std::uint16_t>(port), problems, interrupted);
  fmt::print("{{\"websocket\":\"ws://127.0.0.1:{}\"}}\n", server->port());
  std::fflush(stdout);
  if (!server->wait_for_client(interrupted)) return {};
  return {nullptr, std::move(server)};
}

Target open_target(const ReplayFlags& options, publish::KafkaSettings kafka, history::PartitionCounts partitions,
                   history::Problems& problems) {
  if (options.websocket) return open_websocket(*options.websocket, problems);
  if (options.to_prefix.empty()) return open_output(options, problems);
  kafka.prefix = options.to_prefix;
  return {nullptr, history::make_topic_writer(kafka, std::move(partitions), wall_clock)};
}

void tell(const std::string& file, const std::string& summary) {
  if (file.empty()) return fmt::print(stderr, "{}\n", summary);
  Output output{file};
  output.write(summary + "\n");
  output.finish();
}

history::ReplaySummary replay(history::ReplayRun& run, const Target& target, ReplayConsole& console) {
  console.share = [&] { return run.progress(); };
  console.records = [&] { return run.records(); };
  console.flush = [&] {
    target.writer->flush();
    if (target.output) target.output->flush();
  };
  const auto summary = run.run(*target.writer, [&](const history::Record& record) { return console.wait(record); });
  if (target.output) target.output->finish();
  return summary;
}

int run(const ReplayFlags& options) {
  check(options);
  ReplayConsole::Options how;
  how.speed = speed_of(options.speed);
  how.progress = options.progress || isatty(STDERR_FILENO) != 0;
  how.keys = std::find(options.capture.files.begin(), options.capture.files.end(), "-") == options.capture.files.end();
  const history::ReplayOptions plan = replay_options(options);
  publish::KafkaSettings kafka;
  if (options.topics || !options.to_prefix.empty()) {
    ReaderSetup setup;
    if (!resolve(options.reader, setup)) return kUsage;
    kafka = kafka_settings(setup);
  }
  if (!options.to_prefix.empty()) check_target(kafka, options.to_prefix);
  static_cast<void>(interrupted());
  const char* const clear = how.progress ? "\r\033[K" : "";  // the progress line
  history::Problems problems{[&](std::string_view line) { fmt::print(stderr, "{}millrace: {}\n", clear, line); }};
  auto from = open_sources(options, plan, kafka, problems);
  const Target target = open_target(options, kafka, std::move(from.partitions), problems);
  if (!target.writer) return kFailed;
  const auto begun = std::chrono::steady_clock::now();
  history::ReplayRun run{plan, std::move(from.sources), problems};
  history::ReplaySummary summary;
  {
    ReplayConsole console{how};
    summary = replay(run, target, console);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  tell(options.summary, summary.to_json(took.count()));
  const bool whole = summary.complete && summary.problems.count("late") == 0;
  return whole && (summary.problems.empty() || !options.strict) ? kOk : kFailed;
}

void add_sources(CLI::App& command, ReplayFlags& options) {
  add_reader_flags(command, options.reader);
  command.add_flag("--topics", options.topics, "from the topics under --prefix, as they are now");
  command.add_option("--journal", options.journal, "from the journal in this folder")->check(CLI::ExistingDirectory);
  command.add_option("--capture", options.capture.files, "from recordings, normalized again; several are one in order")
      ->check([](const std::string& path) { return path == "-" ? "" : CLI::ExistingFile(path); });
  command.add_option("--instruments", options.capture.instruments, "the venue's instruments answer, for recordings")
      ->check(CLI::ExistingFile);
}

void add_selection(CLI::App& command, ReplayFlags& options) {
  command.add_option("--venue", options.selection.venues, "only this venue (again for more)")->allow_extra_args(false);
  command.add_option("--dataset", options.selection.datasets, "only this dataset: book, trade, execution ...")
      ->allow_extra_args(false)
      ->check(check_dataset);
  command
      .add_option("--instrument,--account", options.selection.instruments,
                  "only this instrument, venue's symbol or account (again for more)")
      ->allow_extra_args(false);
  command.add_option("--from", options.from, "first receive time: ISO 8601, or nanoseconds since 1970");
  command.add_option("--to", options.to, "last receive time");
  command.add_option("--as-of", options.as_of, "the books as they were at this time, and nothing else");
}

void add_targets(CLI::App& command, ReplayFlags& options) {
  static const std::map<std::string, history::Format> kFormats{
      {"json", history::Format::kJson}, {"proto", history::Format::kProto}, {"csv", history::Format::kCsv}};
  command.add_option("--format", options.format, "json (lines), proto (length-delimited Records) or csv")
      ->transform(CLI::CheckedTransformer(kFormats))
      ->type_name("json|proto|csv");
  command.add_option("-o,--output", options.output, "a file instead of standard output");
  command.add_option("--to-prefix", options.to_prefix, "into topics under this prefix, with origin HISTORY");
  command.add_option("--websocket", options.websocket, "serve JSON frames on this port of 127.0.0.1; 0 = a free one")
      ->check(from_zero_to(65'535));
}

void add_manner(CLI::App& command, ReplayFlags& options) {
  command.add_option("--speed", options.speed, "max, or times as fast as it was: 1, 10, 0.5")->capture_default_str();
  command.add_flag("--progress", options.progress, "show progress even if standard error is no terminal");
  command.add_option("--summary", options.summary, "a file for the closing JSON line instead of standard error");
  command.add_flag("--strict", options.strict, "exit with 1 if anything could not be read");
  command.add_option("--refresh", options.refresh_seconds, "the worker's refresh_s: how far back books are looked for")
      ->check(from_one_to(86'400))
      ->capture_default_str();
  command.add_option("--late", options.late_seconds, "seconds that a record may stand behind later ones")
      ->check(from_zero_to(kYearSeconds))
      ->capture_default_str();
  command.add_option("--memory", options.memory_mib, "MiB for sorting; what does not fit goes to --temp")
      ->check(from_one_to(4095))
      ->capture_default_str();
  command.add_option("--temp", options.temp, "folder for what does not fit into memory (default: TMPDIR)")
      ->check(CLI::ExistingDirectory);
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ReplayFlags>();
  CLI::App* command = app.add_subcommand(
      "replay", "Replay history from topics, a journal or recordings; SIGUSR1 pauses, SIGUSR2 goes on");
  add_sources(*command, *options);
  add_selection(*command, *options);
  add_targets(*command, *options);
  add_manner(*command, *options);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
