#include "tests/unit/publish/support/topic_reader.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <memory>

namespace millrace::test {
namespace {

using Consumer = std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)>;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;

Consumer make_consumer(const std::string& brokers) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[256];
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), text, sizeof text);
  rd_kafka_conf_set(conf, "group.id", "reader", text, sizeof text);
  rd_kafka_conf_set(conf, "enable.auto.commit", "false", text, sizeof text);
  return {rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text), rd_kafka_destroy};
}

ReadRecord to_record(const rd_kafka_message_t& message) {
  ReadRecord record;
  record.key.assign(static_cast<const char*>(message.key), message.key_len);
  record.value.assign(static_cast<const char*>(message.payload), message.len);
  record.partition = message.partition;
  record.offset = message.offset;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, "mr", &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    record.header.assign(static_cast<const char*>(value), size);
  }
  return record;
}

}  // namespace

std::vector<ReadRecord> read_partition(const std::string& brokers, const std::string& topic, std::int32_t partition) {
  constexpr int kWait = 20'000;
  std::vector<ReadRecord> records;
  const Consumer consumer = make_consumer(brokers);
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto error = rd_kafka_query_watermark_offsets(consumer.get(), topic.c_str(), partition, &low, &high, kWait);
  EXPECT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(error);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = low;
  rd_kafka_assign(consumer.get(), list);
  rd_kafka_topic_partition_list_destroy(list);
  while (records.empty() ? low < high : records.back().offset + 1 < high) {
    const Message message(rd_kafka_consumer_poll(consumer.get(), kWait), rd_kafka_message_destroy);
    if (!message) {
      ADD_FAILURE() << "no record within 20 s";
      break;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(to_record(*message));
  }
  rd_kafka_assign(consumer.get(), nullptr);
  return records;
}

}  // namespace millrace::test
