#include "publish/kafka/client.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace millrace::publish {
namespace {

// Called on librdkafka's threads.
void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
  // librdkafka's levels are syslog's: 3 and below are errors, 4 warnings.
  const auto severity = level <= 4 ? spdlog::level::warn : level <= 5 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(severity, "kafka {}: {}", facility, text);
}

void ignore_error(rd_kafka_t*, int, const char*, void*) {
  // Every error that matters comes back as a report, an answer or dead(), and its text is in the log line beside it.
  // Without a callback librdkafka would log each one twice.
}

std::int32_t ask_partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic, std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client, 0, topic, &metadata, static_cast<int>(timeout.count()))) return -1;
  std::int32_t count = 0;
  if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    count = metadata->topics[0].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return count;
}

}  // namespace

Conf make_conf(const SettingList& settings) {
  Conf conf(rd_kafka_conf_new());
  char text[512];
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK) continue;
    throw std::runtime_error(fmt::format("kafka: librdkafka refuses the setting {}: see kafka.properties", name));
  }
  rd_kafka_conf_set_error_cb(conf.get(), ignore_error);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  return conf;
}

// librdkafka takes the configuration over only if it succeeds; else it stays ours and is freed here.
Client make_client(ClientKind kind, const SettingList& settings) {
  Conf conf = make_conf(settings);
  char text[512] = "";
  Client client(rd_kafka_new(kind == ClientKind::kReading ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), text,
                             sizeof text));
  if (!client) throw std::runtime_error(fmt::format("kafka: cannot make a client: {}", text));
  static_cast<void>(conf.release());  // librdkafka's now
  return client;
}

std::int32_t partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  using std::chrono::milliseconds;
  constexpr milliseconds kYoungTopic{2'000};
  constexpr milliseconds kBetweenQuestions{50};
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
      rd_kafka_topic_new(client, topic.c_str(), nullptr), rd_kafka_topic_destroy);
  const auto until = std::chrono::steady_clock::now() + std::min(kYoungTopic, timeout);
  while (true) {
    const std::int32_t count = ask_partition_count(client, handle.get(), timeout);
    if (count != 0 || std::chrono::steady_clock::now() + kBetweenQuestions > until) return count;
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

std::int32_t partitions_of_existing(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  const std::int32_t count = partition_count(client, topic, timeout);
  if (count > 0) return count;
  if (count < 0) throw std::runtime_error(fmt::format("kafka: topic {}: no answer: is the broker up?", topic));
  throw std::runtime_error(fmt::format("kafka: topic {} does not exist: make it with `millrace topics apply`", topic));
}

}  // namespace millrace::publish
