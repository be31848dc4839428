// Planted bugs that need code of their own; in no library but millrace::fills_<bug>.
#include "replay/fills/planted.h"
#include "replay/fills/sweep.h"

namespace millrace::fills {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

}  // namespace

void Sweep::commit_before_reading() {
  for (const SweepPlan::Part& part : plan_.parts) {
    read_parts_.push_back(static_cast<std::size_t>(&part - plan_.parts.data()));
    state_.cursor.advance(part.symbol, part.from, plan_.through, true);
  }
  schemas::Recovery early = recovery_;
  early.phase = schemas::RecoveryPhase::kCompleted;
  early.watermark = watermark(state_.cursor);
  read_parts_.clear();
  state_.ports.commit(state_.next_id++, cursor_record(state_, state_.cursor), early);
}

std::optional<normalize::PrivateRequest> Sweep::skip_ties(const std::vector<normalize::FoundFill>& rows) {
  if (rows.empty()) return std::nullopt;
  if (rows.front().venue_time <= rows.back().venue_time) {
    range_.from = rows.back().venue_time + kMillisecond;
  } else {
    range_.to = rows.back().venue_time - kMillisecond;
  }
  if (range_.from > range_.to) return std::nullopt;
  walk_ = state_.venue.walk_fills(state_.settings.account, range_);
  return walk_->begin();
}

}  // namespace millrace::fills
