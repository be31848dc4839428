#include "normalize/venues/coinbase/account_balances.h"

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::BalanceKind;
using schemas::Origin;

// Recordings hide ids, so the asset belongs to the key.
std::string key_of(const BalanceRow& row) { return row.id + "/" + row.asset; }

void publish(const BalanceRow& row, BalanceKind kind, Origin origin, AccountSink& out) {
  schemas::Balance balance;
  balance.kind = kind;
  balance.asset = row.asset;
  balance.wallet = row.wallet;
  balance.available = row.available;
  balance.locked = row.locked;
  balance.total = add(row.available, row.locked);  // 4.3
  AccountMeta meta;
  meta.venue_time = row.venue_time;
  meta.venue_send_time = row.send_time;
  meta.origin = origin;
  if (kind == BalanceKind::kSnapshot) meta.flags |= schemas::flag::kSnapshot;
  if (row.bad_time) meta.flags |= schemas::flag::kBadVenueTime;
  out.on_balance(meta, balance);
}

}  // namespace

bool BalanceBook::is_news(const BalanceRow& row) {
  const auto [at, is_new] = told_.try_emplace(key_of(row));
  Told& told = at->second;
  const bool same = !is_new && compare(told.available, row.available) == 0 && compare(told.locked, row.locked) == 0;
  told.available = row.available;
  told.locked = row.locked;
  return !same;
}

void BalanceBook::tell_listed(const BalanceRow& row, UnixNanos as_of, AccountSink& out) {
  const auto told = told_.find(key_of(row));
  if (told != told_.end() && told->second.streamed >= as_of) return;
  if (is_news(row)) publish(row, BalanceKind::kSnapshot, Origin::kSnapshot, out);
}

void BalanceBook::tell_changed(const BalanceRow& row, UnixNanos now, AccountSink& out) {
  const bool news = is_news(row);
  told_[key_of(row)].streamed = now;
  if (news) {
    publish(row, BalanceKind::kChange, Origin::kLive, out);
  } else {
    out.on_drop("duplicate");
  }
}

}  // namespace millrace::normalize::coinbase
