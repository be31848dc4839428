#include "cli/subscribe/send.h"

#include <algorithm>
#include <stdexcept>

#include "publish/kafka/murmur2.h"
#include "publish/kafka/producer.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"
#include "publish/kafka/trouble.h"

namespace millrace::cli {
namespace {

using publish::Fate;

// At a time: librdkafka's own queue has room for several such waves.
constexpr std::size_t kWave = 10'000;

// What became of each record; the cookie is its place in here.
struct Fates : publish::ReportListener {
  struct One {
    bool known = false;
    Fate fate = Fate::kOther;
  };
  explicit Fates(std::size_t count) : all(count) {}

  void on_report(void* cookie, Fate fate, std::int32_t, std::int64_t) override {
    *static_cast<One*>(cookie) = {true, fate};
    ++known;
  }

  std::vector<One> all;
  std::size_t known = 0;
};

std::vector<Unsent> unsent(const Fates& fates) {
  std::vector<Unsent> out;
  for (std::size_t i = 0; i < fates.all.size(); ++i) {
    const Fates::One& one = fates.all[i];
    if (!one.known) out.push_back({i, "no_answer"});
    if (one.known && one.fate != Fate::kAcked) out.push_back({i, name(one.fate)});
  }
  return out;
}

}  // namespace

std::vector<Unsent> send_all(const publish::KafkaSettings& settings, std::span<SubscriptionRecord> records,
                             std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::string topic = publish::full_topic(settings.prefix, publish::kSubscriptionTopic);
  publish::Producer producer(settings, -1);
  const publish::TopicSlot slot = producer.add_topic(topic);
  const std::int32_t partitions = producer.partitions(slot, timeout);
  if (partitions <= 0) throw std::runtime_error(producer.problem(slot, partitions));

  Fates fates(records.size());
  for (std::size_t next = 0; next < records.size() && std::chrono::steady_clock::now() < deadline;) {
    const std::size_t end = std::min(records.size(), next + kWave);
    for (; next < end; ++next) {
      SubscriptionRecord& record = records[next];
      // An empty value has no address, so that librdkafka sends none at all.
      const auto bytes =
          record.value.empty() ? std::span<std::byte>{} : std::as_writable_bytes(std::span(record.value));
      producer.push(slot, {bytes, record.key, publish::partition_of(record.key, partitions), &fates.all[next]});
    }
    producer.submit(slot, fates);
    while (fates.known < end && !producer.dead() && publish::left_until(deadline).count() > 1) {
      producer.poll(fates, std::min(publish::left_until(deadline), std::chrono::milliseconds{50}));
    }
    if (producer.dead()) break;
  }
  if (producer.forbidden()) throw std::runtime_error(publish::not_authorized("topic", topic, "Write"));
  return unsent(fates);
}

}  // namespace millrace::cli
