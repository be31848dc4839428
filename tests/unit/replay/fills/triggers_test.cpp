#include "replay/fills/triggers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/small_venue.h"

namespace millrace::fills::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr UnixNanos kNow = 1'700'000'000 * kSecond;

// Takes the sweep of the start, which succeeds.
Triggers started(TriggerSettings settings = {}) {
  Triggers triggers(settings, kNow);
  EXPECT_EQ(triggers.take(kNow)->trigger, Trigger::kStart);
  triggers.succeeded();
  return triggers;
}

// All sweeps until `until`, each of which succeeds: trigger and seconds after kNow.
std::vector<std::pair<std::string, std::int64_t>> sweeps(Triggers& triggers, UnixNanos until) {
  std::vector<std::pair<std::string, std::int64_t>> all;
  while (triggers.next() && *triggers.next() <= until) {
    const UnixNanos now = *triggers.next();
    const auto wish = triggers.take(now);
    if (!wish) break;
    all.emplace_back(name(wish->trigger), (now - kNow) / kSecond);
    triggers.succeeded();
  }
  return all;
}

TEST(Triggers, BeginWithASweepOfEverything) {
  Triggers triggers({}, kNow);
  EXPECT_EQ(triggers.next(), kNow);
  const auto wish = triggers.take(kNow);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->trigger, Trigger::kStart);
  EXPECT_THAT(wish->symbols, IsEmpty());
  EXPECT_FALSE(wish->deep);
  EXPECT_FALSE(triggers.take(kNow));
}

TEST(Triggers, AReconnectIsSweptAfterThreeWaits) {
  Triggers triggers = started();
  triggers.note(Trigger::kReconnect, kNow);
  EXPECT_THAT(sweeps(triggers, kNow + 10 * kMinute),
              ElementsAre(std::pair("reconnect", 5), std::pair("reconnect", 30), std::pair("reconnect", 300)));
}

TEST(Triggers, AFlappingStreamNeitherStarvesNorFloodsNorEndsUnswept) {
  Triggers triggers = started();
  std::vector<std::int64_t> swept;
  for (std::int64_t second = 0; second < 600; ++second) {
    const UnixNanos now = kNow + second * kSecond;
    if (second % 2 == 0 && second <= 500) triggers.note(Trigger::kReconnect, now);
    if (!triggers.take(now)) continue;
    triggers.succeeded();
    swept.push_back(second);
  }
  EXPECT_EQ(swept.front(), 5);
  EXPECT_LE(swept.size(), 250u);
  EXPECT_GE(swept.size(), 80u);
  EXPECT_EQ(sweeps(triggers, kNow + 850 * kSecond).back(), std::pair(std::string("reconnect"), 800L));
}

TEST(Triggers, AMismatchIsSweptSoonAndAgainWhenRestHasCaughtUp) {
  Triggers triggers = started();
  triggers.note(Trigger::kQuantityMismatch, kNow, "BTC");
  EXPECT_EQ(triggers.next(), kNow + kSecond);
  const auto wish = triggers.take(kNow + kSecond);
  ASSERT_TRUE(wish);
  EXPECT_THAT(wish->symbols, ElementsAre("BTC"));
  triggers.succeeded();
  EXPECT_EQ(triggers.next(), kNow + 35 * kSecond);
}

TEST(Triggers, WhatComesTogetherIsOneSweepNamedAfterTheWeightiest) {
  Triggers triggers = started();
  triggers.note(Trigger::kFillsFromRest, kNow, "ETH");
  triggers.note(Trigger::kBalanceMismatch, kNow, "BTC");
  triggers.note(Trigger::kToken, kNow, "SOL");
  const auto wish = triggers.take(kNow + 2 * kSecond);
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->trigger, Trigger::kBalanceMismatch);
  EXPECT_THAT(wish->symbols, ElementsAre("BTC", "ETH", "SOL"));
  triggers.succeeded();
  EXPECT_FALSE(triggers.take(kNow + 2 * kSecond));
}

TEST(Triggers, OneForTheWholeAccountMakesAllOfItWhole) {
  Triggers triggers = started();
  triggers.note(Trigger::kQuantityMismatch, kNow, "BTC");
  triggers.note(Trigger::kToken, kNow);
  EXPECT_THAT(triggers.take(kNow + kSecond)->symbols, IsEmpty());
}

TEST(Triggers, TooManySymbolsAreAllSymbols) {
  TriggerSettings settings;
  settings.most_symbols = 3;
  Triggers triggers = started(settings);
  for (const char* symbol : {"A", "B", "C", "D"}) triggers.note(Trigger::kQuantityMismatch, kNow, symbol);
  EXPECT_THAT(triggers.take(kNow + kSecond)->symbols, IsEmpty());
}

TEST(Triggers, EveryQuarterOfAnHourAndOnceADay) {
  TriggerSettings settings;
  settings.deep_phase_ns = kNow % kDay + 1'000 * kSecond;
  Triggers triggers = started(settings);
  EXPECT_THAT(sweeps(triggers, kNow + 2'000 * kSecond),
              ElementsAre(std::pair("timer", 900), std::pair("deep", 1'000), std::pair("timer", 1'800)));
}

TEST(Triggers, TheDeepSweepKeepsItsTimeOfDayOverRestarts) {
  TriggerSettings settings;
  settings.deep_phase_ns = kNow % kDay + kHour;
  settings.timer_ns = 10 * kDay;
  Triggers second(settings, kNow + 30 * kMinute);
  second.take(kNow + 30 * kMinute);
  second.succeeded();
  EXPECT_EQ(second.next(), kNow + kHour);
  const auto wish = second.take(kNow + kHour);
  EXPECT_TRUE(wish->deep);
  second.succeeded();
  EXPECT_EQ(second.next(), kNow + kHour + kDay);
}

TEST(Triggers, PollsOnlyWhereItIsWanted) {
  Triggers triggers = started();
  EXPECT_THAT(sweeps(triggers, kNow + 800 * kSecond), IsEmpty());
}

TEST(Triggers, PollsOftenWithoutAStreamAndSeldomWithOne) {
  TriggerSettings settings;
  settings.poll = true;
  Triggers triggers = started(settings);
  EXPECT_THAT(sweeps(triggers, kNow + 11 * kSecond), ElementsAre(std::pair("poll", 5), std::pair("poll", 10)));
  triggers.stream(true, kNow + 11 * kSecond);
  EXPECT_THAT(sweeps(triggers, kNow + 260 * kSecond), ElementsAre(std::pair("poll", 131), std::pair("poll", 251)));
  triggers.stream(false, kNow + 260 * kSecond);
  triggers.stream(false, kNow + 263 * kSecond);  // told again, it puts nothing off
  EXPECT_EQ(triggers.next(), kNow + 265 * kSecond);
}

TEST(Triggers, AFailedSweepComesAgainLaterAndLater) {
  Triggers triggers({}, kNow);
  UnixNanos now = kNow;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 12; ++i) {
    const auto wish = triggers.take(now);
    ASSERT_TRUE(wish);
    EXPECT_EQ(wish->trigger, Trigger::kStart);
    triggers.failed(*wish, Failure::kVenue, 0, now);
    EXPECT_FALSE(triggers.take(now));
    waits.push_back(*triggers.next() - now);
    now = *triggers.next();
  }
  std::int64_t whole = kSecond;
  for (const std::int64_t wait : waits) {
    EXPECT_GE(wait, whole / 2);
    EXPECT_LE(wait, whole);
    whole = std::min(2 * whole, 300 * kSecond);
  }
  EXPECT_TRUE(triggers.take(now));
  triggers.succeeded();
  EXPECT_FALSE(triggers.take(now));
  triggers.note(Trigger::kToken, now);
  const auto next = triggers.take(now);
  ASSERT_TRUE(next);
  triggers.failed(*next, Failure::kVenue, 0, now);
  EXPECT_LE(*triggers.next(), now + kSecond);  // the count began anew
}

TEST(Triggers, ScopesThatFailAloneComeAgainLaterAndLaterAndDelayNoOther) {
  TriggerSettings settings;
  settings.timer_ns = kDay;
  settings.deep_phase_ns = (kNow - kMinute) % kDay;
  Triggers triggers(settings, kNow);
  UnixNanos now = kNow;
  std::int64_t whole = kSecond;
  for (int i = 0; i < 12; ++i) {
    const auto wish = triggers.take(now);
    ASSERT_TRUE(wish);
    triggers.partly_failed(*wish, {"ETH"}, now);
    triggers.note(Trigger::kToken, now, "BTC");
    const auto other = triggers.take(now);
    ASSERT_TRUE(other);
    EXPECT_THAT(other->symbols, ElementsAre("BTC"));
    EXPECT_LE(*triggers.next(), now + whole);
    now = *triggers.next();
    whole = std::min(2 * whole, 300 * kSecond);
  }
  EXPECT_GT(now, kNow + 10 * kMinute);
  EXPECT_THAT(triggers.take(now)->symbols, ElementsAre("ETH"));
}

TEST(Triggers, AProcessForOneSweepByHandBeginsNoOther) {
  TriggerSettings settings;
  settings.only_by_hand = true;
  settings.poll = true;
  Triggers triggers(settings, kNow);
  triggers.note(Trigger::kReconnect, kNow);
  triggers.stream(true, kNow);
  EXPECT_EQ(triggers.next(), std::nullopt);
  EXPECT_TRUE(triggers.by_hand({}));
  EXPECT_EQ(triggers.take(kNow)->trigger, Trigger::kHand);
  triggers.succeeded();
  EXPECT_FALSE(triggers.take(kNow + 2 * kDay));
}

TEST(Triggers, AFailedDeepSweepStaysDeep) {
  TriggerSettings settings;
  settings.deep_phase_ns = kNow % kDay + kMinute;
  Triggers triggers = started(settings);
  const auto wish = triggers.take(kNow + kMinute);
  ASSERT_TRUE(wish->deep);
  triggers.failed(*wish, Failure::kVenue, 0, kNow + kMinute);
  const auto again = triggers.take(kNow + kMinute + kSecond);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->deep);
  EXPECT_EQ(again->trigger, Trigger::kDeep);
}

TEST(Triggers, ADeepSweepThatWasJoinedByAnotherReasonStaysDeepToo) {
  TriggerSettings settings;
  settings.deep_phase_ns = kNow % kDay + kMinute;
  Triggers triggers = started(settings);
  triggers.note(Trigger::kToken, kNow + kMinute);
  const auto wish = triggers.take(kNow + kMinute);
  ASSERT_EQ(wish->trigger, Trigger::kToken);
  ASSERT_TRUE(wish->deep);
  triggers.failed(*wish, Failure::kVenue, 0, kNow + kMinute);
  EXPECT_TRUE(triggers.take(kNow + kMinute + kSecond)->deep);
}

TEST(Triggers, NothingHappensBeforeTheHostAllowsIt) {
  Triggers triggers({}, kNow);
  const auto wish = triggers.take(kNow);
  triggers.failed(*wish, Failure::kLimited, kNow + kHour, kNow);
  triggers.note(Trigger::kReconnect, kNow);
  EXPECT_EQ(triggers.next(), kNow + kHour);
  EXPECT_FALSE(triggers.take(kNow + kHour - 1));
  EXPECT_TRUE(triggers.take(kNow + kHour));
}

TEST(Triggers, RefusedKeysAreTriedFiveTimesThirtySecondsApart) {
  Triggers triggers({}, kNow);
  UnixNanos now = kNow;
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(triggers.circuit_open());
    const auto wish = triggers.take(now);
    ASSERT_TRUE(wish);
    triggers.failed(*wish, Failure::kAuth, 0, now);
    EXPECT_EQ(triggers.next(), i < 4 ? std::optional(now + 30 * kSecond) : std::nullopt);
    now += 30 * kSecond;
  }
  EXPECT_TRUE(triggers.circuit_open());
  triggers.note(Trigger::kReconnect, now);
  EXPECT_FALSE(triggers.take(now + kDay));
  EXPECT_EQ(triggers.next(), std::nullopt);
  triggers.reset();
  EXPECT_TRUE(triggers.take(now + kDay));
}

TEST(Triggers, OnlyRefusalsInARowOpenTheCircuit) {
  Triggers triggers({}, kNow);
  UnixNanos now = kNow;
  for (int i = 0; i < 9; ++i) {
    const auto wish = triggers.take(now);
    ASSERT_TRUE(wish);
    triggers.failed(*wish, i == 4 ? Failure::kVenue : Failure::kAuth, 0, now);
    now += kHour;
  }
  EXPECT_FALSE(triggers.circuit_open());
}

TEST(Triggers, ASweepByHandClosesTheCircuitIfItSucceeds) {
  TriggerSettings settings;
  settings.auth_tries = 1;
  Triggers triggers(settings, kNow);
  triggers.failed(*triggers.take(kNow), Failure::kAuth, 0, kNow);
  EXPECT_FALSE(triggers.take(kNow + kHour));
  EXPECT_TRUE(triggers.by_hand({}));
  EXPECT_EQ(triggers.take(kNow + kHour)->trigger, Trigger::kHand);
  triggers.succeeded();
  EXPECT_EQ(triggers.take(kNow + kHour)->trigger, Trigger::kStart);
}

TEST(Triggers, ByHandGoesFirstAsItIsAndIsBounded) {
  TriggerSettings settings;
  settings.most_by_hand = 2;
  Triggers triggers(settings, kNow);
  Wish wish;
  wish.from = 5;
  wish.to = 6;
  wish.dry_run = true;
  EXPECT_TRUE(triggers.by_hand(wish));
  EXPECT_TRUE(triggers.by_hand({}));
  EXPECT_FALSE(triggers.by_hand({}));
  EXPECT_LE(*triggers.next(), kNow);
  const auto first = triggers.take(kNow);
  EXPECT_EQ(first->trigger, Trigger::kHand);
  EXPECT_EQ(first->from, 5);
  EXPECT_TRUE(first->dry_run);
  triggers.failed(*first, Failure::kVenue, 0, kNow);
  EXPECT_EQ(triggers.take(kNow)->from, std::nullopt);  // not repeated by itself
}

TEST(Triggers, EveryTriggerHasAWord) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kTriggers; ++i) words.insert(name(static_cast<Trigger>(i)));
  EXPECT_EQ(words.size(), kTriggers);
  EXPECT_FALSE(words.contains(""));
}

}  // namespace
}  // namespace millrace::fills::test
