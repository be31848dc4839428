#include "ingest/account/private_rest.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "ingest/account/private_host.h"
#include "schemas/events/time.h"

namespace millrace::ingest {
namespace {

using normalize::Judgement;
using normalize::PrivateRequest;
using Judged = normalize::Verdict;

constexpr std::int64_t kLimitedFloor = 30 * kSecond;  // design section 6: after 429 and 418
constexpr std::int64_t kAuthWait = 30 * kSecond;
constexpr std::int64_t kLongestBackoff = 30 * kSecond;
// Verdicts that ask for the same at once must not become a loop.
constexpr int kMostAtOnce = 3;
constexpr std::string_view kTimeKey = "venue_time";

// Statuses are the host's, or those of the edge before it; words may be about the key alone.
bool is_of_host(int status, const normalize::AccountCapabilities& capabilities) {
  return status == 429 || status == 418 || !capabilities.rest_limit_per_key;
}

Judgement refused(const AuthError& error) { return {Judged::kRefused, 0, error.where}; }

}  // namespace

std::string_view name(normalize::Verdict verdict) noexcept {
  switch (verdict) {
    case Judged::kGood:
      return "good";
    case Judged::kTransient:
      return "transient";
    case Judged::kRateLimited:
      return "rate_limited";
    case Judged::kClock:
      return "clock";
    case Judged::kNonce:
      return "nonce";
    case Judged::kToken:
      return "token";
    case Judged::kAuth:
      return "auth";
    case Judged::kRefused:
      return "refused";
  }
  return "other";
}

PrivateRest::PrivateRest(const normalize::AccountVenue& venue, AccountSigner& signer, Settings settings, Ports ports)
    : venue_(venue),
      signer_(&signer),
      settings_(std::move(settings)),
      ports_(std::move(ports)),
      budget_(settings_.weight_per_minute),
      clock_offset_ns_(settings_.clock_offset_ns ? settings_.clock_offset_ns : std::make_shared<std::int64_t>(0)),
      random_(settings_.jitter_seed | 1) {}

bool PrivateRest::ask(PrivateRequest request, Handler handler) {
  return ask_token(std::move(request), {}, std::move(handler));
}

bool PrivateRest::ask_token(PrivateRequest request, std::string member, Handler handler) {
  Job job;
  job.request = std::move(request);
  job.handler = std::move(handler);
  job.token_member = std::move(member);
  return push(std::move(job));
}

bool PrivateRest::push(Job job) {
  if (queue_.size() >= kMostWaiting) return false;
  job.due = job.request.not_before;
  queue_.push_back(std::move(job));
  stats_->waiting.set(queue_.size());
  pump(ports_.now());
  return true;
}

void PrivateRest::tick(UnixNanos now) { pump(now); }

void PrivateRest::renew(AccountSigner& signer) {
  if (std::exchange(signer_, &signer) != &signer) ++renewals_;
  auth_tries_ = 0;
  resume_at_ = 0;
  for (Job& job : queue_) job.attempt = job.at_once = 0;
  pump(ports_.now());
}

void PrivateRest::learn_clock() {
  const bool free = venue_.time_request().signing == normalize::Signing::kNone;
  const bool asked = std::ranges::any_of(queue_, [](const Job& job) { return job.request.key == kTimeKey; });
  if (!free || asked || circuit_open() || queue_.size() >= kMostWaiting) return;
  ask_time();
  pump(ports_.now());
}

// The first one that is due goes first; what waits for its time does not hold up the others, but a request under way
// and the host's patience do.
void PrivateRest::pump(UnixNanos now) {
  if (busy_ || circuit_open() || now < resume_at_) return;
  const auto due = std::ranges::find_if(queue_, [now](const Job& job) { return job.due <= now; });
  if (due == queue_.end()) return;
  const auto wait = budget_.take(std::chrono::nanoseconds(now), due->request.weight);
  if (wait > std::chrono::nanoseconds::zero()) {
    resume_at_ = now + wait.count();
    return;
  }
  std::rotate(queue_.begin(), due, due + 1);
  send();
}

void PrivateRest::send() {
  Job& job = queue_.front();
  ++job.attempt;
  job.sent_under = renewals_;
  auto made = signer_->request(job.request, settings_.host);
  if (!made) {
    // Never the venue's fault, and the same again would not help.
    return finish(refused(made.error()), HttpAnswer{});
  }
  HttpRequest out = http_request(std::move(*made), job.request, settings_.path);
  busy_ = true;
  stats_->sent.add();
  ports_.send(std::move(out), [this, alive = std::weak_ptr<int>(alive_)](HttpAnswer answer) {
    if (!alive.expired()) on_answer(std::move(answer));
  });
}

void PrivateRest::on_answer(HttpAnswer answer) {
  busy_ = false;
  const UnixNanos now = ports_.now();
  if (answer.used_weight) budget_.correct(std::chrono::nanoseconds(now), *answer.used_weight);
  const Job& job = queue_.front();
  const std::string_view body = answer.end.status == 0 ? answer.error : answer.body;
  Judgement judgement = venue_.judge({job.request.key, job.request.target, body, answer.page, answer.end.status, now});
  if (judgement.verdict == Judged::kRateLimited && answer.end.retry_after) {
    judgement.wait_ns = std::max(judgement.wait_ns, std::int64_t{answer.end.retry_after->count()} * kSecond);
  }
  stats_->verdicts.add(name(judgement.verdict));
  // What concerns the key before says nothing of this one.
  const bool before = job.sent_under != renewals_;
  if (before && (judgement.verdict == Judged::kAuth || !job.token_member.empty())) {
    again(now);
  } else {
    react(judgement, answer);
  }
  pump(ports_.now());
}

// By verdict; see normalize::Verdict.
void PrivateRest::react(const Judgement& judgement, HttpAnswer& answer) {
  Job& job = queue_.front();
  const UnixNanos now = ports_.now();
  switch (judgement.verdict) {
    case Judged::kGood:
      if (job.request.signing != normalize::Signing::kNone) auth_tries_ = 0;
      return finish(judgement, answer);
    case Judged::kRefused:
    case Judged::kToken:
      return finish(judgement, answer);
    case Judged::kTransient:
      if (job.attempt >= kMostAttempts) return finish(judgement, answer);
      return again(now + backoff(job.attempt));
    case Judged::kRateLimited: {
      const std::int64_t until = now + std::max(judgement.wait_ns, kLimitedFloor);
      budget_.stop_until(std::chrono::nanoseconds(until));
      if (ports_.host_stopped && is_of_host(answer.end.status, venue_.capabilities())) ports_.host_stopped(until);
      if (job.attempt >= kMostAttempts) return finish(judgement, answer);
      return again(until);
    }
    case Judged::kClock:
      // What is not signed tells no time of ours, so the venue's clock would not help it.
      if (job.request.signing == normalize::Signing::kNone) return finish(judgement, answer);
      if (++job.at_once > kMostAtOnce) return refuse(judgement, answer);
      again(now);
      return ask_time();
    case Judged::kNonce:
      return ++job.at_once > kMostAtOnce ? finish(judgement, answer) : again(now);
    case Judged::kAuth:
      refuse(judgement, answer);
      return learn_clock();  // to a time that is off some venues say no more than 401
  }
}

// The key is refused, or our time although it is the venue's by now. Others would be refused as well, and a venue bans
// those who go on.
void PrivateRest::refuse(const Judgement& judgement, const HttpAnswer& answer) {
  const UnixNanos now = ports_.now();
  resume_at_ = now + kAuthWait;
  ++auth_tries_;
  if (!circuit_open()) again(now);
  ports_.auth_refused(judgement.detail, auth_tries_);
  if (circuit_open()) finish(judgement, answer);
}

// Before the one that found the clock off, and behind one that is under way.
void PrivateRest::ask_time() {
  Job job;
  job.request = venue_.time_request();
  job.request.key = kTimeKey;
  job.handler = [this](const PrivateOutcome& outcome) {
    if (outcome.judgement.verdict != Judged::kGood) return;
    const auto venue = venue_.read_time(outcome.answer);
    if (!venue) return;
    *clock_offset_ns_ = *venue - outcome.answer.receive_time;
    if (ports_.clock_learnt) ports_.clock_learnt(*clock_offset_ns_);
  };
  queue_.insert(queue_.begin() + (busy_ ? 1 : 0), std::move(job));
}

// The handler may ask again, so the job leaves the queue first.
void PrivateRest::finish(Judgement judgement, const HttpAnswer& answer) {
  const Job job = std::move(queue_.front());
  queue_.pop_front();
  stats_->waiting.set(queue_.size());
  if (judgement.verdict != Judged::kGood) stats_->gave_up.add();
  std::string body = answer.end.status == 0 ? answer.error : answer.body;
  if (!job.token_member.empty() && judgement.verdict == Judged::kGood) {
    auto token = take_token(body, job.token_member);
    if (token) {
      signer_->set_token(std::move(*token));
    } else {
      judgement = refused(token.error());
    }
  }
  body.reserve(body.size() + normalize::kFramePadding);
  job.handler({std::move(judgement),
               {job.request.key, job.request.target, body, answer.page, answer.end.status, ports_.now()}});
}

// Between half and all of 1, 2, 4 ... 30 s.
UnixNanos PrivateRest::backoff(int attempt) {
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  const std::int64_t most = std::min(kSecond << (attempt - 1), kLongestBackoff);
  return most / 2 + static_cast<std::int64_t>((random_ >> 33) % static_cast<std::uint64_t>(most / 2));
}

}  // namespace millrace::ingest
