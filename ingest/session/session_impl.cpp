#include "ingest/session/session_impl.h"

#include <time.h>

#include <stdexcept>

namespace millrace::ingest {
namespace {

// The venue counts by its own clock and after the network's jitter, so a second is taken a little longer.
constexpr std::chrono::milliseconds kRateSecond(1100);

SessionSettings checked(SessionSettings settings) {
  const std::string wrong = check(settings);
  if (!wrong.empty()) throw std::invalid_argument(wrong);
  return settings;
}

std::shared_ptr<ConnectBudget> budget_of(const SessionSettings& settings) {
  if (settings.connect_budget) return settings.connect_budget;
  const auto& limits = settings.limits;
  return std::make_shared<ConnectBudget>(limits.connects_per_window, std::chrono::seconds(limits.connect_window_s));
}

Watchdog::Limits watch_limits(const SessionSettings& settings) {
  return {.first_data = settings.deadlines.first_data,
          .silence = Nanos(settings.limits.silence_ns),
          .busy_silence = Nanos(settings.limits.busy_silence_ns),
          .ping_interval = Nanos(settings.limits.ping_interval_ns),
          .pong = settings.deadlines.pong,
          .stable = settings.ladder.stable_after};
}

bool replaces(const Action& action) { return action.kind != Action::Kind::kNone; }

bool ends_connection(const Action& action) {
  return action.kind == Action::Kind::kWait || action.kind == Action::Kind::kHalt || action.kind == Action::Kind::kEnd;
}

}  // namespace

// settings_ first and checked: all others read them, and a bad address must throw before anything is made.
Session::Impl::Impl(boost::asio::io_context& context, SessionSettings settings, SessionListener& listener)
    : settings_(checked(std::move(settings))),
      fsm_(settings_.ladder, settings_.deadlines, parse_ws_url(settings_.url)->tls,
           settings_.jitter_seed != 0 ? settings_.jitter_seed : RandomBytes().seed()),
      context_(context),
      listener_(listener),
      url_(*parse_ws_url(settings_.url)),
      tls_(url_.tls ? TlsContext::shared(settings_.ca_file) : nullptr),
      budget_(budget_of(settings_)),
      reader_(settings_.max_message_bytes),
      queue_(settings_.send_queue_messages, settings_.send_queue_bytes),
      send_rate_(settings_.limits.messages_per_second, kRateSecond),
      watchdog_(watch_limits(settings_)),
      timer_(context),
      watch_timer_(context),
      send_timer_(context) {}

UnixNanos Session::Impl::unix_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<UnixNanos>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Completions under way keep this object alive until they have run; the turn makes them do nothing.
void Session::Impl::detach() {
  detached_ = true;
  ++turn_;
  lookup_.cancel();
  timer_.cancel();
  watch_timer_.cancel();
  send_timer_.cancel();
  if (open_ && !closing_) say_goodbye(close_code::kGoingAway);
  if (transport_) transport_->close();
}

// leaving_ takes effect at once, although the decision is posted: an owner that asked for the end must not be handed
// the rest of a buffer.
void Session::Impl::ask(Outcome outcome, std::string detail) {
  const bool ends = outcome.kind == Outcome::Kind::kReconnect || outcome.kind == Outcome::Kind::kStop;
  if (ends && open_) leaving_ = true;
  boost::asio::post(context_, [self = shared_from_this(), outcome, detail = std::move(detail)] {
    if (!self->detached_) self->happened(outcome, detail);
  });
}

// The order is the contract with the owner: on_closed (in drop) before on_state, and both before the next action
// begins.
void Session::Impl::happened(const Outcome& outcome, const std::string& detail) {
  const SessionState before = fsm_.state();
  const Decision decision = fsm_.resume(outcome);
  if (replaces(decision.action)) {
    ++turn_;
    timer_.cancel();
    lookup_.cancel();
  }
  if (ends_connection(decision.action)) drop(decision, detail);
  if (decision.state != before || ends_connection(decision.action)) tell(decision, detail);
  perform(decision.action);
}

// The timer is armed before the step begins: a step may end within the call.
void Session::Impl::perform(const Action& action) {
  switch (action.kind) {
    case Action::Kind::kNone:
    case Action::Kind::kHalt:
    case Action::Kind::kEnd:
      return;
    case Action::Kind::kAdmit:
      return admit();
    case Action::Kind::kResolve:
      start_timer(action.time, failure(Reason::kResolve), "no answer from DNS in time");
      return resolve();
    case Action::Kind::kConnect:
      start_timer(action.time, failure(Reason::kConnect), "TCP connect took too long");
      return connect(action.value);
    case Action::Kind::kHandshake:
      start_timer(action.time, failure(Reason::kTls), "TLS handshake took too long");
      return handshake();
    case Action::Kind::kUpgrade:
      start_timer(action.time, failure(Reason::kUpgrade), "HTTP upgrade took too long");
      return begin_upgrade();
    case Action::Kind::kRead:
      return opened();
    case Action::Kind::kWait:
      return start_timer(action.time, {.kind = Outcome::Kind::kWaited}, {});
    case Action::Kind::kClose:
      start_timer(action.time, {.kind = Outcome::Kind::kFlushed}, "stopped; the peer did not answer the close frame");
      closing_ = true;
      say_goodbye(action.value);
      return await_bytes();
  }
}

// retry_at is wall time, for people and for REST; the wait itself runs on the monotonic clock.
void Session::Impl::tell(const Decision& decision, std::string_view detail) {
  const UnixNanos now = unix_now();
  const bool waits = decision.action.kind == Action::Kind::kWait;
  listener_.on_state({.state = decision.state,
                      .reason = decision.reason,
                      .detail = detail,
                      .at = now,
                      .retry_at = waits ? now + decision.action.time.count() : 0,
                      .host_limited = decision.host_limited});
}

// Ends what is left of a connection or an attempt, and tells the owner if it was open.
void Session::Impl::drop(const Decision& decision, std::string_view detail) {
  stats_.ended[static_cast<std::size_t>(decision.reason)].fetch_add(1, std::memory_order_relaxed);
  if (decision.action.value != 0 && open_) say_goodbye(decision.action.value);
  if (transport_) transport_->close();
  transport_.reset();
  upgrade_.reset();
  watch_timer_.cancel();
  send_timer_.cancel();
  queue_.clear();
  outgoing_.clear();
  written_ = 0;
  writing_ = closing_ = leaving_ = false;
  stats_.send_queue.store(0, std::memory_order_relaxed);
  stats_.open_since_ns.store(0, std::memory_order_relaxed);
  if (std::exchange(open_, false)) listener_.on_closed(decision.reason, detail, unix_now());
}

// One timer for the present action, as each has at most one deadline. in_turn() covers the moment between expiry and
// the handler's turn, which cancel() cannot.
void Session::Impl::start_timer(Nanos time, Outcome at_end, std::string detail) {
  timer_.expires_after(time);
  timer_.async_wait(in_turn([this, at_end, detail = std::move(detail)](const boost::system::error_code& error) {
    if (!error) happened(at_end, detail);
  }));
}

}  // namespace millrace::ingest
