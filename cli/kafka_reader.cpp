#include "cli/kafka_reader.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <stdexcept>

#include "cli/command.h"
#include "publish/kafka/trouble.h"

namespace millrace::cli {
namespace {

constexpr int kAnswerMs = 10'000;
constexpr std::size_t kBatch = 4096;
constexpr std::string_view kRights = "Read and Describe";

struct TopicListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using TopicList = std::unique_ptr<rd_kafka_topic_partition_list_t, TopicListDeleter>;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

void set(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
  std::array<char, 256> error{};
  if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
    // Not its value: it may be a password.
    throw UsageError(
        fmt::format("Kafka setting {} is refused: librdkafka has none so called, or not with that value", key));
  }
}

// The header's layout is in schemas/proto/README.md.
// Read by hand and not by publish/kafka: verify must not believe the code that it checks.
bool was_resent(const rd_kafka_message_t* message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_header_get_last(headers, "mr", &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR || size < 4) return false;
  const auto* bytes = static_cast<const unsigned char*>(value);
  return bytes[0] == 1 && (bytes[3] & 1) != 0;
}

// Called on librdkafka's threads. Only kept: what an error needs of it stands in the error.
void note_line(const rd_kafka_t* client, int, const char* facility, const char* text) {
  static_cast<publish::Trouble*>(rd_kafka_opaque(client))->note(facility, text);
}

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

std::string_view view(const void* bytes, std::size_t size) { return {static_cast<const char*>(bytes), size}; }

std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

}  // namespace

struct KafkaReader::Handles {
  publish::Trouble trouble;  // the client's opaque
  rd_kafka_t* client = nullptr;
  rd_kafka_queue_t* queue = nullptr;

  ~Handles() {
    if (queue != nullptr) rd_kafka_queue_destroy(queue);
    if (client == nullptr) return;
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
  }

  // In turns that grow, so that a connection that is refused for good is noticed. All topics, or one. Null: no answer.
  Metadata ask(rd_kafka_topic_t* topic) const {
    for (int turn = 1'000, waited = 0; waited < kAnswerMs && !trouble.refused(); waited += turn, turn *= 2) {
      const rd_kafka_metadata_t* metadata = nullptr;
      const int wait = std::min(turn, kAnswerMs - waited);
      const auto error = rd_kafka_metadata(client, topic == nullptr ? 1 : 0, topic, &metadata, wait);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return Metadata(metadata);
    }
    return nullptr;
  }
};

// Ours come last and win: a reader that committed offsets or read uncommitted records would not be the one that is
// meant. read_committed is what a consumer of the topics should use.
KafkaReader::KafkaReader(const Options& options) : brokers_{options.brokers}, handles_{std::make_unique<Handles>()} {
  std::unique_ptr<rd_kafka_conf_t, void (*)(rd_kafka_conf_t*)> conf(rd_kafka_conf_new(), rd_kafka_conf_destroy);
  for (const auto& [key, value] : options.properties) set(conf.get(), key, value);
  const std::pair<const char*, std::string> settings[] = {
      {"bootstrap.servers", options.brokers},
      {"group.id", "millrace-reader"},  // never joined; librdkafka wants one for assign
      {"enable.auto.commit", "false"},
      {"enable.partition.eof", "true"},
      {"auto.offset.reset", "earliest"},
      {"isolation.level", "read_committed"},
      {"check.crcs", "true"},
      {"fetch.wait.max.ms", "100"},
      {"queued.max.messages.kbytes", "8192"},  // per partition, of which there may be hundreds
      {"socket.nagle.disable", "true"},
      {"log_level", "6"},
  };
  for (const auto& [key, value] : settings) set(conf.get(), key, value);
  rd_kafka_conf_set_opaque(conf.get(), &handles_->trouble);
  rd_kafka_conf_set_log_cb(conf.get(), note_line);
  std::array<char, 256> error{};
  handles_->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf.get(), error.data(), error.size());
  if (handles_->client == nullptr) throw std::runtime_error(fmt::format("Kafka client: {}", error.data()));
  static_cast<void>(conf.release());  // the client owns it now
  rd_kafka_poll_set_consumer(handles_->client);
  handles_->queue = rd_kafka_queue_get_consumer(handles_->client);
}

KafkaReader::~KafkaReader() = default;

std::vector<KafkaReader::Partition> KafkaReader::partitions(std::string_view topic_prefix) {
  const Metadata metadata = handles_->ask(nullptr);
  if (!metadata) throw std::runtime_error(publish::no_answer(brokers_, handles_->trouble));
  std::vector<Partition> out;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& topic = metadata->topics[i];
    if (std::string_view(topic.topic).substr(0, topic_prefix.size()) != topic_prefix) continue;
    for (int p = 0; p < topic.partition_cnt; ++p) out.push_back({topic.topic, topic.partitions[p].id});
  }
  if (out.empty()) check_hidden(topic_prefix);
  return out;
}

// Topics that we may not see are left out of the list of all; only who asks for one by its name is told so. The claims'
// topic is always there.
void KafkaReader::check_hidden(std::string_view topic_prefix) {
  const std::string name = std::string(topic_prefix) + "ctl.claim.v1";
  const std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)> topic(
      rd_kafka_topic_new(handles_->client, name.c_str(), nullptr), rd_kafka_topic_destroy);
  const Metadata metadata = handles_->ask(topic.get());
  const bool hidden =
      metadata && metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  if (hidden) throw std::runtime_error(publish::not_authorized("topic", std::string(topic_prefix) + "*", kRights));
}

// Incremental, so that partitions that are being read keep their place.
void KafkaReader::add(const std::vector<Partition>& partitions, From from, std::int64_t since_ms) {
  if (partitions.empty()) return;
  const TopicList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& partition : partitions) {
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.id);
    entry->offset = from == From::kBeginning ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
    if (from == From::kTime) entry->offset = since_ms;
  }
  if (from == From::kTime) {
    const auto error = rd_kafka_offsets_for_times(handles_->client, list.get(), kAnswerMs);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw std::runtime_error(fmt::format("offsets by time: {}", rd_kafka_err2str(error)));
    }
  }
  rd_kafka_error_t* error = rd_kafka_incremental_assign(handles_->client, list.get());
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error("assigning partitions: " + text);
}

// To who asks for times, the end is one.
std::map<KafkaReader::Partition, std::int64_t> KafkaReader::ends(const std::set<Partition>& partitions) const {
  std::map<Partition, std::int64_t> out;
  if (partitions.empty()) return out;
  const TopicList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const Partition& partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.id)->offset = RD_KAFKA_OFFSET_END;
  }
  static_cast<void>(rd_kafka_offsets_for_times(handles_->client, list.get(), kAnswerMs));  // each says how it went
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& at = list->elems[i];
    if (at.err == RD_KAFKA_RESP_ERR_NO_ERROR && at.offset >= 0) out[{at.topic, at.partition}] = at.offset;
  }
  return out;
}

std::size_t KafkaReader::poll(std::chrono::milliseconds timeout, const std::function<void(const Incoming&)>& handle) {
  std::array<rd_kafka_message_t*, kBatch> batch;
  const auto got =
      rd_kafka_consume_batch_queue(handles_->queue, static_cast<int>(timeout.count()), batch.data(), kBatch);
  if (got <= 0) return 0;
  // All are owned before the first is handed over, which may throw.
  std::vector<Message> messages(batch.begin(), batch.begin() + got);
  for (const Message& message : messages) {
    Incoming incoming;
    incoming.end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->rkt != nullptr && message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      throw std::runtime_error(publish::not_authorized("topic", rd_kafka_topic_name(message->rkt), kRights));
    }
    // Other errors are of the moment (a leader that moves, a topic that goes away): librdkafka tries again.
    if (message->rkt == nullptr || (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !incoming.end)) continue;
    incoming.topic = rd_kafka_topic_name(message->rkt);
    incoming.partition = message->partition;
    incoming.offset = message->offset;
    if (!incoming.end) {
      incoming.key = view(message->key, message->key_len);
      incoming.value = view(message->payload, message->len);
      incoming.resent = was_resent(message.get());
    }
    handle(incoming);
  }
  return messages.size();
}

// A handler may do no more than set a lock-free flag; the loops look at it every 100 ms.
bool interrupted() {
  static const bool installed = [] {
    for (const int signal : {SIGINT, SIGTERM}) {
      std::signal(signal, [](int) { g_interrupted = true; });
    }
    return true;
  }();
  return installed && g_interrupted;
}

}  // namespace millrace::cli
