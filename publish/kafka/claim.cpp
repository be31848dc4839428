#include "publish/kafka/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <stdexcept>
#include <string_view>

#include "publish/kafka/producer.h"
#include "publish/kafka/record_header.h"
#include "publish/kafka/topic_names.h"
#include "publish/kafka/topic_reader.h"
#include "publish/kafka/trouble.h"
#include "schemas/codec/encode.h"

namespace millrace::publish {
namespace {

using Clock = std::chrono::steady_clock;

// Waits for the one report of the claim.
struct ClaimReport : ReportListener {
  void on_report(void*, Fate fate, std::int32_t, std::int64_t offset) override {
    came = true;
    if (fate == Fate::kAcked) acked = offset;
    last = fate;
  }

  bool came = false;
  std::optional<std::int64_t> acked;
  Fate last = Fate::kOther;
};

// Two partitions would give two workers the same offset, and so the same epoch.
void check_topic(const Producer& producer, TopicSlot slot, std::int32_t partitions, const std::string& topic) {
  if (partitions == 1) return;
  if (partitions <= 0) throw std::runtime_error(producer.problem(slot, partitions));
  throw std::runtime_error(
      fmt::format("kafka: topic {} has {} partitions, but the offsets of one are the epochs: "
                  "delete it and run `millrace topics apply`",
                  topic, partitions));
}

}  // namespace

// A producer of its own, gone afterwards: the lanes' are made later and on their own threads.
std::int64_t write_claim(const KafkaSettings& settings, const schemas::Claim& claim,
                         std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const std::string topic = full_topic(settings.prefix, kClaimTopic);
  std::string bytes;
  schemas::encode(claim, bytes);
  Producer producer(settings, -1);
  const TopicSlot slot = producer.add_topic(topic);
  check_topic(producer, slot, producer.partitions(slot, timeout), topic);

  ClaimReport report;
  producer.push(slot, {std::as_writable_bytes(std::span(bytes)), claim.worker, 0, nullptr});
  producer.submit(slot, report);
  while (!report.came && Clock::now() < deadline) producer.poll(report, std::chrono::milliseconds{50});
  if (!report.came) {
    throw std::runtime_error(fmt::format("kafka: the claim was not acknowledged by {} in time", settings.brokers));
  }
  if (report.last == Fate::kForbidden || producer.forbidden())
    throw std::runtime_error(not_authorized("topic", topic, "Write"));
  if (!report.acked || *report.acked < 0) {
    throw std::runtime_error(fmt::format("kafka: the claim was refused ({}): see the log above", name(report.last)));
  }
  return epoch_of_claim(*report.acked);
}

// Reads the whole status topic, which compaction keeps at about one record a stream.
std::int64_t last_epoch(const KafkaSettings& settings, const std::string& venue, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  std::int64_t highest = 0;
  // Only the number is wanted: a status of a newer version than ours counts too. The sidecar counts its own instances.
  const auto note = [&](std::string_view, std::string_view value) {
    const RecordHeader header = header_of(schemas::MessageType::kStreamStatus, value, 0);
    if (header.origin != schemas::Origin::kReplay) highest = std::max(highest, header.epoch);
  };
  const ReadScope status{{full_topic(settings.prefix, ops_topic(venue, "status"))}, {}};
  if (!read_topics(settings, status, deadline, note)) {
    throw std::runtime_error(fmt::format("kafka: could not read the status of {} in time", venue));
  }
  return highest;
}

std::string stale_claim_topic(const KafkaSettings& settings, std::int64_t epoch, const std::string& venue,
                              std::int64_t last) {
  return fmt::format(
      "kafka: our epoch would be {}, but {} was already written under epoch {}: topic {} was deleted or is another "
      "cluster's. Use a new --prefix, or delete the topics of this one and apply them again",
      epoch, venue, last, full_topic(settings.prefix, kClaimTopic));
}

std::string random_instance() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// The check comes after the claim: the other order would leave a moment in which another worker could write.
std::int64_t take_epoch(const KafkaSettings& settings, const schemas::Claim& claim, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const std::int64_t epoch = write_claim(settings, claim, timeout);
  for (const std::string& venue : claim.venues) {
    const std::int64_t last = last_epoch(settings, venue, left_until(deadline));
    if (last < epoch) continue;
    throw std::runtime_error(stale_claim_topic(settings, epoch, venue, last));
  }
  return epoch;
}

}  // namespace millrace::publish
