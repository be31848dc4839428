#include "ingest/worker/claim.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>

#include "publish/kafka/producer.h"
#include "publish/kafka/topic_names.h"
#include "schemas/codec/encode.h"

namespace millrace::ingest {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPollStep{50};

// Keeps what became of the one record that is under way.
struct Report final : publish::ReportListener {
  void on_report(void*, publish::Fate fate, std::int32_t, std::int64_t at) override {
    known = fate;
    offset = at;
  }
  std::optional<publish::Fate> known;
  std::int64_t offset = -1;
};

std::int64_t produce(publish::Producer& producer, publish::TopicSlot topic, std::string_view key,
                     std::span<std::byte> bytes, Clock::time_point deadline) {
  Report report;
  producer.push(topic, {bytes, key, 0, nullptr});
  producer.submit(topic, report);
  while (!report.known && Clock::now() < deadline) producer.poll(report, kPollStep);
  if (!report.known) throw ClaimFailed("the broker did not acknowledge the claim in time");
  if (*report.known != publish::Fate::kAcked || report.offset < 0) {
    throw ClaimFailed(fmt::format("the broker refused the claim: {}", publish::name(*report.known)));
  }
  return report.offset;
}

}  // namespace

std::int64_t make_claim(const publish::KafkaSettings& kafka, const schemas::Claim& claim, milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const std::string name = publish::full_topic(kafka.prefix, publish::kClaimTopic);
  std::string bytes;
  schemas::encode(claim, bytes);
  publish::Producer producer(kafka, -1);
  const publish::TopicSlot topic = producer.add_topic(name);
  const std::int32_t partitions = producer.partitions(topic, timeout);
  if (partitions < 0) throw ClaimFailed(fmt::format("no answer from the brokers {}", kafka.brokers));
  if (partitions != 1) {
    throw ClaimFailed(fmt::format("topic {} must exist with one partition: run millrace topics apply", name));
  }
  const auto record = std::as_writable_bytes(std::span(bytes));
  // Epoch 0 would read like an absent field, so the very first claim of a new topic is made twice.
  const std::int64_t epoch = produce(producer, topic, claim.worker, record, deadline);
  return epoch > 0 ? epoch : produce(producer, topic, claim.worker, record, deadline);
}

}  // namespace millrace::ingest
