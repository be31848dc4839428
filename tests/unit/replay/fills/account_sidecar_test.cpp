// When the sidecar sweeps, what it does after what ended, and what it says about itself.
#include "replay/fills/account_sidecar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/world.h"

namespace millrace::fills::test {
namespace {

using schemas::RecoveryPhase;
using schemas::StreamState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AccountSidecarTest : public testing::Test {
 protected:
  explicit AccountSidecarTest(bool per_symbol = false) : world(per_symbol) { world.settings.piece_ns = 10 * kDay; }

  void begin() {
    world.start();
    world.settle();
    world.recoveries.clear();
    began = world.now;
  }
  void stream(StreamState state, std::string_view reason = "", std::int64_t epoch = 1, const std::string& symbol = "") {
    world.core->on_stream(state, reason, epoch, symbol, world.now);
  }
  // Triggers of the sweeps that ended well.
  std::vector<std::string> triggers() const {
    std::vector<std::string> words;
    for (const auto& recovery : world.ended(RecoveryPhase::kCompleted)) words.push_back(recovery.trigger);
    return words;
  }

  World world;
  UnixNanos began = 0;
};

TEST_F(AccountSidecarTest, SweepsAfterAReconnectAndEveryQuarterOfAnHour) {
  world.settings.triggers.deep_phase_ns = (world.now - kMinute) % kDay;
  begin();
  stream(StreamState::kLive);
  world.run(16 * kMinute);
  EXPECT_THAT(triggers(), ElementsAre("reconnect", "reconnect", "reconnect", "timer"));
  stream(StreamState::kLive);
  world.run(10 * kSecond);
  EXPECT_THAT(triggers(), SizeIs(4));  // told again, nothing happened
  stream(StreamState::kDisconnected);
  stream(StreamState::kLive);
  world.run(10 * kSecond);
  EXPECT_THAT(triggers(), SizeIs(5));
  stream(StreamState::kLive, "", 2);  // another worker, whose outage we did not see
  world.run(10 * kSecond);
  EXPECT_THAT(triggers(), SizeIs(6));
}

TEST_F(AccountSidecarTest, SweepsWhenTheNumbersDoNotAddUp) {
  begin();
  stream(StreamState::kLive);
  world.run(10 * kMinute);
  world.recoveries.clear();
  world.fill("1");
  stream(StreamState::kLive, "quantity_mismatch");
  world.run(2 * kSecond);
  EXPECT_THAT(triggers(), ElementsAre("quantity_mismatch"));
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  stream(StreamState::kLive, "balance_mismatch");
  world.run(2 * kSecond);
  EXPECT_EQ(triggers().back(), "balance_mismatch");
}

TEST_F(AccountSidecarTest, AFillWithoutAStreamIsNotHeldAgainstIt) {
  begin();
  stream(StreamState::kDisconnected);
  world.fill("1");
  world.run(kMinute);
  stream(StreamState::kLive);
  world.run(kMinute);
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_EQ(world.core->counters().fills_missing, 1);
  EXPECT_EQ(world.core->counters().missing_while_live, 0);
}

TEST_F(AccountSidecarTest, AHealthyStreamThatDropsFillsIsFoundOut) {
  world.skew = -7 * kMinute;
  begin();
  stream(StreamState::kLive);
  world.run(10 * kMinute);
  world.fill("dropped");
  world.stream(world.fill("told"));
  world.run(16 * kMinute);
  EXPECT_THAT(world.replayed(), ElementsAre("dropped"));
  EXPECT_EQ(world.core->counters().missing_while_live, 1);
}

TEST_F(AccountSidecarTest, WhereOnlyRestKnowsFillsTheStreamIsNotBlamed) {
  begin();
  stream(StreamState::kLive);
  world.run(10 * kMinute);
  world.fill("1");
  stream(StreamState::kLive, "fills_from_rest");
  world.run(kSecond);
  EXPECT_EQ(triggers().back(), "fills_from_rest");
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_EQ(world.core->counters().missing_while_live, 0);
}

TEST_F(AccountSidecarTest, WithoutALiveStreamTheTimersSweepWaitsForNothing) {
  begin();
  world.run(15 * kMinute - 2 * kSecond);
  world.fill("fresh");
  world.run(3 * kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("fresh"));
}

TEST_F(AccountSidecarTest, TheTimersSweepLeavesTheLastSecondsToTheStream) {
  begin();
  stream(StreamState::kLive);
  world.run(15 * kMinute - 2 * kSecond);
  world.recoveries.clear();
  world.fill("fresh");
  world.run(3 * kSecond);
  EXPECT_THAT(triggers(), ElementsAre("timer"));
  EXPECT_THAT(world.replayed(), IsEmpty());
  world.run(15 * kMinute);
  EXPECT_THAT(world.replayed(), ElementsAre("fresh"));
}

TEST_F(AccountSidecarTest, TheDeepSweepFindsWhatTheOverlapDoesNotReach) {
  world.settings.triggers.deep_phase_ns = (world.now + 3 * kHour) % kDay;
  begin();
  world.fill("very late", "BTC", kHour);
  world.run(2 * kHour);
  EXPECT_THAT(world.replayed(), IsEmpty());
  world.run(kHour + kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("very late"));
  EXPECT_EQ(world.core->counters().late_fills, 1);
}

TEST_F(AccountSidecarTest, NeverGoesPastTheLagAndNeverBack) {
  begin();
  UnixNanos last = 0;
  for (int i = 0; i < 50; ++i) {
    world.run(7 * kMinute);
    const UnixNanos through = world.core->cursor().through("").value();
    EXPECT_GE(through, last);
    EXPECT_LE(through, world.venue_now() - 30 * kSecond);
    last = through;
  }
  EXPECT_GT(last, began + 5 * kHour);
}

TEST_F(AccountSidecarTest, ACommitOfUnknownOutcomeIsLookedUpBeforeAnythingElse) {
  int unheard = 1;
  world.commits = [&] { return unheard-- > 0 ? World::Commit::kDoneButUnheard : World::Commit::kDone; };
  world.start();
  while (world.cursors.empty()) ASSERT_TRUE(world.step());
  EXPECT_FALSE(world.core->sign_of_life());
  EXPECT_FALSE(world.core->cursor().through(""));
  ASSERT_TRUE(world.step());  // the cursor is read
  EXPECT_TRUE(world.core->cursor().through(""));
  EXPECT_TRUE(world.core->sign_of_life());
}

TEST_F(AccountSidecarTest, WhileTheCursorCannotBeReadNothingIsSwept) {
  int refused = 1;
  world.commits = [&] { return refused-- > 0 ? World::Commit::kRefused : World::Commit::kDone; };
  world.start();
  while (world.ends.empty()) ASSERT_TRUE(world.step());
  world.broker_readable = false;
  const std::size_t asked = world.asked.size();
  world.run(kMinute);
  EXPECT_EQ(world.asked.size(), asked);
  EXPECT_FALSE(world.core->sign_of_life());
  world.broker_readable = true;
  world.run(10 * kSecond);
  EXPECT_THAT(world.cursors, SizeIs(1));
}

TEST_F(AccountSidecarTest, AnotherRecordOfOursPutsTheCursorForward) {
  begin();
  schemas::Cursor record = *world.core->sign_of_life();
  record.scopes[0].complete_through += kMinute;
  world.core->adopt(record);
  EXPECT_EQ(world.core->cursor().through(""), record.scopes[0].complete_through);
}

TEST_F(AccountSidecarTest, TheCursorSaysWhoWroteIt) {
  begin();
  EXPECT_EQ(world.cursor().venue, "small");
  EXPECT_EQ(world.cursor().account, "main");
  EXPECT_EQ(world.cursor().name, "fills");
  EXPECT_EQ(world.cursor().worker, "test");
  EXPECT_EQ(world.cursor().instance, 1);
}

TEST_F(AccountSidecarTest, RefusedKeysOpenTheCircuitUntilTheConfigurationChanges) {
  world.venue_fault = [](const std::string&) { return std::optional(Answer{401, ""}); };
  world.start();
  world.run(kHour);
  EXPECT_TRUE(world.core->circuit_open());
  EXPECT_THAT(world.asked, SizeIs(5));
  EXPECT_EQ(world.asked_at[4] - world.asked_at[0], 4 * 30 * kSecond);
  world.venue_fault = nullptr;
  world.run(kHour);
  EXPECT_THAT(world.asked, SizeIs(5));
  world.core->reset_circuit();
  world.core->on_time(world.now);
  world.settle();
  EXPECT_THAT(world.cursors, SizeIs(1));
  EXPECT_FALSE(world.core->circuit_open());
}

TEST_F(AccountSidecarTest, ByHandItReadsARangeAndLeavesTheCursorWhereItIs) {
  begin();
  const auto before = world.core->cursor().through("");
  world.run(5 * kMinute);
  Wish wish;
  wish.from = *before + kMinute;  // does not join on
  wish.to = world.now;
  ASSERT_TRUE(world.core->by_hand(wish));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_EQ(triggers().back(), "hand");
  EXPECT_EQ(world.core->cursor().through(""), before);
  EXPECT_EQ(world.ended(RecoveryPhase::kCompleted).back().watermark, before);
}

TEST_F(AccountSidecarTest, ByHandItBeginsNoCursorThatNobodyAskedFor) {
  world.settings.triggers.only_by_hand = true;
  world.fill("1");
  world.now += kHour;
  Wish wish;
  wish.from = world.now - 2 * kHour;
  world.start();
  ASSERT_TRUE(world.core->by_hand(wish));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_THAT(world.cursor().scopes, IsEmpty());
  EXPECT_FALSE(world.ended(RecoveryPhase::kCompleted).back().watermark);
  world.run(kDay);
  EXPECT_THAT(world.ends, SizeIs(1));
}

TEST_F(AccountSidecarTest, AVenueThatDoesNotAnswerIsLeftAloneForAWhile) {
  begin();
  world.venue_fault = [](const std::string& target) {
    return target == "/time" ? std::nullopt : std::optional(Answer{400, ""});
  };
  world.run(20 * kMinute);
  ASSERT_GT(world.ended(RecoveryPhase::kFailed).size(), 3u);
  world.asked.clear();
  world.core->on_token_renewed(world.now);
  world.core->on_time(world.now);
  world.settle();
  EXPECT_THAT(world.asked, IsEmpty());
}

TEST_F(AccountSidecarTest, IdsAreForgottenOnceNoSweepReachesThem) {
  begin();
  for (int i = 0; i < 10; ++i) world.stream(world.fill("f" + std::to_string(i)));
  world.run(kDay);
  EXPECT_EQ(world.core->known().size(), 10u);
  world.run(2 * kDay);
  EXPECT_EQ(world.core->known().size(), 0u);
  EXPECT_EQ(world.topic.size(), 10u);
}

TEST_F(AccountSidecarTest, TheTailGoesByTheVenuesClock) {
  world.skew = -7 * kDay;
  begin();
  EXPECT_EQ(world.core->tail_from(world.now), world.venue_now() - 2 * kDay - kHour);
}

TEST_F(AccountSidecarTest, AFillOlderThanWhatWasReadOfTheTopicIsNotCalledLate) {
  begin();
  world.fill("1");
  world.run(kMinute);
  world.core = std::make_unique<AccountSidecar>(world.venue, world, world.share, world.settings, world.now);
  schemas::Cursor ahead = world.cursor();
  ahead.scopes[0].complete_through = world.venue_now() - 30 * kSecond;
  world.core->adopt(ahead);
  world.core->start(world.venue_now(), world.now);
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  EXPECT_EQ(world.core->counters().late_fills, 0);
}

TEST_F(AccountSidecarTest, AFailedSweepByHandIsReportedAndNotRepeated) {
  begin();
  world.venue_fault = [](const std::string&) { return std::optional(Answer{400, ""}); };
  ASSERT_TRUE(world.core->by_hand({}));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_FALSE(world.ends.back().ok);
  EXPECT_THAT(world.ends.back().error, testing::HasSubstr("refuses"));
  world.run(kMinute);
  EXPECT_THAT(world.ended(RecoveryPhase::kFailed), SizeIs(1));
}

TEST_F(AccountSidecarTest, ALongOutageIsCaughtUpPieceByPiece) {
  begin();
  world.crash();
  for (int hour = 0; hour < 200; ++hour) {
    world.now += kHour;
    world.fill("h" + std::to_string(hour));
  }
  world.settings.piece_ns = kDay;
  world.recoveries.clear();
  world.start();
  world.settle();
  EXPECT_THAT(world.topic_ids(), SizeIs(200));
  EXPECT_THAT(world.topic, SizeIs(200));
  const auto done = world.ended(RecoveryPhase::kCompleted);
  EXPECT_THAT(done, SizeIs(9));
  for (std::size_t i = 1; i < done.size(); ++i) {
    EXPECT_EQ(done[i].from, done[i - 1].to);
    EXPECT_GT(*done[i].watermark, *done[i - 1].watermark);
  }
  EXPECT_THAT(world.overclaimed, IsEmpty());
}

TEST_F(AccountSidecarTest, AFailureInTheMiddleGoesOnFromWhatWasCommitted) {
  begin();
  world.crash();
  for (int hour = 0; hour < 100; ++hour) {
    world.now += kHour;
    world.fill("h" + std::to_string(hour));
  }
  world.settings.piece_ns = kDay;
  world.start();
  while (world.topic.size() < 30) ASSERT_TRUE(world.step());
  world.venue_fault = [](const std::string&) { return std::optional(Answer{400, ""}); };
  world.settle();
  world.venue_fault = nullptr;
  world.run(kMinute);
  EXPECT_THAT(world.topic, SizeIs(100));  // nothing twice
  EXPECT_THAT(world.topic_ids(), SizeIs(100));
}

TEST_F(AccountSidecarTest, ShareOfTheBudgetIsKept) {
  World slow;
  RateShare share(20, 50);
  AccountSidecar core(slow.venue, slow, share, slow.settings, slow.now);
  core.start(0, slow.now);
  ASSERT_THAT(slow.asked, SizeIs(1));
  EXPECT_EQ(share.take(slow.now, 9), 0);
  EXPECT_GT(share.take(slow.now, 1), 0);
}

class SymbolSidecarTest : public AccountSidecarTest {
 protected:
  SymbolSidecarTest() : AccountSidecarTest(true) {}
};

TEST_F(SymbolSidecarTest, ASymbolSeenForTheFirstTimeIsSweptFromThenOn) {
  begin();
  world.fill("before", "SOL");
  world.now += kMinute;
  world.stream(world.fill("seen", "SOL"));
  world.core->on_record("SOL", world.now, world.topic.back().execution, world.now);
  world.core->on_time(world.now);
  world.settle();
  EXPECT_THAT(triggers(), ElementsAre("symbol"));
  EXPECT_THAT(world.replayed(), ElementsAre("before"));
  ASSERT_THAT(world.cursor().scopes, SizeIs(3));
  EXPECT_THAT(world.ended(RecoveryPhase::kCompleted)[0].symbols, ElementsAre("SOL"));
}

TEST_F(SymbolSidecarTest, AMismatchSweepsItsSymbolOnly) {
  begin();
  stream(StreamState::kLive, "quantity_mismatch", 1, "ETH");
  world.run(2 * kSecond);
  ASSERT_THAT(triggers(), ElementsAre("quantity_mismatch"));
  EXPECT_THAT(world.ended(RecoveryPhase::kCompleted)[0].symbols, ElementsAre("ETH"));
}

TEST_F(SymbolSidecarTest, TheWatermarkOfAllIsThatOfTheLast) {
  begin();
  world.run(5 * kMinute);
  const auto behind = world.core->cursor().through("BTC");
  stream(StreamState::kDisconnected, "quantity_mismatch", 1, "ETH");
  world.run(2 * kSecond);
  EXPECT_GT(world.core->cursor().through("ETH"), behind);
  Wish wish;
  wish.from = began - kHour;
  wish.to = began - kMinute;
  ASSERT_TRUE(world.core->by_hand(wish));
  world.core->on_time(world.now);
  world.settle();
  EXPECT_EQ(world.ended(RecoveryPhase::kCompleted).back().watermark, behind);
}

TEST_F(SymbolSidecarTest, SymbolsOfTheCursorAreSweptAlthoughNobodyNamesThem) {
  begin();
  world.crash();
  world.settings.symbols.clear();
  world.now += kMinute;
  world.fill("1", "ETH");
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
}

TEST_F(SymbolSidecarTest, ASymbolThatIsRefusedKeepsNoOtherFromItsPieces) {
  world.settings.piece_ns = kDay;
  world.venue_fault = [](const std::string& target) {
    return target.starts_with("/fills/BTC/") ? std::optional(Answer{400, ""}) : std::nullopt;
  };
  world.now += 10 * kDay;
  world.fill("1", "ETH");
  world.start();
  world.settle();
  EXPECT_THAT(world.replayed(), ElementsAre("1"));
  ASSERT_THAT(world.ends, SizeIs(2));
  EXPECT_FALSE(world.ends[0].last);
  EXPECT_TRUE(world.ends[1].last);
  EXPECT_EQ(world.core->cursor().through("ETH"), world.venue_now() - 30 * kSecond);
  EXPECT_EQ(world.core->cursor().through("BTC"), std::nullopt);
  world.run(10 * kMinute);
  world.fill("2", "ETH");
  stream(StreamState::kLive);
  world.run(6 * kSecond);
  EXPECT_THAT(world.replayed(), ElementsAre("1", "2"));
}

TEST_F(SymbolSidecarTest, WithoutAnySymbolItWaits) {
  world.settings.symbols.clear();
  world.start();
  world.run(kHour);
  EXPECT_THAT(world.asked, IsEmpty());
  EXPECT_EQ(world.core->wake_at(), std::nullopt);
}

}  // namespace
}  // namespace millrace::fills::test
