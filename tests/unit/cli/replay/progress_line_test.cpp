#include "cli/replay/progress_line.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

TEST(ProgressLine, HasABarARateAndTheTimeLeft) {
  EXPECT_EQ(progress_line({0.5, 1234567, 250000.4, 3725, false}),
            "[############............]  50.0 %  1234567 records  250000/s  1:02:05 left");
  EXPECT_EQ(progress_line({1, 7, 0, 0, false}), "[########################] 100.0 %  7 records  0/s  0:00:00 left");
}

TEST(ProgressLine, SaysNothingOfATimeThatIsNotKnownOrStandsStill) {
  EXPECT_EQ(progress_line({0, 0, 0, -1, false}), "[........................]   0.0 %  0 records  0/s");
  EXPECT_EQ(progress_line({0.25, 10, 0, 60, true}), "[######..................]  25.0 %  10 records  0/s  paused");
}

TEST(ProgressLine, StaysInItsBounds) {
  EXPECT_EQ(progress_line({1.7, 1, 1, 1e300, false}),
            "[########################] 100.0 %  1 records  1/s  277777:46:40 left");
}

}  // namespace
}  // namespace millrace::cli
