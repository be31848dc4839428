#include "ingest/worker/lane_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

using publish::StreamSlot;

struct Listener final : publish::AckListener {
  void on_ack(StreamSlot stream, std::int32_t, std::int64_t, std::int64_t) override { acked.push_back(stream); }
  void on_lost(StreamSlot stream, std::int64_t, std::string_view) override { lost.push_back(stream); }
  void on_topic_made_anew(StreamSlot stream) override { anew.push_back(stream); }
  std::vector<StreamSlot> acked, lost, anew;
};

struct Lane final : publish::RecordSink {
  StreamSlot open(const publish::StreamSpec&) override { return StreamSlot{next++}; }
  std::span<std::byte> reserve(StreamSlot, std::size_t) override { return {}; }
  void commit(StreamSlot, std::size_t, std::int64_t) override {}
  bool put(std::string_view, std::string_view, std::string_view, schemas::MessageType) override { return true; }
  std::uint32_t next = 0;
};

TEST(LaneRouter, ReportsGoToTheSequencerThatOpenedTheStream) {
  Lane lane;
  LaneRouter router;
  Listener kraken, binance;
  LaneRouter::Entrance first(router, lane), second(router, lane);
  first.serve(kraken);
  second.serve(binance);
  const StreamSlot a = first.open({});
  const StreamSlot b = second.open({});
  const StreamSlot c = first.open({});
  router.on_ack(c, 0, 1, 1);
  router.on_lost(b, 1, "too_large");
  router.on_topic_made_anew(a);
  EXPECT_THAT(kraken.acked, testing::ElementsAre(c));
  EXPECT_THAT(binance.lost, testing::ElementsAre(b));
  EXPECT_THAT(kraken.anew, testing::ElementsAre(a));
  EXPECT_TRUE(binance.acked.empty());
}

TEST(LaneRouter, AReportOfAnUnknownStreamIsIgnored) {
  LaneRouter router;
  router.on_ack(StreamSlot{77}, 0, 0, 0);
  router.on_lost(StreamSlot{77}, 0, "other");
}

}  // namespace
}  // namespace millrace::ingest
