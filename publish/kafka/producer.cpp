#include "publish/kafka/producer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/wake_fd.h"

namespace millrace::publish {
namespace {

// Anything not named is taken for lost rather than tried for ever: with retries and time-outs unlimited, librdkafka
// gives an error back only when trying again would not help.
Fate fate_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return Fate::kAcked;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return Fate::kQueueFull;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Fate::kTooLarge;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return Fate::kNoTopic;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return Fate::kForbidden;
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return Fate::kInvalid;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return Fate::kProducerDead;
    default:
      return Fate::kOther;
  }
}

bool is_dead(rd_kafka_t* client) { return rd_kafka_fatal_error(client, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR; }

// The handle's opaque: what its connections complain about, and what poll() hands to librdkafka's callback.
struct Polling : Trouble {
  ReportListener* listener = nullptr;
};

// On the polling thread, from within poll(): the opaque says who listens now.
void on_delivery(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) {
  auto* listener = static_cast<Polling*>(static_cast<Trouble*>(opaque))->listener;
  if (!listener) return;
  Fate fate = fate_of(message->err);
  // After a fatal error the fate of what was in flight is unknown, whatever its report says.
  if (fate != Fate::kAcked && is_dead(client)) fate = Fate::kProducerDead;
  listener->on_report(message->_private, fate, message->partition, fate == Fate::kAcked ? message->offset : -1);
}

}  // namespace

std::string_view name(Fate fate) noexcept {
  switch (fate) {
    case Fate::kAcked:
      return "acked";
    case Fate::kQueueFull:
      return "queue_full";
    case Fate::kTooLarge:
      return "too_large";
    case Fate::kNoTopic:
      return "no_topic";
    case Fate::kForbidden:
      return "forbidden";
    case Fate::kInvalid:
      return "invalid";
    case Fate::kOther:
      return "other";
    case Fate::kProducerDead:
      return "producer_dead";
  }
  return "other";
}

struct Producer::Handle {
  struct Topic {
    rd_kafka_topic_t* topic = nullptr;
    std::vector<rd_kafka_message_t> batch;  // keeps its capacity
  };

  Polling polling;  // librdkafka has its address
  rd_kafka_t* client = nullptr;
  std::string brokers;
  std::vector<Topic> topics;

  Topic& at(TopicSlot topic) { return topics[static_cast<std::size_t>(topic)]; }

  ~Handle() {
    for (const Topic& each : topics) rd_kafka_topic_destroy(each.topic);
    if (client) rd_kafka_destroy(client);
  }
};

// The eventfd is written on librdkafka's thread whenever its main queue becomes non-empty: so a thread can wait for
// sockets and reports at once.
Producer::Producer(const KafkaSettings& settings, int wake_fd) : handle_(std::make_unique<Handle>()) {
  Conf conf = make_conf(producer_settings(settings), handle_->polling);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  char text[512];
  handle_->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text, sizeof text);
  handle_->brokers = settings.brokers;
  if (!handle_->client) throw std::runtime_error(fmt::format("kafka: cannot make a producer: {}", text));
  static_cast<void>(conf.release());  // librdkafka's now
  if (wake_fd >= 0) wake_by(rd_kafka_queue_get_main(handle_->client), wake_fd);
}

Producer::~Producer() = default;

TopicSlot Producer::add_topic(const std::string& topic) {
  rd_kafka_topic_t* made = rd_kafka_topic_new(handle_->client, topic.c_str(), nullptr);
  if (!made) {
    throw std::runtime_error(fmt::format("kafka: topic {}: {}", topic, rd_kafka_err2str(rd_kafka_last_error())));
  }
  handle_->topics.push_back({made, {}});
  return static_cast<TopicSlot>(handle_->topics.size() - 1);
}

std::int32_t Producer::partitions(TopicSlot topic, std::chrono::milliseconds timeout) {
  return partition_count(handle_->client, rd_kafka_topic_name(handle_->at(topic).topic), timeout);
}

std::string Producer::problem(TopicSlot topic, std::int32_t answer) const {
  return topic_problem(handle_->client, handle_->brokers, rd_kafka_topic_name(handle_->at(topic).topic), answer,
                       "Write and Describe");
}

void Producer::push(TopicSlot topic, const Outgoing& record) {
  rd_kafka_message_t& message = handle_->at(topic).batch.emplace_back();
  message.partition = record.partition;
  message.payload = record.bytes.data();
  message.len = record.bytes.size();
  // librdkafka only reads the key, and copies it.
  message.key = const_cast<char*>(record.key.data());
  message.key_len = record.key.size();
  message._private = record.cookie;
}

// Refusals are marked message by message; the call tells only how many were taken.
void Producer::submit(TopicSlot topic, ReportListener& listener, std::int32_t only) {
  Handle::Topic& out = handle_->at(topic);
  const auto size = static_cast<int>(out.batch.size());
  const int flags = only == kEachItsOwn ? RD_KAFKA_MSG_F_PARTITION : 0;
  const std::int32_t partition = only == kEachItsOwn ? RD_KAFKA_PARTITION_UA : only;
  const int taken = rd_kafka_produce_batch(out.topic, partition, flags, out.batch.data(), size);
  if (taken < size) {
    for (const rd_kafka_message_t& each : out.batch) {
      if (each.err) listener.on_report(each._private, fate_of(each.err), each.partition, -1);
    }
  }
  out.batch.clear();
}

// The bytes are sent from the ring, as those of a batch are: no flag asks librdkafka for a copy or to free them.
Fate Producer::send_with_header(TopicSlot topic, const Outgoing& record, std::string_view header,
                                std::int64_t time_ms) {
  // librdkafka's macros for this need a GNU extension; the array is what they make.
  std::array<rd_kafka_vu_t, 7> fields{};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = handle_->at(topic).topic;
  fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  fields[1].u.i32 = record.partition;
  fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[2].u.mem.ptr = record.bytes.data();
  fields[2].u.mem.size = record.bytes.size();
  fields[3].vtype = RD_KAFKA_VTYPE_KEY;
  fields[3].u.mem.ptr = const_cast<char*>(record.key.data());  // only read, and copied
  fields[3].u.mem.size = record.key.size();
  Headers headers = make_headers(header);
  fields[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[4].u.headers = headers.get();
  fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[5].u.ptr = record.cookie;
  fields[6].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[6].u.i64 = time_ms;  // 0: librdkafka takes its own
  const std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)> error(
      rd_kafka_produceva(handle_->client, fields.data(), fields.size()), rd_kafka_error_destroy);
  if (error) return fate_of(rd_kafka_error_code(error.get()));
  static_cast<void>(headers.release());  // librdkafka's now
  return Fate::kAcked;
}

void Producer::poll(ReportListener& listener, std::chrono::milliseconds wait) {
  handle_->polling.listener = &listener;
  rd_kafka_poll(handle_->client, static_cast<int>(wait.count()));
}

bool Producer::dead() const noexcept { return is_dead(handle_->client); }

std::string Producer::cause_of_death() const {
  char text[512] = "";
  rd_kafka_fatal_error(handle_->client, text, sizeof text);
  return text;
}

bool Producer::forbidden() const noexcept {
  return rd_kafka_fatal_error(handle_->client, nullptr, 0) == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

std::size_t Producer::in_queue() const { return static_cast<std::size_t>(rd_kafka_outq_len(handle_->client)); }

}  // namespace millrace::publish
