#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "publish/kafka/trouble.h"

// librdkafka's C objects with an owner; for the .cpp files of this folder.
namespace millrace::publish {

// Waits for librdkafka's threads, and so for requests that they have under way; then nobody complains any more.
struct ClientDeleter {
  void operator()(rd_kafka_t* client) const {
    const std::unique_ptr<Trouble> trouble(static_cast<Trouble*>(rd_kafka_opaque(client)));
    rd_kafka_destroy(client);
  }
};
using Client = std::unique_ptr<rd_kafka_t, ClientDeleter>;

struct ConfDeleter {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, ConfDeleter>;

using SettingList = std::vector<std::pair<std::string, std::string>>;

// A configuration whose log lines go to spdlog and, as complaints, to `trouble`, which outlives the handle and is its
// opaque. Throws std::runtime_error that names the setting librdkafka refuses, but not its value, which may be a
// secret.
Conf make_conf(const SettingList& settings, Trouble& trouble);

// kAsking: metadata and admin requests. kReading: a consumer.
enum class ClientKind { kAsking, kProducing, kReading };

// A handle without callbacks, but with a Trouble of its own. Throws std::runtime_error. Its destructor waits for
// librdkafka's threads.
Client make_client(ClientKind kind, const SettingList& settings);
// One with the callbacks that `adjust` sets; they find `opaque`, which becomes the handle's own.
Client make_client(ClientKind kind, const SettingList& settings, void (*adjust)(rd_kafka_conf_t*),
                   std::unique_ptr<Trouble> opaque);

struct HeadersDeleter {
  void operator()(rd_kafka_headers_t* headers) const { rd_kafka_headers_destroy(headers); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, HeadersDeleter>;

// The record header "mr" for rd_kafka_produceva, which owns it if it takes the record: release() then. Handed over
// whole, because headers that librdkafka makes of their parts are freed twice when it refuses the record (its issue
// 4627).
Headers make_headers(std::string_view mr);

// What the handle's connections complained about.
const Trouble& trouble_of(const rd_kafka_t* client);

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

// What the broker says about a topic, or all of them (null). Null: no answer in time, or early where waiting will not
// help, as with a wrong password.
Metadata ask_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, std::chrono::milliseconds timeout);

// How many partitions a topic has by its full name, or one of these. A topic made a moment ago is not known to every
// broker yet, so one that is not known is asked about again for two seconds, or `timeout`.
inline constexpr std::int32_t kUnknownTopic = 0;
inline constexpr std::int32_t kNoAnswer = -1;
inline constexpr std::int32_t kNotAuthorized = -2;
std::int32_t partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout);

// The line for a count that is none of a topic: what is wrong and what to do. `operations` are those that the caller
// needs, for the one who grants them.
std::string topic_problem(const rd_kafka_t* client, std::string_view brokers, const std::string& topic,
                          std::int32_t count, std::string_view operations);

// The count for readers that cannot go on without: throws std::runtime_error that says what to do.
std::int32_t partitions_of_existing(rd_kafka_t* client, std::string_view brokers, const std::string& topic,
                                    std::chrono::milliseconds timeout);

// Readers that assign their partitions by hand have a group only because librdkafka wants one. Whether they may use it
// does not matter to them.
inline bool is_about_unused_group(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
}

}  // namespace millrace::publish
