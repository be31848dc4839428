// The life of tokens: Kraken's, which are read again, and Binance's listenKey, which is prolonged and part of the
// address.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ingest/account/feed_fixture.h"

namespace millrace::ingest::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kMinute = 60 * kSecond;

std::string kraken_token(std::string_view token) {
  return R"({"error":[],"result":{"expires":900,"token":")" + std::string(token) + R"("}})";
}

struct Kraken : AccountFixture {
  Kraken() : AccountFixture("kraken") {
    feed->start();
    link().open(now);
    answer(kraken_token("first"));
    link().receive(R"({"method":"subscribe","result":{"channel":"executions"},"success":true,"req_id":1})", now);
    link().receive(R"({"method":"subscribe","result":{"channel":"balances"},"success":true,"req_id":2})", now);
    link().receive(R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})", now);
    link().receive(R"({"channel":"balances","type":"snapshot","data":[],"sequence":1})", now);
    since = now;
  }
  // How many requests for a token were sent.
  std::size_t asked() const {
    std::size_t count = 0;
    for (const SentRequest& request : requests) count += request.target == "/0/private/GetWebSocketsToken" ? 1U : 0U;
    return count;
  }
  UnixNanos since = 0;
};

TEST(AccountToken, IsReadAgainAtThirteenMinutes) {
  Kraken kraken;
  kraken.tick(kraken.since + 13 * kMinute - kSecond);
  EXPECT_EQ(kraken.asked(), 1U);
  kraken.tick(kraken.since + 13 * kMinute);
  EXPECT_EQ(kraken.asked(), 2U);
  kraken.answer(kraken_token("second"));
  kraken.tick(kraken.since + 26 * kMinute - kSecond);
  EXPECT_EQ(kraken.asked(), 2U);
  kraken.tick(kraken.since + 26 * kMinute);
  EXPECT_EQ(kraken.asked(), 3U);
}

TEST(AccountToken, IsAskedForWithoutAPauseWhenItIsAboutToEnd) {
  Kraken kraken;
  kraken.tick(kraken.since + 13 * kMinute);
  kraken.answer(R"({"error":["EGeneral:Invalid arguments"]})");  // not worth the same again
  std::size_t before = kraken.asked();
  kraken.tick(kraken.now + 14 * kSecond);
  EXPECT_EQ(kraken.asked(), before) << "there is time";
  kraken.tick(kraken.now + kSecond);
  EXPECT_EQ(kraken.asked(), before + 1);
  kraken.tick(kraken.since + 14 * kMinute);
  kraken.answer(R"({"error":["EGeneral:Invalid arguments"]})");
  before = kraken.asked();
  kraken.tick(kraken.now + kSecond);
  EXPECT_EQ(kraken.asked(), before + 1) << "there is none";
}

TEST(AccountToken, OfAnEarlierConnectionIsNotUsedAgain) {
  Kraken kraken;
  kraken.link().close(Reason::kEof, kraken.now);
  kraken.link().sent.clear();
  kraken.now += kSecond;
  kraken.link().open(kraken.now);
  EXPECT_THAT(kraken.link().sent, IsEmpty());
  EXPECT_EQ(kraken.asked(), 2U);
  kraken.answer(kraken_token("second"));
  EXPECT_THAT(kraken.link().sent, ElementsAre(HasSubstr("second"), HasSubstr("second")));
}

TEST(AccountToken, ThatComesAfterTheConnectionEndedWaitsForTheNext) {
  Kraken kraken;
  kraken.link().close(Reason::kEof, kraken.now);
  kraken.link().open(kraken.now);
  kraken.link().close(Reason::kEof, kraken.now);
  kraken.link().sent.clear();
  kraken.answer(kraken_token("second"));
  EXPECT_THAT(kraken.link().sent, IsEmpty());
}

TEST(AccountToken, IsTriedAgainWhenTheVenueGivesNone) {
  AccountFixture kraken("kraken");
  kraken.feed->start();
  kraken.link().open(kraken.now);
  kraken.answer(R"({"error":["EGeneral:Invalid arguments"]})");
  EXPECT_THAT(kraken.requests, SizeIs(1));
  kraken.tick(kraken.now + kSecond);
  EXPECT_THAT(kraken.requests, SizeIs(2));
  kraken.answer(kraken_token("first"));
  EXPECT_THAT(kraken.link().sent, SizeIs(2));
}

struct Futures : AccountFixture {
  Futures() : AccountFixture("binance-usdm") { feed->start(); }
  // Answers whatever else the adapter wants to know, until a request for the listenKey is under way or nothing is.
  void answer_others() {
    while (requests.back().done && requests.back().target.find("listenKey") == std::string::npos) answer("{}", 400);
  }
  std::vector<std::string> key_calls() const {
    std::vector<std::string> methods;
    for (const SentRequest& request : requests) {
      if (request.target.find("listenKey") != std::string::npos) methods.push_back(request.method);
    }
    return methods;
  }
};

TEST(ListenKey, ComesBeforeTheConnection) {
  Futures futures;
  EXPECT_THAT(futures.links, IsEmpty());
  EXPECT_THAT(futures.key_calls(), ElementsAre("POST"));
  futures.answer(R"({"listenKey":"canary1"})");
  ASSERT_THAT(futures.links, SizeIs(1));
  EXPECT_THAT(futures.link().settings.url, HasSubstr("canary1"));
  EXPECT_TRUE(futures.link().started);
}

TEST(ListenKey, OfAnAccountWithoutOrdersBringsNothingAndIsNotGivenUp) {
  Futures futures;
  futures.answer(R"({"listenKey":"canary1"})");
  EXPECT_EQ(futures.link().settings.deadlines.first_data, Nanos::zero());
  AccountFixture kraken("kraken");
  kraken.feed->start();
  EXPECT_GT(kraken.link().settings.deadlines.first_data, Nanos::zero()) << "a login is answered";
}

TEST(ListenKey, IsProlongedAndTheConnectionStays) {
  Futures futures;
  futures.answer(R"({"listenKey":"canary1"})");
  const UnixNanos since = futures.now;
  futures.tick(since + 30 * kMinute);
  EXPECT_THAT(futures.key_calls(), ElementsAre("POST", "PUT"));
  futures.answer(R"({"listenKey":"canary1"})");
  EXPECT_THAT(futures.links, SizeIs(1));
  futures.tick(since + 60 * kMinute);
  EXPECT_THAT(futures.key_calls(), ElementsAre("POST", "PUT", "PUT"));
}

TEST(ListenKey, ThatEndedIsFollowedByAnotherAddress) {
  Futures futures;
  futures.answer(R"({"listenKey":"canary1"})");
  futures.link().open(futures.now);
  futures.answer_others();
  futures.link().receive(R"({"e":"listenKeyExpired","E":1790000000000,"listenKey":"canary1"})", futures.now);
  EXPECT_THAT(futures.link().reconnects, IsEmpty()) << "its address is dead";
  futures.answer_others();
  ASSERT_EQ(futures.key_calls().back(), "POST");
  futures.answer(R"({"listenKey":"canary2"})");
  ASSERT_THAT(futures.links, SizeIs(2));
  EXPECT_THAT(futures.link().settings.url, HasSubstr("canary2"));
}

TEST(ListenKey, ThatTheVenueDoesNotKnowIsFollowedByAnotherAddress) {
  Futures futures;
  futures.answer(R"({"listenKey":"canary1"})");
  futures.link().open(futures.now);
  futures.answer_others();
  for (int i = 0; i < 40 && futures.key_calls().back() != "PUT"; ++i) {
    futures.tick(futures.now + kMinute);
    futures.answer_others();
  }
  ASSERT_EQ(futures.key_calls().back(), "PUT");
  futures.answer(R"({"code":-1125,"msg":"This listenKey does not exist."})", 400);
  futures.tick(futures.now + kSecond);
  futures.answer_others();
  ASSERT_EQ(futures.key_calls().back(), "POST");
  futures.answer(R"({"listenKey":"canary2"})");
  ASSERT_THAT(futures.links, SizeIs(2)) << "replaced while it was open";
  EXPECT_THAT(futures.link().settings.url, HasSubstr("canary2"));
}

TEST(ListenKey, OfOtherKeysIsAnotherAddress) {
  Futures futures;
  futures.answer(R"({"listenKey":"canary1"})");
  futures.link().open(futures.now);
  futures.answer_others();
  futures.feed->renew(futures.make_signer("other"));
  futures.answer_others();
  ASSERT_EQ(futures.key_calls().back(), "POST");
  EXPECT_THAT(futures.links, SizeIs(1)) << "until there is one";
  futures.answer(R"({"listenKey":"canary2"})");
  ASSERT_THAT(futures.links, SizeIs(2));
  EXPECT_THAT(futures.link().settings.url, HasSubstr("canary2"));
}

TEST(ListenKey, ThatWasRefusedConnectsOnceItIsGiven) {
  Futures futures;
  for (int i = 0; i < 5; ++i) {
    futures.answer(R"({"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."})", 401);
    futures.tick(futures.now + 30 * kSecond);
  }
  EXPECT_EQ(futures.state(), "HALTED auth_refused");
  futures.feed->renew(nullptr);
  futures.tick(futures.now + kSecond);
  EXPECT_THAT(futures.links, IsEmpty());
  futures.answer(R"({"listenKey":"canary1"})");
  ASSERT_THAT(futures.links, SizeIs(1));
  EXPECT_TRUE(futures.link().started);
}

TEST(ListenKey, ThatComesAfterTheEndConnectsNothing) {
  Futures futures;
  futures.feed->stop();
  EXPECT_TRUE(futures.feed->stopped());
  futures.answer(R"({"listenKey":"canary1"})");
  EXPECT_THAT(futures.links, IsEmpty());
}

}  // namespace
}  // namespace millrace::ingest::test
