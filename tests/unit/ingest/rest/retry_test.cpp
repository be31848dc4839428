#include "ingest/rest/retry.h"

#include <gtest/gtest.h>

namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;

TEST(Retry, AnAnswerBelow500GoesToWhoeverAsked) {
  for (const int status : {200, 301, 400, 403, 404}) EXPECT_EQ(judge({status, {}}, 1, 0).step, NextStep::kDeliver);
}

TEST(Retry, TooManyRequestsStopTheHostForAtLeastHalfAMinute) {
  for (const int status : {429, 418}) {
    EXPECT_EQ(judge({status, {}}, 1, 0).step, NextStep::kStopHost);
    EXPECT_EQ(judge({status, {}}, 1, 0).wait, 30s);
    EXPECT_EQ(judge({status, 5s}, 1, 0).wait, 30s);
    EXPECT_EQ(judge({status, 120s}, 1, 0).wait, 120s);
  }
}

TEST(Retry, AnAbsurdRetryAfterIsBounded) { EXPECT_LE(judge({429, 1'000'000'000s}, 1, 0).wait, 24h); }

TEST(Retry, ServerErrorsAndSilenceAreAskedAgainLaterAndLater) {
  for (const int status : {0, 500, 503}) {
    const auto first = judge({status, {}}, 1, 0);
    EXPECT_EQ(first.step, NextStep::kRetry);
    EXPECT_EQ(first.wait, 250ms);
    EXPECT_EQ(judge({status, {}}, 3, 0).wait, 1s);
    EXPECT_EQ(judge({status, {}}, 500, 999).wait, 15s + std::chrono::nanoseconds(15s) * 999 / 1000);
  }
}

TEST(Retry, AServerThatNamesAWaitIsObeyedWithinReason) {
  EXPECT_EQ(judge({503, 20s}, 1, 0).wait, 20s);
  EXPECT_EQ(judge({503, 3600s}, 1, 0).wait, 30s);
}

}  // namespace
}  // namespace millrace::ingest
