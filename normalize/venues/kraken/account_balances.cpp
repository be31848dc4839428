#include "normalize/venues/kraken/account_balances.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/account/decimal_math.h"
#include "normalize/account/orders.h"
#include "schemas/events/time.h"

namespace millrace::normalize::kraken {

using schemas::Balance;
using schemas::BalanceKind;
using schemas::WideDecimal;

namespace {

constexpr std::int64_t kGrace = 5 * kSecond;
constexpr std::int64_t kBetweenAlarms = 60 * kSecond;
// One is enough for the alarm; the others are kept as it may turn out to be explained.
constexpr std::size_t kMostUnexplained = 200;

std::string time_mark(UnixNanos time) { return fmt::format("t/{}", time); }

std::string quantity_mark(std::string_view asset, const WideDecimal& quantity, std::int64_t second) {
  return fmt::format("q/{}/{}/{}", asset, plain_text(quantity), second);
}

AccountMeta snapshot_meta(std::int64_t sequence) {
  AccountMeta meta;
  meta.venue_seq = sequence;
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags = schemas::flag::kSnapshot;
  return meta;
}

}  // namespace

void TradeEvidence::on_fill(const ExecutionRow& fill) {
  fills_.insert(fill.report.execution_id);
  if (fill.time) {
    fills_.insert(time_mark(*fill.time));
    const std::string_view symbol = fill.symbol;
    fills_.insert(quantity_mark(symbol.substr(0, symbol.find('/')), *fill.report.last_quantity, *fill.time / kSecond));
  }
  std::erase_if(open_, [this](const auto& one) { return explains(one.second.entry) && explained_.insert(one.first); });
}

bool TradeEvidence::explains(const LedgerRow& entry) const {
  if (fills_.contains(entry.ref_id)) return true;
  if (!entry.time) return false;
  if (fills_.contains(time_mark(*entry.time))) return true;
  const WideDecimal amount = sign(entry.amount) < 0 ? subtract(WideDecimal{}, entry.amount) : entry.amount;
  const std::int64_t second = *entry.time / kSecond;
  for (std::int64_t near = second - 1; near <= second + 1; ++near) {
    if (fills_.contains(quantity_mark(entry.asset, amount, near))) return true;
  }
  return false;
}

// Both sides of a trade come under one ref_id, and either may be the one that is recognized.
void TradeEvidence::on_ledger(const LedgerRow& entry, UnixNanos now) {
  if (entry.type != "trade" || entry.ref_id.empty() || explained_.contains(entry.ref_id)) return;
  if (explains(entry)) {
    explained_.insert(entry.ref_id);
    open_.erase(entry.ref_id);
    return;
  }
  if (open_.size() < kMostUnexplained) open_.try_emplace(entry.ref_id, Unexplained{entry, now});
}

std::optional<UnixNanos> TradeEvidence::deadline() const noexcept {
  std::optional<UnixNanos> earliest;
  for (const auto& [ref_id, one] : open_) {
    if (!earliest || one.since + kGrace < *earliest) earliest = one.since + kGrace;
  }
  return earliest ? std::optional(std::max(*earliest, quiet_until_)) : std::nullopt;
}

bool TradeEvidence::take_overdue(UnixNanos now) {
  const auto due = deadline();
  if (!due || now < *due) return false;
  std::erase_if(open_, [now](const auto& one) { return one.second.since + kGrace <= now; });
  quiet_until_ = now + kBetweenAlarms;
  return true;
}

// A snapshot is the whole: what we knew and it does not name is gone.
void AccountBalances::publish_snapshot(const AccountMessage& message, AccountSink& out) {
  const AccountMeta meta = snapshot_meta(message.sequence);
  std::map<Key, Total> totals;
  for (const WalletRow& row : message.wallets) totals[{row.asset, row.wallet}] = {row.total, message.sequence};
  for (const auto& [key, total] : totals_) {
    if (sign(total.value) != 0) totals.try_emplace(key, Total{{}, message.sequence});
  }
  for (const auto& [key, total] : totals) {
    Balance balance;
    balance.kind = BalanceKind::kSnapshot;
    balance.asset = key.first;
    balance.wallet = key.second;
    balance.total = total.value;
    out.on_balance(meta, balance);
  }
  totals_ = std::move(totals);
}

// Whether `balance` of an entry is the wallet's or the account's is not documented. Where the wallets of an asset are
// known and only the latter adds up, the wallet's own follows from its amount.
WideDecimal AccountBalances::wallet_total(const LedgerRow& entry, std::int64_t number) const {
  const auto held = totals_.find({entry.asset, entry.wallet});
  if (held == totals_.end()) return entry.balance;
  if (number < held->second.number) return held->second.value;
  const WideDecimal change = subtract(entry.amount, entry.fee.value_or(WideDecimal{}));
  const WideDecimal own = add(held->second.value, change);
  WideDecimal all = change;
  for (const auto& [key, total] : totals_) {
    if (key.first == entry.asset) all = add(all, total.value);
  }
  const bool is_sum = compare(entry.balance, own) != 0 && compare(entry.balance, all) == 0;
  return is_sum ? own : entry.balance;
}

bool AccountBalances::publish_entry(const LedgerRow& entry, std::int64_t sequence, UnixNanos now, AccountSink& out) {
  if (!told_.insert(entry.ledger_id)) {
    out.on_drop("duplicate");
    return false;
  }
  AccountMeta meta;
  meta.venue_seq = sequence;
  meta.venue_time = entry.time;
  if (!entry.time) meta.flags |= schemas::flag::kBadVenueTime;
  Balance balance;
  balance.kind = BalanceKind::kChange;
  balance.asset = entry.asset;
  balance.wallet = entry.wallet;
  balance.total = wallet_total(entry, sequence);
  balance.change = entry.amount;
  balance.fee = entry.fee;
  balance.cause = entry.type;
  balance.event_id = event_id("kraken", account_, "ledger", entry.ledger_id);
  Total& held = totals_[{entry.asset, entry.wallet}];
  held = {*balance.total, std::max(sequence, held.number)};
  out.on_balance(meta, balance);
  evidence_.on_ledger(entry, now);
  return true;
}

bool AccountBalances::publish(const AccountMessage& message, UnixNanos now, AccountSink& out) {
  if (message.snapshot) {
    publish_snapshot(message, out);
    return true;
  }
  bool news = false;
  for (const LedgerRow& entry : message.ledger) news = publish_entry(entry, message.sequence, now, out) || news;
  return news;
}

}  // namespace millrace::normalize::kraken
