#include "publish/kafka/topic_tail.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "publish/kafka/client.h"
#include "publish/kafka/consumer_poll.h"
#include "publish/kafka/topic_names.h"

namespace millrace::publish {
namespace {

using std::chrono::milliseconds;
using Message = std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr int kMostAPoll = 10'000;  // so that a caller with other work gets its turn
constexpr milliseconds kBetweenQuestions{100};

SettingList tail_settings(const KafkaSettings& settings) {
  SettingList all = client_settings(settings);
  all.emplace_back("group.id", "millrace-tail");  // librdkafka wants one; nothing is ever committed to it
  all.emplace_back("enable.auto.commit", "false");
  all.emplace_back("enable.partition.eof", "true");  // its offset moves over markers, which are no records
  all.emplace_back("isolation.level", "read_committed");
  all.emplace_back("auto.offset.reset", "earliest");
  all.emplace_back("fetch.wait.max.ms", "50");
  return all;
}

[[noreturn]] void fail(const std::string& topic, rd_kafka_resp_err_t error) {
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    throw std::runtime_error(not_authorized("topic", topic, "Read and Describe"));
  }
  throw std::runtime_error(fmt::format("kafka: topic {}: {}", topic, rd_kafka_err2str(error)));
}

// A topic that was made a moment ago, or moves to another broker, has no leader for a while.
bool passes_by_itself(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return true;
    default:
      return false;
  }
}

// `question(milliseconds left, as int)`, again until its answer is no error that passes by itself or the time is over.
template <typename Question>
rd_kafka_resp_err_t ask(milliseconds timeout, const Question& question) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    const rd_kafka_resp_err_t error = question(static_cast<int>(std::max(left, milliseconds{1}).count()));
    if (!passes_by_itself(error) || left <= kBetweenQuestions) return error;
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

// A partition without a record since then is followed from its end.
void seek_times(rd_kafka_t* client, rd_kafka_topic_partition_list_t* list, milliseconds timeout) {
  const auto error = ask(timeout, [&](int left) {
    const Partitions asked(rd_kafka_topic_partition_list_copy(list), rd_kafka_topic_partition_list_destroy);
    const rd_kafka_resp_err_t whole = rd_kafka_offsets_for_times(client, asked.get(), left);
    if (whole != RD_KAFKA_RESP_ERR_NO_ERROR) return whole;
    for (int i = 0; i < asked->cnt; ++i) {
      if (asked->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return asked->elems[i].err;
    }
    for (int i = 0; i < asked->cnt; ++i) list->elems[i].offset = asked->elems[i].offset;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  });
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("offsets by time", error);
}

}  // namespace

struct TopicTail::Handle {
  std::string prefix;
  ConsumerPoll poll;
  Client client;
  std::vector<std::pair<std::string, std::int32_t>> partitions;  // full names
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> next;

  std::string_view short_name(std::string_view full) const {
    return prefix.empty() ? full : full.substr(prefix.size() + 1);
  }
};

TopicTail::TopicTail(const KafkaSettings& settings, const std::vector<Start>& starts, milliseconds timeout)
    : handle_(std::make_unique<Handle>()) {
  handle_->prefix = settings.prefix;
  handle_->client = make_client(ClientKind::kReading, tail_settings(settings));
  rd_kafka_t* const client = handle_->client.get();
  rd_kafka_poll_set_consumer(client);
  handle_->poll.watch(client);
  const Partitions all(rd_kafka_topic_partition_list_new(8), rd_kafka_topic_partition_list_destroy);
  const Partitions timed(rd_kafka_topic_partition_list_new(8), rd_kafka_topic_partition_list_destroy);
  for (const Start& start : starts) {
    const std::string topic = full_topic(settings.prefix, start.topic);
    const int count = partitions_of_existing(client, settings.brokers, topic, timeout);
    for (std::int32_t partition = 0; partition < count; ++partition) {
      handle_->partitions.emplace_back(topic, partition);
      auto* const list = start.since > 0 ? timed.get() : all.get();
      rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset =
          start.since > 0 ? start.since / kNanosPerMilli : RD_KAFKA_OFFSET_BEGINNING;
    }
  }
  if (timed->cnt > 0) seek_times(client, timed.get(), timeout);
  for (int i = 0; i < timed->cnt; ++i) {
    const auto& from = timed->elems[i];
    rd_kafka_topic_partition_list_add(all.get(), from.topic, from.partition)->offset = from.offset;
  }
  if (const auto error = rd_kafka_assign(client, all.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail("reading", error);
  }
}

TopicTail::~TopicTail() = default;

void TopicTail::poll(milliseconds wait, const std::function<void(const TailRecord&)>& take) {
  for (int i = 0; i < kMostAPoll; ++i) {
    const Message message(handle_->poll.poll(handle_->client.get(), i == 0 ? wait : milliseconds{0}),
                          rd_kafka_message_destroy);
    if (!message) return;
    if (message->err == RD_KAFKA_RESP_ERR__TRANSPORT || message->err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
    if (is_about_unused_group(message->err)) continue;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      fail(message->rkt != nullptr ? rd_kafka_topic_name(message->rkt) : "reading", message->err);
    }
    const std::string topic = rd_kafka_topic_name(message->rkt);
    const bool record = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (record) {
      take({handle_->short_name(topic),
            message->partition,
            message->offset,
            {static_cast<const char*>(message->key), message->key_len},
            {static_cast<const char*>(message->payload), message->len}});
    }
    handle_->next[{topic, message->partition}] = message->offset + (record ? 1 : 0);
  }
}

TopicTail::Ends TopicTail::ends(milliseconds timeout) {
  Ends ends;
  for (const auto& [topic, partition] : handle_->partitions) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto error = ask(timeout, [&, &topic = topic, &partition = partition](int left) {
      return rd_kafka_query_watermark_offsets(handle_->client.get(), topic.c_str(), partition, &low, &high, left);
    });
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(topic, error);
    ends[{topic, partition}] = high;
  }
  return ends;
}

bool TopicTail::reached(const Ends& ends) const {
  for (const auto& [place, end] : ends) {
    const auto found = handle_->next.find(place);
    if (end > 0 && (found == handle_->next.end() || found->second < end)) return false;
  }
  return true;
}

}  // namespace millrace::publish
