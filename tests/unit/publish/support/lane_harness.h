#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "publish/lane/market_lane.h"

namespace millrace::test {

// A lane with streams, and everything that it told its listener.
class LaneHarness : public publish::AckListener {
 public:
  explicit LaneHarness(publish::LaneSettings settings);

  // Warms the topics, without prefix; what the lane said.
  std::vector<std::string> warm(std::vector<std::string> topics);
  publish::StreamSlot open(const std::string& instrument, const std::string& dataset = "trade");
  // One record of the stream, numbered on; false: refused.
  bool publish(publish::StreamSlot stream, std::string_view bytes);
  // The same with a real encoded trade in it.
  bool publish_trade(publish::StreamSlot stream, std::int64_t epoch);

  // Polls as a worker does, woken by the lane's descriptor, until `done` says so; false: not within 30 s.
  bool poll_until(const std::function<bool()>& done);
  bool poll_until_acked(std::size_t count);

  // AckListener.
  void on_ack(publish::StreamSlot stream, std::int32_t partition, std::int64_t offset, std::int64_t seq) override;
  void on_lost(publish::StreamSlot stream, std::int64_t seq, std::string_view reason) override;
  void on_topic_made_anew(publish::StreamSlot stream) override;

  struct Ack {
    publish::StreamSlot stream;
    std::int32_t partition;
    std::int64_t offset;
    std::int64_t seq;
  };
  struct Loss {
    publish::StreamSlot stream;
    std::int64_t seq;
    std::string reason;
  };
  std::vector<Ack> acks;
  std::vector<Loss> losses;
  std::vector<publish::StreamSlot> made_anew;
  publish::MarketLane lane;

 private:
  std::deque<schemas::StreamIdentity> identities_;
  std::map<publish::StreamSlot, std::int64_t> next_seq_;
};

// Settings for a broker of the test, with prefix "t".
publish::LaneSettings lane_settings(const std::string& brokers);

}  // namespace millrace::test
