#include "normalize/venues/binance/account_balances.h"

#include <algorithm>

#include "normalize/account/decimal_math.h"
#include "normalize/account/orders.h"

namespace millrace::normalize::binance {
namespace {

using Number = std::optional<schemas::WideDecimal>;
using schemas::BalanceKind;

bool is_zero(const Number& number) { return number && sign(*number) == 0; }

}  // namespace

void AccountBalances::on_reports(std::vector<BalanceReport> reports, AccountSink& out) {
  for (BalanceReport& report : reports) {
    bool repeated = false;
    if (report.body.kind == BalanceKind::kDelta) {
      report.body.event_id = event_id(venue_, account_, report.body.asset, report.body.event_id);
      repeated = !told_.insert(report.body.event_id);
    } else {
      const auto known = known_.find(report.body.asset);
      repeated = known != known_.end() && report.time.happened && *report.time.happened < known->second.venue_time;
    }
    if (repeated) {
      out.on_drop("duplicate");
    } else {
      tell(report, schemas::Origin::kLive, out);
    }
  }
}

void AccountBalances::on_rows(std::vector<BalanceReport> rows, bool only_changes, AccountSink& out) {
  for (BalanceReport& row : rows) {
    const auto found = known_.find(row.body.asset);
    if (found != known_.end()) {
      const Known& known = found->second;
      if (row.time.happened && *row.time.happened < known.venue_time) continue;
      const bool same = same_number(known.total, row.body.total) && same_number(known.locked, row.body.locked);
      if (same && (only_changes || is_zero(known.total))) continue;
    }
    tell(row, schemas::Origin::kSnapshot, out);
  }
}

void AccountBalances::tell(BalanceReport& report, schemas::Origin origin, AccountSink& out) {
  if (report.body.kind != BalanceKind::kDelta) {
    Known& known = known_[report.body.asset];
    known.total = report.body.total;
    known.locked = report.body.locked;
    known.venue_time = std::max(known.venue_time, report.time.happened.value_or(0));
  }
  AccountMeta meta;
  meta.venue_time = report.time.happened;
  meta.venue_send_time = report.time.sent;
  meta.origin = origin;
  if (origin == schemas::Origin::kSnapshot) meta.flags |= schemas::flag::kSnapshot;
  if (report.time.bad) meta.flags |= schemas::flag::kBadVenueTime;
  out.on_balance(meta, report.body);
}

}  // namespace millrace::normalize::binance
