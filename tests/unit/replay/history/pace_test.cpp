#include "replay/history/pace.h"

#include <gtest/gtest.h>

namespace millrace::history {
namespace {

constexpr std::int64_t kMilli = 1'000'000;
constexpr std::int64_t kBegin = 1'700'000'000'000'000'000;

// The clock of the machine, moved in small steps as a replay that looks at it does.
class PaceTest : public testing::Test {
 protected:
  void run(Pace& pace, std::int64_t milliseconds) {
    for (std::int64_t i = 0; i < milliseconds; ++i) {
      now += kMilli;
      pace.tick(now);
    }
  }
  // Milliseconds until a record `after` milliseconds behind the first is due.
  static std::int64_t wait(Pace& pace, std::int64_t after) { return pace.wait_for(kBegin + after * kMilli) / kMilli; }

  std::int64_t now = 5'000 * kMilli;
};

TEST_F(PaceTest, RecordsAreDueAsTheyWere) {
  Pace pace{1};
  pace.tick(now);
  EXPECT_EQ(wait(pace, 0), 0);
  EXPECT_EQ(wait(pace, 300), 300);
  run(pace, 100);
  EXPECT_EQ(wait(pace, 300), 200);
  run(pace, 250);
  EXPECT_EQ(wait(pace, 300), 0);
}

TEST_F(PaceTest, TenTimesAsFastWaitsATenth) {
  Pace pace{10};
  pace.tick(now);
  wait(pace, 0);
  EXPECT_EQ(wait(pace, 3000), 300);
  run(pace, 100);
  EXPECT_EQ(wait(pace, 3000), 200);
}

TEST_F(PaceTest, AsFastAsPossibleNeverWaits) {
  Pace pace{0};
  pace.tick(now);
  EXPECT_EQ(wait(pace, 0), 0);
  EXPECT_EQ(wait(pace, 1'000'000), 0);
  pace.pause(true);
  EXPECT_EQ(pace.wait_for(kBegin), Pace::kForever);
}

TEST_F(PaceTest, APauseIsNotMadeUp) {
  Pace pace{1};
  pace.tick(now);
  wait(pace, 0);
  run(pace, 100);
  pace.pause(true);
  EXPECT_EQ(pace.wait_for(kBegin), Pace::kForever);
  run(pace, 60'000);
  pace.pause(false);
  EXPECT_EQ(wait(pace, 300), 200);
}

TEST_F(PaceTest, AStoppedProcessIsNotMadeUp) {
  Pace pace{1};
  pace.tick(now);
  wait(pace, 0);
  run(pace, 100);
  now += 500 * kMilli;  // SIGTSTP ... SIGCONT
  pace.forget();
  pace.tick(now);
  EXPECT_EQ(wait(pace, 300), 200);
  now += 3'600'000 * kMilli;  // asleep, and nobody told
  pace.tick(now);
  EXPECT_EQ(wait(pace, 3000), 3000 - 100 - Pace::kLongestStep / kMilli);
}

TEST_F(PaceTest, AHiccupOfOurOwnIsMadeUp) {
  Pace pace{1};
  pace.tick(now);
  wait(pace, 0);
  now += 400 * kMilli;  // reading took so long
  pace.tick(now);
  EXPECT_EQ(wait(pace, 300), 0);
  EXPECT_EQ(wait(pace, 450), 50);
}

TEST_F(PaceTest, TheFirstRecordBeginsTheClockHoweverLateItComes) {
  Pace pace{1};
  pace.tick(now);
  run(pace, 5000);
  EXPECT_EQ(wait(pace, 0), 0);
  EXPECT_EQ(wait(pace, 300), 300);
}

}  // namespace
}  // namespace millrace::history
