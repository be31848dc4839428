#include "normalize/venues/binance/update_chain.h"

#include <limits>

namespace millrace::normalize::binance {

void UpdateChain::load(std::int64_t snapshot_id, std::optional<std::int64_t> last_seen) noexcept {
  last_id_ = snapshot_id;
  last_seen_ = last_seen;
  on_snapshot_ = true;
}

void UpdateChain::applied(const UpdateIds& update) noexcept {
  last_id_ = update.u;
  on_snapshot_ = false;
}

UpdateVerdict UpdateChain::judge(const UpdateIds& update) const noexcept {
  if (!on_snapshot_ && update.u == last_id_) return UpdateVerdict::kDuplicate;
  return rule_ == ChainRule::kSpot ? judge_spot(update) : judge_futures(update);
}

// U <= id + 1 <= u: the first update after a snapshot may begin before it, and an update that overlaps is harmless
// because quantities are absolute.
UpdateVerdict UpdateChain::judge_spot(const UpdateIds& update) const noexcept {
  if (update.u <= last_id_) return UpdateVerdict::kStale;
  return update.U - 1 <= last_id_ ? UpdateVerdict::kApply : UpdateVerdict::kGap;
}

// Every update must name its predecessor. The first one after a snapshot has to contain the snapshot's id
// (U <= id <= u), or to follow it without a hole, which pu <= id says as well: the book of a quiet instrument would
// otherwise wait for a snapshot that falls inside an update. But if the stream brought another update before, that must
// be the predecessor: else one was lost, though its rows may be in the snapshot.
UpdateVerdict UpdateChain::judge_futures(const UpdateIds& update) const noexcept {
  if (update.u < last_id_) return UpdateVerdict::kStale;
  if (!on_snapshot_) return update.pu == last_id_ ? UpdateVerdict::kApply : UpdateVerdict::kGap;
  if (update.U <= last_id_) return UpdateVerdict::kApply;
  const bool follows = update.pu && *update.pu <= last_id_ && (!last_seen_ || *last_seen_ == *update.pu);
  return follows ? UpdateVerdict::kApply : UpdateVerdict::kGap;
}

std::int64_t UpdateChain::first_missing() const noexcept {
  return (on_snapshot_ && last_seen_ && *last_seen_ < last_id_ ? *last_seen_ : last_id_) + 1;
}

std::int64_t UpdateChain::last_missing(const UpdateIds& update) const noexcept {
  if (rule_ == ChainRule::kFutures && update.pu) return *update.pu;
  return update.U == std::numeric_limits<std::int64_t>::min() ? update.U : update.U - 1;
}

}  // namespace millrace::normalize::binance
