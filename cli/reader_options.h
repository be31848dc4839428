#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/kafka_reader.h"
#include "ingest/config/config.h"
#include "publish/kafka/settings.h"

namespace millrace::cli {

// The flags that all commands for topics share: which broker. A configuration file gives brokers, prefix and
// librdkafka's settings; flags win over it.
struct ReaderFlags {
  std::string brokers;
  std::string prefix;
  std::string config_file;
  std::vector<std::string> properties;  // "key=value"
};
void add_reader_flags(CLI::App& command, ReaderFlags& flags);

// What the flags and the file come to. `venues` and `accounts` are empty without a file.
struct ReaderSetup {
  KafkaReader::Options kafka;
  std::string prefix = "millrace";
  std::vector<ingest::VenueConfig> venues;
  std::vector<ingest::AccountConfig> accounts;
};

// Prints every problem of the file to standard error and returns false if there is one: exit status 2. Throws
// UsageError if a flag is wrong.
bool resolve(const ReaderFlags& flags, ReaderSetup& out);

// For what speaks to the broker by publish/kafka. Throws UsageError if librdkafka would refuse a property.
publish::KafkaSettings kafka_settings(const ReaderSetup& setup);

}  // namespace millrace::cli
