// `millrace subscribe|unsubscribe`: says which instruments the workers of a group shall serve.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/read_wanted.h"
#include "cli/reader_options.h"
#include "cli/subscribe/send.h"
#include "cli/subscribe/wish.h"
#include "publish/kafka/settings.h"
#include "publish/kafka/topic_names.h"
#include "publish/wall_clock.h"

namespace millrace::cli {
namespace {

constexpr std::chrono::seconds kPatience{30};

struct SubscribeOptions {
  ReaderFlags kafka;
  Wish wish;
  std::string symbols_file;
};

// "user@host", for those who find the subscription later.
std::string own_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const passwd* user = getpwuid(geteuid());
  return fmt::format("{}@{}", user == nullptr ? fmt::format("{}", geteuid()) : user->pw_name, host.data());
}

void read_symbols(const std::string& path, std::vector<std::string>& symbols) {
  if (path.empty()) return;
  if (path == "-") return append_symbols(std::cin, symbols);
  std::ifstream file(path);
  if (!file) throw UsageError(fmt::format("--symbols-file {}: {}", path, std::strerror(errno)));
  append_symbols(file, symbols);
}

// The wish as flags and file say it; throws UsageError.
Wish checked_wish(const SubscribeOptions& options) {
  Wish wish = options.wish;
  read_symbols(options.symbols_file, wish.symbols);
  if (const std::string text = problem(wish); !text.empty()) throw UsageError(text);
  return wish;
}

publish::KafkaSettings checked_settings(const ReaderSetup& setup) {
  publish::KafkaSettings kafka = kafka_settings(setup);
  if (!publish::is_topic_text(kafka.prefix)) throw UsageError("--prefix: letters, digits, . _ - only");
  return kafka;
}

// Names each record that is not known to be in the topic; exit status.
int write(const publish::KafkaSettings& kafka, std::vector<SubscriptionRecord> records, const std::string& done) {
  const auto unsent = send_all(kafka, records, kPatience);
  for (const Unsent& one : unsent) {
    fmt::print(stderr, "millrace: {}: not written ({})\n", records[one.record].key, one.why);
  }
  if (!unsent.empty()) {
    fmt::print(stderr, "millrace: {} of {} not written: repeat the command\n", unsent.size(), records.size());
    return kFailed;
  }
  fmt::print("{} {}\n", records.size(), done);
  return kOk;
}

int subscribe(const SubscribeOptions& options) {
  const Wish wish = checked_wish(options);
  ReaderSetup setup;
  if (!resolve(options.kafka, setup)) return kUsage;
  const std::string datasets = wish.datasets.empty() ? "the datasets that the workers are configured for"
                                                     : fmt::format("{}", fmt::join(wish.datasets, ", "));
  return write(checked_settings(setup), records_of(wish, wall_clock(), own_name()),
               fmt::format("of {} wanted: {}", wish.venue, datasets));
}

// One that was never wanted is most likely misspelt, but taking it back does no harm.
int unsubscribe(const SubscribeOptions& options) {
  const Wish wish = checked_wish(options);
  ReaderSetup setup;
  if (!resolve(options.kafka, setup)) return kUsage;
  const auto kafka = checked_settings(setup);
  const Wanted wanted = read_wanted(setup, WithStates::kNo, wish.venue);
  auto records = removals_of(wish);
  for (const SubscriptionRecord& record : records) {
    if (!wanted.has(record.key)) fmt::print(stderr, "millrace: {}: was not wanted\n", record.key);
  }
  return write(kafka, std::move(records), fmt::format("of {} not wanted any more", wish.venue));
}

void add_options(CLI::App& app, SubscribeOptions& options) {
  app.add_option("VENUE", options.wish.venue, "such as kraken: see `millrace capabilities`")->required();
  app.add_option("SYMBOL", options.wish.symbols, "in the venue's spelling, such as BTC/USD");
  app.add_option("--symbols-file", options.symbols_file, "more symbols, one a line; - is standard input");
  add_reader_flags(app, options.kafka);
}

}  // namespace

void add_subscribe(CLI::App& app, Action& action) {
  auto* subscribe_app = app.add_subcommand("subscribe", "Have a group of workers serve instruments");
  const auto options = std::make_shared<SubscribeOptions>();
  add_options(*subscribe_app, *options);
  subscribe_app
      ->add_option("--dataset", options->wish.datasets,
                   "only this dataset (again for more); without, those of the workers' configuration")
      ->allow_extra_args(false);
  subscribe_app->callback([options, &action] { action = [options] { return subscribe(*options); }; });
}

void add_unsubscribe(CLI::App& app, Action& action) {
  auto* unsubscribe_app = app.add_subcommand("unsubscribe", "Have a group of workers no longer serve instruments");
  const auto options = std::make_shared<SubscribeOptions>();
  add_options(*unsubscribe_app, *options);
  unsubscribe_app->callback([options, &action] { action = [options] { return unsubscribe(*options); }; });
}

}  // namespace millrace::cli
