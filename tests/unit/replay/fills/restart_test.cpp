// The process dies between any two steps; the next one goes on from the topics alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/world.h"

namespace millrace::fills::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Steps of a sweep over six fills, until it has been committed.
int steps_of_a_sweep() {
  World world;
  world.settings.piece_ns = 10 * kDay;
  for (int i = 0; i < 6; ++i) world.fill("f" + std::to_string(i));
  world.start();
  int steps = 0;
  while (world.cursors.empty() && world.step()) ++steps;
  return steps;
}

// {dies after so many steps, what was on its way to the broker arrives all the same}
class DeathTest : public testing::TestWithParam<std::tuple<int, bool>> {};

TEST_P(DeathTest, LosesNothingAndClaimsNothingFalse) {
  const auto [steps, acks_land] = GetParam();
  World world;
  world.settings.piece_ns = 10 * kDay;
  for (int i = 0; i < 6; ++i) world.fill("f" + std::to_string(i));
  world.start();
  for (int i = 0; i < steps; ++i) ASSERT_TRUE(world.step());
  world.crash(acks_land);
  EXPECT_THAT(world.overclaimed, IsEmpty());
  world.now += 2 * kHour;  // far beyond lag and overlap
  world.fill("after");
  world.start();
  world.settle();
  EXPECT_THAT(world.topic_ids(), SizeIs(7));
  EXPECT_THAT(world.overclaimed, IsEmpty());
  EXPECT_THAT(world.topic, SizeIs(7));  // the new process knows what the old one had published
  EXPECT_GE(world.cursor().instance, 1);
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, DeathTest,
                         testing::Combine(testing::Range(0, steps_of_a_sweep() + 1), testing::Bool()));

TEST(Restart, ACrashBetweenPublishAndCommitOnlyRepeatsIds) {
  World world;
  world.settings.piece_ns = 10 * kDay;
  for (int i = 0; i < 3; ++i) world.fill("f" + std::to_string(i));
  world.start();
  while (world.topic.size() < 3) ASSERT_TRUE(world.step());
  world.crash();
  const std::vector<TopicRecord> landed_late = std::exchange(world.topic, {});
  world.start();  // reads the topic before the old process's records have landed
  world.topic = landed_late;
  world.settle();
  EXPECT_THAT(world.topic_ids(), SizeIs(3));
  for (const TopicRecord& record : world.topic) EXPECT_EQ(record.execution.revision, 1);
  EXPECT_THAT(world.overclaimed, IsEmpty());
}

TEST(Restart, GoesOnUnderTheNextInstanceFromTheCursor) {
  World world;
  world.start();
  world.settle();
  const UnixNanos through = world.cursor().scopes[0].complete_through;
  world.crash();
  world.now += kMinute;
  world.recoveries.clear();
  world.start();
  EXPECT_EQ(world.core->cursor().through(""), through);
  world.settle();
  EXPECT_EQ(world.recoveries.back().instance, 2);
  EXPECT_EQ(world.recoveries.back().sweep, 1);
  EXPECT_EQ(world.recoveries.back().from, through - through % kSecond - 5 * kMinute);
}

TEST(Restart, FillsBeyondWhatIsKnownAreRepeatedRatherThanLeftOut) {
  World world;
  world.settings.piece_ns = 10 * kDay;
  world.stream(world.fill("old"));
  world.now += kMinute;
  world.start();
  world.settle();
  world.crash();
  world.settings.most_known = 1;  // too few to remember both
  world.stream(world.fill("new"));
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("old"));  // within the overlap
  EXPECT_THAT(world.topic_ids(), ElementsAre("new", "old"));
  EXPECT_EQ(world.core->counters().late_fills, 0);  // nobody can say that it was missing
}

}  // namespace
}  // namespace millrace::fills::test
