#include "ingest/session/session_fsm.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace millrace::ingest {
namespace {

using namespace std::chrono_literals;
using Kind = Outcome::Kind;
using Do = Action::Kind;
using State = SessionState;

const Ladder kLadder;
const Deadlines kDeadlines;

SessionFsm make_fsm(bool tls = true) { return SessionFsm(kLadder, kDeadlines, tls, 7); }

Outcome failed(Reason reason) { return {.kind = Kind::kFailed, .reason = reason}; }
Outcome closed(int code) { return {.kind = Kind::kClosed, .value = code}; }
Outcome refused(int status, Nanos retry_after = 0ns) {
  return {.kind = Kind::kRefused, .value = status, .wait = retry_after};
}
Outcome says(Progress progress) { return {.kind = Kind::kProgress, .progress = progress}; }

const std::vector<Outcome> kWayUp = {
    {.kind = Kind::kStart},     {.kind = Kind::kAdmitted}, {.kind = Kind::kResolved, .value = 1},
    {.kind = Kind::kConnected}, {.kind = Kind::kSecured},  {.kind = Kind::kUpgraded},
    {.kind = Kind::kMessage}};

// Brings a fresh machine up by `steps` steps of the way, and hands back its last decision.
Decision climb(SessionFsm& fsm, std::size_t steps) {
  Decision last;
  for (std::size_t i = 0; i < steps; ++i) last = fsm.resume(kWayUp[i]);
  return last;
}
Decision open(SessionFsm& fsm) { return climb(fsm, kWayUp.size()); }

// From waiting to open again.
void reopen(SessionFsm& fsm) {
  fsm.resume({.kind = Kind::kWaited});
  for (std::size_t i = 1; i < kWayUp.size(); ++i) fsm.resume(kWayUp[i]);
}

TEST(SessionFsm, WayUpNamesEachStepWithItsDeadline) {
  SessionFsm fsm = make_fsm();
  EXPECT_EQ(climb(fsm, 1).action, (Action{Do::kAdmit, 0, 0ns}));
  EXPECT_EQ(fsm.resume(kWayUp[1]).action, (Action{Do::kResolve, 0, kDeadlines.resolve}));
  EXPECT_EQ(fsm.resume(kWayUp[2]).action, (Action{Do::kConnect, 0, kDeadlines.connect}));
  EXPECT_EQ(fsm.resume(kWayUp[3]).action, (Action{Do::kHandshake, 0, kDeadlines.handshake}));
  EXPECT_EQ(fsm.resume(kWayUp[4]).action, (Action{Do::kUpgrade, 0, kDeadlines.upgrade}));
  EXPECT_EQ(fsm.resume(kWayUp[5]), (Decision{State::kSubscribing, {Do::kRead, 0, kDeadlines.first_data}}));
  EXPECT_EQ(fsm.resume(kWayUp[6]), (Decision{State::kLive, {}}));
}

TEST(SessionFsm, PlainConnectionGoesFromTcpToTheUpgrade) {
  SessionFsm fsm = make_fsm(false);
  EXPECT_EQ(climb(fsm, 4).action.kind, Do::kUpgrade);
}

// Each network step fails exactly once; the session must wait and then come up to LIVE.
TEST(SessionFsm, EveryStepMayFailOnceAndTheSessionStillComesUp) {
  const std::vector<Reason> reasons = {Reason::kResolve, Reason::kConnect, Reason::kTls,
                                       Reason::kUpgrade, Reason::kNoData,  Reason::kSilent};
  for (std::size_t step = 0; step < reasons.size(); ++step) {
    SessionFsm fsm = make_fsm();
    climb(fsm, step + 2);
    const Decision decision = fsm.resume(failed(reasons[step]));
    EXPECT_EQ(decision, (Decision{State::kBackingOff, {Do::kWait, 0, 0ns}, reasons[step]})) << step;
    reopen(fsm);
    EXPECT_EQ(fsm.state(), State::kLive) << step;
  }
}

TEST(SessionFsm, NextAddressIsTriedBeforeWaiting) {
  SessionFsm fsm = make_fsm();
  climb(fsm, 2);
  fsm.resume({.kind = Kind::kResolved, .value = 3});
  EXPECT_EQ(fsm.resume(failed(Reason::kConnect)).action.kind, Do::kAdmit) << "a further attempt counts for the venue";
  EXPECT_EQ(fsm.resume({.kind = Kind::kAdmitted}).action, (Action{Do::kConnect, 1, kDeadlines.connect}));
  fsm.resume({.kind = Kind::kConnected});
  fsm.resume(failed(Reason::kTls));
  EXPECT_EQ(fsm.resume({.kind = Kind::kAdmitted}).action, (Action{Do::kConnect, 2, kDeadlines.connect}));
  EXPECT_EQ(fsm.resume(failed(Reason::kConnect)).state, State::kBackingOff);
  fsm.resume({.kind = Kind::kWaited});
  EXPECT_EQ(fsm.resume({.kind = Kind::kAdmitted}).action.kind, Do::kResolve) << "all failed: ask DNS again";
}

TEST(SessionFsm, ConnectRateOfTheVenueIsWaitedFor) {
  SessionFsm fsm = make_fsm();
  climb(fsm, 1);
  const Decision decision = fsm.resume({.kind = Kind::kNotAdmitted, .wait = 42s});
  EXPECT_EQ(decision, (Decision{State::kBackingOff, {Do::kWait, 0, 42s}, Reason::kBudget}));
  EXPECT_EQ(fsm.resume({.kind = Kind::kWaited}).action.kind, Do::kAdmit);
}

TEST(SessionFsm, LadderStartsAtOnceThenGrowsWithJitterToItsTop) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  Nanos most = kLadder.first_wait;
  EXPECT_EQ(fsm.resume(failed(Reason::kReset)).action.time, 0ns);
  for (int rung = 0; rung < 12; ++rung) {
    fsm.resume({.kind = Kind::kWaited});
    fsm.resume({.kind = Kind::kAdmitted});
    const Nanos wait = fsm.resume(failed(Reason::kResolve)).action.time;
    EXPECT_GE(wait, most / 2) << rung;
    EXPECT_LE(wait, most) << rung;
    most = std::min(most * 2, kLadder.max_wait);
  }
  EXPECT_EQ(most, kLadder.max_wait);
}

TEST(SessionFsm, StableConnectionStartsTheLadderAnew) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  fsm.resume(failed(Reason::kEof));
  reopen(fsm);
  EXPECT_GT(fsm.resume(failed(Reason::kEof)).action.time, 0ns) << "it was not open for long";
  reopen(fsm);
  fsm.resume({.kind = Kind::kStable});
  EXPECT_EQ(fsm.resume(failed(Reason::kEof)).action.time, 0ns);
}

TEST(SessionFsm, SameSeedGivesTheSameWaits) {
  const auto waits = [](std::uint64_t seed) {
    SessionFsm fsm(kLadder, kDeadlines, true, seed);
    std::vector<Nanos> all;
    open(fsm);
    for (int i = 0; i < 8; ++i) {
      all.push_back(fsm.resume(failed(Reason::kEof)).action.time);
      reopen(fsm);
    }
    return all;
  };
  EXPECT_EQ(waits(1), waits(1));
  EXPECT_NE(waits(1), waits(2));
}

TEST(SessionFsm, CloseCodesDecideTheWait) {
  struct Case {
    int code;
    Reason reason;
    Nanos least, most;
    int answer;
  };
  const std::vector<Case> cases = {{1000, Reason::kClosed, 0s, 0s, 1000},  {1001, Reason::kClosed, 0s, 0s, 1001},
                                   {1005, Reason::kClosed, 0s, 0s, 1000},  {1008, Reason::kLimited, 30s, 30s, 1008},
                                   {1011, Reason::kClosed, 0s, 0s, 1011},  {1012, Reason::kRestart, 1s, 5s, 1012},
                                   {1013, Reason::kRestart, 1s, 5s, 1013}, {4000, Reason::kClosed, 0s, 0s, 4000}};
  for (const auto& expected : cases) {
    SessionFsm fsm = make_fsm();
    open(fsm);
    const Decision decision = fsm.resume(closed(expected.code));
    EXPECT_EQ(decision.state, State::kBackingOff) << expected.code;
    EXPECT_EQ(decision.reason, expected.reason) << expected.code;
    EXPECT_EQ(decision.action.value, expected.answer) << expected.code;
    EXPECT_GE(decision.action.time, expected.least) << expected.code;
    EXPECT_LE(decision.action.time, expected.most) << expected.code;
    EXPECT_EQ(decision.host_limited, expected.code == 1008) << expected.code;
  }
}

TEST(SessionFsm, HttpStatusDecidesTheWait) {
  struct Case {
    int status;
    Nanos retry_after;
    Reason reason;
    Nanos wait;
  };
  const std::vector<Case> cases = {
      {429, 0s, Reason::kLimited, 30s},      {429, 120s, Reason::kLimited, 120s}, {418, 5s, Reason::kLimited, 30s},
      {403, 0s, Reason::kLimited, 30s},      {503, 0s, Reason::kServerError, 0s}, {503, 7s, Reason::kServerError, 7s},
      {302, 0s, Reason::kRedirected, 30s},   {404, 0s, Reason::kUpgrade, 0s},     {200, 0s, Reason::kUpgrade, 0s},
      {401, 0s, Reason::kUnauthorized, 30s},
  };
  for (const auto& expected : cases) {
    SessionFsm fsm = make_fsm();
    climb(fsm, 5);
    const Decision decision = fsm.resume(refused(expected.status, expected.retry_after));
    EXPECT_EQ(decision.reason, expected.reason) << expected.status;
    EXPECT_EQ(decision.action.time, expected.wait) << expected.status;
    EXPECT_EQ(decision.host_limited, expected.reason == Reason::kLimited) << expected.status;
  }
}

TEST(SessionFsm, UntrustedCertificateIsNotHammered) {
  SessionFsm fsm = make_fsm();
  climb(fsm, 4);
  EXPECT_EQ(fsm.resume(failed(Reason::kUntrusted)).action.time, kLadder.limited_floor);
}

TEST(SessionFsm, RefusedLoginOpensTheCircuitAfterFiveTries) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  fsm.resume(says(Progress::kLoggingIn));
  EXPECT_EQ(fsm.state(), State::kAuthenticating);
  for (int attempt = 1; attempt < kLadder.auth_tries; ++attempt) {
    EXPECT_EQ(fsm.resume(says(Progress::kAuthRefused)).action, (Action{Do::kWait, 1000, kLadder.auth_wait}));
    reopen(fsm);
  }
  EXPECT_EQ(fsm.resume(says(Progress::kAuthRefused)),
            (Decision{State::kHalted, {Do::kHalt, 1000, 0ns}, Reason::kUnauthorized}));
  EXPECT_EQ(fsm.resume({.kind = Kind::kWaited}).action.kind, Do::kNone) << "no timer leads out of it";
  EXPECT_EQ(fsm.resume({.kind = Kind::kReconnect}).action.kind, Do::kAdmit);
}

TEST(SessionFsm, ALoginIsRefusedAlsoWhereTheVenueClosesAtOnce) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  for (int attempt = 1; attempt < kLadder.auth_tries; ++attempt) {
    EXPECT_EQ(fsm.resume(closed(1008)).reason, Reason::kLimited);
    EXPECT_EQ(fsm.resume(says(Progress::kAuthRefused)),
              (Decision{State::kBackingOff, {Do::kWait, 0, kLadder.auth_wait}, Reason::kUnauthorized}));
    EXPECT_EQ(fsm.resume(says(Progress::kAuthRefused)).action.kind, Do::kNone) << "once for each connection";
    reopen(fsm);
  }
  fsm.resume(closed(1008));
  EXPECT_EQ(fsm.resume(says(Progress::kAuthRefused)).state, State::kHalted);
}

TEST(SessionFsm, MaintenanceKeepsTheConnectionAndWaitsWhenItCloses) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  EXPECT_EQ(fsm.resume(says(Progress::kMaintenance)), (Decision{State::kHalted, {}, Reason::kMaintenance}));
  const Decision decision = fsm.resume(closed(1001));
  EXPECT_EQ(decision.reason, Reason::kMaintenance);
  EXPECT_GE(decision.action.time, 1s);
  reopen(fsm);
  fsm.resume(says(Progress::kMaintenance));
  EXPECT_EQ(fsm.resume(says(Progress::kLive)).state, State::kLive) << "the venue is back";
}

TEST(SessionFsm, OwnerMovesTheSessionBetweenItsOpenStates) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  EXPECT_EQ(fsm.resume(says(Progress::kSyncing)), (Decision{State::kSyncing, {}}));
  EXPECT_EQ(fsm.resume(says(Progress::kStale)), (Decision{State::kStale, {}}));
  EXPECT_EQ(fsm.resume(says(Progress::kRecovering)), (Decision{State::kRecovering, {}}));
  EXPECT_EQ(fsm.resume(says(Progress::kAuthenticated)), (Decision{State::kSubscribing, {}}));
}

TEST(SessionFsm, StopOfAnOpenConnectionSaysGoodbyeFirst) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  EXPECT_EQ(fsm.resume({.kind = Kind::kStop}).action, (Action{Do::kClose, 1000, kDeadlines.close}));
  EXPECT_EQ(fsm.resume({.kind = Kind::kReconnect}).action.kind, Do::kNone);
  EXPECT_EQ(fsm.resume(closed(1000)), (Decision{State::kDisconnected, {Do::kEnd, 0, 0ns}, Reason::kStopped}));
  EXPECT_EQ(fsm.resume({.kind = Kind::kStart}).action.kind, Do::kAdmit);
}

TEST(SessionFsm, ReconnectOnRequestDoesNotUndercutAFloor) {
  SessionFsm fsm = make_fsm();
  open(fsm);
  fsm.resume(closed(1008));
  EXPECT_EQ(fsm.resume({.kind = Kind::kReconnect}), (Decision{State::kBackingOff, {}}));
}

// Brings a machine into each of its situations.
const std::vector<std::vector<Outcome>> kSituations = [] {
  std::vector<std::vector<Outcome>> all;
  for (std::size_t i = 0; i <= kWayUp.size(); ++i)
    all.emplace_back(kWayUp.begin(), kWayUp.begin() + static_cast<long>(i));
  const auto and_then = [](Outcome outcome) {
    auto way = kWayUp;
    way.push_back(outcome);
    return way;
  };
  for (const Progress progress : {Progress::kSyncing, Progress::kStale, Progress::kRecovering, Progress::kMaintenance,
                                  Progress::kLoggingIn, Progress::kAuthRefused}) {
    all.push_back(and_then(says(progress)));
  }
  all.push_back(and_then(failed(Reason::kEof)));
  all.push_back(and_then({.kind = Kind::kStop}));
  std::vector<Outcome> halted;
  for (int i = 0; i < kLadder.auth_tries; ++i) {
    halted.insert(halted.end(), kWayUp.begin() + (i > 0), kWayUp.end());
    halted.push_back(says(Progress::kAuthRefused));
    halted.push_back({.kind = Kind::kWaited});
  }
  all.push_back(halted);
  return all;
}();

// Every (state, outcome) pair is defined: the machine stays within its states, an action fits the state it leads to,
// and from wherever it got to, the way up is still open.
TEST(SessionFsm, EveryPairOfStateAndOutcomeIsDefined) {
  for (std::size_t situation = 0; situation < kSituations.size(); ++situation) {
    for (int kind = 0; kind < kOutcomeKinds; ++kind) {
      SessionFsm fsm = make_fsm();
      for (const auto& outcome : kSituations[situation]) fsm.resume(outcome);
      const State before = fsm.state();
      const Decision decision = fsm.resume({.kind = static_cast<Kind>(kind), .reason = Reason::kReset, .value = 1});
      const std::string where = "situation " + std::to_string(situation) + ", outcome " + std::to_string(kind);
      EXPECT_EQ(decision.state, fsm.state()) << where;
      switch (decision.action.kind) {
        case Do::kNone:
          EXPECT_TRUE(before == decision.state || before >= State::kAuthenticating) << where;
          break;
        case Do::kWait:
          EXPECT_EQ(decision.state, State::kBackingOff) << where;
          EXPECT_NE(decision.reason, Reason::kNone) << where;
          break;
        case Do::kHalt:
          EXPECT_EQ(decision.state, State::kHalted) << where;
          break;
        case Do::kEnd:
          EXPECT_EQ(decision.state, State::kDisconnected) << where;
          break;
        case Do::kRead:
          EXPECT_EQ(decision.state, State::kSubscribing) << where;
          break;
        case Do::kClose:
          EXPECT_EQ(decision.reason, Reason::kStopped) << where;
          break;
        default:
          EXPECT_EQ(decision.state, State::kConnecting) << where;
      }
      fsm.resume({.kind = Kind::kStop});
      fsm.resume({.kind = Kind::kFlushed});
      ASSERT_EQ(fsm.state(), State::kDisconnected) << where;
      open(fsm);
      EXPECT_EQ(fsm.state(), State::kLive) << where;
    }
  }
}

}  // namespace
}  // namespace millrace::ingest
