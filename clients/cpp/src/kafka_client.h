#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/cpp/src/log.h"
#include "millrace/options.h"
#include "publish/kafka/trouble.h"

// librdkafka's C objects with an owner, and how handles are made.
namespace millrace::client {

template <auto Destroy>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using Conf = std::unique_ptr<rd_kafka_conf_t, Deleter<rd_kafka_conf_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Deleter<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using AdminEvent = std::unique_ptr<rd_kafka_event_t, Deleter<rd_kafka_event_destroy>>;

using SettingList = std::vector<std::pair<std::string, std::string>>;

// Throws std::invalid_argument that names the setting which librdkafka does not take, or which a guarantee rests on;
// never its value, which may be a secret. Asks no broker.
void check_settings(const Options& options);

// What librdkafka hands to callbacks: the log, whose handle it is, and what its connections complained about. Must
// outlive the handle.
struct Owner {
  Log& log;
  void* self = nullptr;
  publish::Trouble trouble{};
  std::string brokers{};  // for messages
};

// The options' settings, then `ours`. Throws std::invalid_argument as check_settings does.
Conf make_conf(const Options& options, const SettingList& ours, Owner& owner);
// `kind` is RD_KAFKA_CONSUMER or RD_KAFKA_PRODUCER. Throws std::runtime_error.
Handle make_handle(rd_kafka_type_t kind, Conf conf);

// How many partitions a topic has; 0: it does not exist. Throws std::runtime_error, with what to do, if the broker does
// not answer or does not let us see it; `operations` are the rights that the caller needs.
int partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout,
                    std::string_view operations);

}  // namespace millrace::client
