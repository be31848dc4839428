#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// librdkafka's C objects with an owner; for the .cpp files of this folder.
namespace millrace::publish {

// Waits for librdkafka's threads, and so for requests that they have under way.
struct ClientDeleter {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, ClientDeleter>;

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

using SettingList = std::vector<std::pair<std::string, std::string>>;

// A configuration whose log lines go to spdlog. Throws std::runtime_error that names the setting librdkafka refuses,
// but not its value, which may be a secret.
Conf make_conf(const SettingList& settings);

// kAsking: metadata and admin requests. kReading: a consumer.
enum class ClientKind { kAsking, kProducing, kReading };

// A handle without callbacks. Throws std::runtime_error. Its destructor waits for librdkafka's threads.
Client make_client(ClientKind kind, const SettingList& settings);

// How many partitions a topic has by its full name; 0: it does not exist; -1: no answer in time. A topic made a moment
// ago is not known to every broker yet, so one that is not known is asked about again for two seconds, or `timeout`.
std::int32_t partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout);

// The same for those that cannot go on without: throws std::runtime_error that says what to do.
std::int32_t partitions_of_existing(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout);

}  // namespace millrace::publish
