#pragma once

#include <librdkafka/rdkafka.h>

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

}  // namespace millrace::publish
