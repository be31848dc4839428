#include "tests/unit/publish/support/lane_harness.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "schemas/codec/encode.h"

namespace millrace::test {

publish::LaneSettings lane_settings(const std::string& brokers) {
  publish::LaneSettings settings;
  settings.kafka.brokers = brokers;
  settings.kafka.prefix = "t";
  settings.memory_limit = std::size_t{16} * 1024 * 1024;
  return settings;
}

LaneHarness::LaneHarness(publish::LaneSettings settings) : lane(std::move(settings)) { lane.set_listener(this); }

std::vector<std::string> LaneHarness::warm(std::vector<std::string> topics) {
  return lane.warm(topics, std::chrono::seconds{20});
}

publish::StreamSlot LaneHarness::open(const std::string& instrument, const std::string& dataset) {
  identities_.push_back(schemas::make_stream_identity("kraken", instrument, instrument));
  return lane.open({&identities_.back(), dataset, schemas::MessageType::kTrade});
}

bool LaneHarness::publish(publish::StreamSlot stream, std::string_view bytes) {
  const std::int64_t seq = ++next_seq_[stream];
  lane.received_at(std::chrono::steady_clock::now());
  const auto room = lane.reserve(stream, bytes.size());
  if (room.data() == nullptr) return false;
  std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), room.data());
  lane.commit(stream, bytes.size(), seq);
  return true;
}

bool LaneHarness::publish_trade(publish::StreamSlot stream, std::int64_t epoch) {
  schemas::Meta meta;
  meta.stream = &identities_[static_cast<std::size_t>(stream)];
  meta.epoch = epoch;
  meta.seq = next_seq_[stream] + 1;
  meta.origin = schemas::Origin::kLive;
  const schemas::Trade trade;
  std::vector<std::byte> bytes(schemas::encoded_bound(meta, trade));
  bytes.resize(schemas::encode(meta, trade, bytes));
  return publish(stream, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool LaneHarness::poll_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    pollfd wake{lane.wake_fd(), POLLIN, 0};
    ::poll(&wake, 1, 50);
    lane.poll();
  }
  return true;
}

bool LaneHarness::poll_until_acked(std::size_t count) {
  return poll_until([&] { return acks.size() >= count; });
}

void LaneHarness::on_ack(publish::StreamSlot stream, std::int32_t partition, std::int64_t offset, std::int64_t seq) {
  acks.push_back({stream, partition, offset, seq});
}

void LaneHarness::on_lost(publish::StreamSlot stream, std::int64_t seq, std::string_view reason) {
  losses.push_back({stream, seq, std::string(reason)});
}

void LaneHarness::on_topic_made_anew(publish::StreamSlot stream) { made_anew.push_back(stream); }

}  // namespace millrace::test
