#include "ingest/session/session_fsm.h"

#include <algorithm>

#include "ingest/session/frame_reader.h"

// The states, and what leads from one to the next:
//
//   DISCONNECTED   start                              CONNECTING: admit, resolve, connect, handshake, upgrade
//   CONNECTING     a step fails at an address         CONNECTING with the next address, while there is one
//                  a step fails, no address is left   BACKING_OFF by the ladder
//                  connect rate used up               BACKING_OFF until it has a place; counts as no failure
//                  HTTP 401                           BACKING_OFF 30 s, after five in a row HALTED
//                  upgraded                           SUBSCRIBING
//   SUBSCRIBING    first message                      LIVE; the owner moves it on between the open states
//   open states    closed, failed, reconnect()        BACKING_OFF: first at once, then by the ladder
//                  maintenance (owner)                HALTED with the connection kept
//                  login refused (owner)              as HTTP 401
//   BACKING_OFF    the wait is over                   CONNECTING
//                  login refused (owner)              as HTTP 401
//   HALTED, down   start(), reconnect()               CONNECTING
//   any            stop()                             DISCONNECTED, from an open one by way of a close frame
namespace millrace::ingest {
namespace {

using State = SessionState;
using Kind = Outcome::Kind;
using Do = Action::Kind;

constexpr int kMostDoublings = 20;

// What a close code of the peer means to us.
Reason reason_of_close(int code) {
  switch (code) {
    case close_code::kRestart:
    case close_code::kTryLater:
      return Reason::kRestart;
    case close_code::kPolicy:
      return Reason::kLimited;
    default:
      return Reason::kClosed;
  }
}

// What an HTTP status in place of 101 means to us. 403 is a firewall's block at Binance and behind Cloudflare, which
// heals, so it does not open the circuit as a refused login does.
Reason reason_of_status(int status) {
  if (status == 401) return Reason::kUnauthorized;
  if (status == 403 || status == 418 || status == 429) return Reason::kLimited;
  if (status >= 300 && status < 400) return Reason::kRedirected;
  return status >= 500 ? Reason::kServerError : Reason::kUpgrade;
}

// These do not heal by trying again soon.
bool needs_floor(Reason reason) {
  return reason == Reason::kLimited || reason == Reason::kRedirected || reason == Reason::kUntrusted;
}

}  // namespace

SessionFsm::SessionFsm(const Ladder& ladder, const Deadlines& deadlines, bool tls, std::uint64_t seed)
    : ladder_(ladder), deadlines_(deadlines), tls_(tls), random_(seed) {}

// One switch over the state and one function per group of states. stop() wins everywhere but on an open connection,
// which deserves a close frame.
Decision SessionFsm::resume(const Outcome& last) {
  if (step_ == Step::kClosing) return when_closing(last);
  if (last.kind == Kind::kStop && step_ != Step::kOpen) return end();
  switch (state_) {
    case State::kUnspecified:
    case State::kDisconnected:
      return when_idle(last);
    case State::kHalted:
      return step_ == Step::kOpen ? when_open(last) : when_idle(last);
    case State::kBackingOff:
      return when_waiting(last);
    case State::kConnecting:
      return when_connecting(last);
    default:
      return when_open(last);
  }
}

// HALTED without a connection waits for its owner: only a changed configuration, and so reconnect(), can help.
Decision SessionFsm::when_idle(const Outcome& last) {
  const bool wanted = last.kind == Kind::kStart || (last.kind == Kind::kReconnect && state_ == State::kHalted);
  if (!wanted) return stay();
  refusals_ = 0;
  return admit();
}

// The owner's wish for a new connection is already being fulfilled here, and may not undercut a floor. A venue that
// refuses a login and closes at once has closed before the owner could say why.
Decision SessionFsm::when_waiting(const Outcome& last) {
  const bool login_refused = last.kind == Kind::kProgress && last.progress == Progress::kAuthRefused;
  if (login_refused && !refusal_counted_) return refuse_login(0);
  return last.kind == Kind::kWaited ? admit() : stay();
}

// An outcome that does not belong to the present step comes from one that was given up; it changes nothing.
Decision SessionFsm::when_connecting(const Outcome& last) {
  switch (last.kind) {
    case Kind::kAdmitted:
      return step_ == Step::kAdmit ? advance_to(address_ < addresses_ ? Step::kConnect : Step::kResolve) : stay();
    case Kind::kNotAdmitted:
      if (step_ != Step::kAdmit) return stay();
      return go(State::kBackingOff, Step::kIdle, {Do::kWait, 0, last.wait}, Reason::kBudget);
    case Kind::kResolved:
      if (step_ != Step::kResolve) return stay();
      address_ = 0;
      addresses_ = last.value;
      return addresses_ > 0 ? advance_to(Step::kConnect) : step_failed(Reason::kResolve);
    case Kind::kConnected:
      return step_ == Step::kConnect ? advance_to(tls_ ? Step::kHandshake : Step::kUpgrade) : stay();
    case Kind::kSecured:
      return step_ == Step::kHandshake ? advance_to(Step::kUpgrade) : stay();
    case Kind::kUpgraded:
      return step_ == Step::kUpgrade ? advance_to(Step::kOpen) : stay();
    case Kind::kFailed:
      return step_failed(last.reason);
    case Kind::kRefused:
      return step_ == Step::kUpgrade ? refused(last) : stay();
    default:
      return stay();
  }
}

// A violation brings the code to close with in `value`; a socket error brings 0, and nothing is sent.
Decision SessionFsm::when_open(const Outcome& last) {
  switch (last.kind) {
    case Kind::kMessage:
      return state_ == State::kSubscribing ? go(State::kLive, Step::kOpen, {}) : stay();
    case Kind::kProgress:
      return progressed(last.progress);
    case Kind::kStable:
      failures_ = 0;
      return stay();
    case Kind::kClosed:
      return closed(last.value);
    case Kind::kFailed:
      return back_off(last.reason, Nanos::zero(), last.value);
    case Kind::kReconnect:
      return back_off(Reason::kRequested, Nanos::zero(), close_code::kNormal);
    case Kind::kStop:
      step_ = Step::kClosing;
      return {state_, {Do::kClose, close_code::kNormal, deadlines_.close}, Reason::kStopped, false};
    default:
      return stay();
  }
}

Decision SessionFsm::when_closing(const Outcome& last) {
  const bool over = last.kind == Kind::kFlushed || last.kind == Kind::kClosed || last.kind == Kind::kFailed;
  return over ? end() : stay();
}

Decision SessionFsm::go(State state, Step step, Action action, Reason reason) {
  state_ = state;
  step_ = step;
  return {state, action, reason, false};
}

Decision SessionFsm::admit() { return go(State::kConnecting, Step::kAdmit, {Do::kAdmit, 0, {}}); }

// Each step carries its deadline in the action, so whoever performs it needs no table.
Decision SessionFsm::advance_to(Step step) {
  switch (step) {
    case Step::kResolve:
      return go(State::kConnecting, step, {Do::kResolve, 0, deadlines_.resolve});
    case Step::kConnect:
      return go(State::kConnecting, step, {Do::kConnect, address_, deadlines_.connect});
    case Step::kHandshake:
      return go(State::kConnecting, step, {Do::kHandshake, 0, deadlines_.handshake});
    case Step::kUpgrade:
      return go(State::kConnecting, step, {Do::kUpgrade, 0, deadlines_.upgrade});
    default:
      address_ = 0;  // this address works, but the next time they are asked for anew
      addresses_ = 0;
      refusal_counted_ = false;
      return go(State::kSubscribing, Step::kOpen, {Do::kRead, 0, deadlines_.first_data});
  }
}

// The next address, if the failure may be the address's and there is one; it needs a place in the connect rate too.
Decision SessionFsm::step_failed(Reason reason) {
  const bool reached_none = step_ == Step::kConnect || step_ == Step::kHandshake;
  if (reached_none && ++address_ < addresses_) return admit();
  return back_off(reason, Nanos::zero(), 0);
}

Decision SessionFsm::refused(const Outcome& last) {
  const Reason reason = reason_of_status(last.value);
  if (reason == Reason::kUnauthorized) return refuse_login(0);
  return back_off(reason, last.wait, 0);
}

// The peer's code is echoed, as RFC 6455, 5.5.1 wants. Under maintenance every close is the venue's plan and waits as
// one.
Decision SessionFsm::closed(int code) {
  const int answer = code == close_code::kNoStatus ? close_code::kNormal : code;
  if (state_ == State::kHalted) return back_off(Reason::kMaintenance, Nanos::zero(), answer);
  return back_off(reason_of_close(code), Nanos::zero(), answer);
}

// The owner's words move the session between its open states and never close it, but for a refused login.
Decision SessionFsm::progressed(Progress progress) {
  switch (progress) {
    case Progress::kSyncing:
      return go(State::kSyncing, Step::kOpen, {});
    case Progress::kLive:
      return go(State::kLive, Step::kOpen, {});
    case Progress::kStale:
      return go(State::kStale, Step::kOpen, {});
    case Progress::kRecovering:
      return go(State::kRecovering, Step::kOpen, {});
    case Progress::kMaintenance:
      return go(State::kHalted, Step::kOpen, {}, Reason::kMaintenance);
    case Progress::kLoggingIn:
      return go(State::kAuthenticating, Step::kOpen, {});
    case Progress::kAuthenticated:
      refusals_ = 0;
      return go(State::kSubscribing, Step::kOpen, {});
    case Progress::kAuthRefused:
      return refuse_login(close_code::kNormal);
  }
  return stay();
}

// Wrong keys do not heal. A few tries in case the venue was wrong, then nothing until the owner says so: hammering a
// login gets an address banned.
Decision SessionFsm::refuse_login(int close_code) {
  address_ = addresses_ = 0;
  refusal_counted_ = true;
  if (++refusals_ >= ladder_.auth_tries) {
    return go(State::kHalted, Step::kIdle, {Do::kHalt, close_code, {}}, Reason::kUnauthorized);
  }
  return go(State::kBackingOff, Step::kIdle, {Do::kWait, close_code, ladder_.auth_wait}, Reason::kUnauthorized);
}

// The longest of all reasons to wait counts: the ladder, what the venue asked for, its restart, the floor of a limit.
Decision SessionFsm::back_off(Reason reason, Nanos at_least, int close_code) {
  address_ = addresses_ = 0;
  Nanos wait = std::max(next_rung(), at_least);
  if (reason == Reason::kRestart || reason == Reason::kMaintenance) {
    wait = std::max(wait, between(ladder_.restart_least, ladder_.restart_most));
  }
  if (needs_floor(reason)) wait = std::max(wait, ladder_.limited_floor);
  Decision decision = go(State::kBackingOff, Step::kIdle, {Do::kWait, close_code, wait}, reason);
  decision.host_limited = reason == Reason::kLimited;
  return decision;
}

// A stopped session that starts again is a new one: no memory of failures.
Decision SessionFsm::end() {
  address_ = addresses_ = failures_ = refusals_ = 0;
  return go(State::kDisconnected, Step::kIdle, {Do::kEnd, 0, {}}, Reason::kStopped);
}

// At once after a stable connection, then exponential, with half of it left to chance so that many sessions spread out.
Nanos SessionFsm::next_rung() {
  const int failures = failures_++;
  if (failures == 0) return Nanos::zero();
  Nanos most = ladder_.first_wait;
  for (int i = 1; i < std::min(failures, kMostDoublings) && most < ladder_.max_wait; ++i) most *= 2;
  most = std::min(most, ladder_.max_wait);
  return between(most / 2, most);
}

// The modulo's bias is far below what jitter needs, and the result is the same with every standard library.
Nanos SessionFsm::between(Nanos least, Nanos most) {
  if (most <= least) return least;
  return least + Nanos(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>((most - least).count() + 1)));
}

}  // namespace millrace::ingest
