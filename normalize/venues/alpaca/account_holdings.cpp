#include "normalize/venues/alpaca/account_holdings.h"

#include <utility>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::alpaca {
namespace {

using schemas::WideDecimal;

void publish(const Holding& holding, std::uint32_t flags, AccountSink& out) {
  schemas::Balance balance;
  balance.kind = schemas::BalanceKind::kSnapshot;
  balance.asset = holding.asset;
  balance.total = holding.total;
  balance.available = holding.available;
  AccountMeta meta;
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags = schemas::flag::kSnapshot | flags;
  out.on_balance(meta, balance);
}

}  // namespace

void Holdings::repeat() {
  reset_ = true;
  for (auto& [asset, told] : cash_) told.repeat = true;
  for (auto& [asset, told] : positions_) told.repeat = true;
}

void Holdings::tell(ByAsset& told, const Holding& holding, std::uint32_t flags, AccountSink& out) {
  const auto [at, is_new] = told.try_emplace(holding.asset);
  Told& held = at->second;
  const bool same =
      same_number(held.holding.total, holding.total) && same_number(held.holding.available, holding.available);
  const bool news = is_new || held.repeat || !same;
  held = {holding, true, false};
  if (news) publish(holding, flags, out);
}

void Holdings::tell_cash(const Holding& cash, AccountSink& out) {
  tell(cash_, cash, std::exchange(reset_, false) ? schemas::flag::kReset : 0, out);
}

void Holdings::tell_positions(const std::vector<Holding>& positions, AccountSink& out) {
  for (auto& [asset, told] : positions_) told.listed = false;
  for (Holding position : positions) {
    if (const auto name = names_.find(position.asset); name != names_.end()) position.asset = name->second;
    tell(positions_, position, 0, out);
  }
  for (auto at = positions_.begin(); at != positions_.end();) {
    if (at->second.listed) {
      ++at;
      continue;
    }
    publish({at->first, WideDecimal{}, WideDecimal{}}, 0, out);
    at = positions_.erase(at);
  }
}

}  // namespace millrace::normalize::alpaca
