// One account's feed with Kraken's adapter: login, holes, refusals, a lane that is full.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ingest/account/feed_fixture.h"

namespace millrace::ingest::test {
namespace {

using schemas::StreamState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kToken = R"({"error":[],"result":{"expires":900,"token":"canary"}})";

std::string executions(std::string_view type, int sequence) {
  return R"({"channel":"executions","type":")" + std::string(type) + R"(","data":[{"order_id":"O)" +
         std::to_string(sequence) +
         R"(","exec_type":"new","symbol":"BTC/USD","side":"buy","order_qty":1.0,"cum_qty":0,"order_type":"limit",)"
         R"("order_status":"new","timestamp":"2023-09-22T10:33:05.709950Z"}],"sequence":)" +
         std::to_string(sequence) + "}";
}

struct Kraken : AccountFixture {
  Kraken() : AccountFixture("kraken") {}
  void acknowledge() {
    link().receive(R"({"method":"subscribe","result":{"channel":"executions"},"success":true,"req_id":1})", now);
    link().receive(R"({"method":"subscribe","result":{"channel":"balances"},"success":true,"req_id":2})", now);
  }
  void go_live() {
    feed->start();
    link().open(now);
    answer(kToken);
    acknowledge();
    link().receive(R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})", now);
    link().receive(R"({"channel":"balances","type":"snapshot","data":[],"sequence":1})", now);
  }
};

TEST(AccountFeed, TheTokenComesBeforeTheSubscription) {
  Kraken kraken;
  kraken.feed->start();
  EXPECT_TRUE(kraken.link().started);
  EXPECT_THAT(kraken.requests, IsEmpty());
  kraken.link().open(kraken.now);
  EXPECT_THAT(kraken.link().sent, IsEmpty());
  ASSERT_THAT(kraken.requests, SizeIs(1));
  EXPECT_EQ(kraken.requests[0].method, "POST");
  EXPECT_EQ(kraken.requests[0].target, "/0/private/GetWebSocketsToken");
  EXPECT_EQ(kraken.requests[0].body, "nonce=1");
  kraken.answer(kToken);
  EXPECT_THAT(kraken.link().sent, ElementsAre(HasSubstr(R"("token":"canary")"), HasSubstr(R"("token":"canary")")));
  EXPECT_THAT(kraken.link().reports, ElementsAre(Progress::kLoggingIn));
  kraken.acknowledge();
  EXPECT_THAT(kraken.link().reports, ElementsAre(Progress::kLoggingIn, Progress::kAuthenticated));
  EXPECT_EQ(kraken.feed->counters().connected.value(), 1U);
  EXPECT_EQ(kraken.feed->counters().tokens.value(), 1U);
}

TEST(AccountFeed, EventsAreNumberedUnderTheClaim) {
  Kraken kraken;
  kraken.go_live();
  EXPECT_THAT(kraken.state(), StartsWith("LIVE "));
  kraken.link().receive(executions("update", 2), kraken.now);
  kraken.link().receive(executions("update", 3), kraken.now);
  EXPECT_THAT(kraken.executions(), ElementsAre("7/1 NEW O2", "7/2 NEW O3"));
  EXPECT_EQ(kraken.feed->counters().frames.value(), 6U);
}

TEST(AccountFeed, TheVenueIsAskedHowAnOrderOfThePredecessorEnded) {
  Kraken kraken;
  const auto identity = schemas::make_stream_identity("kraken", "BTC/USD", "BTC-USD", "main");
  schemas::Meta meta;
  meta.stream = &identity;
  meta.epoch = 6;
  schemas::Execution told;
  told.order_id = "O1";
  told.kind = schemas::ExecutionKind::kNew;
  told.status = schemas::OrderStatus::kNew;
  normalize::ToldOrders topic(1);
  topic.add(meta, told);
  told.order_id = "beyond the bound";
  topic.add(meta, told);
  kraken.feed->restore(topic);
  kraken.go_live();
  EXPECT_EQ(kraken.requests.back().target, "/0/private/QueryOrders");
  EXPECT_THAT(kraken.requests.back().body, HasSubstr("txid=O1"));
  EXPECT_EQ(kraken.feed->counters().orders_restored.value(), 1U);
  EXPECT_EQ(kraken.feed->counters().orders_left_out.value(), 1U);
  EXPECT_EQ(kraken.feed->counters().orders_open.value(), 1U);
  kraken.answer(R"({"error":[],"result":{"O1":{"status":"canceled","reason":"User requested","opentm":1695378785.7,)"
                R"("closetm":1695378790.1,"vol":"1.0","vol_exec":"0.0","price":"0","cost":"0","fee":"0",)"
                R"("descr":{"pair":"XBTUSD","type":"buy","ordertype":"limit","price":"100.0"}}}})");
  EXPECT_THAT(kraken.executions(), ElementsAre("7/1 CANCELLED O1"));
  EXPECT_EQ(kraken.feed->counters().orders_open.value(), 0U);
}

TEST(AccountFeed, AHoleSubscribesAnewWithAnotherToken) {
  Kraken kraken;
  kraken.go_live();
  const std::size_t before = kraken.requests.size();
  kraken.link().sent.clear();
  kraken.link().receive(executions("update", 4), kraken.now);
  EXPECT_THAT(kraken.link().sent, IsEmpty()) << "with the next token";
  ASSERT_EQ(kraken.requests.size(), before + 1);
  kraken.answer(R"({"error":[],"result":{"token":"second"}})");
  EXPECT_THAT(kraken.link().sent, ElementsAre(testing::AllOf(HasSubstr("unsubscribe"), HasSubstr("second"))));
  EXPECT_THAT(kraken.link().reconnects, IsEmpty());
}

TEST(AccountFeed, AFrameThatCannotBeReadIsKeptAside) {
  Kraken kraken;
  kraken.go_live();
  kraken.link().receive("{\"channel\":", kraken.now);
  EXPECT_EQ(kraken.feed->counters().frames.value(), 5U);
  int kept = 0;
  for (const Record& record : kraken.sink.records) {
    kept += std::holds_alternative<schemas::Decoded<schemas::Quarantine>>(record.body) ? 1 : 0;
  }
  EXPECT_EQ(kept, 1);
  kraken.link().receive(executions("update", 2), kraken.now);
  EXPECT_THAT(kraken.executions(), SizeIs(1)) << "and it goes on";
}

TEST(AccountFeed, ARefusedLoginIsTheSessionsBusiness) {
  Kraken kraken;
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.answer(kToken);
  kraken.link().receive(R"({"method":"subscribe","error":"EGeneral:Permission denied","success":false,"req_id":1})",
                        kraken.now);
  EXPECT_EQ(kraken.link().reports.back(), Progress::kAuthRefused);
}

// Close code 1008: REST to that host waits as long as the connection does, here and in the other processes.
TEST(AccountFeed, AVenueThatLimitsTheSessionIsAskedNothing) {
  Kraken kraken;
  kraken.go_live();
  const UnixNanos until = kraken.now + 30 * kSecond;
  kraken.link().close(Reason::kLimited, kraken.now);
  EXPECT_THAT(kraken.host_stops, ElementsAre(until));
  const std::size_t asked = kraken.requests.size();
  kraken.link().open(kraken.now);
  kraken.tick(until - kSecond);
  EXPECT_THAT(kraken.requests, SizeIs(asked));
  kraken.tick(until + kSecond);
  ASSERT_THAT(kraken.requests, SizeIs(asked + 1));
  EXPECT_EQ(kraken.requests.back().target, "/0/private/GetWebSocketsToken");
}

struct RefusedKraken : Kraken {
  // The key is refused until nothing more is sent, from the next tick on.
  void refuse_all() {
    while (requests.back().done) {
      answer(R"({"error":["EAPI:Invalid key"]})");
      tick(now + 30 * kSecond);
    }
  }
};

TEST(AccountFeed, ARefusedKeyHaltsTheAccountAfterFiveTries) {
  RefusedKraken kraken;
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.answer(R"({"error":["EAPI:Invalid key"]})");
  EXPECT_EQ(kraken.state(), "BACKING_OFF auth_refused");
  EXPECT_EQ(kraken.detail(), "EAPI:Invalid key");
  EXPECT_TRUE(kraken.link().stops) << "a connection without a token is of no use";
  kraken.link().close(Reason::kStopped, kraken.now);
  kraken.link().started = false;
  kraken.tick(kraken.now + 30 * kSecond);
  kraken.refuse_all();
  EXPECT_THAT(kraken.requests, SizeIs(5));
  EXPECT_EQ(kraken.state(), "HALTED auth_refused");
  kraken.tick(kraken.now + 300 * kSecond);
  EXPECT_THAT(kraken.requests, SizeIs(5));
  EXPECT_FALSE(kraken.link().started);
  EXPECT_EQ(kraken.state(), "HALTED auth_refused") << "and nothing else was told";
}

TEST(AccountFeed, AKeyThatIsAcceptedInTheEndConnects) {
  Kraken kraken;
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.answer(R"({"error":["EAPI:Invalid key"]})");
  kraken.link().close(Reason::kStopped, kraken.now);
  kraken.link().started = false;
  kraken.tick(kraken.now + 30 * kSecond);
  EXPECT_FALSE(kraken.link().started);
  kraken.answer("no time");  // asked before the next try
  kraken.answer(kToken);
  kraken.tick(kraken.now + kSecond);
  EXPECT_TRUE(kraken.link().started);
  kraken.link().open(kraken.now);
  EXPECT_THAT(kraken.state(), StartsWith("SYNCING"));
}

TEST(AccountFeed, ARenewedAccountGoesOn) {
  RefusedKraken kraken;
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.refuse_all();
  kraken.link().close(Reason::kStopped, kraken.now);
  kraken.link().started = false;
  kraken.feed->renew(nullptr);
  kraken.tick(kraken.now + kSecond);
  EXPECT_TRUE(kraken.link().started) << "and the token comes meanwhile";
  kraken.link().open(kraken.now);
  kraken.answer(kToken);
  EXPECT_THAT(kraken.link().sent, ElementsAre(HasSubstr("canary"), HasSubstr("canary")));
}

TEST(AccountFeed, ALiveStreamOutlivesItsRefusedKey) {
  RefusedKraken kraken;
  kraken.go_live();
  kraken.tick(kraken.now + 13 * 60 * kSecond);  // the next token
  kraken.refuse_all();
  EXPECT_FALSE(kraken.link().stops);
  EXPECT_EQ(kraken.state(), "LIVE auth_refused");
  kraken.link().receive(executions("update", 2), kraken.now);
  EXPECT_THAT(kraken.executions(), SizeIs(1)) << "it tells fills";
  kraken.link().close(Reason::kEof, kraken.now);
  kraken.tick(kraken.now + kSecond);
  EXPECT_TRUE(kraken.link().stops) << "but another one cannot be had";
  EXPECT_EQ(kraken.state(), "HALTED auth_refused");
}

TEST(AccountFeed, AConnectionThatIsQuickerThanTheTickIsNoneEither) {
  RefusedKraken kraken;
  kraken.go_live();
  kraken.tick(kraken.now + 13 * 60 * kSecond);  // the next token
  kraken.refuse_all();
  const std::size_t sent = kraken.link().sent.size();
  kraken.link().close(Reason::kEof, kraken.now);
  kraken.link().open(kraken.now);
  EXPECT_TRUE(kraken.link().stops);
  EXPECT_EQ(kraken.state(), "HALTED auth_refused");
  EXPECT_THAT(kraken.link().sent, SizeIs(sent));
}

TEST(AccountFeed, WithOtherKeysTheSessionIsTheirs) {
  Kraken kraken;
  kraken.go_live();
  kraken.feed->renew(nullptr);
  EXPECT_THAT(kraken.link().reconnects, IsEmpty()) << "the same keys end no session";
  kraken.feed->renew(kraken.make_signer("other"));
  EXPECT_THAT(kraken.link().reconnects, SizeIs(1));
  kraken.link().close(Reason::kRequested, kraken.now);
  kraken.link().sent.clear();
  kraken.link().open(kraken.now);
  EXPECT_THAT(kraken.link().sent, IsEmpty()) << "the token was of the key before";
  EXPECT_EQ(kraken.requests.back().key, "other");
  kraken.answer(R"({"error":[],"result":{"token":"second"}})");
  EXPECT_THAT(kraken.link().sent, SizeIs(2));
}

TEST(AccountFeed, ARefusedLoginAsksForTheVenuesClock) {
  AccountFixture coinbase("coinbase-exchange");
  coinbase.feed->start();
  coinbase.link().open(coinbase.now);
  coinbase.link().receive(R"({"type":"error","message":"Failed to subscribe","reason":"timestamp expired"})",
                          coinbase.now);
  EXPECT_EQ(coinbase.link().reports.back(), Progress::kAuthRefused);
  coinbase.answer("[]");  // what was asked before
  EXPECT_EQ(coinbase.requests.back().target, "/time");
  coinbase.answer(R"({"iso":"2026-09-21T15:33:20.000Z","epoch":1790004800.0})");
  EXPECT_NE(coinbase.feed->clock_offset_ns(), 0);
}

TEST(AccountFeed, ASessionThatARefusedLoginHaltedIsMadeAnew) {
  Kraken kraken;
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.link().close(Reason::kUnauthorized, kraken.now);
  kraken.link().tell(SessionState::kHalted, Reason::kUnauthorized, kraken.now);
  kraken.feed->renew(nullptr);
  EXPECT_THAT(kraken.link().reconnects, SizeIs(1));
}

TEST(AccountFeed, AFullLaneClosesTheSessionUntilThereIsRoom) {
  Kraken kraken;
  kraken.go_live();
  kraken.lane_full = true;
  kraken.tick(kraken.now + kSecond);
  EXPECT_TRUE(kraken.link().stops);
  EXPECT_EQ(kraken.state(), "HALTED journal_full");
  kraken.link().started = false;
  kraken.lane_full = false;
  kraken.tick(kraken.now + kSecond);
  EXPECT_FALSE(kraken.link().started) << "it has not ended yet";
  kraken.link().close(Reason::kStopped, kraken.now);
  EXPECT_EQ(kraken.state(), "HALTED journal_full") << "what its end tells is not news";
  kraken.tick(kraken.now + kSecond);
  EXPECT_TRUE(kraken.link().started);
  kraken.link().tell(SessionState::kConnecting, Reason::kNone, kraken.now);
  EXPECT_THAT(kraken.state(), StartsWith("CONNECTING"));
}

TEST(AccountFeed, StopsWhenItsSessionHasEnded) {
  Kraken kraken;
  kraken.go_live();
  kraken.feed->stop();
  EXPECT_TRUE(kraken.link().stops);
  EXPECT_FALSE(kraken.feed->stopped());
  kraken.link().close(Reason::kStopped, kraken.now);
  EXPECT_TRUE(kraken.feed->stopped());
}

TEST(AccountFeed, StopsAtOnceWhereNothingRuns) {
  Kraken kraken;
  kraken.go_live();
  kraken.lane_full = true;
  kraken.tick(kraken.now + kSecond);
  kraken.link().close(Reason::kStopped, kraken.now);
  kraken.feed->stop();
  EXPECT_TRUE(kraken.feed->stopped());
}

}  // namespace
}  // namespace millrace::ingest::test
