#include "cli/reader_options.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "ingest/config/load.h"
#include "publish/kafka/settings.h"

namespace millrace::cli {

void add_reader_flags(CLI::App& command, ReaderFlags& flags) {
  command.add_option("--brokers", flags.brokers, "Kafka bootstrap servers, such as 127.0.0.1:9092");
  command.add_option("--prefix", flags.prefix, "beginning of all topic names (else of --config, else millrace)");
  command.add_option("--config", flags.config_file, "the worker's configuration file, for brokers, prefix and streams");
  command.add_option("--kafka", flags.properties, "a librdkafka setting, KEY=VALUE (again for more)")
      ->allow_extra_args(false);
}

// Without the files that the configuration names: who only reads topics opens no connection to a venue.
bool resolve(const ReaderFlags& flags, ReaderSetup& out) {
  if (!flags.config_file.empty()) {
    const auto loaded =
        ingest::load_file(flags.config_file, ingest::process_environment(), ingest::NamedFiles::kMayBeAbsent);
    for (const std::string& line : loaded.lines) std::fprintf(stderr, "%s\n", line.c_str());
    if (!loaded.ok()) return false;
    out.kafka = {loaded.config.kafka.brokers, loaded.config.kafka.properties};
    out.prefix = loaded.config.kafka.prefix;
    out.venues = loaded.config.venues;
    out.accounts = loaded.config.accounts;
  }
  for (const std::string& property : flags.properties) {
    const auto equals = property.find('=');
    if (equals == std::string::npos || equals == 0) throw UsageError("--kafka wants KEY=VALUE");
    const std::string name = property.substr(0, equals);
    // Every user of the machine can read a command line.
    if (publish::is_secret(name)) {
      throw UsageError(
          fmt::format("--kafka {}: a secret does not belong on the command line: name a --config with "
                      "kafka.secret_files",
                      name));
    }
    out.kafka.properties[name] = property.substr(equals + 1);
  }
  if (!flags.brokers.empty()) out.kafka.brokers = flags.brokers;
  if (!flags.prefix.empty()) out.prefix = flags.prefix;
  if (out.kafka.brokers.empty()) throw UsageError("name --brokers HOST:PORT, or a --config that has them");
  return true;
}

publish::KafkaSettings kafka_settings(const ReaderSetup& setup) {
  publish::KafkaSettings kafka;
  kafka.brokers = setup.kafka.brokers;
  kafka.prefix = setup.prefix;
  kafka.properties = setup.kafka.properties;
  const auto problems = publish::problems(kafka);
  if (!problems.empty()) throw UsageError(problems.front());
  return kafka;
}

}  // namespace millrace::cli
