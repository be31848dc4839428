#include "replay/history/topic_source.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
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
// What librdkafka may hold ahead of us, of all partitions together.
constexpr std::size_t kPrefetchKbytes = 24 * 1024;

using Positions = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

// Offsets from `begin` to before `end`.
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

struct Partition {
  TopicKind kind;
  std::int32_t id = 0;
};

publish::Client make_reader(const publish::KafkaSettings& kafka, std::size_t partitions) {
  publish::SettingList settings = publish::client_settings(kafka);
  settings.emplace_back("enable.auto.commit", "false");
  settings.emplace_back("enable.partition.eof", "true");
  settings.emplace_back("isolation.level", "read_committed");
  settings.emplace_back("check.crcs", "true");
  settings.emplace_back("fetch.wait.max.ms", "100");
  const std::size_t share = std::clamp<std::size_t>(kPrefetchKbytes / std::max<std::size_t>(partitions, 1), 512, 8192);
  settings.emplace_back("queued.max.messages.kbytes", std::to_string(share));
  return publish::make_client(publish::ClientKind::kReading, settings);
}

// One partition, by librdkafka's consumer without a group: it reads ahead by itself, and only whom we ask gives
// records.
class PartitionSource final : public Source {
 public:
  PartitionSource(std::shared_ptr<rd_kafka_t> client, Partition partition, const std::string& topic, Span offsets,
                  std::function<bool()> stop)
      : client_{std::move(client)},
        partition_{std::move(partition)},
        topic_{rd_kafka_topic_new(client_.get(), topic.c_str(), nullptr)},
        stop_{std::move(stop)},
        first_{offsets.begin},
        next_{offsets.begin},
        end_{offsets.end} {
    if (!topic_ || rd_kafka_consume_start(topic_.get(), partition_.id, first_) != 0) {
      fail(rd_kafka_err2str(rd_kafka_last_error()));
    }
  }
  ~PartitionSource() override {
    drop();
    if (topic_) rd_kafka_consume_stop(topic_.get(), partition_.id);
  }
  PartitionSource(const PartitionSource&) = delete;
  PartitionSource& operator=(const PartitionSource&) = delete;

  bool next(SourceRecord& out) override {
    while (next_ < end_) {
      if (at_ == count_ && !fetch()) {
        if (stop_()) return false;
        continue;
      }
      const rd_kafka_message_t& message = *batch_[at_++];
      if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        next_ = end_;  // what is missing up to there was compacted away, or is no record
      } else if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        on_error(message);
      } else if (message.offset < end_) {
        next_ = message.offset + 1;
        out.topic = partition_.kind.topic;
        out.key = {static_cast<const char*>(message.key), message.key_len};
        out.bytes = {static_cast<const char*>(message.payload), message.len};
        return true;
      } else {
        next_ = end_;
      }
    }
    return false;
  }

  Progress progress() const override { return {next_ - first_, end_ - first_}; }

 private:
  void drop() noexcept {
    for (std::size_t i = 0; i < count_; ++i) rd_kafka_message_destroy(batch_[i]);
    count_ = at_ = 0;
  }

  bool fetch() {
    drop();
    // It waits until as many are there as were asked for: so what is there is taken, else one waited for.
    ssize_t got = rd_kafka_consume_batch(topic_.get(), partition_.id, 0, batch_.data(), kBatch);
    if (got == 0) got = rd_kafka_consume_batch(topic_.get(), partition_.id, 1000, batch_.data(), 1);
    count_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    const auto now = Clock::now();
    if (count_ > 0) {
      heard_ = now;
    } else if (now - heard_ > kPatience) {
      fail("Kafka has been silent for 60 s");
    }
    return count_ > 0;
  }

  void on_error(const rd_kafka_message_t& message) const {
    // A broker that goes away is waited for.
    const bool passes =
        message.err == RD_KAFKA_RESP_ERR__TRANSPORT || message.err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    if (!passes) fail(rd_kafka_message_errstr(&message));
  }

  [[noreturn]] void fail(const char* why) const {
    throw std::runtime_error(fmt::format("kafka: reading {} partition {} at offset {}: {}", partition_.kind.topic,
                                         partition_.id, next_, why));
  }

  std::shared_ptr<rd_kafka_t> client_;
  Partition partition_;
  std::unique_ptr<rd_kafka_topic_t, TopicDeleter> topic_;
  std::array<rd_kafka_message_t*, kBatch> batch_{};
  std::size_t count_ = 0, at_ = 0;
  std::function<bool()> stop_;
  std::int64_t first_, next_, end_;
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
  const std::shared_ptr<rd_kafka_t> client = make_reader(kafka, partitions.size());
  // These two are times, too, for who asks.
  const Positions ends = ask_offsets(client.get(), partitions, kafka.prefix,
                                     [](const Partition&) { return std::int64_t{RD_KAFKA_OFFSET_END}; });
  const Positions starts = ask_offsets(client.get(), partitions, kafka.prefix, [&](const Partition& partition) {
    return start_ms(partition, range, lookback_ns);
  });
  TopicSources out;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    ++out.partitions[partitions[i].kind.topic];
    const std::int64_t start = starts->elems[i].offset;  // -1: nothing that late
    const std::int64_t end = ends->elems[i].offset;
    if (start < 0 || start >= end) continue;
    const std::string topic = publish::full_topic(kafka.prefix, partitions[i].kind.topic);
    out.sources.push_back(std::make_unique<PartitionSource>(client, partitions[i], topic, Span{start, end}, stop));
  }
  return out;
}

}  // namespace millrace::history
