// `millrace verify`: reads every market and account topic, heartbeat and sweep under a prefix and says which promises
// hold.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/kafka_reader.h"
#include "cli/reader_options.h"
#include "cli/verify/verifier.h"
#include "publish/wall_clock.h"

namespace millrace::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct VerifyOptions {
  ReaderFlags reader;
  std::vector<std::string> expect;  // "venue/dataset/symbol", "venue/dataset/account"
  std::int64_t from_epoch = 0;
  std::int64_t idle_ms = 0;
  std::int64_t until_seconds = 0;
  std::int64_t grace_seconds = 10;
  std::optional<std::int64_t> books_at_ns;
  bool json = false;
  bool per_stream = false;
};

// The symbol may have a slash of its own.
bool parse_expected(const std::string& text, ExpectedStream& out) {
  const auto first = text.find('/');
  const auto second = first == std::string::npos ? first : text.find('/', first + 1);
  if (second == std::string::npos || second + 1 == text.size()) return false;
  out = {text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  return true;
}

// Every stream that the configuration asks for. Reference data has no numbering, so nothing is expected of it.
void expect_configured(const ingest::VenueConfig& venue, std::vector<ExpectedStream>& out) {
  for (const std::string& symbol : venue.symbols) {
    for (const std::string& dataset : venue.dataset_names) {
      if (dataset != "instrument") out.push_back({venue.name, dataset, symbol});
      if (dataset == "book" && venue.bbo_from_book) out.push_back({venue.name, "bbo-book", symbol});
    }
  }
}

void expect_configured(const ingest::AccountConfig& account, std::vector<ExpectedStream>& out) {
  for (const char* dataset : {"execution", "balance"}) out.push_back({account.venue, dataset, account.name});
}

bool is_read(const TopicName& name) {
  if (name.family == "market") return true;
  if (name.family == "account") return name.dataset == "execution" || name.dataset == "balance";
  return name.family == "ops" &&
         (name.dataset == "heartbeat" || name.dataset == "status" || name.dataset == "recovery");
}

// Feeds the verifier until there is nothing more to read, by the options.
class Reading {
  // For a broker that restarts. Longer, and a broker that is gone or a topic deleted meanwhile would hang its caller.
  static constexpr auto kPatience = std::chrono::seconds(60);

 public:
  Reading(KafkaReader& reader, Verifier& verifier, std::string prefix, const VerifyOptions& options)
      : reader_{reader}, verifier_{verifier}, prefix_{std::move(prefix)}, options_{options} {}

  void run() {
    look_for_partitions();
    while (!done() && !interrupted()) {
      if (follows() && Clock::now() - looked_ > milliseconds(2000)) look_for_partitions();
      step();
    }
    read_what_is_there();
    wait_for_heartbeats();
    if (progress_) std::fputs("\r\033[K", stderr);
  }

 private:
  void step() {
    reader_.poll(milliseconds(100), [this](const Incoming& incoming) { take(incoming); });
    show_progress();
    if (!open_.empty() && Clock::now() - heard_ > kPatience) give_up("Kafka has been silent for 60 s");
  }

  // Partitions are not read at the same time: while the last one was, others went on. So that of some moment all is
  // read.
  void read_what_is_there() {
    if (!open_.empty()) give_up("interrupted");
    const std::int64_t moment = wall_clock();
    const auto ends = reader_.ends(known_);
    const auto is_behind = [&](const KafkaReader::Partition& partition) {
      const auto end = ends.find(partition);
      return end != ends.end() && verifier_.next_offset(partition.topic, partition.id) < end->second;
    };
    heard_ = Clock::now();
    for (;; step()) {
      open_.clear();
      std::ranges::copy_if(known_, std::inserter(open_, open_.end()), is_behind);
      if (open_.empty() || interrupted()) break;
    }
    // Interrupted, or not told of every end: less is judged.
    if (open_.empty() && ends.size() == known_.size()) verifier_.on_all_read(moment);
  }

  // When a broker comes back, what waited for it comes partition by partition: records may be there, and the heartbeats
  // of that time not yet.
  void wait_for_heartbeats() {
    const auto begun = Clock::now();
    while (verifier_.silent() && Clock::now() - begun < std::chrono::seconds(options_.grace_seconds) &&
           !interrupted()) {
      step();
    }
  }

  bool follows() const { return options_.idle_ms > 0 || options_.until_seconds > 0; }

  // A verdict on a part would look like one on the whole.
  [[noreturn]] void give_up(const char* why) const {
    throw std::runtime_error(fmt::format("{}, {} partitions not read to their end, the first {}: no verdict", why,
                                         open_.size(), open_.begin()->topic));
  }

  // What was there when reading began is read whatever the clock says: a verdict on a part of it would mean nothing.
  bool done() const {
    if (!open_.empty()) return false;
    const auto now = Clock::now();
    if (options_.until_seconds > 0 && now - started_ >= std::chrono::seconds(options_.until_seconds)) return true;
    if (options_.idle_ms > 0) return now - last_record_ >= milliseconds(options_.idle_ms);
    return options_.until_seconds == 0;
  }

  void look_for_partitions() {
    std::vector<KafkaReader::Partition> fresh;
    for (const auto& partition : reader_.partitions(prefix_ + ".")) {
      const auto name = parse_topic(prefix_, partition.topic);
      if (!name || !is_read(*name) || !known_.insert(partition).second) continue;
      fresh.push_back(partition);
      verifier_.on_partition(partition.topic, partition.id);
    }
    open_.insert(fresh.begin(), fresh.end());
    reader_.add(fresh, KafkaReader::From::kBeginning);
    if (!fresh.empty()) heard_ = Clock::now();
    looked_ = Clock::now();
  }

  void take(const Incoming& incoming) {
    heard_ = Clock::now();
    if (incoming.end) {
      verifier_.on_end(incoming.topic, incoming.partition, incoming.offset);
      open_.erase({std::string(incoming.topic), incoming.partition});
      return;
    }
    verifier_.on_record(
        {incoming.topic, incoming.partition, incoming.offset, incoming.key, incoming.value, incoming.resent});
    // Heartbeats and sweeps go on where nothing else does.
    if (!incoming.topic.starts_with(prefix_ + ".ops.")) last_record_ = Clock::now();
  }

  void show_progress() {
    const auto now = Clock::now();
    if (now - shown_ < milliseconds(500) || isatty(STDERR_FILENO) == 0) return;
    shown_ = now;
    progress_ = true;
    fmt::print(stderr, "\r{} records read, {} partitions to go ", verifier_.records(), open_.size());
    std::fflush(stderr);
  }

  KafkaReader& reader_;
  Verifier& verifier_;
  std::string prefix_;
  const VerifyOptions& options_;
  std::set<KafkaReader::Partition> known_, open_;  // open: not read to its end yet
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_record_ = started_;
  Clock::time_point looked_ = started_;
  Clock::time_point heard_ = started_;  // of a record or an end; errors do not count
  Clock::time_point shown_ = started_;
  bool progress_ = false;
};

int run(const VerifyOptions& options) {
  ReaderSetup setup;
  if (!resolve(options.reader, setup)) return kUsage;
  VerifierOptions wanted;
  wanted.prefix = setup.prefix;
  wanted.from_epoch = options.from_epoch;
  wanted.grace_ns = options.grace_seconds * 1'000'000'000;
  wanted.books_at_ns = options.books_at_ns;
  wanted.read_from_ns = wall_clock();
  for (const auto& venue : setup.venues) expect_configured(venue, wanted.expected);
  for (const auto& account : setup.accounts) expect_configured(account, wanted.expected);
  for (const std::string& text : options.expect) {
    if (parse_expected(text, wanted.expected.emplace_back())) continue;
    throw UsageError("--expect wants venue/dataset/symbol, such as kraken/book/BTC/USD or kraken/execution/ACCOUNT");
  }
  static_cast<void>(interrupted());
  KafkaReader reader(setup.kafka);
  Verifier verifier(std::move(wanted));
  Reading(reader, verifier, setup.prefix, options).run();
  const Report report = verifier.finish(wall_clock());
  std::fputs(options.json ? (report.to_json() + "\n").c_str() : report.to_table(options.per_stream).c_str(), stdout);
  return report.ok() ? kOk : kFailed;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto* verify =
      app.add_subcommand("verify", "Check what the topics hold: loss, order, gaps, books, fills; exit 1 if broken");
  const auto options = std::make_shared<VerifyOptions>();
  add_reader_flags(*verify, options->reader);
  verify->add_option("--expect", options->expect,
                     "venue/dataset/symbol or venue/dataset/account that must be there (again for more)");
  verify->add_option("--from-epoch", options->from_epoch, "leave records of lower epochs aside");
  verify->add_option("--until-idle-ms", options->idle_ms, "go on until no market or account record came for so long")
      ->check(from_one_to(kYearSeconds * 1000));
  verify->add_option("--until", options->until_seconds, "go on for so many seconds, and to the end of what was there")
      ->check(from_one_to(kYearSeconds));
  verify
      ->add_option(
          "--seconds-grace", options->grace_seconds,
          "age at which a number that only a heartbeat names counts as lost; so long, a silence is looked at again")
      ->check(from_zero_to(kYearSeconds))
      ->capture_default_str();
  verify->add_option("--books-at", options->books_at_ns,
                     "with --json: also the books as they were at this receive time, ns since 1970");
  verify->add_flag("--json", options->json, "one JSON object");
  verify->add_flag("--per-stream", options->per_stream, "a line per stream, not per dataset");
  verify->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
