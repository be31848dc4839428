#include "ingest/worker/rotation.h"

#include <algorithm>

#include "schemas/events/time.h"

namespace millrace::ingest {
namespace {

constexpr std::int64_t kMostOverlap = 600 * kSecond;

}  // namespace

// A quarter of the lifetime at most, so that short test lifetimes work like a day.
Rotation::Rotation(std::int64_t lifetime_s, std::int64_t first_data_ns)
    : lifetime_ns_(lifetime_s * kSecond),
      overlap_ns_(std::min(kMostOverlap, lifetime_ns_ / 4)),
      // Both run for a while, so that quiet streams too have their subscription in force on the second one.
      settle_ns_(std::min(first_data_ns, overlap_ns_ / 2)) {}

bool Rotation::old(UnixNanos now, const Line& line) const {
  return lifetime_ns_ > 0 && line.open_since && now - *line.open_since >= lifetime_ns_ - overlap_ns_;
}

// The second one waits for the first one's data, so that not both ask for snapshots.
Rotation::Step Rotation::standby(UnixNanos now, const Line& first, const std::optional<Line>& second) const {
  if (!second) return first.open_since && first.has_data ? Step::kOpenSecond : Step::kNone;
  if (old(now, *second)) return Step::kReplaceSecond;
  const bool ready = second->open_since && second->has_data;
  return ready && (!first.open_since || old(now, first)) ? Step::kTakeOver : Step::kNone;
}

// A first line that is down has nothing to lose: the second takes over as soon as it is open. One that is open stays in
// charge until the second has brought data, however late that is; then the venue's own end is no worse than without us.
Rotation::Step Rotation::step(UnixNanos now, const Line& first, const std::optional<Line>& second) const {
  if (lifetime_ns_ == 0) return Step::kNone;
  if (!second) return old(now, first) ? Step::kOpenSecond : Step::kNone;
  if (!second->open_since) return Step::kNone;
  if (!first.open_since) return Step::kTakeOver;
  const bool settled = now - *second->open_since >= settle_ns_;
  return settled && second->has_data ? Step::kTakeOver : Step::kNone;
}

}  // namespace millrace::ingest
