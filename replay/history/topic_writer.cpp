#include "replay/history/topic_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <list>
#include <span>
#include <stdexcept>
#include <utility>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/producer.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_plan.h"

namespace millrace::history {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kAnswer{15'000};
// Of a broker that takes nothing: longer than a restart.
constexpr milliseconds kBrokerPatience{120'000};

class TopicWriter final : public Writer, private publish::ReportListener {
 public:
  TopicWriter(const publish::KafkaSettings& kafka, PartitionCounts partitions,
              std::function<schemas::UnixNanos()> clock)
      : prefix_{kafka.prefix},
        wanted_{std::move(partitions)},
        clock_{std::move(clock)},
        admin_{kafka, kAnswer},
        producer_{kafka, -1} {
    look();
  }

  bool write(const Record& record) override {
    const TopicKind& kind = *record.stream->kind;
    const Topic& topic = topic_of(kind);
    const auto now = clock_();
    Sent& sent = *sent_.emplace(sent_.end());
    sent.topic = &topic;
    sent.self = std::prev(sent_.end());
    schemas::append_with_origin(record.bytes, schemas::Origin::kHistory, now, sent.bytes);
    const publish::RecordHeader header{kind.type, schemas::Origin::kHistory, 0, record.epoch, record.seq};
    send(sent, record.stream->owner, publish::encode_header(header), std::min(record.time, now) / 1'000'000);
    if (++produced_ % 1024 == 0) flush();
    return true;
  }

  void flush() override { poll(milliseconds{0}); }

  void finish() override {
    const auto deadline = std::chrono::steady_clock::now() + kBrokerPatience;
    while (producer_.in_queue() > 0) {
      poll(milliseconds{1000});
      if (producer_.in_queue() > 0 && std::chrono::steady_clock::now() >= deadline) fail("the broker takes nothing");
    }
  }

 private:
  struct Topic {
    std::string name;
    publish::TopicSlot slot{};
    std::int32_t partitions = 0;
  };

  // What the producer sends from until it has told what became of it.
  struct Sent {
    const Topic* topic = nullptr;
    std::string bytes;
    std::list<Sent>::iterator self;
  };

  [[noreturn]] static void fail(const std::string& why) {
    throw std::runtime_error("kafka: history does not arrive: " + why);
  }

  void on_report(void* cookie, publish::Fate fate, std::int32_t, std::int64_t) override {
    const Sent& sent = *static_cast<const Sent*>(cookie);
    if (fate != publish::Fate::kAcked && lost_.empty()) lost_ = fmt::format("{}: {}", sent.topic->name, name(fate));
    sent_.erase(sent.self);
  }

  void poll(milliseconds wait) {
    producer_.poll(*this, wait);
    if (producer_.dead()) fail(producer_.cause_of_death());
    if (!lost_.empty()) fail(lost_);
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

  const Topic& topic_of(const TopicKind& kind) {
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
    Topic topic{full, producer_.add_topic(full)};
    topic.partitions = producer_.partitions(topic.slot, kAnswer);
    if (topic.partitions <= 0) fail(producer_.problem(topic.slot, topic.partitions));
    return topic;
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

  void send(Sent& sent, const std::string& key, const publish::HeaderBytes& header, std::int64_t time_ms) {
    publish::Outgoing record;
    record.bytes = std::as_writable_bytes(std::span{sent.bytes});
    record.key = key;
    record.partition = publish::partition_of(key, sent.topic->partitions);
    record.cookie = &sent;
    for (auto waited = milliseconds{0};; waited += milliseconds{100}) {
      const publish::Fate fate = producer_.send_with_header(sent.topic->slot, record, header.view(), time_ms);
      if (fate == publish::Fate::kAcked) return;
      if (fate != publish::Fate::kQueueFull) fail(fmt::format("{}: {}", sent.topic->name, name(fate)));
      if (waited >= kBrokerPatience) fail("the broker takes nothing");
      poll(milliseconds{100});
    }
  }

  std::string prefix_;
  PartitionCounts wanted_;
  std::function<schemas::UnixNanos()> clock_;
  publish::TopicAdmin admin_;
  std::int32_t replication_ = 1;
  std::map<std::string, publish::ExistingTopic> there_;
  std::map<std::string, Topic> topics_;
  const TopicKind* last_kind_ = nullptr;
  const Topic* last_topic_ = nullptr;
  std::list<Sent> sent_;
  publish::Producer producer_;  // goes before what it sends from
  std::string lost_;            // the first record that the broker did not take, and why
  std::int64_t produced_ = 0;
};

}  // namespace

std::unique_ptr<Writer> make_topic_writer(const publish::KafkaSettings& kafka, PartitionCounts partitions,
                                          std::function<schemas::UnixNanos()> clock) {
  return std::make_unique<TopicWriter>(kafka, std::move(partitions), std::move(clock));
}

}  // namespace millrace::history
