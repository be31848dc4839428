#include "ingest/account/private_rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace millrace::ingest {
namespace {

using normalize::Judgement;
using normalize::PrivateRequest;
using normalize::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr UnixNanos kStart = 1'790'000'000 * kSecond;

// A venue whose answers say how they are meant: the body is the verdict's word.
class FakeVenue final : public normalize::AccountVenue {
 public:
  std::string_view venue_name() const noexcept override { return "fake"; }
  const normalize::AccountCapabilities& capabilities() const noexcept override { return capabilities_; }
  const normalize::TokenRule& token() const noexcept override { return token_; }
  const std::string& ws_url() const noexcept override { return url_; }
  const std::string& rest_url() const noexcept override { return url_; }
  std::unique_ptr<normalize::AccountAdapter> make_adapter(std::string, std::vector<std::string>) const override {
    return nullptr;
  }
  std::unique_ptr<normalize::FillWalk> walk_fills(std::string, normalize::SweepRange) const override { return nullptr; }
  Judgement judge(const normalize::PrivateAnswer& answer) const override {
    for (int i = 0; i <= static_cast<int>(Verdict::kRefused); ++i) {
      const auto verdict = static_cast<Verdict>(i);
      if (answer.body == name(verdict)) return {verdict, wait_ns, std::string(answer.body)};
    }
    return {answer.status == 0 ? Verdict::kTransient : Verdict::kGood, 0, std::string(answer.body)};
  }
  PrivateRequest time_request() const override {
    PrivateRequest request;
    request.target = "/time";
    request.signing = normalize::Signing::kNone;
    return request;
  }
  normalize::Result<UnixNanos> read_time(const normalize::PrivateAnswer& answer) const override {
    return answer.receive_time + std::stoll(std::string(answer.body)) * kSecond;
  }

  std::int64_t wait_ns = 0;
  void count_by_key() { capabilities_.rest_limit_per_key = true; }

 private:
  normalize::AccountCapabilities capabilities_;
  normalize::TokenRule token_;
  std::string url_;
};

struct Sent {
  std::string target;
  std::string body;
  std::string key;  // empty: not signed
  UnixNanos at;
};

struct Harness {
  explicit Harness(std::int64_t weight_per_minute = 0)
      : rest(venue, *signer, {"api.fake", "/proxy", weight_per_minute, 1},
             {[this](HttpRequest request, HttpsConnection::Done done) {
                EXPECT_FALSE(pending) << "one at a time";
                sent.push_back(
                    {std::string(request.target.reveal()), std::string(request.body.reveal()), key_of(request), now});
                pending = std::move(done);
              },
              [this] { return now; },
              [this](std::string_view detail, int tries) {
                refusals.push_back(std::string(detail) + " " + std::to_string(tries));
              },
              [this](std::int64_t offset_ns) { clocks.push_back(offset_ns); },
              [this](UnixNanos until) { stops.push_back((until - now) / kSecond); }}) {}

  static std::string key_of(const HttpRequest& request) {
    for (const SecretHeader& header : request.headers) {
      if (header.name == "API-Key") return std::string(header.value.reveal());
    }
    return {};
  }
  std::unique_ptr<AccountSigner> make_signer(std::string_view key = "key") {
    SigningWorld world;
    world.now_ns = [this] { return now; };
    world.nonce = [this](std::int64_t) -> AuthResult<std::uint64_t> { return ++nonce; };
    AccountKeys keys;
    keys.api_key = Secret::copy_of(key);
    keys.secret = Secret::copy_of("c2VjcmV0");
    return make_account_signer(normalize::AuthScheme::kKraken, std::move(keys), std::move(world)).value();
  }
  bool ask(std::string target, int weight = 1, UnixNanos not_before = 0) {
    PrivateRequest request;
    request.key = target;
    request.method = "POST";
    request.target = std::move(target);
    request.weight = weight;
    request.not_before = not_before;
    return rest.ask(std::move(request), [this](const PrivateOutcome& outcome) {
      told.push_back(std::string(outcome.answer.key) + " " + std::string(name(outcome.judgement.verdict)));
      bodies.emplace_back(outcome.answer.body);
    });
  }
  void answer(std::string body, int status = 200, std::optional<std::chrono::seconds> retry_after = {}) {
    ASSERT_TRUE(pending) << "nothing was sent";
    HttpAnswer made;
    made.end.status = status;
    made.end.retry_after = retry_after;
    (status == 0 ? made.error : made.body) = std::move(body);
    std::exchange(pending, nullptr)(std::move(made));
  }
  // Time goes on in steps of 100 ms until something is sent; how long that took. -1: nothing within ten minutes.
  std::int64_t wait_ms() {
    const UnixNanos before = now;
    for (; !pending && now - before < 600 * kSecond; now += kSecond / 10) rest.tick(now + kSecond / 10);
    return pending ? (now - before) / 1'000'000 : -1;
  }

  UnixNanos now = kStart;
  std::uint64_t nonce = 0;
  FakeVenue venue;
  std::unique_ptr<AccountSigner> signer = make_signer();
  std::vector<Sent> sent;
  HttpsConnection::Done pending;
  std::vector<std::string> told, bodies, refusals;
  std::vector<std::int64_t> clocks;
  std::vector<std::int64_t> stops;  // in seconds from then
  PrivateRest rest;
};

TEST(PrivateRest, OneAtATimeInOrder) {
  Harness harness;
  for (const char* target : {"/a", "/b", "/c"}) EXPECT_TRUE(harness.ask(target));
  EXPECT_EQ(harness.sent.size(), 1U);
  for (int i = 0; i < 3; ++i) harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good", "/b good", "/c good"));
  EXPECT_THAT(harness.bodies, ElementsAre("rows", "rows", "rows"));
  EXPECT_EQ(harness.sent[1].target, "/proxy/b");
  EXPECT_TRUE(harness.rest.idle());
}

TEST(PrivateRest, WhatMustWaitDoesNotHoldUpTheOthers) {
  Harness harness;
  harness.ask("/later", 1, kStart + 5 * kSecond);
  harness.ask("/now");
  EXPECT_EQ(harness.sent.at(0).target, "/proxy/now");
  harness.answer("rows");
  EXPECT_EQ(harness.wait_ms(), 5000);
}

TEST(PrivateRest, ATransientFailureIsTriedSixTimesWithBackoff) {
  Harness harness;
  harness.ask("/a");
  std::int64_t least = 500;
  for (int i = 1; i < PrivateRest::kMostAttempts; ++i) {
    harness.answer(i % 2 == 0 ? "connection reset" : "transient", i % 2 == 0 ? 0 : 503);
    EXPECT_THAT(harness.told, IsEmpty());
    const std::int64_t waited = harness.wait_ms();
    EXPECT_GE(waited, least);
    EXPECT_LE(waited, 2 * least + 100);
    least *= 2;
  }
  harness.answer("no answer within 10 s", 0);
  EXPECT_THAT(harness.told, ElementsAre("/a transient"));
  EXPECT_THAT(harness.bodies, ElementsAre("no answer within 10 s")) << "in words, as there is no body";
  EXPECT_EQ(harness.rest.stats().gave_up.value(), 1U);
  EXPECT_EQ(harness.sent.size(), 6U);
}

TEST(PrivateRest, ARateLimitStopsEverythingForThirtySecondsAtLeast) {
  Harness harness;
  harness.venue.wait_ns = 5 * kSecond;
  for (const char* target : {"/a", "/b", "/c"}) harness.ask(target);
  harness.answer("rate_limited", 429);
  EXPECT_EQ(harness.wait_ms(), 30'000);
  for (int i = 0; i < 3; ++i) harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good", "/b good", "/c good")) << "and the order stays";
}

TEST(PrivateRest, ALongerWaitOfTheHostIsHonoured) {
  Harness by_header;
  by_header.ask("/a");
  by_header.answer("rate_limited", 429, std::chrono::seconds{90});
  EXPECT_EQ(by_header.wait_ms(), 90'000);
  Harness by_body;
  by_body.venue.wait_ns = 45 * kSecond;
  by_body.ask("/a");
  by_body.answer("rate_limited", 418);
  EXPECT_EQ(by_body.wait_ms(), 45'000);
}

// A limit that the venue counts by key concerns nobody else; a status is the host's, or the edge's before it.
TEST(PrivateRest, AHostThatWantsQuietIsTold) {
  Harness harness;
  harness.venue.wait_ns = 45 * kSecond;
  harness.ask("/a");
  harness.answer("rate_limited");
  EXPECT_THAT(harness.stops, ElementsAre(45));
  Harness by_key;
  by_key.venue.count_by_key();
  by_key.ask("/a");
  by_key.answer("rate_limited");
  EXPECT_THAT(by_key.stops, IsEmpty());
  EXPECT_EQ(by_key.wait_ms(), 30'000);
  by_key.answer("rate_limited", 429);
  EXPECT_THAT(by_key.stops, ElementsAre(30));
}

TEST(PrivateRest, WhatAnotherProcessWasToldIsObeyed) {
  Harness harness;
  harness.rest.stop_until(harness.now + 20 * kSecond);
  harness.rest.stop_until(harness.now + 10 * kSecond);
  harness.ask("/a");
  EXPECT_THAT(harness.sent, IsEmpty());
  EXPECT_EQ(harness.wait_ms(), 20'000);
  harness.rest.stop_until(harness.now + 5 * kSecond);
  harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good")) << "what is under way ends";
  EXPECT_THAT(harness.stops, IsEmpty()) << "who heard it does not tell it again";
}

TEST(PrivateRest, ARateLimitThatDoesNotEndIsGivenUp) {
  Harness harness;
  harness.ask("/a");
  for (int i = 0; i < PrivateRest::kMostAttempts; ++i) {
    if (i > 0) {
      ASSERT_EQ(harness.wait_ms(), 30'000);
    }
    harness.answer("rate_limited", 429);
  }
  EXPECT_THAT(harness.told, ElementsAre("/a rate_limited"));
}

TEST(PrivateRest, TheVenuesClockIsAskedAndTheRequestGoesOnce) {
  Harness harness;
  harness.ask("/a");
  harness.ask("/b");
  harness.answer("clock");
  EXPECT_EQ(harness.sent.back().target, "/proxy/time");
  EXPECT_EQ(harness.sent.back().body, "") << "not signed";
  harness.answer("-7");
  EXPECT_EQ(harness.rest.clock_offset_ns(), -7 * kSecond);
  EXPECT_EQ(harness.sent.back().target, "/proxy/a");
  harness.answer("rows");
  harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good", "/b good"));
}

TEST(PrivateRest, EarlierFailuresDoNotUseUpTheQuestionForTheClock) {
  Harness harness;
  harness.ask("/a");
  for (int i = 0; i < 3; ++i) {
    harness.answer("rate_limited", 429);
    ASSERT_EQ(harness.wait_ms(), 30'000);
  }
  harness.answer("clock");
  ASSERT_EQ(harness.sent.back().target, "/proxy/time");
  harness.answer("-7");
  harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good"));
}

// Some venues have one word for a wrong clock and a wrong key.
TEST(PrivateRest, AClockThatIsRefusedAlthoughItIsSetIsARefusedKey) {
  Harness harness;
  harness.ask("/a");
  for (int i = 0; i < 7; ++i) harness.answer(harness.sent.back().target == "/proxy/time" ? "0" : "clock");
  EXPECT_EQ(harness.sent.size(), 7U) << "four tries, the time between them";
  for (int i = 1; i < PrivateRest::kAuthTries; ++i) {
    ASSERT_EQ(harness.wait_ms(), 30'000);
    harness.answer("clock");
  }
  EXPECT_THAT(harness.told, ElementsAre("/a clock"));
  EXPECT_THAT(harness.refusals, ElementsAre("clock 1", "clock 2", "clock 3", "clock 4", "clock 5"));
  EXPECT_EQ(harness.wait_ms(), -1) << "nothing more is sent";
}

TEST(PrivateRest, ATimeCallIsNotSettledByTheTime) {
  Harness harness;
  harness.ask("/a");
  for (int i = 0; i < 2; ++i) harness.answer("clock");
  EXPECT_EQ(harness.sent.back().target, "/proxy/a") << "the time is not asked for the time";
  EXPECT_EQ(harness.rest.clock_offset_ns(), 0);
}

TEST(PrivateRest, ARefusedNonceIsFollowedByAHigherOneAtOnce) {
  Harness harness;
  harness.ask("/a");
  harness.answer("nonce");
  EXPECT_EQ(harness.sent.at(0).body, "nonce=1");
  EXPECT_EQ(harness.sent.at(1).body, "nonce=2");
  EXPECT_EQ(harness.sent.at(1).at, kStart);
  for (int i = 0; i < 3; ++i) harness.answer("nonce");
  EXPECT_THAT(harness.told, ElementsAre("/a nonce")) << "no loop";
}

TEST(PrivateRest, ARefusedKeyIsTriedFiveTimesThenTheCircuitOpens) {
  Harness harness;
  harness.ask("/a");
  harness.ask("/b");
  for (int i = 0; i < PrivateRest::kAuthTries; ++i) {
    if (i > 0) {
      ASSERT_EQ(harness.wait_ms(), 30'000);
      EXPECT_EQ(harness.sent.back().target, "/proxy/time") << "it may be our clock";
      harness.answer("0");
    }
    EXPECT_EQ(harness.sent.back().target, "/proxy/a") << "the others wait: they would be refused as well";
    EXPECT_THAT(harness.refusals, SizeIs(i));
    harness.answer("auth");
  }
  EXPECT_THAT(harness.refusals, ElementsAre("auth 1", "auth 2", "auth 3", "auth 4", "auth 5"));
  EXPECT_THAT(harness.told, ElementsAre("/a auth"));
  EXPECT_EQ(harness.wait_ms(), -1) << "nothing more is sent";
  EXPECT_TRUE(harness.ask("/c"));
  EXPECT_EQ(harness.sent.size(), 9U) << "five tries, the time between them";
  harness.rest.renew(*harness.signer);
  harness.answer("rows");
  harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a auth", "/b good", "/c good"));
}

TEST(PrivateRest, AnotherKeyIsTriedAtOnceAndFiveTimesToo) {
  Harness harness;
  const auto other = harness.make_signer("other");
  harness.ask("/a");
  harness.answer("auth");
  harness.rest.renew(*other);
  harness.answer("0");  // the time
  EXPECT_EQ(harness.sent.back().key, "other") << "without the 30 s";
  for (int i = 0; i < PrivateRest::kAuthTries; ++i) {
    ASSERT_NE(harness.wait_ms(), -1);
    if (i > 0) harness.answer("0");
    harness.answer("auth");
  }
  EXPECT_THAT(harness.refusals, ElementsAre("auth 1", "auth 1", "auth 2", "auth 3", "auth 4", "auth 5"));
  EXPECT_THAT(harness.told, ElementsAre("/a auth"));
}

TEST(PrivateRest, AnAnswerToTheKeyBeforeSaysNothingOfTheNext) {
  Harness harness;
  const auto other = harness.make_signer("other");
  PrivateRequest token;
  token.key = "token";
  token.method = "POST";
  token.target = "/token";
  harness.rest.ask_token(token, "token", [](const PrivateOutcome&) {});
  harness.rest.renew(*other);
  harness.answer(R"({"token":"of the key before"})");
  EXPECT_FALSE(other->has_token());
  EXPECT_EQ(harness.sent.back().key, "other");
  harness.answer(R"({"token":"of this one"})");
  EXPECT_TRUE(other->has_token());
  harness.ask("/a");
  harness.rest.renew(*harness.signer);
  harness.answer("auth");
  EXPECT_THAT(harness.refusals, IsEmpty());
  EXPECT_EQ(harness.sent.back().key, "key");
  harness.rest.renew(*harness.signer);
  harness.answer("auth");
  EXPECT_THAT(harness.refusals, ElementsAre("auth 1")) << "it was this key";
}

TEST(PrivateRest, TheClockCanBeAskedForWhileARequestIsUnderWay) {
  Harness harness;
  harness.ask("/a");
  harness.ask("/b");
  harness.rest.learn_clock();
  harness.answer("rows");
  EXPECT_EQ(harness.sent.back().target, "/proxy/time");
  harness.answer("90");
  harness.answer("rows");
  EXPECT_THAT(harness.told, ElementsAre("/a good", "/b good"));
  EXPECT_THAT(harness.clocks, ElementsAre(90 * kSecond));
  EXPECT_EQ(harness.rest.clock_offset_ns(), 90 * kSecond);
}

TEST(PrivateRest, WhatIsWrongIsNotRepeated) {
  Harness harness;
  harness.ask("/a");
  harness.answer("refused", 400);
  harness.ask("/b");
  harness.answer("token");
  EXPECT_THAT(harness.told, ElementsAre("/a refused", "/b token"));
  harness.ask("no/slash");
  EXPECT_THAT(harness.told.back(), "no/slash refused") << "what cannot be signed is not sent";
  EXPECT_EQ(harness.sent.size(), 2U);
}

TEST(PrivateRest, TheBudgetSpreadsRequestsAndKeepsTheirOrder) {
  Harness harness(10);
  harness.ask("/a", 8);
  harness.ask("/heavy", 5);
  harness.ask("/light", 1);
  harness.answer("rows");
  EXPECT_EQ(harness.sent.size(), 1U) << "13 are more than a minute's 10";
  EXPECT_GE(harness.wait_ms(), 60'000);
  EXPECT_EQ(harness.sent.back().target, "/proxy/heavy") << "the light one does not overtake";
  harness.answer("rows");
  EXPECT_EQ(harness.sent.back().target, "/proxy/light");
}

TEST(PrivateRest, ATokenIsKeptByTheSignerAndSeenByNobody) {
  Harness harness;
  PrivateRequest request;
  request.key = "token";
  request.method = "POST";
  request.target = "/token";
  std::string body = "untouched";
  const auto handler = [&](const PrivateOutcome& outcome) {
    harness.told.emplace_back(name(outcome.judgement.verdict));
    body = outcome.answer.body;
  };
  harness.rest.ask_token(request, "token", handler);
  harness.answer(R"({"result":{"expires":900,"token":"canary"}})");
  EXPECT_EQ(body, "");
  EXPECT_EQ(harness.signer->address("wss://fake/${token}").reveal(), "wss://fake/canary");
  harness.rest.ask_token(request, "token", handler);
  harness.answer(R"({"result":{}})");
  EXPECT_THAT(harness.told, ElementsAre("good", "refused"));
  EXPECT_TRUE(harness.signer->has_token()) << "the one before stays";
}

TEST(PrivateRest, TheQueueIsBounded) {
  Harness harness;
  for (std::size_t i = 0; i < PrivateRest::kMostWaiting; ++i) ASSERT_TRUE(harness.ask("/a"));
  EXPECT_FALSE(harness.ask("/b"));
  EXPECT_EQ(harness.rest.stats().waiting.value(), PrivateRest::kMostWaiting);
}

TEST(PrivateRest, AnAnswerAfterTheEndFindsNobody) {
  HttpsConnection::Done late;
  {
    Harness harness;
    harness.ask("/a");
    late = std::move(harness.pending);
  }
  HttpAnswer answer;
  answer.end.status = 200;
  late(std::move(answer));
}

}  // namespace
}  // namespace millrace::ingest
