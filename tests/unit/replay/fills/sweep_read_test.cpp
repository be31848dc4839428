// What a sweep does with the venue: clock, pages, scopes, and answers that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/world.h"

namespace millrace::fills::test {
namespace {

using schemas::RecoveryPhase;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

bool is_page(const std::string& target, int offset) {
  return target.starts_with("/fills") && target.ends_with("/" + std::to_string(offset));
}

class SweepReadTest : public testing::Test {
 protected:
  explicit SweepReadTest(bool per_symbol = false) : world(per_symbol) { world.settings.piece_ns = 10 * kDay; }

  // Answers the first `times` requests that `match` with `status` and `body`.
  void answer(int times, std::function<bool(const std::string&)> match, int status, std::string body = "") {
    world.venue_fault = [=, left = times](const std::string& target) mutable -> std::optional<Answer> {
      if (left == 0 || !match(target)) return std::nullopt;
      --left;
      return Answer{status, body};
    };
  }
  void run() {
    world.start();
    world.settle();
  }

  World world;
};

TEST_F(SweepReadTest, AsksTheClockBeforeThePages) {
  world.fill("1");
  run();
  ASSERT_THAT(world.asked, SizeIs(2));
  EXPECT_EQ(world.asked[0], "/time");
  EXPECT_THAT(world.asked[1], StartsWith("/fills"));
}

TEST_F(SweepReadTest, FollowsThePagesThroughTiesOfOneMillisecond) {
  world.venue.page_size = 50;
  for (int i = 0; i < 300; ++i) world.fill("t" + std::to_string(i));
  for (int i = 0; i < 300; i += 7) world.stream(world.ledger[static_cast<std::size_t>(i)]);
  world.now += kMinute;
  run();
  EXPECT_THAT(world.topic_ids(), SizeIs(300));
  EXPECT_THAT(world.topic, SizeIs(300));  // and none twice
  EXPECT_EQ(world.core->counters().fills_read, 300);
  EXPECT_EQ(world.core->counters().requests, 8);
  EXPECT_THAT(world.overclaimed, IsEmpty());
}

TEST_F(SweepReadTest, AFillBetweenTwoPagesIsFoundNowOrNext) {
  for (const char* id : {"a", "b", "c", "d"}) world.fill(id);
  world.venue_fault = [&](const std::string& target) -> std::optional<Answer> {
    if (is_page(target, 3) && world.ledger.size() == 4) world.fill("between");
    return std::nullopt;
  };
  run();
  world.core->on_token_renewed(world.now);
  world.run(kSecond);
  EXPECT_THAT(world.topic_ids(), SizeIs(5));
}

TEST_F(SweepReadTest, AnErrorOnTheSecondPageIsAskedAgain) {
  for (const char* id : {"a", "b", "c", "d"}) world.fill(id);
  answer(
      2, [](const std::string& target) { return is_page(target, 3); }, 502);
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), IsEmpty());
}

TEST_F(SweepReadTest, AnErrorOnTheSecondPageThatStaysMovesAndPublishesNothing) {
  for (const char* id : {"a", "b", "c", "d"}) world.fill(id);
  answer(
      5, [](const std::string& target) { return is_page(target, 3); }, 502);
  run();
  EXPECT_THAT(world.replayed(), IsEmpty());
  EXPECT_THAT(world.cursors, IsEmpty());
  const auto failed = world.ended(RecoveryPhase::kFailed);
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_THAT(failed[0].error, HasSubstr("502"));
  EXPECT_FALSE(failed[0].watermark);
  EXPECT_EQ(failed[0].requests, 7);
  world.run(10 * kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("a", "b", "c", "d"));
}

TEST_F(SweepReadTest, ACutPageIsReadAgainFromTheFirst) {
  for (const char* id : {"a", "b", "c", "d"}) world.fill(id);
  answer(
      2, [](const std::string& target) { return is_page(target, 3); }, 200, "d|BTC|order-d|17");
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(world.core->counters().requests, 7);
  EXPECT_EQ(world.now, 1'700'000'003 * kSecond);  // after 1 and 2 s
}

TEST_F(SweepReadTest, APageThatStaysCutFailsTheScope) {
  for (const char* id : {"a", "b", "c", "d"}) world.fill(id);
  answer(
      3, [](const std::string& target) { return is_page(target, 3); }, 200, "cut");
  run();
  ASSERT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed)[0].error, HasSubstr("the page is cut"));
  EXPECT_THAT(world.cursors, IsEmpty());
}

TEST_F(SweepReadTest, PagesWithoutAnEndAreAnError) {
  world.settings.most_pages = 10;
  world.settings.walk_tries = 1;
  for (int i = 0; i < 100; ++i) world.fill("f" + std::to_string(i));
  run();
  ASSERT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed)[0].error, HasSubstr("pages do not end"));
}

TEST_F(SweepReadTest, ATimeThatCannotBeReadFailsTheSweepBeforeAnyPage) {
  answer(
      1, [](const std::string& target) { return target == "/time"; }, 200, "");
  run();
  EXPECT_THAT(world.asked, ElementsAre("/time"));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kStarted), IsEmpty());
}

TEST_F(SweepReadTest, TheWatermarkGoesByTheVenuesClock) {
  world.skew = -3 * kHour;
  run();
  EXPECT_EQ(world.cursor().scopes[0].complete_through, world.now - 3 * kHour - 30 * kSecond);
  EXPECT_THAT(world.clocks, ElementsAre(-3 * kHour));
}

TEST_F(SweepReadTest, AClockThatJumpsAheadOnceIsNotBelieved) {
  run();
  const std::string wrong = std::to_string(world.venue_now() + kHour);
  answer(
      1, [](const std::string& target) { return target == "/time"; }, 200, wrong);
  world.core->on_token_renewed(world.now);
  world.core->on_time(world.now);
  world.settle();
  EXPECT_EQ(world.core->cursor().through(""), world.venue_now() - 30 * kSecond);
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), IsEmpty());
}

TEST_F(SweepReadTest, AClockThatStaysAheadIsBelieved) {
  run();
  world.skew = kHour;
  world.core->on_token_renewed(world.now);
  world.core->on_time(world.now);
  world.settle();
  EXPECT_EQ(world.core->cursor().through(""), world.venue_now() - 30 * kSecond);
}

TEST_F(SweepReadTest, OfTwoSuspiciousClocksTheEarlierIsBelieved) {
  run();
  int asked = 0;
  world.venue_fault = [&](const std::string& target) -> std::optional<Answer> {
    if (target != "/time") return std::nullopt;
    return Answer{200, std::to_string(world.venue_now() + ++asked * kHour)};
  };
  world.core->on_token_renewed(world.now);
  world.core->on_time(world.now);
  world.settle();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(world.core->cursor().through(""), world.venue_now() + kHour - 30 * kSecond);
}

TEST_F(SweepReadTest, PiecesGrowAgainAfterABurst) {
  world.settings.most_fills = 10;
  world.now += kHour;
  for (int i = 0; i < 100; ++i) world.fill("f" + std::to_string(i));
  world.now += kDay;
  run();
  EXPECT_THAT(world.topic_ids(), SizeIs(100));
  EXPECT_LT(world.ends.size(), 40u);
  EXPECT_TRUE(world.ends.back().last);
}

TEST_F(SweepReadTest, MoreThanMemoryShouldHoldIsReadByHalves) {
  world.settings.most_fills = 10;
  for (int i = 0; i < 100; ++i) {
    world.now += 20 * kSecond;
    world.fill("f" + std::to_string(i));
  }
  world.now += kHour;
  run();
  EXPECT_THAT(world.topic_ids(), SizeIs(100));
  EXPECT_THAT(world.topic, SizeIs(100));
  EXPECT_THAT(world.overclaimed, IsEmpty());
  EXPECT_EQ(world.core->cursor().through(""), world.venue_now() - 30 * kSecond);
  for (const auto& recovery : world.ended(RecoveryPhase::kCompleted)) EXPECT_LE(recovery.fills_missing, 10);
}

TEST_F(SweepReadTest, MoreInOneSecondThanMemoryShouldHoldIsReadAllTheSame) {
  world.settings.most_fills = 10;
  for (int i = 0; i < 100; ++i) world.fill("f" + std::to_string(i));
  run();
  EXPECT_THAT(world.topic_ids(), SizeIs(100));
}

class SweepScopesTest : public SweepReadTest {
 protected:
  SweepScopesTest() : SweepReadTest(true) {}

  static bool is_about(const std::string& target, const std::string& symbol) {
    return target.starts_with("/fills/" + symbol + "/");
  }
};

TEST_F(SweepScopesTest, EverySymbolHasItsOwnWatermarkAndAllAreSortedTogether) {
  world.fill("1", "ETH");
  world.now += kMs;
  world.fill("2", "BTC");
  world.now += kMs;
  world.fill("3", "ETH");
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("1", "2", "3"));
  ASSERT_THAT(world.cursor().scopes, SizeIs(2));
  EXPECT_EQ(world.cursor().scopes[0].symbol, "BTC");
  EXPECT_EQ(world.cursor().scopes[1].symbol, "ETH");
  EXPECT_THAT(world.ended(RecoveryPhase::kCompleted)[0].symbols, ElementsAre("BTC", "ETH"));
}

TEST_F(SweepScopesTest, TheSameTradeIdOfTwoSymbolsIsTwoFills) {
  world.fill("7", "ETH");
  world.fill("7", "BTC");
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("7", "7"));
}

TEST_F(SweepScopesTest, ASymbolThatTheVenueRefusesHoldsUpNoOther) {
  world.fill("1", "BTC");
  world.fill("2", "ETH");
  answer(
      1'000, [](const std::string& target) { return is_about(target, "BTC"); }, 400);
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("2"));
  ASSERT_THAT(world.cursor().scopes, SizeIs(1));
  EXPECT_EQ(world.cursor().scopes[0].symbol, "ETH");
  ASSERT_THAT(world.ended(RecoveryPhase::kCompleted), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kCompleted)[0].symbols, ElementsAre("ETH"));
  ASSERT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed)[0].symbols, ElementsAre("BTC"));
  EXPECT_FALSE(world.ended(RecoveryPhase::kFailed)[0].watermark);
  EXPECT_THAT(world.ends.back().left, ElementsAre("BTC"));

  world.asked.clear();
  world.run(3 * kSecond);  // what failed, and only that, again
  ASSERT_THAT(world.asked, Not(IsEmpty()));
  for (const std::string& target : world.asked) EXPECT_FALSE(is_about(target, "ETH")) << target;
}

TEST_F(SweepScopesTest, ARefusedKeyEndsTheSweepWithoutAskingForTheOthers) {
  answer(
      1, [](const std::string& target) { return is_about(target, "BTC"); }, 401);
  run();
  EXPECT_THAT(world.asked, SizeIs(2));
  EXPECT_EQ(world.ends.back().why, Failure::kAuth);
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed)[0].symbols, ElementsAre("BTC", "ETH"));
}

TEST_F(SweepScopesTest, WhatIsNotAskedAnyMoreIsToldAsFailed) {
  world.settings.symbols = {"BTC", "ETH", "SOL"};
  world.settings.limited_tries = 1;
  answer(
      1, [](const std::string& target) { return is_about(target, "ETH"); }, 429);
  run();
  ASSERT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed)[0].symbols, ElementsAre("ETH", "SOL"));
  EXPECT_THAT(world.ended(RecoveryPhase::kCompleted)[0].symbols, ElementsAre("BTC"));
}

TEST_F(SweepScopesTest, WhatWasReadBeforeTheHalvesProvesNothing) {
  world.settings.most_fills = 10;
  int begun = 0;
  world.venue_fault = [&](const std::string& target) -> std::optional<Answer> {
    if (!is_about(target, "BTC") || ++begun == 1) return std::nullopt;
    return Answer{400, ""};
  };
  for (int i = 0; i < 20; ++i) world.fill("e" + std::to_string(i), "ETH");
  world.now += kHour;
  run();
  EXPECT_GT(begun, 1);
  EXPECT_EQ(world.core->cursor().through("BTC"), std::nullopt);
  EXPECT_EQ(world.core->cursor().through("ETH"), world.venue_now() - 30 * kSecond);
}

TEST_F(SweepScopesTest, WhatWasReadBeforeTheHostWantedQuietIsKept) {
  world.settings.limited_tries = 1;
  world.fill("1", "BTC");
  world.fill("2", "ETH");
  answer(
      1, [](const std::string& target) { return is_about(target, "ETH"); }, 429, "wait 60000000000");
  run();
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_EQ(world.cursor().scopes[0].symbol, "BTC");
  world.asked_at.clear();
  const UnixNanos stopped = world.now;
  world.run(2 * kMinute);
  EXPECT_THAT(world.replayed(), ElementsAre("1", "2"));
  EXPECT_GE(world.asked_at.front(), stopped + kMinute);
}

}  // namespace
}  // namespace millrace::fills::test
