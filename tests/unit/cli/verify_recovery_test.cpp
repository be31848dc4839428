// The sidecar's words about one account, one at a time.

#include <gmock/gmock.h>

#include "cli/verify/account/recovery_check.h"

namespace millrace::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kFirst = 1'000;

SeenRecovery told(SweepPhase phase, std::int64_t instance, std::int64_t sweep) {
  SeenRecovery out;
  out.phase = phase;
  out.instance = instance;
  out.sweep = sweep;
  out.scopes = {""};
  out.from_ns = kFirst;
  out.to_ns = kFirst + 100 * sweep;
  out.meta.receive_time_ns = 10'000 * instance + sweep;
  if (phase == SweepPhase::kCompleted) out.watermark_ns = kFirst + 50 * sweep;
  return out;
}

SeenRecovery completed(std::int64_t sweep, std::vector<std::string> scopes, std::optional<std::int64_t> watermark) {
  auto out = told(SweepPhase::kCompleted, 1, sweep);
  out.scopes = std::move(scopes);
  out.watermark_ns = watermark;
  return out;
}

// Starts and completes it.
void sweep(RecoveryCheck& check, const SeenRecovery& end) {
  check.on_record(told(SweepPhase::kStarted, end.instance, end.sweep), false, true);
  check.on_record(end, false, true);
}

class Told {
 public:
  Told& say(SweepPhase phase, std::int64_t instance, std::int64_t number, bool resent = false, bool whole = true) {
    check.on_record(told(phase, instance, number), resent, whole);
    return *this;
  }
  RecoveryCheck check;
};

constexpr auto kStarted = SweepPhase::kStarted;
constexpr auto kCompleted = SweepPhase::kCompleted;
constexpr auto kFailed = SweepPhase::kFailed;

TEST(RecoveryCheck, SweepsBeginAndEndOneAfterTheOther) {
  Told all;
  all.say(kStarted, 1, 1).say(kCompleted, 1, 1).say(kFailed, 1, 2).say(kStarted, 1, 3).say(kFailed, 1, 3);
  all.say(kStarted, 1, 4);                       // and dies
  all.say(kStarted, 2, 1).say(kFailed, 1, 4);    // and its last words come late
  all.say(kCompleted, 2, 1).say(kFailed, 2, 1);  // some of its scopes did
  EXPECT_EQ(all.check.wrong(), 0) << ::testing::PrintToString(all.check.problems());
  EXPECT_EQ(all.check.tally().completed, 2);
  EXPECT_EQ(all.check.tally().failed, 4);
}

TEST(RecoveryCheck, ACommitWhoseAnswerWasLostCompletesAfterItFailed) {
  Told all;
  all.say(kStarted, 1, 1).say(kFailed, 1, 1).say(kCompleted, 1, 1);
  EXPECT_EQ(all.check.wrong(), 0);
}

TEST(RecoveryCheck, AnyOtherOrderIsWrong) {
  const auto problems = [](Told all) { return all.check.problems(); };
  EXPECT_THAT(problems(Told().say(kCompleted, 1, 1)), ElementsAre(HasSubstr("was never said to start")));
  EXPECT_THAT(problems(Told().say(kStarted, 1, 1).say(kStarted, 1, 2)),
              ElementsAre(HasSubstr("started before sweep 1 ended")));
  EXPECT_THAT(problems(Told().say(kFailed, 1, 2).say(kStarted, 1, 2)), ElementsAre(HasSubstr("started after sweep 2")));
  EXPECT_THAT(problems(Told().say(kStarted, 1, 1).say(kCompleted, 1, 1).say(kCompleted, 1, 1)),
              ElementsAre(HasSubstr("completed twice")));
  EXPECT_THAT(problems(Told().say(kStarted, 1, 1).say(kStarted, 2, 1).say(kCompleted, 1, 1)),
              ElementsAre(HasSubstr("completed after instance 2 had begun")));
  EXPECT_THAT(problems(Told().say(kStarted, 1, 1).say(kFailed, 1, 2)),
              ElementsAre(HasSubstr("failed before sweep 1 ended")));
  EXPECT_THAT(problems(Told().say(kFailed, 1, 2).say(kFailed, 1, 1)),
              ElementsAre(HasSubstr("failed after sweep 2 began")));
}

TEST(RecoveryCheck, WordsSentAgainAndTheKeptPartOfAPastAreNoDisorder) {
  Told again;
  again.say(kStarted, 1, 1).say(kStarted, 1, 1, true).say(kFailed, 1, 1).say(kStarted, 1, 2).say(kFailed, 1, 1, true);
  EXPECT_EQ(again.check.wrong(), 0) << ::testing::PrintToString(again.check.problems());
  Told joined;
  joined.say(kCompleted, 1, 7, false, false).say(kStarted, 1, 8, false, false);
  EXPECT_EQ(joined.check.wrong(), 0) << ::testing::PrintToString(joined.check.problems());
  EXPECT_EQ(joined.check.knows(3), std::nullopt);
  EXPECT_EQ(again.check.knows(3), false);
  EXPECT_EQ(again.check.knows(1), true);
}

TEST(RecoveryCheck, AWatermarkNeverSaysLessThanBefore) {
  RecoveryCheck check;
  sweep(check, completed(1, {""}, kFirst + 50));
  sweep(check, completed(2, {""}, kFirst + 50));
  EXPECT_EQ(check.wrong(), 0);
  sweep(check, completed(3, {""}, kFirst + 49));
  EXPECT_THAT(check.problems(), ElementsAre(HasSubstr("the watermark goes back from 1050 to 1049")));
  sweep(check, completed(4, {""}, std::nullopt));
  EXPECT_EQ(check.wrong(), 2);
  EXPECT_EQ(check.complete_through(), kFirst + 50);
}

TEST(RecoveryCheck, TheWatermarkOfSeveralScopesIsTheLeast) {
  RecoveryCheck check;
  sweep(check, completed(1, {"A"}, kFirst + 90));
  sweep(check, completed(2, {"A", "B"}, kFirst + 40));  // B is new
  sweep(check, completed(3, {"A", "B"}, kFirst + 40));
  EXPECT_EQ(check.wrong(), 0) << ::testing::PrintToString(check.problems());
  EXPECT_EQ(check.complete_through(), kFirst + 40);
  EXPECT_EQ(check.claim_of("A", 20'000)->through_ns, kFirst + 90);
  EXPECT_EQ(check.claim_of("C", 20'000), std::nullopt);
  sweep(check, completed(4, {"A", "B"}, kFirst + 39));
  EXPECT_EQ(check.wrong(), 1);
}

TEST(RecoveryCheck, NothingIsCompleteBeyondWhatWasSwept) {
  RecoveryCheck check;
  sweep(check, completed(1, {""}, kFirst + 101));
  EXPECT_THAT(check.problems(), ElementsAre(HasSubstr("nothing after 1100 was swept")));
  RecoveryCheck again;
  sweep(again, completed(5, {""}, kFirst + 500));
  auto old = completed(6, {""}, kFirst + 500);  // an old range read again
  old.to_ns = kFirst + 1;
  sweep(again, old);
  EXPECT_EQ(again.wrong(), 0);
}

TEST(RecoveryCheck, WhatWasToldByThen) {
  RecoveryCheck check;
  for (const std::int64_t number : {1, 2, 3}) sweep(check, told(kCompleted, 1, number));
  EXPECT_EQ(check.claim_of("any", 10'000), std::nullopt);
  EXPECT_EQ(check.claim_of("any", 10'002)->through_ns, kFirst + 100);
  EXPECT_EQ(check.claim_of("any", 99'000)->through_ns, kFirst + 150);
  EXPECT_EQ(check.claim_of("any", 99'000)->begin_ns, kFirst);
}

TEST(RecoveryCheck, ALongPastIsThinnedAndItsEndIsKept) {
  RecoveryCheck check;
  const auto many = static_cast<std::int64_t>(RecoveryCheck::kMostClaims);
  for (std::int64_t number = 1; number <= many; ++number) sweep(check, told(kCompleted, 1, number));
  EXPECT_EQ(check.complete_through(), kFirst + 50 * many);
  EXPECT_EQ(check.claim_of("", 10'000 + many)->through_ns, kFirst + 50 * many);
  EXPECT_LE(check.claim_of("", 10'005)->through_ns, kFirst + 50 * 5);
  EXPECT_EQ(check.wrong(), 0);
}

TEST(RecoveryCheck, LateFillsAreCountedOnceASweep) {
  RecoveryCheck check;
  auto end = told(kCompleted, 1, 1);
  end.late_fills = 3;
  sweep(check, end);
  end.phase = kFailed;  // of the other scopes, with the same counts
  check.on_record(end, false, true);
  EXPECT_EQ(check.tally().late_fills, 3);
  EXPECT_EQ(check.late_told(1, 10'001), 3);
  EXPECT_EQ(check.late_told(1, 10'002), std::nullopt);
  EXPECT_EQ(check.late_told(2, 0), std::nullopt);
}

}  // namespace
}  // namespace millrace::cli
