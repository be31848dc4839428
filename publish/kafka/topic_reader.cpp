#include "publish/kafka/topic_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <stdexcept>

#include "publish/kafka/client.h"

namespace millrace::publish {
namespace {

using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

SettingList reader_settings(const KafkaSettings& settings) {
  SettingList all = client_settings(settings);
  all.emplace_back("group.id", "millrace-reader");  // librdkafka wants one; nothing is ever committed to it
  all.emplace_back("enable.auto.commit", "false");
  all.emplace_back("enable.partition.eof", "true");
  all.emplace_back("fetch.wait.max.ms", "10");
  return all;
}

int partition_count(rd_kafka_t* client, const std::string& topic, std::chrono::milliseconds timeout) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto error = rd_kafka_metadata(client, 0, handle, &metadata, static_cast<int>(timeout.count()));
  rd_kafka_topic_destroy(handle);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(fmt::format("kafka: topic {}: {}: is the broker up?", topic, rd_kafka_err2str(error)));
  }
  const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (count > 0) return count;
  throw std::runtime_error(fmt::format("kafka: topic {} does not exist: make it with `millrace topics apply`", topic));
}

}  // namespace

struct TopicReader::Handle {
  Client client;
  std::string topic;
  int open = 0;  // partitions whose end has not been reached
};

TopicReader::TopicReader(const KafkaSettings& settings, const std::string& topic, std::chrono::milliseconds timeout)
    : handle_(std::make_unique<Handle>()) {
  handle_->client = make_client(ClientKind::kReading, reader_settings(settings));
  handle_->topic = topic;
  rd_kafka_poll_set_consumer(handle_->client.get());
  handle_->open = partition_count(handle_->client.get(), topic, timeout);
  const Partitions all(rd_kafka_topic_partition_list_new(handle_->open), rd_kafka_topic_partition_list_destroy);
  for (int partition = 0; partition < handle_->open; ++partition) {
    rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), partition)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  const auto error = rd_kafka_assign(handle_->client.get(), all.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(fmt::format("kafka: topic {}: {}", topic, rd_kafka_err2str(error)));
  }
}

TopicReader::~TopicReader() = default;

bool TopicReader::at_end() const noexcept { return handle_->open == 0; }

void TopicReader::read(const std::function<void(std::string_view value)>& take, std::chrono::milliseconds wait) {
  const Message message(rd_kafka_consumer_poll(handle_->client.get(), static_cast<int>(wait.count())),
                        rd_kafka_message_destroy);
  if (!message) return;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      take({static_cast<const char*>(message->payload), message->len});
      return;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      --handle_->open;
      return;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return;  // librdkafka connects again; the caller's deadline counts
    default:
      throw std::runtime_error(fmt::format("kafka: topic {}: {}", handle_->topic, rd_kafka_err2str(message->err)));
  }
}

}  // namespace millrace::publish
