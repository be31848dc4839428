#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "normalize/account/account_adapter.h"
#include "schemas/events/account.h"

namespace millrace::fills {

using schemas::UnixNanos;

// What must agree between two copies of one fill, and what one copy may have and the other not. Digests compare numbers
// by value ("1.0" is "1.00"); 0 = the copy does not say.
struct FillContent {
  std::uint64_t core = 0;  // symbol, side, order id, last quantity and price
  std::uint64_t fee = 0;
  std::uint64_t fee_asset = 0;
  schemas::Liquidity liquidity = schemas::Liquidity::kUnspecified;
  bool cancelled = false;  // it says that the fill never was
};
FillContent content_of(std::string_view symbol, const schemas::Execution& execution);

// Is a record of this kind about a fill, so that its id may come from REST too?
bool is_fill(schemas::ExecutionKind kind) noexcept;

// What tells one fill from another: its event_id.
const std::string& identity(const schemas::Execution& execution) noexcept;

// What a copy from REST is, compared with the topic.
enum class Finding : std::uint8_t {
  kKnown,       // the topic says as much
  kMissing,     // the topic does not have it
  kRicher,      // the same fill, and more of fee, fee asset and maker/taker than the topic's copy has
  kCorrection,  // the venue now says something else, or that it never was
};

// Which fills of one account are in the topic: what its consumer saw, and what we published and the broker
// acknowledged; nothing else. Bounded by the venue's time and by number; what was forgotten is told by whole_from().
// One thread.
class KnownIds {
 public:
  explicit KnownIds(std::size_t limit = 1'000'000) : limit_(limit) {}

  // The topic was read from so early that every fill at or after `from` (the venue's time) that is in it was added.
  void set_whole_from(UnixNanos from) noexcept { whole_from_ = from; }
  // Before it, a fill that is not known may be in the topic all the same.
  UnixNanos whole_from() const noexcept { return whole_from_; }

  // A record that is in the topic; `venue_time` is its receive time where the venue told none. Reports that are no
  // fills are ignored. A higher revision replaces a lower one; of the same one the first holds, as it does for
  // consumers.
  void add(std::string_view symbol, UnixNanos venue_time, const schemas::Execution& execution);

  struct Judgement {
    Finding finding = Finding::kKnown;
    std::int32_t revision = 1;   // to publish it under
    bool contradiction = false;  // not a correction of the venue's: the copies differ where they must agree
  };
  Judgement judge(const normalize::FoundFill& fill) const;
  bool contains(const schemas::Execution& execution) const { return known_.contains(identity(execution)); }

  // Forgets what the venue dates before `time`.
  void forget_before(UnixNanos time);

  std::size_t size() const noexcept { return known_.size(); }

 private:
  struct Known {
    std::int32_t revision = 1;
    FillContent content;
  };
  using Map = std::unordered_map<std::string, Known>;

  void drop_oldest();

  const std::size_t limit_;
  UnixNanos whole_from_ = 0;
  Map known_;
  std::multimap<UnixNanos, const std::string*> by_time_;  // keys of known_, which stay where they are
};

}  // namespace millrace::fills
