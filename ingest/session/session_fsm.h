#pragma once

#include <cstdint>
#include <random>

#include "ingest/session/session.h"

namespace millrace::ingest {

// What happened, as far as the decision depends on it. Made by the session, one at a time.
struct Outcome {
  enum class Kind : std::uint8_t {
    kStart,        // the owner wants a connection
    kAdmitted,     // the venue's connect rate has a place for us
    kNotAdmitted,  // not before `wait`
    kResolved,     // `value` addresses
    kConnected,    // TCP
    kSecured,      // TLS
    kUpgraded,     // WebSocket: open
    kFailed,       // the present step failed, or the open connection broke: `reason`
    kRefused,      // the upgrade was answered with HTTP status `value`; Retry-After is `wait`
    kMessage,      // the first message of this connection
    kClosed,       // the peer sent a close frame with code `value`
    kProgress,     // the owner says so: `progress`
    kWaited,       // the wait asked for is over
    kStable,       // open for Ladder::stable_after
    kReconnect,    // the owner wants a new connection
    kStop,         // the owner wants none
    kFlushed,      // our close frame is out and answered, or its time is over
  };
  Kind kind = Kind::kStart;
  Reason reason = Reason::kNone;
  int value = 0;
  Nanos wait{0};
  Progress progress = Progress::kLive;
};
inline constexpr int kOutcomeKinds = static_cast<int>(Outcome::Kind::kFlushed) + 1;

// What to do next. Each action but kNone replaces what was under way and answers with one of the outcomes above.
struct Action {
  enum class Kind : std::uint8_t {
    kNone,     // go on with what is under way
    kAdmit,    // ask the connect budget: kAdmitted or kNotAdmitted
    kResolve,  // kResolved or kFailed, within `time`
    kConnect,  // to address number `value`
    kHandshake,
    kUpgrade,
    kRead,   // the connection is open
    kWait,   // drop the connection if there is one (after a close frame with code `value` if not 0), wait `time`
    kHalt,   // the same, and wait for the owner
    kClose,  // send a close frame with code `value`, wait at most `time` for the peer: kFlushed
    kEnd,    // drop everything: DISCONNECTED
  };
  Kind kind = Kind::kNone;
  int value = 0;
  Nanos time{0};

  friend bool operator==(const Action&, const Action&) = default;
};

struct Decision {
  SessionState state = SessionState::kDisconnected;
  Action action;
  Reason reason = Reason::kNone;  // of a wait, halt or end
  bool host_limited = false;      // the venue limits us: REST must wait as well

  friend bool operator==(const Decision&, const Decision&) = default;
};

// Decides what a session does: one function from (state, outcome) to (state, action). Reads no clock and no socket; the
// same settings, seed and outcomes give the same decisions. Every pair is defined: an outcome that does not fit the
// state changes nothing.
class SessionFsm {
 public:
  SessionFsm(const Ladder& ladder, const Deadlines& deadlines, bool tls, std::uint64_t seed);

  Decision resume(const Outcome& last);
  SessionState state() const noexcept { return state_; }

 private:
  // What CONNECTING is at; kOpen and kIdle elsewhere.
  enum class Step : std::uint8_t { kIdle, kAdmit, kResolve, kConnect, kHandshake, kUpgrade, kOpen, kClosing };

  Decision when_idle(const Outcome& last);        // DISCONNECTED, or HALTED without a connection
  Decision when_waiting(const Outcome& last);     // BACKING_OFF
  Decision when_connecting(const Outcome& last);  // CONNECTING
  Decision when_open(const Outcome& last);        // all other states
  Decision when_closing(const Outcome& last);     // stop() is under way

  Decision stay() const { return {state_, {}, Reason::kNone, false}; }
  Decision go(SessionState state, Step step, Action action, Reason reason = Reason::kNone);
  Decision admit();
  Decision advance_to(Step step);
  Decision step_failed(Reason reason);
  Decision refused(const Outcome& last);
  Decision closed(int code);
  Decision progressed(Progress progress);
  Decision back_off(Reason reason, Nanos at_least, int close_code);
  Decision refuse_login(int close_code);
  Decision end();

  Nanos next_rung();
  Nanos between(Nanos least, Nanos most);

  const Ladder ladder_;
  const Deadlines deadlines_;
  const bool tls_;
  std::mt19937_64 random_;
  SessionState state_ = SessionState::kDisconnected;
  Step step_ = Step::kIdle;
  int address_ = 0;    // to connect to next
  int addresses_ = 0;  // known; 0 = resolve first
  int failures_ = 0;   // in a row, since the last stable connection
  int refusals_ = 0;   // of our login, in a row
};

}  // namespace millrace::ingest
