#pragma once

#include <cstdint>
#include <random>

#include "ingest/session/session.h"

namespace millrace::ingest {

// What happened, as far as the decision depends on it. Made by the session, one at a time.
struct Outcome {
  enum class Kind : std::uint8_t {
    // The owner wants a connection.
    kStart,
    // The venue's connect rate has a place for us.
    kAdmitted,
    // Not before `wait`.
    kNotAdmitted,
    // `value` addresses.
    kResolved,
    // TCP.
    kConnected,
    // TLS.
    kSecured,
    // WebSocket: open.
    kUpgraded,
    // The present step failed, or the open connection broke: `reason`.
    kFailed,
    // The upgrade was answered with HTTP status `value`; Retry-After is `wait`.
    kRefused,
    // The first message of this connection.
    kMessage,
    // The peer sent a close frame with code `value`.
    kClosed,
    // The owner says so: `progress`.
    kProgress,
    // The wait asked for is over.
    kWaited,
    // Open for Ladder::stable_after.
    kStable,
    // The owner wants a new connection.
    kReconnect,
    // The owner wants none.
    kStop,
    // Our close frame is out and answered, or its time is over.
    kFlushed,
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
    // Go on with what is under way.
    kNone,
    // Ask the connect budget: kAdmitted or kNotAdmitted.
    kAdmit,
    // kResolved or kFailed, within `time`.
    kResolve,
    // To address number `value`.
    kConnect,
    kHandshake,
    kUpgrade,
    // The connection is open.
    kRead,
    // Drop the connection if there is one (after a close frame with code `value` if not 0), wait `time`.
    kWait,
    // The same, and wait for the owner.
    kHalt,
    // Send a close frame with code `value`, wait at most `time` for the peer: kFlushed.
    kClose,
    // Drop everything: DISCONNECTED.
    kEnd,
  };
  Kind kind = Kind::kNone;
  int value = 0;
  Nanos time{0};

  friend bool operator==(const Action&, const Action&) = default;
};

// The state from here on, what to do, and for people why.
struct Decision {
  SessionState state = SessionState::kDisconnected;
  Action action;
  // Of a wait, halt or end.
  Reason reason = Reason::kNone;
  // The venue limits us: REST must wait as well.
  bool host_limited = false;

  friend bool operator==(const Decision&, const Decision&) = default;
};

// Decides what a session does: one function from (state, outcome) to (state, action). Reads no clock and no socket; the
// same settings, seed and outcomes give the same decisions. Every pair is defined: an outcome that does not fit the
// state changes nothing.
class SessionFsm {
 public:
  SessionFsm(const Ladder& ladder, const Deadlines& deadlines, bool tls, std::uint64_t seed);

  // What to do about `last`. The caller performs the action before it reports the next outcome. Constant time.
  Decision resume(const Outcome& last);
  SessionState state() const noexcept { return state_; }

 private:
  // What CONNECTING is at; kOpen and kIdle elsewhere.
  enum class Step : std::uint8_t { kIdle, kAdmit, kResolve, kConnect, kHandshake, kUpgrade, kOpen, kClosing };

  // DISCONNECTED, or HALTED without a connection.
  Decision when_idle(const Outcome& last);
  // BACKING_OFF.
  Decision when_waiting(const Outcome& last);
  // CONNECTING.
  Decision when_connecting(const Outcome& last);
  // All other states.
  Decision when_open(const Outcome& last);
  // stop() is under way.
  Decision when_closing(const Outcome& last);

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
  // To connect to next.
  int address_ = 0;
  // Known; 0 = resolve first.
  int addresses_ = 0;
  // In a row, since the last stable connection.
  int failures_ = 0;
  // Of our login, in a row.
  int refusals_ = 0;
  // The last connection's is among them.
  bool refusal_counted_ = false;
};

}  // namespace millrace::ingest
