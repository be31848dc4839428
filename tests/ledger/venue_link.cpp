#include "tests/ledger/venue_link.h"

#include <algorithm>
#include <utility>

namespace millrace::ledger {
namespace {

using ingest::Action;
using ingest::Reason;
using Kind = ingest::Outcome::Kind;

// "/v2?x=1" of "wss://host:1/v2?x=1".
std::string target_of(const std::string& url) {
  const std::size_t host = url.find("://");
  const std::size_t path = url.find_first_of("/?", host == std::string::npos ? 0 : host + 3);
  return path == std::string::npos ? "/" : url.substr(path);
}

}  // namespace

VenueLink::VenueLink(ingest::SessionSettings settings, ingest::SessionListener& listener, VenueHost& host,
                     Timeline& time, History& history, std::uint64_t seed)
    : settings_(std::move(settings)),
      listener_(listener),
      host_(host),
      time_(time),
      history_(history),
      fsm_(settings_.ladder, settings_.deadlines, true, seed),
      random_(seed),
      target_(target_of(settings_.url)) {}

VenueLink::~VenueLink() {
  if (conn_ != 0) host_.closed(conn_);
}

bool VenueLink::send(std::string text) {
  if (conn_ == 0) return false;
  host_.send(conn_, std::move(text));
  return true;
}

void VenueLink::reconnect(std::string why) {
  history_.note("link: reconnect wanted: {}", why);
  later({.kind = Kind::kReconnect});
}

void VenueLink::report(ingest::Progress progress, std::string) {
  later({.kind = Kind::kProgress, .progress = progress});
}

void VenueLink::later(Outcome outcome, std::int64_t wait) {
  time_.after(wait, [this, outcome, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) resume(outcome);
  });
}

void VenueLink::step_ends(Outcome outcome, std::int64_t wait) {
  time_.after(wait, [this, outcome, step = step_, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired() && step == step_) resume(outcome);
  });
}

void VenueLink::resume(const Outcome& outcome) {
  const auto before = fsm_.state();
  const ingest::Decision decision = fsm_.resume(outcome);
  if (decision.action.kind != Action::Kind::kNone) {
    ++step_;
    return perform(decision);
  }
  if (fsm_.state() != before) tell(decision, 0);
}

void VenueLink::perform(const ingest::Decision& decision) {
  const std::int64_t network = kMillisecond + random_.below(40 * kMillisecond);
  const auto next = [&](Kind kind, int value = 0) {
    tell(decision, 0);
    step_ends({.kind = kind, .value = value}, network);
  };
  switch (decision.action.kind) {
    case Action::Kind::kAdmit:
      return next(Kind::kAdmitted);
    case Action::Kind::kResolve:
      return next(Kind::kResolved, 1);
    case Action::Kind::kConnect:
      if (random_.below(10) != 0) return next(Kind::kConnected);
      return step_ends({.kind = Kind::kFailed, .reason = Reason::kConnect}, network);
    case Action::Kind::kHandshake:
      return next(Kind::kSecured);
    case Action::Kind::kUpgrade:
      if (host_.serves(target_)) return next(Kind::kUpgraded);
      return step_ends({.kind = Kind::kRefused, .value = 404}, network);
    case Action::Kind::kRead:
      tell(decision, 0);
      return open();
    case Action::Kind::kWait:
      drop(decision.reason);
      tell(decision, time_.now() + decision.action.time.count());
      return step_ends({.kind = Kind::kWaited}, decision.action.time.count());
    case Action::Kind::kClose:
      return step_ends({.kind = Kind::kFlushed}, network);
    case Action::Kind::kHalt:
    case Action::Kind::kEnd:
      drop(decision.reason);
      return tell(decision, 0);
    case Action::Kind::kNone:
      return;
  }
}

void VenueLink::open() {
  had_message_ = false;
  heard_ = pinged_ = time_.now();
  conn_ = host_.open(target_, [this](const sim::accounts::Outgoing& message) { receive(message); });
  history_.note("link: open as connection {}", conn_);
  step_ends({.kind = Kind::kStable}, settings_.ladder.stable_after.count());
  listener_.on_open(time_.now());
}

void VenueLink::drop(Reason reason) {
  if (conn_ == 0) return;
  history_.note("link: connection {} is gone: {}", conn_, ingest::name(reason));
  host_.closed(std::exchange(conn_, 0));
  listener_.on_closed(reason, "", time_.now());
}

void VenueLink::receive(const sim::accounts::Outgoing& message) {
  using Sent = sim::accounts::Outgoing::Kind;
  heard_ = time_.now();
  if (message.kind == Sent::kReset) return resume({.kind = Kind::kFailed, .reason = Reason::kReset});
  if (message.kind == Sent::kClose) return resume({.kind = Kind::kClosed, .value = message.code});
  if (!std::exchange(had_message_, true)) resume({.kind = Kind::kMessage});
  history_.note("<- {}", message.data.substr(0, 300));
  std::string bytes = message.data;
  bytes.resize(bytes.size() + normalize::kFramePadding, '\0');
  listener_.on_frame(
      {std::string_view(bytes).substr(0, message.data.size()), time_.now(), message.kind == Sent::kBinary});
  listener_.on_drained();
}

void VenueLink::tell(const ingest::Decision& decision, UnixNanos retry_at) {
  ingest::StateChange change;
  change.state = decision.state;
  change.reason = decision.reason;
  change.at = time_.now();
  change.retry_at = retry_at;
  change.host_limited = decision.host_limited;
  listener_.on_state(change);
}

void VenueLink::watch() {
  if (conn_ == 0) return;
  const UnixNanos now = time_.now();
  const auto& limits = settings_.limits;
  if (limits.silence_ns > 0 && now - heard_ > limits.silence_ns) {
    return resume({.kind = Kind::kFailed, .reason = Reason::kSilent});
  }
  if (limits.ping_interval_ns == 0 || now - pinged_ < limits.ping_interval_ns) return;
  pinged_ = now;
  if (settings_.ping_text.empty()) {
    heard_ = now;  // the peer's pong
    return listener_.on_alive(now);
  }
  host_.send(conn_, settings_.ping_text);
}

}  // namespace millrace::ledger
