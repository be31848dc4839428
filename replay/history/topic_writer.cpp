#include "replay/history/topic_writer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/murmur2.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_plan.h"
#include "publish/kafka/trouble.h"

namespace millrace::history {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswer{15'000};
// Of a broker that takes nothing: longer than a restart.
constexpr milliseconds kPatience{120'000};

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

// What the broker said of records that it did not take, told on the thread that polls; and of its connections.
struct Reports : publish::Trouble {
  std::int64_t failed = 0;
  std::string first;
};

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& reports = *static_cast<Reports*>(static_cast<publish::Trouble*>(opaque));
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  if (++reports.failed > 1) return;
  reports.first = fmt::format("{}: {}", rd_kafka_topic_name(message->rkt), rd_kafka_err2str(message->err));
}

struct ProducerDeleter {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
};
using Producer = std::unique_ptr<rd_kafka_t, ProducerDeleter>;

Producer make_producer(const publish::KafkaSettings& kafka, Reports& reports) {
  publish::Conf conf = publish::make_conf(publish::producer_settings(kafka), reports);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
  char text[512] = "";
  Producer client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), text, sizeof text));
  if (!client) throw std::runtime_error(fmt::format("kafka: cannot make a client: {}", text));
  static_cast<void>(conf.release());  // librdkafka's now
  return client;
}

class TopicWriter final : public Writer {
 public:
  TopicWriter(const publish::KafkaSettings& kafka, PartitionCounts partitions,
              std::function<schemas::UnixNanos()> clock)
      : brokers_{kafka.brokers},
        prefix_{kafka.prefix},
        wanted_{std::move(partitions)},
        clock_{std::move(clock)},
        admin_{kafka, kAnswer},
        client_{make_producer(kafka, reports_)} {
    look();
  }

  bool write(const Record& record) override {
    const TopicKind& kind = *record.stream->kind;
    Topic& topic = topic_of(kind);
    const auto now = clock_();
    bytes_.clear();
    schemas::append_with_origin(record.bytes, schemas::Origin::kHistory, now, bytes_);
    const publish::RecordHeader header{kind.type, schemas::Origin::kHistory, 0, record.epoch, record.seq};
    produce(topic, record.stream->owner, publish::encode_header(header), std::min(record.time, now) / 1'000'000);
    return true;
  }

  void flush() override {
    rd_kafka_poll(client_.get(), 0);
    check();
  }

  void finish() override {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (rd_kafka_flush(client_.get(), 1000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      check();
      if (std::chrono::steady_clock::now() >= deadline) fail("the broker takes nothing");
    }
    check();
  }

 private:
  struct Topic {
    std::unique_ptr<rd_kafka_topic_t, TopicDeleter> handle;
    std::int32_t partitions = 0;
  };

  [[noreturn]] static void fail(const std::string& why) {
    throw std::runtime_error("kafka: history does not arrive: " + why);
  }

  void check() {
    char text[512] = "";
    if (rd_kafka_fatal_error(client_.get(), text, sizeof text) != RD_KAFKA_RESP_ERR_NO_ERROR) fail(text);
    if (reports_.failed > 0) fail(reports_.first);
  }

  // Topics under the prefix that are there already.
  void look() {
    publish::ClusterState cluster = admin_.look(publish::full_topic(prefix_, ""));
    replication_ = publish::replication_for({}, cluster.brokers);
    admin_.describe(cluster.topics);
    for (const publish::ExistingTopic& topic : cluster.topics) {
      if (topic.name == publish::full_topic(prefix_, publish::kClaimTopic)) {
        fail(fmt::format("a worker publishes under the prefix {} ({} is there): choose another", prefix_, topic.name));
      }
      there_[topic.name] = topic;
    }
  }

  Topic& topic_of(const TopicKind& kind) {
    if (last_kind_ == &kind) return *last_topic_;
    auto known = topics_.find(kind.topic);
    if (known == topics_.end()) known = topics_.emplace(kind.topic, open(kind.topic)).first;
    last_kind_ = &kind;
    last_topic_ = &known->second;
    return *last_topic_;
  }

  Topic open(const std::string& name) {
    const std::string full = publish::full_topic(prefix_, name);
    const auto there = there_.find(full);
    if (there != there_.end()) {
      refuse_forgetful(there->second);
    } else {
      make(name, full);
    }
    const auto count = publish::partitions_of_existing(client_.get(), brokers_, full, kAnswer);
    return {std::unique_ptr<rd_kafka_topic_t, TopicDeleter>(rd_kafka_topic_new(client_.get(), full.c_str(), nullptr)),
            count};
  }

  // Times of history lie in the past: the broker would remove the records as soon as they are written.
  static void refuse_forgetful(const publish::ExistingTopic& topic) {
    const auto value = [&](const char* key) {
      const auto found = topic.config.find(key);
      return found == topic.config.end() ? std::string{} : found->second;
    };
    if (value("cleanup.policy") == "delete" && value("retention.ms") == "-1") return;
    fail(fmt::format(
        "{} is there and forgets records (cleanup.policy {}, retention.ms {}): choose another prefix, or set "
        "delete and -1",
        topic.name, value("cleanup.policy"), value("retention.ms")));
  }

  void make(const std::string& name, const std::string& full) {
    const auto wanted = wanted_.find(name);
    publish::WantedTopic topic;
    topic.name = full;
    topic.partitions = wanted == wanted_.end() ? kDefaultPartitions : wanted->second;
    topic.config = {{"cleanup.policy", "delete"},
                    {"retention.ms", "-1"},
                    {"retention.bytes", "-1"},
                    {"max.message.bytes", std::to_string(publish::kMaxMessageBytes)}};
    const auto errors = admin_.create({topic}, replication_);
    if (!errors.empty()) fail(errors.front());
  }

  void produce(const Topic& topic, const std::string& key, const publish::HeaderBytes& header, std::int64_t time_ms) {
    // librdkafka's macros for this need a GNU extension; the array is what they make.
    std::array<rd_kafka_vu_t, 7> fields{};
    fields[0].vtype = RD_KAFKA_VTYPE_RKT;
    fields[0].u.rkt = topic.handle.get();
    fields[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    fields[1].u.i32 = publish::partition_of(key, topic.partitions);
    fields[2].vtype = RD_KAFKA_VTYPE_VALUE;
    fields[2].u.mem.ptr = bytes_.data();
    fields[2].u.mem.size = bytes_.size();
    fields[3].vtype = RD_KAFKA_VTYPE_KEY;
    fields[3].u.mem.ptr = const_cast<char*>(key.data());  // only read, and copied
    fields[3].u.mem.size = key.size();
    publish::Headers headers = publish::make_headers(header.view());
    fields[4].vtype = RD_KAFKA_VTYPE_HEADERS;
    fields[4].u.headers = headers.get();
    fields[5].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    fields[5].u.i64 = time_ms;
    fields[6].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    fields[6].u.i = RD_KAFKA_MSG_F_COPY;
    for (auto waited = milliseconds{0};; waited += milliseconds{100}) {
      const std::unique_ptr<rd_kafka_error_t, decltype(&rd_kafka_error_destroy)> error(
          rd_kafka_produceva(client_.get(), fields.data(), fields.size()), rd_kafka_error_destroy);
      if (!error) {
        static_cast<void>(headers.release());  // librdkafka's now
        break;
      }
      if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL) fail(rd_kafka_error_string(error.get()));
      if (waited >= kPatience) fail("the broker takes nothing");
      rd_kafka_poll(client_.get(), 100);
      check();
    }
    if (++produced_ % 1024 == 0) flush();
  }

  std::string brokers_;
  std::string prefix_;
  PartitionCounts wanted_;
  std::function<schemas::UnixNanos()> clock_;
  publish::TopicAdmin admin_;
  std::int32_t replication_ = 1;
  std::map<std::string, publish::ExistingTopic> there_;
  Reports reports_;
  Producer client_;
  std::map<std::string, Topic> topics_;  // goes before the client
  const TopicKind* last_kind_ = nullptr;
  Topic* last_topic_ = nullptr;
  std::string bytes_;
  std::int64_t produced_ = 0;
};

}  // namespace

std::unique_ptr<Writer> make_topic_writer(const publish::KafkaSettings& kafka, PartitionCounts partitions,
                                          std::function<schemas::UnixNanos()> clock) {
  return std::make_unique<TopicWriter>(kafka, std::move(partitions), std::move(clock));
}

}  // namespace millrace::history
