// `millrace tail`: what arrives in the topics, as lines for people or JSON.

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "cli/command.h"
#include "cli/kafka_reader.h"
#include "cli/reader_options.h"
#include "cli/tail_line.h"
#include "publish/wall_clock.h"

namespace millrace::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct TailOptions {
  ReaderFlags reader;
  std::string topic;  // part of the name
  TailFilter filter;
  std::string from = "end";
  std::int64_t count = 0;
  std::int64_t seconds = 0;
  bool until_end = false;
  bool json = false;
};

// Where reading begins: "beginning", "end", or how long ago ("90s", "5m", "2h", "1d").
struct Start {
  KafkaReader::From from = KafkaReader::From::kEnd;
  std::int64_t since_ms = 0;
};

std::optional<Start> parse_start(const std::string& text) {
  if (text == "beginning") return Start{KafkaReader::From::kBeginning};
  if (text == "end") return Start{KafkaReader::From::kEnd};
  char* unit = nullptr;
  const long long amount = std::strtoll(text.c_str(), &unit, 10);
  static const std::map<std::string, std::int64_t> kUnits{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}};
  const auto seconds = kUnits.find(unit);
  if (seconds == kUnits.end() || amount <= 0 || amount > 100'000) return std::nullopt;
  return Start{KafkaReader::From::kTime, wall_clock() / 1'000'000 - amount * seconds->second * 1000};
}

class Tail {
 public:
  Tail(KafkaReader& reader, std::string prefix, Start start, const TailOptions& options)
      : reader_{reader}, prefix_{std::move(prefix)}, start_{start}, options_{options} {}

  // A reader of our output that went away (a closed pipe) ends us; nothing else does but the options and a signal.
  void run() {
    while (!done() && !interrupted()) {
      // Topics may be made while somebody already watches; what is in them is then new.
      if (Clock::now() >= look_at_) look_for_partitions();
      reader_.poll(milliseconds(100), [this](const Incoming& incoming) { take(incoming); });
      std::fflush(stdout);
      if (std::ferror(stdout) != 0) return;
    }
  }

 private:
  bool done() const {
    if (options_.count > 0 && shown_ >= options_.count) return true;
    if (options_.seconds > 0 && Clock::now() - started_ >= std::chrono::seconds(options_.seconds)) return true;
    return options_.until_end && looked_ && open_.empty();
  }

  // Topics that are new to us later are read from their beginning: everything in them came after we began.
  void look_for_partitions() {
    std::vector<KafkaReader::Partition> fresh;
    for (const auto& partition : reader_.partitions(prefix_ + ".")) {
      const auto name = parse_topic(prefix_, partition.topic);
      if (!name || !message_type(*name) || partition.topic.find(options_.topic) == std::string::npos) continue;
      if (!known_.insert(partition).second) continue;
      names_[partition.topic] = *name;
      fresh.push_back(partition);
    }
    open_.insert(fresh.begin(), fresh.end());
    const bool first = !std::exchange(looked_, true);
    if (first && fresh.empty()) tell_nothing_there();
    reader_.add(fresh, first ? start_.from : KafkaReader::From::kBeginning, start_.since_ms);
    look_at_ = Clock::now() + milliseconds(options_.until_end ? 3'600'000 : 2'000);
  }

  // A silent wait would look like a quiet market.
  void tell_nothing_there() const {
    fmt::print(stderr, "millrace: no topic begins with \"{}.\"{}; `millrace topics list` shows what is there\n",
               prefix_, options_.topic.empty() ? "" : fmt::format(" and has \"{}\" in it", options_.topic));
  }

  // A record that is not one of its topic's is told on standard error and passed over: the view goes on.
  void take(const Incoming& incoming) {
    if (incoming.end) {
      open_.erase({std::string(incoming.topic), incoming.partition});
      return;
    }
    if (options_.count > 0 && shown_ >= options_.count) return;
    const auto name = names_.find(std::string(incoming.topic));
    if (name == names_.end()) return;
    const schemas::MessageType type = *message_type(name->second);
    const auto record = schemas::decode(type, incoming.value);
    if (!record) {
      return fmt::print(stderr, "millrace: {} partition {} offset {}: not a record of this topic\n", incoming.topic,
                        incoming.partition, incoming.offset);
    }
    if (!passes(options_.filter, name->second, *record)) return;
    ++shown_;
    line_.clear();
    if (incoming.value.empty() && type == schemas::MessageType::kSubscription) {
      line_ = options_.json ? removal_json(incoming.key) : removal_line(incoming.key);
    } else if (options_.json) {
      schemas::to_json(*record, line_);
    } else {
      line_ = tail_line(name->second, *record, incoming.offset, colour_);
    }
    line_ += '\n';
    std::fwrite(line_.data(), 1, line_.size(), stdout);
  }

  KafkaReader& reader_;
  std::string prefix_;
  Start start_;
  const TailOptions& options_;
  const bool colour_ = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  std::set<KafkaReader::Partition> known_, open_;  // open: not read to its end yet
  std::map<std::string, TopicName> names_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point look_at_ = started_;
  bool looked_ = false;
  std::int64_t shown_ = 0;
  std::string line_;
};

int run(const TailOptions& options) {
  ReaderSetup setup;
  if (!resolve(options.reader, setup)) return kUsage;
  const auto start = parse_start(options.from);
  if (!start) throw UsageError("--from wants beginning, end, or how long ago: 90s, 5m, 2h, 1d");
  static_cast<void>(interrupted());
  KafkaReader reader(setup.kafka);
  Tail(reader, setup.prefix, *start, options).run();
  return kOk;
}

}  // namespace

void add_tail(CLI::App& app, Action& action) {
  auto* tail = app.add_subcommand("tail", "Show what arrives in the topics");
  const auto options = std::make_shared<TailOptions>();
  add_reader_flags(*tail, options->reader);
  tail->add_option("--topic", options->topic, "only topics whose name has this in it");
  tail->add_option("--venue", options->filter.venue, "only this venue");
  tail->add_option("--dataset", options->filter.dataset, "only this dataset: book, bbo, trade, heartbeat, status ...");
  tail->add_option("--instrument", options->filter.instrument, "only this instrument, or the venue's symbol");
  tail->add_option("--from", options->from, "beginning, end, or how long ago: 90s, 5m, 2h, 1d")->capture_default_str();
  tail->add_option("--count", options->count, "end after so many records")->check(from_one_to(1'000'000'000));
  tail->add_option("--seconds", options->seconds, "end after so long")->check(from_one_to(kYearSeconds));
  tail->add_flag("--until-end", options->until_end, "end when everything that is there has been shown");
  tail->add_flag("--json", options->json, "a JSON object a line");
  tail->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace millrace::cli
