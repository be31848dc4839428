#include "tests/sim/accounts/ledger.h"

#include <algorithm>

#include "tests/sim/market/number.h"

namespace millrace::sim::accounts {

namespace {

constexpr std::int64_t kBurstLots = 100;  // of each fill in a burst

}  // namespace

Ledger::Ledger(LedgerRules rules, std::int64_t start_ns) : rules_(std::move(rules)), now_(start_ns) {
  for (const auto& [asset, amount] : rules_.initial) balances_[asset].total = amount;
}

Amount Ledger::lot(const Instrument& instrument) const noexcept {
  const int decimals = std::min(instrument.quantity_decimals, rules_.cost_decimals - instrument.price_decimals);
  return power_of_ten(kAmountDecimals - decimals);
}

Amount Ledger::tick(const Instrument& instrument) noexcept {
  return power_of_ten(kAmountDecimals - instrument.price_decimals);
}

const Order* Ledger::order(std::int64_t number) const noexcept {
  const bool known = number > 0 && static_cast<std::size_t>(number) <= orders_.size();
  return known ? &orders_[static_cast<std::size_t>(number) - 1] : nullptr;
}

const Order* Ledger::order_by_id(std::string_view id) const noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : order(found->second);
}

const Instrument* Ledger::instrument(std::string_view symbol) const noexcept {
  const auto found = std::find_if(rules_.instruments.begin(), rules_.instruments.end(),
                                  [&](const Instrument& one) { return one.symbol == symbol; });
  return found == rules_.instruments.end() ? nullptr : &*found;
}

void Ledger::begin(std::int64_t now) { now_ = std::max(now_, now); }

Event& Ledger::record(EventKind kind, const Order* order) {
  Event event{.kind = kind, .number = static_cast<std::int64_t>(events_.size()) + 1, .time_ns = now_};
  if (order != nullptr) event.order = *order;
  return events_.emplace_back(std::move(event));
}

bool Ledger::funded(const Order& order, const Instrument& instrument) const {
  if (rules_.futures) return true;
  const bool sells = order.side == OrderSide::kSell;
  const auto held = balances_.find(sells ? instrument.base : instrument.quote);
  if (held == balances_.end()) return false;
  const Amount needed = sells ? order.quantity : product(order.price, order.quantity).value_or(0);
  return held->second.available() >= needed && held->second.available() > 0;
}

std::int64_t Ledger::place(const NewOrder& wanted, std::int64_t now) {
  const Instrument* const traded = instrument(wanted.symbol);
  if (traded == nullptr || wanted.quantity <= 0 || wanted.quantity % lot(*traded) != 0) return 0;
  const bool limit = wanted.type == OrderType::kLimit;
  if (limit && (wanted.price <= 0 || !product(wanted.price, wanted.quantity))) return 0;
  begin(now);
  Order order;
  order.number = static_cast<std::int64_t>(orders_.size()) + 1;
  order.id = rules_.make_id('O', order.number);
  order.client_id =
      wanted.client_id.empty() ? rules_.client_id_prefix + std::to_string(order.number) : wanted.client_id;
  order.symbol = wanted.symbol;
  order.side = wanted.side;
  order.type = wanted.type;
  order.price = limit ? wanted.price : 0;
  order.quantity = wanted.quantity;
  order.created_ns = order.updated_ns = now_;
  const bool taken = funded(order, *traded);
  if (!taken) {
    order.state = OrderState::kRejected;
    order.reason = "insufficient funds";
  }
  by_id_[order.id] = order.number;
  orders_.push_back(order);
  if (taken) live_.push_back(order.number);
  Event& event = record(taken ? EventKind::kPlaced : EventKind::kRejected, &order);
  if (taken) lock_for(event, order, 1);
  return order.number;
}

std::int64_t Ledger::fill(std::int64_t number, Amount quantity, Amount price, bool maker, std::int64_t now) {
  const Order* const found = order(number);
  if (found == nullptr || !found->live() || quantity <= 0 || quantity > found->left()) return 0;
  if (price <= 0 || !product(price, quantity) || quantity % lot(*instrument(found->symbol)) != 0) return 0;
  begin(now);
  const std::int64_t trade_id = ++trade_ids_[found->symbol];
  Order& order = orders_[static_cast<std::size_t>(number) - 1];
  const std::int64_t made = add_fill(order, quantity, price, maker, trade_id, 0);
  finish(order);
  return made;
}

std::int64_t Ledger::add_fill(Order& order, Amount quantity, Amount price, bool maker, std::int64_t trade_id,
                              std::int64_t other) {
  Fill fill;
  fill.number = static_cast<std::int64_t>(fills_.size()) + 1;
  fill.trade_id = trade_id;
  fill.id = rules_.trade_id_is_fill_id ? std::to_string(trade_id) : rules_.make_id('T', fill.number);
  fill.order = order.number;
  fill.order_id = order.id;
  fill.symbol = order.symbol;
  fill.side = order.side;
  fill.price = price;
  fill.quantity = quantity;
  fill.cost = *product(price, quantity);
  fill.maker = maker;
  fill.other = other;
  fill.time_ns = now_;
  set_fee(fill, *instrument(order.symbol));
  const Order before = order;
  order.filled += quantity;
  order.cost += fill.cost;
  if (fill.fee != 0) order.fees[fill.fee_asset] += fill.fee;
  order.updated_ns = now_;
  ++order.fills;
  if (order.left() == 0) order.state = OrderState::kFilled;
  fill.cumulative = order.filled;
  fill.cost_after = order.cost;
  Event& event = record(EventKind::kFill, &order);
  lock_for(event, before, -1);
  if (order.live()) lock_for(event, order, 1);
  if (rules_.futures) {
    const Amount signed_quantity = fill.side == OrderSide::kBuy ? quantity : -quantity;
    fill.realized = realize(fill.symbol, signed_quantity, price);
  }
  apply(event, fill, 1);
  if (rules_.futures) {
    fill.position = positions_[fill.symbol];
    fill.position_cost = position_cost(fill.symbol);
  }
  event.fill = fill;
  fills_.push_back(fill);
  return fill.number;
}

// A filled order leaves.
void Ledger::finish(Order& order) {
  if (order.live()) return;
  std::erase(live_, order.number);
  record(EventKind::kDone, &order);
}

std::int64_t Ledger::self_trade(std::string_view symbol, Amount quantity, Amount price, std::int64_t now) {
  if (rules_.futures) return 0;  // a one-way position cannot face itself
  const NewOrder resting{std::string(symbol), OrderSide::kSell, OrderType::kLimit, price, quantity};
  NewOrder taking = resting;
  taking.side = OrderSide::kBuy;
  const std::int64_t maker = place(resting, now);
  if (maker == 0 || !order(maker)->live()) return 0;
  const std::int64_t taker = place(taking, now);
  if (!order(taker)->live()) {
    cancel(maker, "the other side was refused", now);
    return 0;
  }
  const std::int64_t trade_id = ++trade_ids_[std::string(symbol)];
  Order& made = orders_[static_cast<std::size_t>(maker) - 1];
  Order& took = orders_[static_cast<std::size_t>(taker) - 1];
  const std::int64_t first = add_fill(made, quantity, price, true, trade_id, taker);
  add_fill(took, quantity, price, false, trade_id, maker);
  finish(made);
  finish(took);
  return first;
}

std::int64_t Ledger::burst(std::string_view symbol, int count, std::int64_t now) {
  const Instrument* const traded = instrument(symbol);
  if (traded == nullptr || count <= 0) return 0;
  const Amount each = lot(*traded) * kBurstLots;
  const Amount first = tick(*traded) * traded->start_price;
  const std::int64_t number = place(
      {std::string(symbol), OrderSide::kBuy, OrderType::kLimit, first + tick(*traded) * count, each * count}, now);
  if (number == 0 || !order(number)->live()) return 0;
  for (int i = 0; i < count; ++i) fill(number, each, first + tick(*traded) * i, false, now);
  return number;
}

void Ledger::close(Order& order, OrderState state, std::string_view reason) {
  order.state = state;
  order.reason = reason;
  order.updated_ns = now_;
  std::erase(live_, order.number);
}

bool Ledger::cancel(std::int64_t number, std::string_view reason, std::int64_t now) {
  if (order(number) == nullptr || !order(number)->live()) return false;
  begin(now);
  Order& order = orders_[static_cast<std::size_t>(number) - 1];
  const Order before = order;
  close(order, OrderState::kCancelled, reason);
  lock_for(record(EventKind::kCancelled, &order), before, -1);
  return true;
}

bool Ledger::expire(std::int64_t number, std::int64_t now) {
  if (order(number) == nullptr || !order(number)->live()) return false;
  begin(now);
  Order& order = orders_[static_cast<std::size_t>(number) - 1];
  const Order before = order;
  close(order, OrderState::kExpired, "time in force");
  lock_for(record(EventKind::kExpired, &order), before, -1);
  return true;
}

std::int64_t Ledger::replace(std::int64_t number, Amount price, Amount quantity, std::int64_t now) {
  const Order* const found = order(number);
  if (found == nullptr || !found->live() || found->type != OrderType::kLimit) return 0;
  if (rules_.replace_keeps_price) {
    price = found->price;
    if (quantity >= found->quantity) return 0;
  }
  const Instrument& traded = *instrument(found->symbol);
  // Not larger and not dearer than what is locked, so that funds are no question.
  const bool covered = quantity <= found->quantity && (found->side == OrderSide::kSell || price <= found->price);
  if (price <= 0 || quantity <= found->filled || !covered) return 0;
  if (quantity % lot(traded) != 0 || !product(price, quantity)) return 0;
  begin(now);
  const Order before = *found;
  if (!rules_.replace_makes_order) {
    Order& order = orders_[static_cast<std::size_t>(number) - 1];
    order.price = price;
    order.quantity = quantity;
    order.amended = true;
    order.updated_ns = now_;
    Event& event = record(EventKind::kAmended, &order);
    event.price_before = before.price;
    event.quantity_before = before.quantity;
    lock_for(event, before, -1);
    lock_for(event, order, 1);
    return number;
  }
  const std::int64_t next = static_cast<std::int64_t>(orders_.size()) + 1;
  Order& old = orders_[static_cast<std::size_t>(number) - 1];
  old.replaced_by = next;
  close(old, OrderState::kReplaced, "replaced");
  lock_for(record(EventKind::kReplaced, &old), before, -1);
  // What is filled stays with the old order.
  place({before.symbol, before.side, before.type, price, quantity - before.filled}, now);
  orders_.back().replaces = number;
  events_.back().order.replaces = number;
  return next;
}

bool Ledger::bust(std::int64_t number, std::int64_t now) {
  const bool known = number > 0 && static_cast<std::size_t>(number) <= fills_.size();
  if (!known || !rules_.busts || rules_.futures) return false;
  Fill& fill = fills_[static_cast<std::size_t>(number) - 1];
  if (fill.bust_ns != 0) return false;
  // What the fill brought in must still be there.
  const bool bought = fill.side == OrderSide::kBuy;
  const Instrument& traded = *instrument(fill.symbol);
  const Amount back = bought ? fill.quantity : fill.cost;
  if (balances_[bought ? traded.base : traded.quote].available() < back) return false;
  begin(now);
  fill.bust_ns = now_;
  Event& event = record(EventKind::kBust, order(fill.order));
  apply(event, fill, -1);
  event.fill = fill;
  return true;
}

bool Ledger::deposit(std::string_view asset, Amount amount, std::int64_t now) {
  const std::string name(asset);
  if (amount == 0 || balances_[name].available() + amount < 0) return false;
  begin(now);
  move(record(EventKind::kDeposit, nullptr), name, amount, 0, 0);
  return true;
}

bool Ledger::funding(std::string_view symbol, Amount amount, std::int64_t now) {
  const Instrument* const traded = instrument(symbol);
  if (traded == nullptr || !rules_.futures || amount == 0) return false;
  begin(now);
  Event& event = record(EventKind::kFunding, nullptr);
  event.order.symbol = symbol;
  move(event, traded->quote, amount, 0, 0);
  return true;
}

bool Ledger::charge_fee(std::string_view asset, Amount amount, std::int64_t now) {
  const std::string name(asset);
  if (amount <= 0 || balances_[name].available() < amount) return false;
  begin(now);
  move(record(EventKind::kFeeCharge, nullptr), name, 0, amount, 0);
  return true;
}

}  // namespace millrace::sim::accounts
