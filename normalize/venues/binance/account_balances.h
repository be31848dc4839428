#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "normalize/account/recent_ids.h"
#include "normalize/venues/binance/account_report.h"

namespace millrace::normalize::binance {

// The assets of one account on their way to the sink: what is older than what was told of an asset is left out.
class AccountBalances {
 public:
  AccountBalances(std::string_view venue, std::string account) : venue_(venue), account_(std::move(account)) {}

  // Of the stream. A late absolute value and a repeated change are dropped as "duplicate".
  void on_reports(std::vector<BalanceReport> reports, AccountSink& out);
  // Of REST: origin SNAPSHOT. Left out: what the stream has told newer, zeros that were told already, and, with
  // `only_changes`, what says nothing new (the available part of futures moves with every price: it does not count).
  void on_rows(std::vector<BalanceReport> rows, bool only_changes, AccountSink& out);

 private:
  struct Known {
    std::optional<schemas::WideDecimal> total, locked;
    UnixNanos venue_time = 0;
  };

  void tell(BalanceReport& report, schemas::Origin origin, AccountSink& out);

  const std::string_view venue_;
  const std::string account_;
  std::unordered_map<std::string, Known> known_;  // by asset: as many as the venue has
  RecentIds told_{kRecentIds};                    // of changes

  static constexpr std::size_t kRecentIds = 1'000;
};

}  // namespace millrace::normalize::binance
