#include "replay/history/topic_source.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <utility>

#include "publish/kafka/client.h"
#include "publish/kafka/topic_admin.h"
#include "publish/kafka/topic_names.h"
#include "replay/history/stream.h"

namespace millrace::history {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kAnswerMs = 15'000;
// For a broker that restarts. Longer, and one that is gone, or a topic deleted meanwhile, would hang the caller.
constexpr auto kPatience = std::chrono::seconds{60};
// Wall clocks step: of the worker between receive time and produce time, and of brokers.
constexpr std::int64_t kClockSlack = 5'000'000'000;
constexpr std::size_t kBatch = 1000;
// What librdkafka may hold ahead of us: what a broker sends while a round is sorted and written.
constexpr std::size_t kPrefetchKbytes = 8 * 1024;
// librdkafka 2.0.2 looks only once a second whether a full queue has room again, unless something else wakes its
// connection: a question about the topics does.
constexpr int kWakeMs = 20;

using Positions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};

// One partition while it is read: offsets from `begin` to before `end`.
struct Reading {
  TopicKind kind;
  std::int32_t partition = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t next = 0;
  bool ended = false;
};

struct Partition {
  TopicKind kind;
  std::int32_t id = 0;
};

publish::Client make_reader(const publish::KafkaSettings& kafka) {
  publish::SettingList settings = publish::client_settings(kafka);
  settings.emplace_back("enable.auto.commit", "false");
  settings.emplace_back("enable.partition.eof", "true");
  settings.emplace_back("isolation.level", "read_committed");
  settings.emplace_back("check.crcs", "true");
  settings.emplace_back("fetch.wait.max.ms", "100");
  settings.emplace_back("topic.metadata.refresh.interval.ms", std::to_string(kWakeMs));
  settings.emplace_back("queued.min.messages", "1000000");  // the bytes decide
  settings.emplace_back("queued.max.messages.kbytes", std::to_string(kPrefetchKbytes));
  return publish::make_client(publish::ClientKind::kReading, settings);
}

// All partitions, by librdkafka's consumer without a group, through one queue: what arrives is taken as it comes. (Each
// from a queue of its own, in step, would stand still whenever one of them is full.)
class TopicSource final : public Source {
 public:
  TopicSource(std::shared_ptr<rd_kafka_t> client, std::vector<Reading> reads, const std::string& prefix,
              std::function<bool()> stop)
      : client_{std::move(client)},
        queue_{rd_kafka_queue_new(client_.get())},
        reads_{std::move(reads)},
        open_{reads_.size()},
        stop_{std::move(stop)} {
    for (std::size_t part = 0; part < reads_.size(); ++part) begin(part, prefix);
  }
  ~TopicSource() override {
    drop();
    for (std::size_t part = 0; part < reads_.size(); ++part) end(part);
  }
  TopicSource(const TopicSource&) = delete;
  TopicSource& operator=(const TopicSource&) = delete;

  bool next(SourceRecord& out) override {
    while (open_ > 0) {
      if (at_ == count_ && !fetch()) {
        if (stop_()) return false;
        continue;
      }
      if (take(*batch_[at_++], out)) return true;
    }
    return false;
  }

  std::size_t parts() const override { return reads_.size(); }
  bool has_ended(std::size_t part) const override { return reads_[part].ended; }
  void leave(std::size_t part) override { end(part); }

  Progress progress() const override {
    Progress sum;
    for (const Reading& read : reads_) {
      sum.done += (read.ended ? read.end : read.next) - read.begin;
      sum.total += read.end - read.begin;
    }
    return sum;
  }

 private:
  void begin(std::size_t part, const std::string& prefix) {
    const Reading& read = reads_[part];
    Topic& topic = topics_[read.kind.topic];
    if (!topic.handle) {
      const std::string name = publish::full_topic(prefix, read.kind.topic);
      topic.handle.reset(rd_kafka_topic_new(client_.get(), name.c_str(), nullptr));
      by_handle_[topic.handle.get()] = &topic;
    }
    topic.part_of[read.partition] = part;
    if (rd_kafka_consume_start_queue(topic.handle.get(), read.partition, read.begin, queue_.get()) != 0) {
      fail(read, rd_kafka_err2str(rd_kafka_last_error()));
    }
  }

  // Messages of it that were fetched already may still come.
  void end(std::size_t part) {
    Reading& read = reads_[part];
    if (std::exchange(read.ended, true)) return;
    --open_;
    rd_kafka_consume_stop(topics_[read.kind.topic].handle.get(), read.partition);
  }

  // False: no record to be replayed.
  bool take(const rd_kafka_message_t& message, SourceRecord& out) {
    if (message.rkt == nullptr) return false;  // the client's own news: librdkafka tries again
    const std::size_t part = part_of(message);
    Reading& read = reads_[part];
    if (read.ended) return false;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR && message.err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      on_error(read, message);
      return false;
    }
    // What is missing up to the end was compacted away, or is no record.
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF || message.offset >= read.end) {
      end(part);
      return false;
    }
    read.next = message.offset + 1;
    out.topic = read.kind.topic;
    out.key = {static_cast<const char*>(message.key), message.key_len};
    out.bytes = {static_cast<const char*>(message.payload), message.len};
    out.part = part;
    if (read.next == read.end) end(part);
    return true;
  }

  std::size_t part_of(const rd_kafka_message_t& message) {
    if (message.rkt != last_handle_ || message.partition != last_partition_) {
      last_handle_ = message.rkt;
      last_partition_ = message.partition;
      last_part_ = by_handle_.at(message.rkt)->part_of.at(message.partition);
    }
    return last_part_;
  }

  void drop() noexcept {
    for (std::size_t i = 0; i < count_; ++i) rd_kafka_message_destroy(batch_[i]);
    count_ = at_ = 0;
  }

  bool fetch() {
    drop();
    // It waits until as many are there as were asked for: so what is there is taken, else one waited for.
    ssize_t got = rd_kafka_consume_batch_queue(queue_.get(), 0, batch_.data(), kBatch);
    if (got == 0) got = rd_kafka_consume_batch_queue(queue_.get(), 1000, batch_.data(), 1);
    count_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    const auto now = Clock::now();
    if (count_ > 0) {
      heard_ = now;
    } else if (now - heard_ > kPatience) {
      const auto open = std::find_if(reads_.begin(), reads_.end(), [](const Reading& read) { return !read.ended; });
      fail(*open, "Kafka has been silent for 60 s");
    }
    return count_ > 0;
  }

  // A broker that goes away is waited for.
  static void on_error(const Reading& read, const rd_kafka_message_t& message) {
    const bool passes =
        message.err == RD_KAFKA_RESP_ERR__TRANSPORT || message.err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (!passes) fail(read, rd_kafka_message_errstr(&message));
  }

  [[noreturn]] static void fail(const Reading& read, const char* why) {
    throw std::runtime_error(fmt::format("kafka: reading {} partition {} at offset {}: {}", read.kind.topic,
                                         read.partition, read.next, why));
  }

  struct Topic {
    std::unique_ptr<rd_kafka_topic_t, TopicDeleter> handle;
    std::map<std::int32_t, std::size_t> part_of;  // by partition
  };

  std::shared_ptr<rd_kafka_t> client_;
  std::unique_ptr<rd_kafka_queue_t, QueueDeleter> queue_;
  std::map<std::string, Topic> topics_;
  std::map<const rd_kafka_topic_t*, const Topic*> by_handle_;
  std::vector<Reading> reads_;  // by part
  std::size_t open_;            // of them, not ended
  std::array<rd_kafka_message_t*, kBatch> batch_{};
  std::size_t count_ = 0, at_ = 0;
  const rd_kafka_topic_t* last_handle_ = nullptr;
  std::int32_t last_partition_ = -1;
  std::size_t last_part_ = 0;
  std::function<bool()> stop_;
  Clock::time_point heard_ = Clock::now();
};

std::vector<Partition> partitions_of(const publish::KafkaSettings& kafka, const Selection& selection) {
  const std::string begin = publish::full_topic(kafka.prefix, "");
  std::vector<Partition> found;
  publish::TopicAdmin admin(kafka);
  for (const publish::ExistingTopic& topic : admin.look(begin).topics) {
    const auto kind = kind_of_topic(std::string_view{topic.name}.substr(begin.size()));
    if (!kind || !selection.has_dataset(kind->venue, kind->dataset)) continue;
    for (std::int32_t id = 0; id < topic.partitions; ++id) found.push_back({*kind, id});
  }
  if (found.empty()) {
    throw std::runtime_error(
        fmt::format("no topic under {} holds what is asked for: see `millrace topics list`", begin));
  }
  return found;
}

// One question about all partitions: librdkafka 2.0.2 takes half a second for each.
Positions ask_offsets(rd_kafka_t* client, const std::vector<Partition>& partitions, const std::string& prefix,
                      const std::function<std::int64_t(const Partition&)>& time_ms) {
  Positions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())),
                 rd_kafka_topic_partition_list_destroy);
  for (const Partition& partition : partitions) {
    const std::string topic = publish::full_topic(prefix, partition.kind.topic);
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition.id)->offset = time_ms(partition);
  }
  auto error = rd_kafka_offsets_for_times(client, list.get(), kAnswerMs);
  for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; ++i) error = list->elems[i].err;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return list;
  throw std::runtime_error(fmt::format("kafka: offsets of the range: {}", rd_kafka_err2str(error)));
}

// Kafka's times of live records are those of publishing, never before those of receiving.
std::int64_t start_ms(const Partition& partition, const TimeRange& range, std::int64_t lookback_ns) {
  if (!range.has_begin()) return RD_KAFKA_OFFSET_BEGINNING;
  const bool is_book = partition.kind.type == schemas::MessageType::kBook;
  const std::int64_t before = kClockSlack + (is_book ? lookback_ns : 0);
  return std::max<std::int64_t>((range.from - std::min(before, range.from)) / 1'000'000, 0);
}

}  // namespace

TopicSources open_topics(const publish::KafkaSettings& kafka, const Selection& selection, const TimeRange& range,
                         std::int64_t lookback_ns, const std::function<bool()>& stop) {
  const std::vector<Partition> partitions = partitions_of(kafka, selection);
  const std::shared_ptr<rd_kafka_t> client = make_reader(kafka);
  // These two are times, too, for who asks.
  const Positions ends = ask_offsets(client.get(), partitions, kafka.prefix,
                                     [](const Partition&) { return std::int64_t{RD_KAFKA_OFFSET_END}; });
  const Positions starts = ask_offsets(client.get(), partitions, kafka.prefix, [&](const Partition& partition) {
    return start_ms(partition, range, lookback_ns);
  });
  TopicSources out;
  std::vector<Reading> reads;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    ++out.partitions[partitions[i].kind.topic];
    const std::int64_t start = starts->elems[i].offset;  // -1: nothing that late
    const std::int64_t end = ends->elems[i].offset;
    if (start >= 0 && start < end) reads.push_back({partitions[i].kind, partitions[i].id, start, end, start});
  }
  if (!reads.empty()) {
    out.sources.push_back(std::make_unique<TopicSource>(client, std::move(reads), kafka.prefix, stop));
  }
  return out;
}

}  // namespace millrace::history
