#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/verify/account/seen_account.h"

namespace millrace::cli {

// What the sweeps of one account came to.
struct SweepTally {
  std::int64_t records = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t late_fills = 0;  // below an earlier watermark, and told to be: the watermark was violated
};

// The sidecar's words about one account: sweeps begin, then end, in order; a watermark never says less than before, nor
// more than was swept. Keeps of each scope up to kMostClaims watermarks, of a longer past every second one. Pure; feed
// it the records in the order of their offsets.
class RecoveryCheck {
 public:
  static constexpr std::size_t kMostClaims = 50'000;

  // `resent`: it carries the header of a record sent again. `whole`: the broker keeps the partition from its beginning.
  void on_record(const SeenRecovery& record, bool resent, bool whole);

  // "Every fill of this scope through T is in the topic", by the venue's time, and from where on sweeps had read it.
  struct Claim {
    std::int64_t told_ns = 0;  // receive time
    std::int64_t begin_ns = 0;
    std::int64_t through_ns = 0;
  };
  // The last one that was told by `before_ns`. A symbol is in its own scope or in the whole account's.
  std::optional<Claim> claim_of(const std::string& symbol, std::int64_t before_ns) const;
  // How far all scopes are told to be complete; nullopt: one of them is not.
  std::optional<std::int64_t> complete_through() const;

  // Has this instance told anything? Nullopt: the record may be one that the broker no longer keeps.
  std::optional<bool> knows(std::int64_t instance) const;
  // Late fills that a sweep of the instance told, if one ended at or after `published_ns`.
  std::optional<std::int64_t> late_told(std::int64_t instance, std::int64_t published_ns) const;

  const SweepTally& tally() const noexcept { return tally_; }
  std::int64_t wrong() const noexcept { return wrong_; }
  const std::vector<std::string>& problems() const noexcept { return problems_; }

 private:
  struct Scope {
    std::optional<std::int64_t> through_ns;  // the highest watermark told
    std::int64_t swept_to_ns = 0;
    std::int64_t begin_ns = 0;
    std::vector<Claim> claims;  // told and through rise
  };
  struct Instance {
    std::int64_t sweep = 0;  // the last one
    bool running = false;
    bool completed = false;
    bool joined = false;  // nothing of it was read before this sweep, and something may have been there
    std::int64_t ended_ns = 0;
    std::int64_t late_fills = 0;
  };

  void on_started(const SeenRecovery& record, Instance& instance, bool resent);
  void on_completed(const SeenRecovery& record, Instance& instance, bool resent);
  void on_failed(const SeenRecovery& record, Instance& instance, bool resent);
  void end(const SeenRecovery& record, Instance& instance);
  void claim(const SeenRecovery& record);
  static void add_claim(Scope& scope, Claim claim);
  void problem(const SeenRecovery& record, const std::string& text);

  std::map<std::int64_t, Instance> instances_;
  std::map<std::string, Scope> scopes_;
  bool whole_ = true;
  SweepTally tally_;
  std::int64_t wrong_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace millrace::cli
