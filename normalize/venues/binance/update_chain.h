#pragma once

#include <cstdint>
#include <optional>

namespace millrace::normalize::binance {

// The two ways in which Binance numbers depth updates: "How to manage a local order book correctly" of
// web-socket-streams.md (spot) and of the USD-M and COIN-M docs.
enum class ChainRule : std::uint8_t {
  kSpot,     // first id (U) == last id of the previous update (u) + 1
  kFutures,  // pu == u of the previous update; U says nothing
};

// Ids of one depth update, named as on the wire.
struct UpdateIds {
  std::int64_t U = 0;
  std::int64_t u = 0;
  std::optional<std::int64_t> pu;
};

// What an update is to a book. Only kApply may change it.
enum class UpdateVerdict : std::uint8_t {
  kApply,
  kStale,      // the book already contains it
  kDuplicate,  // the previous update again
  kGap,        // something between the book and this update is missing
};

// Where a book stands in its venue's numbering, and what that says about the next update. Pure.
class UpdateChain {
 public:
  explicit UpdateChain(ChainRule rule) noexcept : rule_(rule) {}

  // The book is now the snapshot with this lastUpdateId. `last_seen` is the last id that the same stream brought
  // before.
  void load(std::int64_t snapshot_id, std::optional<std::int64_t> last_seen = {}) noexcept;
  void applied(const UpdateIds& update) noexcept;
  // An update was stale: it says nothing new but which one the next has to follow.
  void skipped(const UpdateIds& update) noexcept {
    if (!last_seen_ || *last_seen_ < update.u) last_seen_ = update.u;
  }

  // What to do with an update; changes nothing. The caller then says applied() or skipped(), or begins anew with
  // load().
  UpdateVerdict judge(const UpdateIds& update) const noexcept;
  std::int64_t last_id() const noexcept { return last_id_; }
  // Where a gap begins, and where it ends by the venue's word: the last id before `update`. The second may be below the
  // first where the ids contradict each other.
  std::int64_t first_missing() const noexcept;
  std::int64_t last_missing(const UpdateIds& update) const noexcept;

 private:
  UpdateVerdict judge_spot(const UpdateIds& update) const noexcept;
  UpdateVerdict judge_futures(const UpdateIds& update) const noexcept;

  ChainRule rule_;
  bool on_snapshot_ = true;  // nothing was applied since the snapshot
  std::int64_t last_id_ = 0;
  std::optional<std::int64_t> last_seen_;
};

}  // namespace millrace::normalize::binance
