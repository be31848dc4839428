// The venue's part of a sweep: its clock, and the pages of every scope.
#include <algorithm>
#include <utility>

#include "replay/fills/planted.h"
#include "replay/fills/sweep.h"
#include "schemas/events/time.h"

namespace millrace::fills {
namespace {

using normalize::FoundFill;
using normalize::PrivateAnswer;
using normalize::PrivateRequest;
using schemas::RecoveryPhase;

constexpr std::int64_t kMostJump = 2 * kSecond;  // of the venue's clock against ours
constexpr std::size_t kMostErrorText = 1'000;

std::string text_of(const normalize::Error& error) {
  return std::string(normalize::name(error.code)) + " at " + error.where;
}

}  // namespace

void Sweep::on_answer(std::int64_t id, const PrivateAnswer& answer, UnixNanos now) {
  if (phase_ == Phase::kTime || phase_ == Phase::kPages) step(talk_.on_answer(id, answer, now), &answer, now);
}

void Sweep::on_token(std::int64_t id, bool renewed, UnixNanos now) {
  if (phase_ == Phase::kTime || phase_ == Phase::kPages) step(talk_.on_token(id, renewed, now), nullptr, now);
}

void Sweep::step(VenueTalk::Step step, const PrivateAnswer* answer, UnixNanos now) {
  if (step == VenueTalk::Step::kGood) return phase_ == Phase::kTime ? on_clock(*answer, now) : on_page(*answer, now);
  if (step == VenueTalk::Step::kWaiting) return;
  if (phase_ == Phase::kTime) return fail(talk_.why(), talk_.error());
  part_failed(talk_.why(), talk_.error());
  // What the host or the key does not allow now, it does not allow for the other scopes either.
  if (talk_.why() == Failure::kAuth || talk_.why() == Failure::kLimited) {
    while (++part_ < plan_.parts.size()) part_failed(talk_.why(), "not asked");
  }
  next_part(now);
}

// Asked before any page: what REST shows from now on holds all fills up to this moment minus the lag.
void Sweep::on_clock(const PrivateAnswer& answer, UnixNanos now) {
  const auto venue_time = state_.venue.read_time(answer);
  if (!venue_time) return fail(Failure::kVenue, "the venue's time: " + text_of(venue_time.error()));
  state_.ports.venue_clock(*venue_time, answer.receive_time);
  if (jumped(*venue_time, answer.receive_time)) return talk_.ask(state_.venue.time_request(), now);
  if (!make_plan()) return;
  if (!wish_.dry_run) state_.ports.tell(recovery_);
  if constexpr (planted::kCursorBeforeRequest) commit_before_reading();
  phase_ = Phase::kPages;
  read_part(now);
}

// A clock that is suddenly ahead of where it should be would carry the watermark along: it is asked once more, and the
// earlier answer holds.
bool Sweep::jumped(UnixNanos venue_time, UnixNanos received) {
  const std::int64_t offset = venue_time - received;
  const bool suspicious = state_.clock_offset && offset > *state_.clock_offset + kMostJump && venue_now_ == 0;
  venue_now_ = venue_now_ == 0 ? venue_time : std::min(venue_now_, venue_time);
  if (suspicious) return true;
  state_.clock_offset = venue_now_ - received;
  return false;
}

// False: the sweep has failed.
bool Sweep::make_plan() {
  auto plan =
      plan_sweep(wish_, scopes_, state_.cursor, progress_, venue_now_, state_.known.whole_from(), state_.settings);
  if (!plan) {
    fail(Failure::kVenue, plan.error().where);
    return false;
  }
  plan_ = *std::move(plan);
  progress_.target = plan_.target;
  recovery_.phase = RecoveryPhase::kStarted;
  recovery_.from = plan_.common_from();
  recovery_.to = plan_.to;
  recovery_.symbols.clear();
  for (const SweepPlan::Part& part : plan_.parts) add_symbol(part.symbol, recovery_);
  part_ = 0;
  walk_tries_ = 0;
  return true;
}

void Sweep::read_part(UnixNanos now, UnixNanos not_before) {
  const SweepPlan::Part& part = plan_.parts[part_];
  range_ = {part.symbol, part.from, plan_.to};
  walk_ = state_.venue.walk_fills(state_.settings.account, range_);
  pages_ = 0;
  PrivateRequest request = walk_->begin();
  request.not_before = std::max(request.not_before, not_before);
  talk_.ask(std::move(request), now);
}

void Sweep::on_page(const PrivateAnswer& answer, UnixNanos now) {
  std::vector<FoundFill> rows;
  auto result = walk_->on_page(answer, rows);
  if (!result) return page_failed(text_of(result.error()), now);
  std::optional<PrivateRequest> next = *std::move(result);
  if constexpr (planted::kPlusOneMs) {
    if (next) next = skip_ties(rows);
  }
  batch_.take(std::move(rows), plan_.parts[part_].from, plan_.to, answer.receive_time);
  if (batch_.size() > state_.settings.most_fills && read_by_halves(now)) return;
  if (next && ++pages_ >= state_.settings.most_pages) return page_failed("the pages do not end", now);
  if (next) return talk_.ask(*std::move(next), now);
  read_parts_.push_back(part_);
  next_part(now);
}

// Nothing of a range is proven by some of its pages, so it is read again from the first.
void Sweep::page_failed(const std::string& error, UnixNanos now) {
  if (++walk_tries_ < state_.settings.walk_tries) return read_part(now, now + (kSecond << (walk_tries_ - 1)));
  part_failed(Failure::kVenue, error);
  next_part(now);
}

void Sweep::part_failed(Failure why, const std::string& error) {
  const std::string& symbol = plan_.parts[part_].symbol;
  if (end_.why == Failure::kNone || why != Failure::kVenue) end_.why = why;
  end_.left.insert(symbol);
  if (read_errors_.size() > kMostErrorText) return;
  if (!read_errors_.empty()) read_errors_ += "; ";
  read_errors_ += (symbol.empty() ? "" : symbol + ": ") + error;
}

void Sweep::next_part(UnixNanos now) {
  walk_tries_ = 0;
  if (++part_ < plan_.parts.size()) return read_part(now);
  pages_done();
}

// More is missing than memory should hold: half of the time first. False: the range is as short as it gets.
bool Sweep::read_by_halves(UnixNanos now) {
  UnixNanos from = plan_.to;
  for (const SweepPlan::Part& part : plan_.parts) from = std::min(from, part.from);
  if (plan_.to - from <= kSecond) return false;
  progress_.span_ns = std::max((plan_.to - from) / 2 / kSecond * kSecond, kSecond);
  batch_.clear();
  read_parts_.clear();
  read_errors_.clear();
  end_ = {};
  if (make_plan()) read_part(now);
  return true;
}

}  // namespace millrace::fills
