#include "normalize/venues/kraken/account_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "normalize/venues/kraken/account_answers.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

using schemas::GapKind;
using schemas::GapMark;
using schemas::StreamState;

namespace {

// Longer than for public streams: a token may have to be fetched before the text goes out.
constexpr std::int64_t kDataDeadline = 30 * kSecond;
constexpr std::int64_t kUnsubscribeDeadline = 10 * kSecond;
constexpr std::int64_t kCalm = 300 * kSecond;
constexpr std::array<std::int64_t, 4> kResyncWaits = {0, 3 * kSecond, 10 * kSecond, 60 * kSecond};
constexpr std::array<std::int64_t, 4> kRetryWaits = {5 * kSecond, 10 * kSecond, 30 * kSecond, 60 * kSecond};

template <std::size_t N>
std::int64_t step(const std::array<std::int64_t, N>& waits, int count) {
  return waits[std::min(static_cast<std::size_t>(count), N - 1)];
}

}  // namespace

void AccountChannel::begin(Phase phase, std::optional<UnixNanos> deadline) {
  phase_ = phase;
  deadline_ = deadline;
}

// Our own view is kept under a halt of the venue too, since that is what is told when the halt ends.
void AccountChannel::set_state(StreamState state, std::string_view reason, AccountSink& out) {
  if (state_ == state) return;
  state_ = state;
  if (!halted_ || state == StreamState::kHalted) out.on_state(dataset_, state, reason);
}

void AccountChannel::tell(std::string_view reason, AccountSink& out) const {
  out.on_state(dataset_, halted_ ? StreamState::kHalted : state_, reason);
}

void AccountChannel::set_halted(bool halted, std::string_view system, AccountSink& out) {
  if (halted_ == halted) return;
  halted_ = halted;
  if (state_ != StreamState::kUnspecified && state_ != StreamState::kHalted) tell(system, out);
}

void AccountChannel::request(bool subscribe, AccountCommands& todo) {
  request_id_ = ++token_.last_request;
  sent_with_ = token_.number;
  todo.send.push_back({fmt::format(R"({{"method":"{}","params":{{"channel":"{}","token":"{}"{}}},"req_id":{}}})",
                                   subscribe ? "subscribe" : "unsubscribe", channel_, kTokenPlace,
                                   subscribe ? params_ : "", request_id_),
                       Signing::kToken});
}

void AccountChannel::subscribe(UnixNanos now, AccountCommands& todo) {
  next_number_.reset();
  begin(Phase::kSubscribing, now + kDataDeadline);
  request(true, todo);
}

void AccountChannel::want_new_token(AccountCommands& todo) {
  ++token_.number;
  todo.new_token = true;
}

void AccountChannel::open(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  missed_ = 0;
  retries_ = 0;
  set_state(StreamState::kSyncing, "subscribe", out);
  subscribe(now, todo);
}

// The numbers of the next connection start over, so what is missed until then shows in none of them.
void AccountChannel::close(AccountSink& out) {
  if (next_number_ && hole_.empty()) hole_ = "reconnect";
  next_number_.reset();
  begin(Phase::kIdle, std::nullopt);
  set_state(StreamState::kRecovering, "disconnected", out);
}

bool AccountChannel::owns(const AccountReply& reply) const noexcept {
  if (reply.req_id) return *reply.req_id == request_id_;
  return reply.channel == channel_;
}

Result<void> AccountChannel::on_reply(const AccountReply& reply, UnixNanos now, AccountSink& out,
                                      AccountCommands& todo) {
  if (!reply.subscribe) {
    on_unsubscribed(reply, now, todo);
    return {};
  }
  if (!reply.success) return on_refusal(reply, now, out, todo);
  on_ack(todo);
  return {};
}

// "Not subscribed" is as good as an ack. Any other refusal leaves a subscription that would be in the way of the next.
void AccountChannel::on_unsubscribed(const AccountReply& reply, UnixNanos now, AccountCommands& todo) {
  if (phase_ != Phase::kUnsubscribing) return;
  if (reply.success || judge_error(reply.error, now).verdict == Verdict::kRefused) return subscribe(now, todo);
  begin(Phase::kIdle, std::nullopt);
  todo.reconnect = true;
  todo.reason = "resubscribe";
}

// The ack promises a snapshot, also to an empty account; only that makes the stream live.
void AccountChannel::on_ack(AccountCommands& todo) {
  token_.refusals = 0;
  retries_ = 0;
  if (!token_.login_told) {
    token_.login_told = true;
    todo.login = AccountCommands::Login::kAccepted;
  }
  if (phase_ == Phase::kSubscribing) phase_ = Phase::kSilent;
}

Result<void> AccountChannel::on_refusal(const AccountReply& reply, UnixNanos now, AccountSink& out,
                                        AccountCommands& todo) {
  const Judgement judgement = judge_error(reply.error, now);
  switch (judgement.verdict) {
    case Verdict::kToken:
    case Verdict::kNonce:
      on_bad_token(reply.error, now, todo);
      return {};
    case Verdict::kTransient:
    case Verdict::kRateLimited:
      begin(Phase::kRetryLater, now + std::max(judgement.wait_ns, step(kRetryWaits, retries_++)));
      return {};
    case Verdict::kAuth:
      // With the other channel accepted it is this one that the key may not see.
      if (token_.login_told) break;
      begin(Phase::kRefused, std::nullopt);
      todo.login = AccountCommands::Login::kRefused;
      todo.login_detail = reply.error;
      return {};
    default:
      break;
  }
  begin(Phase::kRefused, std::nullopt);
  set_state(StreamState::kHalted, "refused", out);
  return Error{Errc::kRefused, fmt::format("{}: {}", channel_, reply.error)};
}

// A token may be taken back before its time (knowm/XChange #3697): one new one for both channels, and no third.
void AccountChannel::on_bad_token(const std::string& words, UnixNanos now, AccountCommands& todo) {
  if (sent_with_ == token_.number) {
    if (++token_.refusals > 1) {
      begin(Phase::kRefused, std::nullopt);
      todo.login = AccountCommands::Login::kRefused;
      todo.login_detail = words;
      return;
    }
    want_new_token(todo);
  }
  subscribe(now, todo);
}

AccountChannel::Number AccountChannel::on_number(const AccountMessage& message, UnixNanos now, AccountSink& out,
                                                 AccountCommands& todo) {
  if (message.snapshot) {
    next_number_ = message.sequence + 1;
    on_snapshot(out);
    return Number::kSnapshot;
  }
  // Left over from the subscription before, or this one's with a snapshot that was lost.
  if (!next_number_) return Number::kUnplaced;
  if (message.sequence < *next_number_) return Number::kRepeated;
  if (message.sequence > *next_number_) {
    out.on_gap(dataset_,
               {GapKind::kVenue, *next_number_, message.sequence - 1, message.sequence - *next_number_, "sequence"});
    resubscribe(now, out, todo);
  }
  next_number_ = message.sequence + 1;
  return Number::kNew;
}

void AccountChannel::on_news_repeated(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  if (phase_ != Phase::kLive) return;
  out.on_gap(dataset_, {GapKind::kVenue, std::nullopt, std::nullopt, std::nullopt, "sequence"});
  resubscribe(now, out, todo);
}

// While it unsubscribes, a snapshot is of the subscription that goes.
void AccountChannel::on_snapshot(AccountSink& out) {
  if (phase_ == Phase::kUnsubscribing) return;
  missed_ = 0;
  if (!hole_.empty()) {
    out.on_gap(dataset_, {GapKind::kVenue, std::nullopt, std::nullopt, std::nullopt, std::string(hole_)});
    hole_ = {};
  }
  begin(Phase::kLive, std::nullopt);
  set_state(StreamState::kLive, "live", out);
}

// The token may be as old as the connection, and is asked for anew. Not more often than the ladder of waits allows:
// what numbers wrongly must not be asked without end.
void AccountChannel::resubscribe(UnixNanos now, AccountSink& out, AccountCommands& todo) {
  set_state(StreamState::kRecovering, "resubscribed", out);
  if (phase_ != Phase::kLive) return;
  if (last_resync_ && now - *last_resync_ > kCalm) resyncs_ = 0;
  const UnixNanos earliest = last_resync_ ? *last_resync_ + step(kResyncWaits, resyncs_) : now;
  if (now < earliest) return begin(Phase::kResyncLater, earliest);
  unsubscribe(now, todo);
}

// What happens from here to the next snapshot is told by nobody: a hole of its own.
void AccountChannel::unsubscribe(UnixNanos now, AccountCommands& todo) {
  if (next_number_ && hole_.empty()) hole_ = "resubscribed";
  last_resync_ = now;
  ++resyncs_;
  want_new_token(todo);
  begin(Phase::kUnsubscribing, now + kUnsubscribeDeadline);
  request(false, todo);
}

void AccountChannel::on_time(UnixNanos now, AccountCommands& todo) {
  if (!deadline_ || now < *deadline_) return;
  switch (phase_) {
    case Phase::kResyncLater:
      return unsubscribe(now, todo);
    case Phase::kUnsubscribing:
    case Phase::kRetryLater:
      return subscribe(now, todo);
    case Phase::kSubscribing:
    case Phase::kSilent:
      // The snapshot may have been the frame that could not be read.
      if (phase_ == Phase::kSilent && hole_.empty()) hole_ = "no_snapshot";
      if (missed_++ == 0) return unsubscribe(now, todo);
      begin(Phase::kIdle, std::nullopt);
      todo.reconnect = true;
      todo.reason = "silent";
      return;
    default:
      return;
  }
}

}  // namespace millrace::normalize::kraken
