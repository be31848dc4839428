#include "cli/read_wanted.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/kafka_reader.h"
#include "publish/kafka/topic_names.h"

namespace millrace::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Partitions = std::vector<KafkaReader::Partition>;

constexpr auto kSilence = std::chrono::seconds(30);

// Names that only begin so are other topics'.
Partitions partitions_of(KafkaReader& reader, const std::string& topic) {
  Partitions all = reader.partitions(topic);
  std::erase_if(all, [&](const KafkaReader::Partition& one) { return one.topic != topic; });
  return all;
}

void read_to_end(KafkaReader& reader, const Partitions& partitions, const std::function<void(const Incoming&)>& take) {
  std::set<KafkaReader::Partition> open(partitions.begin(), partitions.end());
  reader.add(partitions, KafkaReader::From::kBeginning);
  auto heard = Clock::now();
  while (!open.empty()) {
    if (interrupted()) throw std::runtime_error("interrupted");
    if (Clock::now() - heard > kSilence) throw std::runtime_error("kafka: silent for 30 s while topics were read");
    reader.poll(std::chrono::milliseconds(100), [&](const Incoming& incoming) {
      heard = Clock::now();
      if (!incoming.end) return take(incoming);
      open.erase({std::string(incoming.topic), incoming.partition});
    });
  }
}

void tell_strange(const Incoming& incoming) {
  fmt::print(stderr, "millrace: {} partition {} offset {}: not a record of this topic\n", incoming.topic,
             incoming.partition, incoming.offset);
}

// A venue without a status topic was never served.
Partitions status_partitions(KafkaReader& reader, const ReaderSetup& setup, const std::vector<WantedRow>& rows) {
  std::set<std::string> venues;
  for (const WantedRow& row : rows) venues.insert(row.venue);
  Partitions out;
  for (const std::string& venue : venues) {
    const Partitions found =
        partitions_of(reader, publish::full_topic(setup.prefix, publish::ops_topic(venue, "status")));
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

}  // namespace

Wanted read_wanted(const ReaderSetup& setup, WithStates states, std::string_view venue) {
  static_cast<void>(interrupted());
  const std::string topic = publish::full_topic(setup.prefix, publish::kSubscriptionTopic);
  KafkaReader reader(setup.kafka);
  const Partitions partitions = partitions_of(reader, topic);
  if (partitions.empty()) {
    throw std::runtime_error(
        fmt::format("kafka: topic {} does not exist: make it with `millrace topics apply`", topic));
  }
  Wanted wanted;
  read_to_end(reader, partitions, [&](const Incoming& incoming) {
    if (!wanted.on_subscription(incoming.key, incoming.value, incoming.partition)) tell_strange(incoming);
  });
  if (states == WithStates::kNo) return wanted;
  read_to_end(reader, status_partitions(reader, setup, wanted.rows(venue)), [&](const Incoming& incoming) {
    if (!incoming.value.empty() && !wanted.on_status(incoming.value)) tell_strange(incoming);
  });
  return wanted;
}

}  // namespace millrace::cli
