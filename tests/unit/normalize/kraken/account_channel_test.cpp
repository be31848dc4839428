#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/normalize/kraken/account_test.h"

// What is asked for, with which token, and what holes, refusals and silence lead to.
namespace millrace::normalize::kraken {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Login = AccountCommands::Login;

constexpr const char* kSubscribeExecutions =
    R"({"method":"subscribe","params":{"channel":"executions","token":"${token}","snap_orders":true,)"
    R"("snap_trades":true,"order_status":true,"ratecounter":false},"req_id":1})";
constexpr const char* kSubscribeBalances =
    R"({"method":"subscribe","params":{"channel":"balances","token":"${token}","snapshot":true},"req_id":2})";

auto text_is(const std::string& text) { return Field("text", &PrivateText::text, text); }
auto text_has(const std::string& part) { return Field("text", &PrivateText::text, HasSubstr(part)); }

std::string refusal(int req_id, const std::string& error, const char* method = "subscribe") {
  return R"({"error":")" + error + R"(","method":")" + method + R"(","req_id":)" + std::to_string(req_id) +
         R"(,"success":false})";
}
std::string ack(int req_id, const char* method) {
  return R"({"method":")" + std::string(method) + R"(","result":{"channel":"executions"},"success":true,"req_id":)" +
         std::to_string(req_id) + "}";
}
std::string new_order(int number) {
  return execution_frame("update", number,
                         R"({"order_id":"O)" + std::to_string(number) +
                             R"(","symbol":"BTC/USD","order_qty":1,"exec_type":"pending_new","side":"buy",)"
                             R"("order_status":"pending_new","timestamp":"2023-09-22T10:33:05.709950Z"})");
}
std::string snapshot() { return execution_frame("snapshot", 1, ""); }

TEST(KrakenAccount, OpeningAsksForANewTokenAndBothChannels) {
  Account kraken;
  kraken.open();
  EXPECT_TRUE(kraken.todo.new_token);
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_is(kSubscribeExecutions), text_is(kSubscribeBalances)));
  EXPECT_THAT(kraken.todo.send, Each(Field(&PrivateText::signing, Signing::kToken)));
  EXPECT_EQ(kraken.todo.wake_at, kraken.now + 30 * kNanosPerSecond);
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution SYNCING subscribe", "balance SYNCING subscribe"));
}

TEST(KrakenAccount, TheFirstAckIsTheLoginAndTheSnapshotIsTheBeginning) {
  Account kraken;
  kraken.open();
  kraken.clear();
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  EXPECT_EQ(kraken.todo.login, Login::kAccepted);
  EXPECT_THAT(kraken.states, IsEmpty());
  ASSERT_TRUE(kraken.feed_file("ack_balances"));
  EXPECT_EQ(kraken.todo.login, Login::kUnchanged) << "told already";
  ASSERT_TRUE(kraken.feed_file("executions_empty"));
  ASSERT_TRUE(kraken.feed_file("balances_snapshot"));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE live", "balance LIVE live"));
  EXPECT_FALSE(kraken.todo.wake_at) << "nothing is waited for";
  EXPECT_THAT(kraken.gaps, IsEmpty());
}

TEST(KrakenAccount, WhatMakesNoEventIsNoError) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(R"({"channel":"heartbeat"})"));
  ASSERT_TRUE(kraken.feed(R"({"method":"pong","req_id":101,"time_in":"2023-09-24T14:10:23.799685Z"})"));
  EXPECT_THAT(kraken.drops, IsEmpty());
  ASSERT_TRUE(kraken.feed(R"({"method":"add_order","req_id":9,"success":false,"error":"EOrder:Insufficient funds"})"));
  ASSERT_TRUE(kraken.feed(refusal(77, "EGeneral:Permission denied")));
  ASSERT_TRUE(kraken.feed(R"({"channel":"level3","type":"update","data":[]})"));
  ASSERT_TRUE(kraken.feed(R"({"feed":"fills","fills":[]})"));
  EXPECT_THAT(kraken.drops, ElementsAre("not_for_us", "not_for_us", "unknown_type", "unknown_type"));
  EXPECT_FALSE(kraken.feed("[]"));
}

TEST(KrakenAccount, MaintenanceHaltsBothStreamsUntilItIsOver) {
  LiveAccount kraken;
  const auto status = [](const char* system) {
    return R"({"channel":"status","type":"update","data":[{"api_version":"v2","connection_id":13834774380200032777,)"
           R"("system":")" +
           std::string(system) + R"(","version":"2.0.0"}]})";
  };
  ASSERT_TRUE(kraken.feed(status("online")));
  EXPECT_THAT(kraken.states, IsEmpty());
  ASSERT_TRUE(kraken.feed(status("maintenance")));
  kraken.close();
  kraken.open();
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution HALTED maintenance", "balance HALTED maintenance"));
  kraken.clear();
  ASSERT_TRUE(kraken.feed(status("cancel_only")));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution SYNCING cancel_only", "balance SYNCING cancel_only"));
  EXPECT_FALSE(kraken.feed(R"({"channel":"status","type":"update","data":[]})"));
}

TEST(KrakenSequence, AHoleIsDeclaredAndTheChannelSubscribedAnewWithAFreshToken) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(new_order(2)));
  ASSERT_TRUE(kraken.feed(new_order(5)));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution sequence 3..4"));
  EXPECT_EQ(kraken.gaps[0].mark.count, 2);
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution RECOVERING resubscribed"));
  EXPECT_THAT(kraken.executions, SizeIs(2)) << "what did come is told";
  EXPECT_TRUE(kraken.todo.new_token);
  EXPECT_THAT(kraken.todo.send,
              ElementsAre(text_is(
                  R"({"method":"unsubscribe","params":{"channel":"executions","token":"${token}"},"req_id":3})")));
  EXPECT_EQ(kraken.todo.wake_at, kraken.now + 10 * kNanosPerSecond);
}

TEST(KrakenSequence, TheNewSnapshotEndsTheRecoveryAndDeclaresWhatNobodyTold) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(new_order(3)));
  kraken.clear();
  ASSERT_TRUE(kraken.feed(new_order(4))) << "still of the old subscription";
  ASSERT_TRUE(kraken.feed(ack(3, "unsubscribe")));
  EXPECT_FALSE(kraken.todo.new_token) << "the one just fetched";
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has(R"("subscribe","params":{"channel":"executions")")));
  ASSERT_TRUE(kraken.feed(ack(4, "subscribe")));
  EXPECT_THAT(kraken.states, IsEmpty());
  ASSERT_TRUE(kraken.feed(snapshot()));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution resubscribed"));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution LIVE live"));
  kraken.clear();
  ASSERT_TRUE(kraken.feed(new_order(2))) << "numbers begin anew";
  EXPECT_THAT(kraken.gaps, IsEmpty());
}

TEST(KrakenSequence, AnUnsubscribeWithoutAnswerIsFollowedByTheSubscribe) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(new_order(3)));
  kraken.time(kraken.now + 9 * kNanosPerSecond);
  EXPECT_THAT(kraken.todo.send, IsEmpty());
  kraken.time(kraken.now + kNanosPerSecond);
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has("\"subscribe\"")));
}

TEST(KrakenSequence, ARefusedUnsubscribeEndsTheConnectionUnlessThereWasNothing) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(new_order(3)));
  ASSERT_TRUE(kraken.feed(refusal(3, "Subscription Not Found", "unsubscribe")));
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has("\"subscribe\"")));
  EXPECT_FALSE(kraken.todo.reconnect);
  LiveAccount other;
  ASSERT_TRUE(other.feed(new_order(3)));
  ASSERT_TRUE(other.feed(refusal(3, "ESession:Invalid session", "unsubscribe")));
  EXPECT_TRUE(other.todo.reconnect);
  EXPECT_EQ(other.todo.reason, "resubscribe");
}

TEST(KrakenSequence, HolesInARowAreRepairedMoreAndMoreSlowly) {
  LiveAccount kraken;
  std::vector<schemas::UnixNanos> waits;
  int request = 3;
  for (int round = 0; round < 5; ++round) {
    const schemas::UnixNanos begin = kraken.now;
    ASSERT_TRUE(kraken.feed(new_order(3)));
    if (kraken.todo.send.empty()) kraken.time(*kraken.todo.wake_at);
    ASSERT_THAT(kraken.todo.send, ElementsAre(text_has("unsubscribe")));
    waits.push_back((kraken.now - begin) / kNanosPerSecond);
    ASSERT_TRUE(kraken.feed(ack(request, "unsubscribe")));
    ASSERT_TRUE(kraken.feed(ack(request + 1, "subscribe")));
    ASSERT_TRUE(kraken.feed(snapshot()));
    request += 2;
  }
  EXPECT_THAT(waits, ElementsAre(0, 2, 9, 59, 59)) << "since the one before: 3, 10, 60";
  kraken.now += 301 * kNanosPerSecond;
  ASSERT_TRUE(kraken.feed(new_order(3)));
  EXPECT_THAT(kraken.todo.send, SizeIs(1)) << "calm for long enough";
}

TEST(KrakenSequence, ARepeatedMessageIsDroppedAndProvesNothingWrong) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.001"))));
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.001"))));
  EXPECT_THAT(kraken.executions, SizeIs(1));
  EXPECT_THAT(kraken.drops, ElementsAre("duplicate"));
  EXPECT_THAT(kraken.gaps, IsEmpty());
  ASSERT_TRUE(kraken.feed(new_order(3)));
  EXPECT_THAT(kraken.gaps, IsEmpty());
}

TEST(KrakenSequence, AnOvertakenFillIsNotLost) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, fill_row("T2", "0.001", "0.002"))));
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.001"))));
  ASSERT_THAT(kraken.executions, SizeIs(2));
  EXPECT_EQ(text(kraken.executions[1].body.last_quantity), "0.001");
  EXPECT_EQ(text(kraken.executions[1].body.cumulative_quantity), "0.002") << "more is known to be filled by now";
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution sequence 2..2"));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution RECOVERING resubscribed")) << "nothing is missing";
}

TEST(KrakenSequence, WhatWasOvertakenTakesNoOrderBack) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("executions_pending_new"));
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  ASSERT_TRUE(kraken.feed_file("executions_filled"));
  ASSERT_TRUE(kraken.feed_file("executions_trade"));
  const schemas::Execution& fill = kraken.executions.back().body;
  EXPECT_EQ(fill.kind, schemas::ExecutionKind::kTrade);
  EXPECT_EQ(text(fill.last_quantity), "0.005");
  EXPECT_EQ(fill.status, schemas::OrderStatus::kFilled) << "the order is at its end, whatever this report says";
  EXPECT_EQ(text(fill.cumulative_quantity), "0.005");
}

// The snapshot was lost, and no number tells what was overtaken.
TEST(KrakenSequence, BeforeTheSnapshotNothingTakesAnOrderBack) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  ASSERT_TRUE(kraken.feed_file("executions_pending_new"));
  ASSERT_TRUE(kraken.feed_file("executions_filled"));
  ASSERT_TRUE(kraken.feed_file("executions_new"));
  EXPECT_EQ(kraken.executions.back().body.status, schemas::OrderStatus::kFilled);
  EXPECT_EQ(text(kraken.executions.back().body.cumulative_quantity), "0.005");
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, fill_row("T1", "0.002", "0.002"))));
  EXPECT_EQ(text(kraken.executions.back().body.last_quantity), "0.002") << "the fill itself is told";
  EXPECT_EQ(text(kraken.executions.back().body.cumulative_quantity), "0.005");
}

TEST(KrakenSequence, BeforeTheSnapshotAMissingFillIsNoticed) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  ASSERT_TRUE(kraken.feed_file("executions_pending_new"));
  ASSERT_TRUE(kraken.feed(execution_frame("update", 3, fill_row("T2", "0.002", "0.004"))));
  EXPECT_THAT(state_lines(kraken), Contains("execution SYNCING quantity_mismatch"));
}

TEST(KrakenSequence, WhatWasOvertakenByAnotherOrderCounts) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed_file("executions_pending_new"));
  ASSERT_TRUE(kraken.feed(new_order(5)));
  ASSERT_TRUE(kraken.feed_file("executions_canceled"));
  EXPECT_EQ(kraken.executions.back().body.status, schemas::OrderStatus::kCancelled);
  EXPECT_EQ(kraken.executions.back().body.order_id, "OK4GJX-KSTLS-7DZZO5");
}

TEST(KrakenSequence, NumbersThatBeginAnewWithoutASnapshotAreAHole) {
  LiveAccount kraken;
  for (int number = 2; number < 9; ++number) ASSERT_TRUE(kraken.feed(new_order(number)));
  kraken.clear();
  ASSERT_TRUE(kraken.feed(execution_frame("update", 2, fill_row("T1", "0.001", "0.001"))));
  EXPECT_THAT(kraken.executions, SizeIs(1));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution sequence"));
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution RECOVERING resubscribed"));
}

TEST(KrakenSequence, AFrameThatCannotBeReadIsAHoleOfTheNext) {
  LiveAccount kraken;
  ASSERT_FALSE(kraken.feed(execution_frame("update", 2, R"({"order_id":"O1"})")));
  EXPECT_THAT(kraken.gaps, IsEmpty());
  ASSERT_TRUE(kraken.feed(new_order(3)));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution sequence 2..2"));
}

TEST(KrakenSequence, EachChannelCountsForItself) {
  LiveAccount kraken;
  ASSERT_TRUE(kraken.feed(new_order(2)));
  ASSERT_TRUE(kraken.feed(balance_frame("update", 7, "")));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("balance sequence 2..6"));
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has(R"("channel":"balances")")));
}

TEST(KrakenReconnect, TheOutageIsAHoleOfWhatWasLive) {
  LiveAccount kraken;
  kraken.close();
  EXPECT_THAT(state_lines(kraken), ElementsAre("execution RECOVERING disconnected", "balance RECOVERING disconnected"));
  EXPECT_THAT(kraken.gaps, IsEmpty()) << "told when the stream speaks again";
  kraken.open();
  kraken.close();  // a try that came to nothing
  kraken.open();
  EXPECT_TRUE(kraken.todo.new_token) << "a token is not used twice";
  ASSERT_TRUE(kraken.feed(snapshot()));
  ASSERT_TRUE(kraken.feed(balance_frame("snapshot", 1, "")));
  EXPECT_THAT(gap_lines(kraken), ElementsAre("execution reconnect", "balance reconnect"));
}

TEST(KrakenReconnect, AConnectionThatNeverWasLiveLeavesNoHole) {
  Account kraken;
  kraken.open();
  kraken.close();
  kraken.open();
  ASSERT_TRUE(kraken.feed(snapshot()));
  EXPECT_THAT(kraken.gaps, IsEmpty());
}

TEST(KrakenSilence, ASnapshotThatDoesNotComeIsAskedForAgainAndThenTheConnectionGoes) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(balance_frame("snapshot", 1, "")));
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  kraken.time(*kraken.todo.wake_at);
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has(R"("unsubscribe","params":{"channel":"executions")")));
  EXPECT_TRUE(kraken.todo.new_token);
  ASSERT_TRUE(kraken.feed(ack(3, "unsubscribe")));
  ASSERT_TRUE(kraken.todo.wake_at);
  kraken.time(*kraken.todo.wake_at);
  EXPECT_TRUE(kraken.todo.reconnect);
  EXPECT_EQ(kraken.todo.reason, "silent");
}

TEST(KrakenSilence, ASnapshotThatCouldNotBeReadIsAHole) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  ASSERT_FALSE(kraken.feed(execution_frame("snapshot", 1, "1")));
  kraken.time(*kraken.todo.wake_at);
  ASSERT_TRUE(kraken.feed(ack(3, "unsubscribe")));
  ASSERT_TRUE(kraken.feed(snapshot()));
  EXPECT_THAT(gap_lines(kraken), testing::Contains("execution no_snapshot"));
}

TEST(KrakenLogin, ABadTokenIsReplacedOnceForBothChannels) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("error_session"));
  EXPECT_TRUE(kraken.todo.new_token);
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has("executions")));
  ASSERT_TRUE(kraken.feed(refusal(2, "ESession:Invalid session")));
  EXPECT_FALSE(kraken.todo.new_token) << "sent with the old one as well";
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has("balances")));
  EXPECT_EQ(kraken.todo.login, Login::kUnchanged);
  ASSERT_TRUE(kraken.feed(refusal(3, "ESession:Invalid session")));
  EXPECT_FALSE(kraken.todo.new_token);
  EXPECT_EQ(kraken.todo.login, Login::kRefused);
  EXPECT_EQ(kraken.todo.login_detail, "ESession:Invalid session");
}

TEST(KrakenLogin, AGoodTokenAfterABadOneForgetsIt) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("error_session"));
  ASSERT_TRUE(kraken.feed(ack(3, "subscribe")));
  EXPECT_EQ(kraken.todo.login, Login::kAccepted);
  ASSERT_TRUE(kraken.feed(snapshot()));
  ASSERT_TRUE(kraken.feed(new_order(9)));
  ASSERT_TRUE(kraken.feed(ack(4, "unsubscribe")));
  ASSERT_TRUE(kraken.feed(refusal(5, "ESession:Invalid session")));
  EXPECT_TRUE(kraken.todo.new_token);
}

TEST(KrakenLogin, AMissingPermissionIsALoginRefused) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(refusal(1, "EGeneral:Permission denied")));
  EXPECT_EQ(kraken.todo.login, Login::kRefused);
  EXPECT_EQ(kraken.todo.login_detail, "EGeneral:Permission denied");
  EXPECT_FALSE(kraken.todo.new_token);
}

TEST(KrakenLogin, AChannelThatTheKeyMayNotSeeIsHaltedAndTheOtherGoesOn) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed_file("ack_executions"));
  const auto done = kraken.feed(refusal(2, "EGeneral:Permission denied"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error(), (Error{Errc::kRefused, "balances: EGeneral:Permission denied"}));
  EXPECT_EQ(kraken.todo.login, Login::kUnchanged);
  EXPECT_EQ(state_lines(kraken).back(), "balance HALTED refused");
  ASSERT_TRUE(kraken.feed(snapshot()));
  EXPECT_EQ(state_lines(kraken).back(), "execution LIVE live");
}

TEST(KrakenLogin, APassingRefusalIsTriedAgainAfterAWait) {
  Account kraken;
  kraken.open();
  ASSERT_TRUE(kraken.feed(refusal(2, "EService:Unavailable")));
  EXPECT_EQ(kraken.todo.wake_at, kraken.now + 5 * kNanosPerSecond);
  kraken.time(*kraken.todo.wake_at);
  EXPECT_THAT(kraken.todo.send, ElementsAre(text_has("balances")));
  EXPECT_FALSE(kraken.todo.new_token);
  ASSERT_TRUE(kraken.feed(refusal(3, "EAPI:Rate limit exceeded")));
  EXPECT_EQ(kraken.todo.wake_at, kraken.now + 10 * kNanosPerSecond);
}

TEST(KrakenLogin, AnyOtherRefusalHaltsTheChannel) {
  Account kraken;
  kraken.open();
  const auto done = kraken.feed(refusal(1, "EGeneral:Invalid arguments"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::kRefused);
  EXPECT_EQ(state_lines(kraken).back(), "execution HALTED refused");
  kraken.close();
  kraken.open();
  EXPECT_THAT(kraken.todo.send, SizeIs(2)) << "a new connection tries again";
}

}  // namespace
}  // namespace millrace::normalize::kraken
