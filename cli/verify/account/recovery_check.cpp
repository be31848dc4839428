#include "cli/verify/account/recovery_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::cli {
void RecoveryCheck::problem(const SeenRecovery& record, const std::string& text) {
  ++wrong_;
  if (problems_.size() >= kMaxProblems) return;
  problems_.push_back(fmt::format("sweep {}.{}: {}", record.instance, record.sweep, text));
}

void RecoveryCheck::on_record(const SeenRecovery& record, bool resent, bool whole) {
  ++tally_.records;
  whole_ = whole_ && whole;
  const auto [at, is_new] = instances_.try_emplace(record.instance);
  Instance& instance = at->second;
  if (is_new) instance.joined = !whole && instances_.size() == 1;
  // An instance that was taken over may go on telling for a moment, but its commits are refused.
  const bool taken_over = instances_.rbegin()->first > record.instance;
  if (taken_over && record.phase == SweepPhase::kCompleted) {
    problem(record, fmt::format("completed after instance {} had begun", instances_.rbegin()->first));
  }
  if (record.phase == SweepPhase::kStarted) on_started(record, instance, resent);
  if (record.phase == SweepPhase::kCompleted) on_completed(record, instance, resent);
  if (record.phase == SweepPhase::kFailed) on_failed(record, instance, resent);
}

void RecoveryCheck::on_started(const SeenRecovery& record, Instance& instance, bool resent) {
  if (record.sweep <= instance.sweep && resent) return;
  if (record.sweep <= instance.sweep) problem(record, fmt::format("started after sweep {}", instance.sweep));
  if (instance.running) problem(record, fmt::format("started before sweep {} ended", instance.sweep));
  instance.sweep = record.sweep;
  instance.running = true;
  instance.completed = false;
}

// The answer to a commit may be lost: then the sweep is told to have failed, by another producer, and completes all the
// same.
void RecoveryCheck::on_completed(const SeenRecovery& record, Instance& instance, bool resent) {
  const bool again = record.sweep == instance.sweep && instance.completed;
  if (again && resent) return;
  if (again) problem(record, "completed twice");
  const bool begun = record.sweep == instance.sweep || (instance.joined && instance.sweep == 0);
  if (!begun) problem(record, "completed, and was never said to start");
  ++tally_.completed;
  instance.sweep = std::max(instance.sweep, record.sweep);
  instance.completed = true;
  end(record, instance);
  claim(record);
}

// Of a sweep that completed, the scopes that did not; or one that could not even start.
void RecoveryCheck::on_failed(const SeenRecovery& record, Instance& instance, bool resent) {
  if (record.sweep < instance.sweep) {
    if (!resent) problem(record, fmt::format("failed after sweep {} began", instance.sweep));
    return;
  }
  if (instance.running && record.sweep > instance.sweep) {
    problem(record, fmt::format("failed before sweep {} ended", instance.sweep));
  }
  ++tally_.failed;
  if (record.sweep > instance.sweep) instance.completed = false;
  instance.sweep = record.sweep;
  end(record, instance);
}

// A sweep that is told twice, by its scopes, has its late fills in both records.
void RecoveryCheck::end(const SeenRecovery& record, Instance& instance) {
  const bool counted = !instance.running;
  instance.running = false;
  instance.ended_ns = std::max(instance.ended_ns, record.meta.receive_time_ns);
  if (counted) return;
  instance.late_fills += record.late_fills;
  tally_.late_fills += record.late_fills;
}

// The watermark is the least of the sweep's scopes, so that it says less than was known only where it is below what was
// told of each.
void RecoveryCheck::claim(const SeenRecovery& record) {
  std::optional<std::int64_t> least;
  bool all_told = true;
  for (const std::string& symbol : record.scopes) {
    Scope& scope = scopes_[symbol];
    scope.begin_ns = scope.swept_to_ns == 0 ? record.from_ns : std::min(scope.begin_ns, record.from_ns);
    scope.swept_to_ns = std::max(scope.swept_to_ns, record.to_ns);
    all_told = all_told && scope.through_ns;
    if (scope.through_ns) least = std::min(least.value_or(*scope.through_ns), *scope.through_ns);
  }
  if (!record.watermark_ns) {
    if (all_told) problem(record, "completed without a watermark, which its scopes had before");
    return;
  }
  const std::int64_t through = *record.watermark_ns;
  if (all_told && through < *least) {
    problem(record, fmt::format("the watermark goes back from {} to {}", *least, through));
  }
  for (const std::string& symbol : record.scopes) {
    Scope& scope = scopes_[symbol];
    if (whole_ && through > scope.swept_to_ns) {
      problem(record, fmt::format("complete through {}, and nothing after {} was swept", through, scope.swept_to_ns));
    }
    add_claim(scope, {record.meta.receive_time_ns, scope.begin_ns, through});
  }
}

void RecoveryCheck::add_claim(Scope& scope, Claim claim) {
  if (scope.through_ns && claim.through_ns <= *scope.through_ns) return;
  scope.through_ns = claim.through_ns;
  if (!scope.claims.empty()) claim.told_ns = std::max(claim.told_ns, scope.claims.back().told_ns);
  scope.claims.push_back(claim);
  if (scope.claims.size() < kMostClaims) return;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < scope.claims.size(); i += 2) scope.claims[kept++] = scope.claims[i];
  scope.claims.resize(kept);
}

std::optional<RecoveryCheck::Claim> RecoveryCheck::claim_of(const std::string& symbol, std::int64_t before_ns) const {
  const auto own = scopes_.find(symbol);
  const auto found = own != scopes_.end() ? own : scopes_.find("");
  if (found == scopes_.end()) return std::nullopt;
  const std::vector<Claim>& claims = found->second.claims;
  const auto later = std::upper_bound(claims.begin(), claims.end(), before_ns,
                                      [](std::int64_t time, const Claim& claim) { return time < claim.told_ns; });
  return later == claims.begin() ? std::nullopt : std::optional(*std::prev(later));
}

std::optional<std::int64_t> RecoveryCheck::complete_through() const {
  std::optional<std::int64_t> least;
  for (const auto& [symbol, scope] : scopes_) {
    if (!scope.through_ns) return std::nullopt;
    least = std::min(least.value_or(*scope.through_ns), *scope.through_ns);
  }
  return least;
}

std::optional<bool> RecoveryCheck::knows(std::int64_t instance) const {
  if (instances_.contains(instance)) return true;
  return whole_ ? std::optional(false) : std::nullopt;
}

std::optional<std::int64_t> RecoveryCheck::late_told(std::int64_t instance, std::int64_t published_ns) const {
  const auto found = instances_.find(instance);
  if (found == instances_.end() || found->second.ended_ns < published_ns) return std::nullopt;
  return found->second.late_fills;
}

}  // namespace millrace::cli
