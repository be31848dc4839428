#include "replay/fills/sweep_plan.h"

#include <algorithm>

#include "replay/fills/planted.h"
#include "schemas/events/time.h"

namespace millrace::fills {
namespace {

using normalize::Errc;
using normalize::Error;

UnixNanos down(UnixNanos time) { return time - time % kSecond; }
UnixNanos up(UnixNanos time) { return down(time + kSecond - 1); }

// Nothing but time asked for it, so that nothing is known to be missing.
bool is_routine(const Wish& wish) {
  return wish.trigger == Trigger::kTimer || wish.trigger == Trigger::kPoll || wish.trigger == Trigger::kDeep;
}

UnixNanos begin_of(const std::string& symbol, const CursorState& cursor, UnixNanos venue_now,
                   const FillsSettings& settings) {
  const auto through = cursor.through(symbol);
  if (!through) return down(venue_now - settings.deep_ns);
  if (planted::kNoOverlap) return *through + settings.safety_lag_ns;
  return down(*through - settings.overlap_ns);
}

UnixNanos earliest(const std::vector<SweepPlan::Part>& parts) {
  return std::min_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.from < b.from; })
      ->from;
}

UnixNanos target_of(const Wish& wish, const Progress& progress, UnixNanos venue_now) {
  if (progress.target) return *progress.target;
  const UnixNanos latest = is_routine(wish) ? down(venue_now - progress.grace_ns) : up(venue_now);
  return wish.to ? std::min(up(*wish.to), latest) : latest;
}

// Deep and by hand, every scope is read from the same moment; else each from its own cursor.
void set_begins(const Wish& wish, const Progress& progress, UnixNanos venue_now, UnixNanos whole_from,
                const FillsSettings& settings, std::vector<SweepPlan::Part>& parts) {
  std::optional<UnixNanos> same;
  if (wish.from) same = down(*wish.from);
  if (!wish.from && wish.deep)
    same = std::min(earliest(parts), down(std::max(venue_now - settings.deep_ns, whole_from)));
  for (SweepPlan::Part& part : parts) {
    part.from = std::max(same.value_or(part.from), progress.reached.value_or(0));
  }
}

}  // namespace

UnixNanos SweepPlan::common_from() const noexcept {
  UnixNanos from = 0;
  for (const Part& part : parts) from = std::max(from, part.from);
  return from;
}

normalize::Result<SweepPlan> plan_sweep(const Wish& wish, const std::set<std::string>& scopes,
                                        const CursorState& cursor, const Progress& progress, UnixNanos venue_now,
                                        UnixNanos whole_from, const FillsSettings& settings) {
  SweepPlan plan;
  for (const std::string& symbol : scopes) {
    plan.parts.push_back({symbol, begin_of(symbol, cursor, venue_now, settings)});
  }
  if (plan.parts.empty()) return Error{Errc::kRefused, "no symbol to sweep"};
  set_begins(wish, progress, venue_now, whole_from, settings, plan.parts);
  const UnixNanos first = earliest(plan.parts);
  plan.target = target_of(wish, progress, venue_now);
  if (venue_now < first) return Error{Errc::kBadTime, "the venue's clock is behind what was swept already"};
  if (wish.to && *wish.to < first) return Error{Errc::kBadTime, "the range to sweep ends before it begins"};
  plan.target = std::max(plan.target, first);
  plan.to = std::min(plan.target, first + progress.span_ns);
  std::erase_if(plan.parts, [&](const SweepPlan::Part& part) { return part.from > plan.to; });
  plan.through = down(std::min(plan.to, venue_now - settings.safety_lag_ns));
  return plan;
}

UnixNanos tail_from(const CursorState& cursor, UnixNanos now, const FillsSettings& settings) {
  UnixNanos from = now - settings.deep_ns;
  for (const auto& [symbol, through] : cursor.scopes()) from = std::min(from, through - settings.overlap_ns);
  return down(from);
}

}  // namespace millrace::fills
