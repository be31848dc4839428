#include "replay/fills/venue_talk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/fills/world.h"

namespace millrace::fills::test {
namespace {

using Step = VenueTalk::Step;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Writes down what is asked; the test answers.
class Asked final : public SidecarPorts {
 public:
  void ask(std::int64_t id, const normalize::PrivateRequest& request) override {
    last = id;
    targets.push_back(request.target);
  }
  void renew_token(std::int64_t id) override { token = id; }
  void venue_clock(UnixNanos venue, UnixNanos ours) override { offsets.push_back(venue - ours); }
  void host_stopped(UnixNanos until) override { stops.push_back(until); }
  void publish(std::int64_t, const normalize::FoundFill&, UnixNanos) override {}
  void catch_up(std::int64_t) override {}
  void commit(std::int64_t, const schemas::Cursor&, const schemas::Recovery&) override {}
  void read_cursor(std::int64_t) override {}
  void tell(const schemas::Recovery&) override {}
  void would_publish(const normalize::FoundFill&) override {}

  std::int64_t last = 0, token = 0;
  std::vector<std::string> targets;
  std::vector<std::int64_t> offsets;
  std::vector<UnixNanos> stops;
};

class VenueTalkTest : public testing::Test {
 protected:
  void ask(int weight = 1) {
    normalize::PrivateRequest request;
    request.key = "fills";
    request.target = "/fills";
    request.weight = weight;
    talk.ask(request, now);
  }
  Step answer(int status, std::string_view body = "") {
    return talk.on_answer(ports.last, {"fills", "/fills", body, "", status, now}, now);
  }
  // Until the next request has gone out.
  std::int64_t wait() {
    const UnixNanos before = now;
    now = talk.wake_at().value();
    talk.on_time(now);
    return now - before;
  }

  SmallVenue venue;
  Asked ports;
  RateShare share{0};
  std::int64_t next_id = 1;
  VenueTalk talk{venue, ports, share, next_id, {5, 3}};
  UnixNanos now = 1'700'000'000 * kSecond;
};

TEST_F(VenueTalkTest, AGoodAnswerIsHandedOn) {
  ask();
  EXPECT_THAT(ports.targets, ElementsAre("/fills"));
  EXPECT_EQ(answer(200), Step::kGood);
  EXPECT_EQ(talk.take_sent(), 1);
  EXPECT_EQ(talk.take_sent(), 0);
}

TEST_F(VenueTalkTest, AnAnswerToAnotherRequestIsIgnored) {
  ask();
  const std::int64_t old = ports.last;
  ask();
  EXPECT_EQ(talk.on_answer(old, {"fills", "/fills", "", "", 200, now}, now), Step::kWaiting);
  EXPECT_EQ(answer(200), Step::kGood);
  EXPECT_EQ(answer(200), Step::kWaiting);  // a second answer to the same
}

TEST_F(VenueTalkTest, WithoutARealAnswerItAsksAgainLaterAndLater) {
  ask();
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(answer(i % 2 == 0 ? 503 : 0), Step::kWaiting);
    waits.push_back(wait() / kMs);
  }
  EXPECT_THAT(waits, ElementsAre(500, 1'000, 2'000, 4'000));
  EXPECT_EQ(answer(503), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kVenue);
  EXPECT_THAT(talk.error(), HasSubstr("503"));
  EXPECT_EQ(ports.targets.size(), 5u);
  EXPECT_FALSE(talk.wake_at());
}

TEST_F(VenueTalkTest, TriesAreCountedByRequest) {
  for (int round = 0; round < 3; ++round) {
    ask();
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(answer(500), Step::kWaiting);
      wait();
    }
    EXPECT_EQ(answer(200), Step::kGood);
  }
}

TEST_F(VenueTalkTest, AHostThatWantsQuietGetsWhatItAsksFor) {
  ask();
  EXPECT_EQ(answer(429, "wait 7000000000"), Step::kWaiting);
  EXPECT_THAT(ports.stops, ElementsAre(now + 7 * kSecond));
  EXPECT_EQ(share.take(now, 1), 7 * kSecond);  // nobody else asks either
  EXPECT_EQ(wait(), 7 * kSecond);
  EXPECT_EQ(answer(200), Step::kGood);
}

TEST_F(VenueTalkTest, WithoutWordOfHowLongItIsThirtySecondsAndNotForEver) {
  ask();
  EXPECT_EQ(answer(429), Step::kWaiting);
  EXPECT_EQ(wait(), 30 * kSecond);
  EXPECT_EQ(answer(429), Step::kWaiting);
  EXPECT_EQ(wait(), 30 * kSecond);
  EXPECT_EQ(answer(429), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kLimited);
  EXPECT_EQ(talk.stopped_until(), now + 30 * kSecond);
}

TEST_F(VenueTalkTest, AComplaintAboutTheClockIsAnsweredWithTheVenuesTimeAndOneMoreTry) {
  ask();
  EXPECT_EQ(answer(408), Step::kWaiting);
  EXPECT_EQ(answer(200, std::to_string(now + kSecond)), Step::kWaiting);
  EXPECT_THAT(ports.offsets, ElementsAre(kSecond));
  EXPECT_THAT(ports.targets, ElementsAre("/fills", "/time", "/fills"));
  EXPECT_EQ(answer(408), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kAuth);
}

TEST_F(VenueTalkTest, AVenueTimeThatCannotBeReadIsAFailure) {
  ask();
  answer(408);
  EXPECT_EQ(answer(200, ""), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kVenue);
}

TEST_F(VenueTalkTest, ARefusedNonceIsRepeatedAtOnceAFewTimes) {
  ask();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answer(409), Step::kWaiting);
    EXPECT_FALSE(talk.wake_at());
  }
  EXPECT_EQ(ports.targets.size(), 4u);
  EXPECT_EQ(answer(409), Step::kFailed);
}

TEST_F(VenueTalkTest, ALostTokenIsRenewedOnce) {
  ask();
  EXPECT_EQ(answer(498), Step::kWaiting);
  EXPECT_EQ(ports.targets.size(), 1u);
  EXPECT_EQ(talk.on_token(ports.token, true, now), Step::kWaiting);
  EXPECT_EQ(ports.targets.size(), 2u);
  EXPECT_EQ(answer(498), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kAuth);
}

TEST_F(VenueTalkTest, WithoutANewTokenItGivesUp) {
  ask();
  answer(498);
  EXPECT_EQ(talk.on_token(ports.token + 1, true, now), Step::kWaiting);  // not the one that was asked for
  EXPECT_EQ(talk.on_token(ports.token, false, now), Step::kFailed);
}

TEST_F(VenueTalkTest, ARefusedKeyAndARefusedRequestAreNotRepeated) {
  ask();
  EXPECT_EQ(answer(401), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kAuth);
  ask();
  EXPECT_EQ(answer(400), Step::kFailed);
  EXPECT_EQ(talk.why(), Failure::kVenue);
  EXPECT_EQ(ports.targets.size(), 2u);
}

TEST_F(VenueTalkTest, WaitsForTheBudgetAndForTheRequestsOwnTime) {
  RateShare small(10, 100);
  VenueTalk slow(venue, ports, small, next_id, {5, 3});
  normalize::PrivateRequest request;
  request.target = "/fills";
  request.weight = 10;
  slow.ask(request, now);
  EXPECT_EQ(ports.targets.size(), 1u);
  slow.ask(request, now);
  EXPECT_EQ(ports.targets.size(), 1u);
  EXPECT_EQ(slow.wake_at(), now + 61 * kSecond);
  slow.on_time(now + 60 * kSecond);
  EXPECT_EQ(ports.targets.size(), 1u);
  slow.on_time(now + 61 * kSecond);
  EXPECT_EQ(ports.targets.size(), 2u);

  request.not_before = now + 5 * kMinute;
  slow.ask(request, now + 2 * kMinute);
  EXPECT_EQ(slow.wake_at(), request.not_before);
}

TEST_F(VenueTalkTest, WhatWasDroppedIsNeitherSentNorHeard) {
  ask();
  answer(503);
  talk.drop();
  talk.on_time(now + kHour);
  EXPECT_EQ(ports.targets.size(), 1u);
  ask();
  talk.drop();
  EXPECT_EQ(answer(200), Step::kWaiting);
}

}  // namespace
}  // namespace millrace::fills::test
