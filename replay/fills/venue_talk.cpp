#include "replay/fills/venue_talk.h"

#include <algorithm>
#include <utility>

namespace millrace::fills {
namespace {

using normalize::Judgement;
using normalize::PrivateAnswer;
using normalize::Verdict;

constexpr std::int64_t kLimitedFloor = 30'000'000'000;  // design section 6, where the venue does not say how long
constexpr std::int64_t kFirstWait = 500'000'000;
constexpr std::int64_t kMostWait = 30'000'000'000;
constexpr int kNonceTries = 3;

}  // namespace

void VenueTalk::ask(normalize::PrivateRequest request, UnixNanos now) {
  request_ = std::move(request);
  under_ = Under::kRequest;
  tries_ = limited_ = nonces_ = 0;
  clock_asked_ = token_asked_ = false;
  why_ = Failure::kNone;
  error_.clear();
  send(std::max(now, UnixNanos{0}));
}

void VenueTalk::drop() {
  under_ = Under::kNothing;
  id_ = 0;
  wake_at_.reset();
}

// Sends what is under way, or sets the time to try again.
void VenueTalk::send(UnixNanos now) {
  id_ = 0;
  const normalize::PrivateRequest time = under_ == Under::kTime ? venue_.time_request() : normalize::PrivateRequest{};
  const normalize::PrivateRequest& request = under_ == Under::kTime ? time : request_;
  const std::int64_t early = std::max<std::int64_t>(request.not_before - now, 0);
  const std::int64_t wait = early > 0 ? early : share_.take(now, request.weight);
  if (wait > 0) {
    wake_at_ = now + wait;
    return;
  }
  wake_at_.reset();
  id_ = next_id_++;
  ++sent_;
  ports_.ask(id_, request);
}

void VenueTalk::on_time(UnixNanos now) {
  if (wake_at_ && *wake_at_ <= now) send(now);
}

VenueTalk::Step VenueTalk::on_answer(std::int64_t id, const PrivateAnswer& answer, UnixNanos now) {
  if (id != id_ || id == 0 || under_ == Under::kToken) return Step::kWaiting;
  id_ = 0;
  const Judgement judgement = venue_.judge(answer);
  if (judgement.verdict != Verdict::kGood) return react(judgement, now);
  if (under_ == Under::kTime) return on_time_answer(answer, now);
  under_ = Under::kNothing;
  return Step::kGood;
}

VenueTalk::Step VenueTalk::react(const Judgement& judgement, UnixNanos now) {
  switch (judgement.verdict) {
    case Verdict::kRateLimited:
      return limited(judgement, now);
    case Verdict::kClock:
      return ask_time(judgement, now);
    case Verdict::kNonce:
      if (++nonces_ > kNonceTries)
        return fail(Failure::kAuth, "the nonce is refused again and again", judgement.detail);
      return again(0, now);
    case Verdict::kToken:
      if (token_asked_) return fail(Failure::kAuth, "a new token is refused, too", judgement.detail);
      token_asked_ = true;
      under_ = Under::kToken;
      id_ = next_id_++;
      ports_.renew_token(id_);
      return Step::kWaiting;
    case Verdict::kAuth:
      return fail(Failure::kAuth, "key, signature, permission or address refused", judgement.detail);
    case Verdict::kRefused:
      return fail(Failure::kVenue, "the venue refuses the request", judgement.detail);
    case Verdict::kGood:
    case Verdict::kTransient:
      break;
  }
  if (++tries_ >= limits_.request_tries) return fail(Failure::kVenue, "no good answer", judgement.detail);
  return again(std::min(kFirstWait << std::min(tries_ - 1, 10), kMostWait), now);
}

// The same request once more, after a wait.
VenueTalk::Step VenueTalk::again(std::int64_t wait, UnixNanos now) {
  if (wait == 0) {
    send(now);
  } else {
    wake_at_ = now + wait;
  }
  return Step::kWaiting;
}

VenueTalk::Step VenueTalk::limited(const Judgement& judgement, UnixNanos now) {
  stopped_until_ = now + (judgement.wait_ns > 0 ? judgement.wait_ns : kLimitedFloor);
  share_.stop_until(stopped_until_);
  ports_.host_stopped(stopped_until_);
  if (++limited_ >= limits_.limited_tries) return fail(Failure::kLimited, "the host wants quiet", judgement.detail);
  return again(stopped_until_ - now, now);
}

VenueTalk::Step VenueTalk::ask_time(const Judgement& judgement, UnixNanos now) {
  if (clock_asked_) return fail(Failure::kAuth, "our clock is refused although it was set", judgement.detail);
  clock_asked_ = true;
  under_ = Under::kTime;
  return again(0, now);
}

VenueTalk::Step VenueTalk::on_time_answer(const PrivateAnswer& answer, UnixNanos now) {
  const auto venue_time = venue_.read_time(answer);
  if (!venue_time) return fail(Failure::kVenue, "the venue's time cannot be read", venue_time.error().where);
  ports_.venue_clock(*venue_time, answer.receive_time);
  under_ = Under::kRequest;
  return again(0, now);
}

VenueTalk::Step VenueTalk::on_token(std::int64_t id, bool renewed, UnixNanos now) {
  if (id != id_ || under_ != Under::kToken) return Step::kWaiting;
  if (!renewed) return fail(Failure::kAuth, "no new token", {});
  under_ = Under::kRequest;
  return again(0, now);
}

VenueTalk::Step VenueTalk::fail(Failure why, const std::string& what, const std::string& detail) {
  why_ = why;
  error_ = request_.key + ": " + what + (detail.empty() ? "" : ": " + detail);
  drop();
  return Step::kFailed;
}

std::int64_t VenueTalk::take_sent() noexcept { return std::exchange(sent_, 0); }

}  // namespace millrace::fills
