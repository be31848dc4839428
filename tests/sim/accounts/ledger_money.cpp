// What events do to balances, and the audit that they did it right.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/accounts/ledger.h"
#include "tests/sim/accounts/random.h"
#include "tests/sim/market/number.h"

namespace millrace::sim::accounts {

namespace {

constexpr Amount kBnbPrice = 600 * kOne;

Amount share(Amount of, int ppm) noexcept {
  return static_cast<Amount>((static_cast<Wide>(of) * ppm + 500'000) / 1'000'000);
}

}  // namespace

std::string_view name(OrderSide side) noexcept { return side == OrderSide::kBuy ? "buy" : "sell"; }

std::string_view name(OrderState state) noexcept {
  static constexpr std::string_view kNames[] = {"open", "filled", "cancelled", "replaced", "rejected", "expired"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name(EventKind kind) noexcept {
  static constexpr std::string_view kNames[] = {"placed",   "fill",    "done", "cancelled", "amended", "replaced",
                                                "rejected", "expired", "bust", "deposit",   "funding", "fee"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::optional<Amount> product(Amount price, Amount quantity) noexcept {
  const Wide exact = static_cast<Wide>(price) * quantity;
  const Wide scaled = exact / kOne;
  if (exact % kOne != 0 || scaled > INT64_MAX / 4 || scaled < INT64_MIN / 4) return std::nullopt;
  return static_cast<Amount>(scaled);
}

std::string plain(Amount amount) { return shown(amount, 0); }

std::string shown(Amount amount, int decimals) {
  std::string text = fixed(amount, kAmountDecimals, decimals);
  const std::size_t least = text.find('.') + 1 + static_cast<std::size_t>(decimals);
  while (text.size() > least && text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string quotient(Amount numerator, Amount denominator, int decimals) {
  if (denominator == 0) return "0";
  const Wide scaled = static_cast<Wide>(numerator) * power_of_ten(decimals);
  const auto rounded = static_cast<std::int64_t>((scaled + denominator / 2) / denominator);
  return fixed(rounded, decimals);
}

void Ledger::set_fee(Fill& fill, const Instrument& instrument) const {
  const int ppm = fill.maker ? rules_.maker_ppm : rules_.taker_ppm;
  fill.fee_asset = instrument.quote;
  if (rules_.fee_asset == LedgerRules::FeeAsset::kNone) return;
  fill.fee = share(fill.cost, ppm);
  if (rules_.fee_asset == LedgerRules::FeeAsset::kQuote) return;
  if (mixed(static_cast<std::uint64_t>(fill.number)) % 8 == 0 && balances_.contains("BNB")) {
    fill.fee_asset = "BNB";
    fill.fee = static_cast<Amount>(static_cast<Wide>(fill.fee) * kOne / kBnbPrice);
  } else if (fill.side == OrderSide::kBuy) {
    fill.fee_asset = instrument.base;
    fill.fee = share(fill.quantity, ppm);
  }
}

void Ledger::move(Event& event, const std::string& asset, Amount amount, Amount fee, Amount lock) {
  Balance& balance = balances_[asset];
  balance.total += amount - fee;
  balance.locked += lock;
  auto change =
      std::find_if(event.changes.begin(), event.changes.end(), [&](const Change& one) { return one.asset == asset; });
  if (change == event.changes.end()) change = event.changes.insert(change, Change{asset, 0, 0, {}});
  change->amount += amount;
  change->fee += fee;
  change->after = balance;
}

// Adds (sign 1) or takes back (-1) what a limit order holds.
void Ledger::lock_for(Event& event, const Order& order, int sign) {
  if (rules_.futures || order.type != OrderType::kLimit || order.left() == 0) return;
  const Instrument& traded = *instrument(order.symbol);
  if (order.side == OrderSide::kSell) return move(event, traded.base, 0, 0, sign * order.left());
  move(event, traded.quote, 0, 0, sign * *product(order.price, order.left()));
}

// Moves what a fill moves, or puts it back (-1).
void Ledger::apply(Event& event, const Fill& fill, int sign) {
  const Instrument& traded = *instrument(fill.symbol);
  const int way = fill.side == OrderSide::kBuy ? sign : -sign;
  if (rules_.futures) {
    positions_[fill.symbol] += way * fill.quantity;
    move(event, traded.quote, sign * fill.realized, 0, 0);
  } else {
    move(event, traded.base, way * fill.quantity, 0, 0);
    move(event, traded.quote, -way * fill.cost, 0, 0);
  }
  if (fill.fee != 0) move(event, fill.fee_asset, 0, sign * fill.fee, 0);
}

// The profit of adding `signed_quantity` to the position: closes the oldest lots first.
Amount Ledger::realize(const std::string& symbol, Amount signed_quantity, Amount price) {
  std::vector<Lot>& lots = lots_[symbol];
  Amount profit = 0;
  while (signed_quantity != 0 && !lots.empty() && (lots.front().quantity > 0) != (signed_quantity > 0)) {
    Lot& oldest = lots.front();
    const Amount size = std::min(std::abs(oldest.quantity), std::abs(signed_quantity));
    const Amount closed = oldest.quantity > 0 ? size : -size;
    profit += *product(price - oldest.price, closed);
    oldest.quantity -= closed;
    signed_quantity += closed;
    if (oldest.quantity == 0) lots.erase(lots.begin());
  }
  if (signed_quantity != 0) lots.push_back({signed_quantity, price});
  return profit;
}

Amount Ledger::position_cost(std::string_view symbol) const {
  Amount cost = 0;
  const auto lots = lots_.find(symbol);
  if (lots == lots_.end()) return cost;
  for (const Lot& one : lots->second) cost += *product(one.price, std::abs(one.quantity));
  return cost;
}

std::map<std::string, Amount> Ledger::locks() const {
  std::map<std::string, Amount> wanted;
  if (rules_.futures) return wanted;
  for (const Order& order : orders_) {
    if (!order.live() || order.type != OrderType::kLimit) continue;
    const Instrument& traded = *instrument(order.symbol);
    if (order.side == OrderSide::kSell) {
      wanted[traded.base] += order.left();
    } else {
      wanted[traded.quote] += *product(order.price, order.left());
    }
  }
  return wanted;
}

// Initial balances, fills that stand and money that came or went: apart from what move() added up.
std::map<std::string, Amount> Ledger::totals_from_fills() const {
  std::map<std::string, Amount> totals = rules_.initial;
  for (const Fill& fill : fills_) {
    if (fill.bust_ns != 0) continue;
    const Instrument& traded = *instrument(fill.symbol);
    const int way = fill.side == OrderSide::kBuy ? 1 : -1;
    totals[fill.fee_asset] -= fill.fee;
    if (rules_.futures) {
      totals[traded.quote] += fill.realized;
    } else {
      totals[traded.base] += way * fill.quantity;
      totals[traded.quote] -= way * fill.cost;
    }
  }
  for (const Event& event : events_) {
    const bool money = event.kind == EventKind::kDeposit || event.kind == EventKind::kFunding;
    if (!money && event.kind != EventKind::kFeeCharge) continue;
    totals[event.changes.front().asset] += event.changes.front().amount - event.changes.front().fee;
  }
  return totals;
}

std::string Ledger::audit() const {
  std::map<std::string, Amount> journal = rules_.initial;
  for (const Event& event : events_) {
    for (const Change& change : event.changes) journal[change.asset] += change.amount - change.fee;
  }
  auto totals = totals_from_fills();
  auto locked = locks();
  for (const auto& [asset, balance] : balances_) {
    if (balance.total != journal[asset]) return fmt::format("{}: total is not the journal's", asset);
    if (balance.total != totals[asset]) return fmt::format("{}: total is not the fills'", asset);
    if (balance.locked != locked[asset]) return fmt::format("{}: locked is not what open orders need", asset);
  }
  std::map<std::int64_t, Amount> filled;
  for (const Fill& fill : fills_) filled[fill.order] += fill.quantity;
  for (const Order& order : orders_) {
    if (order.filled != filled[order.number]) return fmt::format("order {}: filled is not its fills' sum", order.id);
    if ((order.left() == 0) != (order.state == OrderState::kFilled)) {
      return fmt::format("order {}: state {} with {} left", order.id, name(order.state), plain(order.left()));
    }
  }
  return {};
}

}  // namespace millrace::sim::accounts
