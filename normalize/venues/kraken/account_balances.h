#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "normalize/account/account_adapter.h"
#include "normalize/account/recent_ids.h"
#include "normalize/venues/kraken/account_messages.h"

namespace millrace::normalize::kraken {

// Which trades of the ledger a fill explains. One that none explains within the grace means that a fill is missing: the
// sidecar's reason to look.
//
// How ref_id relates to exec_id is not documented, and in the documentation's own example the two differ, as do the
// times (by 89 us). So a trade is explained by a fill with that id, or with exactly that time, or by a fill of that
// much of the base asset in the same second or one beside it.
class TradeEvidence {
 public:
  void on_fill(const ExecutionRow& fill);
  void on_ledger(const LedgerRow& entry, UnixNanos now);

  // Is a trade unexplained for too long? Told once for all that are; again after a minute at the earliest.
  bool take_overdue(UnixNanos now);
  std::optional<UnixNanos> deadline() const noexcept;

 private:
  struct Unexplained {
    LedgerRow entry;
    UnixNanos since;
  };
  bool explains(const LedgerRow& entry) const;

  RecentIds fills_{6'000};  // three marks a fill
  RecentIds explained_{1'000};
  std::map<std::string, Unexplained> open_;  // by ref_id
  UnixNanos quiet_until_ = 0;
};

// What the messages of `balances` mean: the totals of each asset in each wallet, each entry of the ledger told once.
class AccountBalances {
 public:
  explicit AccountBalances(std::string account) : account_(std::move(account)) {}

  // Returns whether it held something that had not been told.
  bool publish(const AccountMessage& message, UnixNanos now, AccountSink& out);

  TradeEvidence& evidence() noexcept { return evidence_; }

 private:
  using Key = std::pair<std::string, std::string>;  // asset, wallet
  struct Total {
    schemas::WideDecimal value;
    std::int64_t number = 0;  // of the message that told it: one that was overtaken does not take it back
  };

  void publish_snapshot(const AccountMessage& message, AccountSink& out);
  bool publish_entry(const LedgerRow& entry, std::int64_t sequence, UnixNanos now, AccountSink& out);
  schemas::WideDecimal wallet_total(const LedgerRow& entry, std::int64_t number) const;

  const std::string account_;
  std::map<Key, Total> totals_;
  RecentIds told_{1'000};  // ledger ids
  TradeEvidence evidence_;
};

}  // namespace millrace::normalize::kraken
