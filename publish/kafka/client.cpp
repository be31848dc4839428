#include "publish/kafka/client.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "publish/kafka/record_header.h"

namespace millrace::publish {
namespace {

// Called on librdkafka's threads.
void log_line(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  static_cast<Trouble*>(rd_kafka_opaque(client))->note(facility, text);
  // librdkafka's levels are syslog's: 3 and below are errors, 4 warnings.
  const auto severity = level <= 4 ? spdlog::level::warn : level <= 5 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(severity, "kafka {}: {}", facility, text);
}

void ignore_error(rd_kafka_t*, int, const char*, void*) {
  // Every error that matters comes back as a report, an answer or dead(), and its text is in the log line beside it.
  // Without a callback librdkafka would log each one twice.
}

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::int32_t count_in(const rd_kafka_metadata_t& metadata) {
  if (metadata.topic_cnt != 1) return kUnknownTopic;
  const rd_kafka_metadata_topic_t& topic = metadata.topics[0];
  if (topic.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) return kNotAuthorized;
  return topic.err == RD_KAFKA_RESP_ERR_NO_ERROR ? topic.partition_cnt : kUnknownTopic;
}

std::int32_t ask_partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic, milliseconds timeout) {
  const Metadata metadata = ask_metadata(client, topic, timeout);
  return metadata ? count_in(*metadata) : kNoAnswer;
}

}  // namespace

Headers make_headers(std::string_view mr) {
  Headers headers(rd_kafka_headers_new(1));
  rd_kafka_header_add(headers.get(), RecordHeader::kName, -1, mr.data(), static_cast<ssize_t>(mr.size()));
  return headers;
}

const Trouble& trouble_of(const rd_kafka_t* client) { return *static_cast<const Trouble*>(rd_kafka_opaque(client)); }

Conf make_conf(const SettingList& settings, Trouble& trouble) {
  Conf conf(rd_kafka_conf_new());
  char text[512];
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text, sizeof text) == RD_KAFKA_CONF_OK) continue;
    throw std::runtime_error(fmt::format("kafka: librdkafka refuses the setting {}: see kafka.properties", name));
  }
  rd_kafka_conf_set_opaque(conf.get(), &trouble);
  rd_kafka_conf_set_error_cb(conf.get(), ignore_error);
  rd_kafka_conf_set_log_cb(conf.get(), log_line);
  return conf;
}

Client make_client(ClientKind kind, const SettingList& settings) {
  return make_client(kind, settings, nullptr, std::make_unique<Trouble>());
}

// librdkafka takes the configuration over only if it succeeds; else it stays ours and is freed here.
Client make_client(ClientKind kind, const SettingList& settings, void (*adjust)(rd_kafka_conf_t*),
                   std::unique_ptr<Trouble> opaque) {
  Conf conf = make_conf(settings, *opaque);
  if (adjust != nullptr) adjust(conf.get());
  char text[512] = "";
  Client client(rd_kafka_new(kind == ClientKind::kReading ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf.get(), text,
                             sizeof text));
  if (!client) throw std::runtime_error(fmt::format("kafka: cannot make a client: {}", text));
  static_cast<void>(conf.release());    // librdkafka's now
  static_cast<void>(opaque.release());  // the deleter's
  return client;
}

// In turns that grow, so that a connection that is refused for good is noticed, and a slow broker is not asked in vain.
Metadata ask_metadata(rd_kafka_t* client, rd_kafka_topic_t* topic, milliseconds timeout) {
  const auto until = Clock::now() + timeout;
  for (milliseconds turn{1'000};; turn *= 2) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    const milliseconds wait = std::max(std::min(turn, left), milliseconds{1});
    const rd_kafka_metadata_t* metadata = nullptr;
    const int all = topic == nullptr ? 1 : 0;
    const auto error = rd_kafka_metadata(client, all, topic, &metadata, static_cast<int>(wait.count()));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Metadata(metadata);
    if (trouble_of(client).refused() || left <= turn) return nullptr;
  }
}

std::int32_t partition_count(rd_kafka_t* client, const std::string& topic, milliseconds timeout) {
  constexpr milliseconds kYoungTopic{2'000};
  constexpr milliseconds kBetweenQuestions{50};
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> handle(
      rd_kafka_topic_new(client, topic.c_str(), nullptr), rd_kafka_topic_destroy);
  const auto until = Clock::now() + std::min(kYoungTopic, timeout);
  while (true) {
    const std::int32_t count = ask_partition_count(client, handle.get(), timeout);
    if (count != kUnknownTopic || Clock::now() + kBetweenQuestions > until) return count;
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

std::string topic_problem(const rd_kafka_t* client, std::string_view brokers, const std::string& topic,
                          std::int32_t count, std::string_view operations) {
  if (count == kNotAuthorized) return not_authorized("topic", topic, operations);
  if (count == kNoAnswer) return no_answer(brokers, trouble_of(client));
  return fmt::format("kafka: topic {} does not exist: make it with `millrace topics apply`", topic);
}

std::int32_t partitions_of_existing(rd_kafka_t* client, std::string_view brokers, const std::string& topic,
                                    milliseconds timeout) {
  const std::int32_t count = partition_count(client, topic, timeout);
  if (count > 0) return count;
  throw std::runtime_error(topic_problem(client, brokers, topic, count, "Read and Describe"));
}

}  // namespace millrace::publish
