#include "tests/unit/clients/support/broker_topics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/topic_admin.h"

namespace millrace::test {
namespace {

using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

constexpr int kAccountPartitions = 3;
constexpr int kWait = 30'000;

Partitions one_partition(const std::string& topic, int partition, std::int64_t offset) {
  Partitions list(rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  return list;
}

Letter to_letter(const rd_kafka_message_t& message) {
  Letter letter;
  letter.key.assign(static_cast<const char*>(message.key), message.key_len);
  letter.value.assign(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return letter;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
    letter.headers[name].assign(static_cast<const char*>(value), size);
  }
  return letter;
}

}  // namespace

BrokerTopics::BrokerTopics(std::string brokers, std::string prefix)
    : brokers_(std::move(brokers)),
      prefix_(std::move(prefix)),
      producer_(make_handle(RD_KAFKA_PRODUCER, {{"linger.ms", "0"}})) {}

BrokerTopics::Handle BrokerTopics::make_handle(rd_kafka_type_t type,
                                               std::map<std::string, std::string> settings) const {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char text[512] = "";
  settings["bootstrap.servers"] = brokers_;
  for (const auto& [name, value] : settings) {
    EXPECT_EQ(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text, sizeof text), RD_KAFKA_CONF_OK) << text;
  }
  return {rd_kafka_new(type, conf, text, sizeof text), rd_kafka_destroy};
}

void BrokerTopics::make() {
  publish::KafkaSettings settings;
  settings.brokers = brokers_;
  publish::TopicAdmin admin(settings);
  const std::vector<publish::WantedTopic> wanted{
      {prefix_ + ".account.kraken.execution.v1", kAccountPartitions, {}},
      {prefix_ + ".account.kraken.balance.v1", kAccountPartitions, {}},
      {prefix_ + ".ops.kraken.status.v1", 1, {{"cleanup.policy", "compact"}}},
      {prefix_ + ".ops.kraken.recovery.v1", 1, {}},
      {prefix_ + ".ops.kraken.heartbeat.v1", 1, {}}};
  EXPECT_TRUE(admin.create(wanted, 1).empty());
}

int BrokerTopics::partition_of(std::string_view account) { return publish::partition_of(account, kAccountPartitions); }

std::string BrokerTopics::account_in(int partition) {
  int number = 0;
  while (partition_of("a" + std::to_string(number)) != partition) ++number;
  return "a" + std::to_string(number);
}

template <class Body>
void BrokerTopics::produce(const std::string& topic, const Stamp& stamp, const Body& body) {
  send(producer_.get(), topic, stamp.account, encoded(stamp, body));
  EXPECT_EQ(rd_kafka_flush(producer_.get(), kWait), RD_KAFKA_RESP_ERR_NO_ERROR);
}
template void BrokerTopics::produce(const std::string&, const Stamp&, const schemas::Execution&);
template void BrokerTopics::produce(const std::string&, const Stamp&, const schemas::Balance&);
template void BrokerTopics::produce(const std::string&, const Stamp&, const schemas::StreamStatus&);

void BrokerTopics::send(rd_kafka_t* producer, const std::string& topic, const std::string& key,
                        const std::string& value) {
  const int partition = topic.starts_with("account.") ? partition_of(key) : 0;
  rd_kafka_topic_t* handle = rd_kafka_topic_new(producer, (prefix_ + "." + topic).c_str(), nullptr);
  EXPECT_EQ(rd_kafka_produce(handle, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()), value.size(),
                             key.data(), key.size(), nullptr),
            0);
  rd_kafka_topic_destroy(handle);
}

void BrokerTopics::put_heartbeat(const Stamp& stamp) {
  send(producer_.get(), "ops.kraken.heartbeat.v1", "worker/0", heartbeat(stamp));
  EXPECT_EQ(rd_kafka_flush(producer_.get(), kWait), RD_KAFKA_RESP_ERR_NO_ERROR);
}

// As the sidecar writes it (design: fills before, and not in it).
void BrokerTopics::put_in_transaction(const Stamp& stamp, const schemas::Recovery& body) {
  const Handle producer = make_handle(RD_KAFKA_PRODUCER, {{"transactional.id", prefix_}});
  EXPECT_EQ(rd_kafka_init_transactions(producer.get(), kWait), nullptr);
  EXPECT_EQ(rd_kafka_begin_transaction(producer.get()), nullptr);
  send(producer.get(), "ops.kraken.recovery.v1", stamp.account, encoded(stamp, body));
  EXPECT_EQ(rd_kafka_commit_transaction(producer.get(), kWait), nullptr);
}

void BrokerTopics::await_committed(const std::string& group, std::int64_t offset) {
  const Handle consumer = make_handle(RD_KAFKA_CONSUMER, {{"group.id", group}});
  const Partitions list = one_partition(prefix_ + ".account.kraken.execution.v1", partition_of("main"), 0);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds{kWait};
  do {
    ASSERT_TRUE(std::chrono::steady_clock::now() < limit);
    ASSERT_EQ(rd_kafka_committed(consumer.get(), list.get(), kWait), RD_KAFKA_RESP_ERR_NO_ERROR);
  } while (list->elems[0].offset < offset);
}

std::vector<Letter> BrokerTopics::read_letters(const std::string& topic, std::size_t count) {
  const Handle consumer = make_handle(RD_KAFKA_CONSUMER, {{"group.id", "letters"}});
  rd_kafka_assign(consumer.get(), one_partition(topic, 0, 0).get());
  std::vector<Letter> letters;
  while (letters.size() < count) {
    const Message message(rd_kafka_consumer_poll(consumer.get(), kWait), rd_kafka_message_destroy);
    if (!message) {
      ADD_FAILURE() << "no letter within 30 s";
      break;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) letters.push_back(to_letter(*message));
  }
  rd_kafka_assign(consumer.get(), nullptr);
  return letters;
}

}  // namespace millrace::test
