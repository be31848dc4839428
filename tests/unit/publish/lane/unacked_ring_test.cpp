#include "publish/lane/unacked_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace millrace::publish {
namespace {

// Lays a record of `bytes` bytes filled with `fill`; nullptr if refused.
RingRecord* lay(UnackedRing& ring, std::size_t bytes, int fill) {
  const auto room = ring.reserve(bytes);
  if (room.data() == nullptr) return nullptr;
  std::fill(room.begin(), room.end(), static_cast<std::byte>(fill));
  return &ring.commit(bytes, 0);
}

bool holds(RingRecord& record, int fill) {
  return std::all_of(record.bytes(), record.bytes() + record.length,
                     [&](std::byte b) { return b == static_cast<std::byte>(fill); });
}

TEST(UnackedRing, WrapsForEverInTheSameMemory) {
  BlockPool pool(4 * BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  std::deque<std::pair<RingRecord*, int>> alive;
  for (int i = 0; i < 20'000; ++i) {
    RingRecord* record = lay(ring, 100 + static_cast<std::size_t>(i % 900), i % 251);
    ASSERT_NE(record, nullptr) << i;
    ring.sent(*record);
    alive.emplace_back(record, i % 251);
    if (alive.size() < 50) continue;
    ASSERT_TRUE(holds(*alive.front().first, alive.front().second)) << i;
    ring.done(*alive.front().first);
    alive.pop_front();
  }
  EXPECT_LE(pool.used(), pool.limit());
  EXPECT_EQ(ring.records(), alive.size());
}

TEST(UnackedRing, ReleasesInOrderWhateverTheOrderOfReports) {
  BlockPool pool(BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  std::vector<RingRecord*> records;
  for (int i = 0; i < 3; ++i) {
    records.push_back(lay(ring, 10, i));
    ring.sent(*records.back());
  }
  ring.done(*records[2]);
  ring.done(*records[1]);
  EXPECT_EQ(ring.records(), 3U);
  EXPECT_TRUE(holds(*records[0], 0));
  ring.done(*records[0]);
  EXPECT_EQ(ring.records(), 0U);
}

TEST(UnackedRing, FullIsAnAnswerAndDoneMakesRoom) {
  BlockPool pool(BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  std::vector<RingRecord*> records;
  while (RingRecord* record = lay(ring, 1000, 1)) {
    ring.sent(*record);
    records.push_back(record);
  }
  EXPECT_EQ(ring.why(), Refusal::kBudget);
  EXPECT_EQ(pool.used(), pool.limit());
  for (RingRecord* record : records) ring.done(*record);
  EXPECT_NE(lay(ring, 1000, 1), nullptr);
}

TEST(UnackedRing, StuckRingsLeaveRoomForOthers) {
  BlockPool pool(64 * BlockPool::kBlockBytes);
  UnackedRing one(pool, 0);
  UnackedRing two(pool, 1);
  UnackedRing three(pool, 2);
  while (lay(one, 1000, 1) != nullptr) {
  }
  EXPECT_EQ(one.why(), Refusal::kShare);
  while (lay(two, 1000, 2) != nullptr) {
  }
  EXPECT_EQ(one.bytes(), 32 * BlockPool::kBlockBytes);
  EXPECT_EQ(two.bytes(), 16 * BlockPool::kBlockBytes);
  EXPECT_EQ(pool.free(), 16 * BlockPool::kBlockBytes);
  EXPECT_NE(lay(three, 1000, 3), nullptr);
}

TEST(UnackedRing, RecordLargerThanABlockGetsItsOwnAndGivesItBack) {
  BlockPool pool(16 * BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  RingRecord* small = lay(ring, 10, 1);
  RingRecord* large = lay(ring, 5 * BlockPool::kBlockBytes, 2);
  RingRecord* after = lay(ring, BlockPool::kBlockBytes / 2, 3);
  ASSERT_NE(large, nullptr);
  ASSERT_NE(after, nullptr);
  for (RingRecord* record : {small, large, after}) ring.sent(*record);
  EXPECT_TRUE(holds(*large, 2));
  for (RingRecord* record : {small, large, after}) ring.done(*record);
  EXPECT_EQ(pool.used(), BlockPool::kBlockBytes);
}

TEST(UnackedRing, BoundLargerThanTheRecordWastesNothing) {
  BlockPool pool(BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  int laid = 0;
  while (ring.reserve(4000).data() != nullptr) {
    ring.commit(40, 0);
    ++laid;
  }
  EXPECT_GT(laid, 600);
}

TEST(UnackedRing, RewindHandsTheTailOverAgain) {
  BlockPool pool(BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  std::vector<RingRecord*> records;
  for (int i = 0; i < 4; ++i) records.push_back(lay(ring, 10, i));
  for (RingRecord* record : records) ring.sent(*record);
  EXPECT_EQ(ring.to_send(), nullptr);
  ring.rewind(*records[2]);
  EXPECT_EQ(ring.to_send(), records[2]);
  EXPECT_EQ(records[1]->state, RecordState::kSent);
  EXPECT_EQ(records[3]->state, RecordState::kWaiting);
}

TEST(UnackedRing, AfterTheProducersDeathAllButTheDoneIsRepeatedInOrder) {
  BlockPool pool(BlockPool::kBlockBytes);
  UnackedRing ring(pool, 0);
  std::vector<RingRecord*> records;
  for (int i = 0; i < 4; ++i) records.push_back(lay(ring, 10, i));
  for (int i = 0; i < 3; ++i) ring.sent(*records[static_cast<std::size_t>(i)]);
  ring.done(*records[1]);
  ring.repeat_all();
  ASSERT_EQ(ring.to_send(), records[0]);
  EXPECT_EQ(records[0]->state, RecordState::kRepeat);
  ring.sent(*records[0]);
  EXPECT_EQ(ring.to_send(), records[2]) << "what is done is not sent again";
  EXPECT_EQ(records[3]->state, RecordState::kWaiting) << "the dead producer never had it";
}

}  // namespace
}  // namespace millrace::publish
