#include "publish/kafka/topic_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"

namespace millrace::publish {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

// Assigned by hand, so there is no group and nothing to rebalance.
SettingList reader_settings(const KafkaSettings& settings) {
  SettingList all = client_settings(settings);
  all.emplace_back("group.id", "millrace-reader");  // librdkafka wants one; nothing is ever committed to it
  all.emplace_back("enable.auto.commit", "false");
  all.emplace_back("enable.partition.eof", "true");
  all.emplace_back("fetch.wait.max.ms", "10");
  return all;
}

// Every partition of every topic, at the place where reading begins.
Partitions partitions_of(rd_kafka_t* client, const std::string& brokers, const ReadScope& scope,
                         Clock::time_point deadline) {
  const std::int64_t start = scope.last ? RD_KAFKA_OFFSET_TAIL(*scope.last) : RD_KAFKA_OFFSET_BEGINNING;
  Partitions all(rd_kafka_topic_partition_list_new(4), rd_kafka_topic_partition_list_destroy);
  for (const std::string& topic : scope.topics) {
    const int count = partitions_of_existing(client, brokers, topic, left_until(deadline));
    for (int partition = 0; partition < count; ++partition) {
      rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), partition)->offset = start;
    }
  }
  return all;
}

// A partition of a topic, by the name that the broker knows.
using Place = std::pair<std::string, std::int32_t>;

// Hands over the next record, if one comes in time; or says which partition is read to its end.
std::optional<Place> read_one(rd_kafka_t* client, milliseconds wait, const TakeRecord& take) {
  const Message message(rd_kafka_consumer_poll(client, static_cast<int>(wait.count())), rd_kafka_message_destroy);
  if (!message) return std::nullopt;
  switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      take(rd_kafka_topic_name(message->rkt), {static_cast<const char*>(message->payload), message->len});
      return std::nullopt;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return Place{rd_kafka_topic_name(message->rkt), message->partition};
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return std::nullopt;  // librdkafka connects again; the deadline counts
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      throw std::runtime_error(not_authorized("topic", rd_kafka_topic_name(message->rkt), "Read"));
    default:
      if (is_about_unused_group(message->err)) return std::nullopt;
      throw std::runtime_error(fmt::format("kafka: reading topics: {}", rd_kafka_err2str(message->err)));
  }
}

}  // namespace

milliseconds left_until(Clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<milliseconds>(deadline - Clock::now()), milliseconds{1});
}

// A partition that grows while it is read tells its end more than once, so ends are told apart.
bool read_topics(const KafkaSettings& settings, const ReadScope& scope, Clock::time_point deadline,
                 const TakeRecord& take) {
  const Client client = make_client(ClientKind::kReading, reader_settings(settings));
  rd_kafka_poll_set_consumer(client.get());
  const Partitions all = partitions_of(client.get(), settings.brokers, scope, deadline);
  if (const auto error = rd_kafka_assign(client.get(), all.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(fmt::format("kafka: reading topics: {}", rd_kafka_err2str(error)));
  }
  std::set<Place> ended;
  while (ended.size() < static_cast<std::size_t>(all->cnt)) {
    if (Clock::now() >= deadline) return false;
    if (auto place = read_one(client.get(), left_until(deadline), take)) ended.insert(*std::move(place));
  }
  return true;
}

}  // namespace millrace::publish
