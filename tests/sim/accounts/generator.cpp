#include "tests/sim/accounts/generator.h"

#include <algorithm>
#include <utility>

namespace millrace::sim::accounts {

namespace {

constexpr std::size_t kManyOrders = 30;  // from here on no more are placed
constexpr int kBurst = 300;              // fills at one time
constexpr std::int64_t kLots = 100;      // quantities are multiples of so many lots, so that they split well

}  // namespace

const Instrument& Generator::any_instrument() {
  const auto& all = ledger_->rules().instruments;
  return all[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(all.size())))];
}

Amount Generator::any_quantity(const Instrument& instrument) {
  return ledger_->lot(instrument) * kLots * (1 + random_.below(50));
}

// Within 1 % of where the instrument starts.
Amount Generator::any_price(const Instrument& instrument) {
  const std::int64_t ticks = instrument.start_price * (9'900 + random_.below(201)) / 10'000;
  return Ledger::tick(instrument) * std::max<std::int64_t>(ticks, 1);
}

std::int64_t Generator::any_live() {
  const auto& live = ledger_->live_orders();
  return live.empty() ? 0 : live[static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(live.size())))];
}

// Between half and one and a half of the mean.
std::int64_t Generator::gap(double rate) {
  const auto mean = std::max<std::int64_t>(static_cast<std::int64_t>(1e9 / rate), 2);
  return mean / 2 + random_.below(mean) + 1;
}

void Generator::live_until(std::int64_t now, const Life& life) {
  const std::int64_t since = std::exchange(lived_ns_, now);
  if (life.rate <= 0) {
    next_ns_ = 0;
    return;
  }
  if (next_ns_ == 0) next_ns_ = since + gap(life.rate);
  for (; next_ns_ <= now; next_ns_ += gap(life.rate)) {
    if (life.only_fills) {
      make_fill(next_ns_);
    } else {
      act(next_ns_, life);
    }
  }
}

void Generator::place(std::int64_t now) {
  const Instrument& traded = any_instrument();
  const OrderSide side = random_.below(2) == 0 ? OrderSide::kBuy : OrderSide::kSell;
  ledger_->place({traded.symbol, side, OrderType::kLimit, any_price(traded), any_quantity(traded)}, now);
}

// A part of what is left, or all of it.
bool Generator::fill_some(std::int64_t number, std::int64_t now) {
  const Order* const order = ledger_->order(number);
  if (order == nullptr) return false;
  const Instrument& traded = *ledger_->instrument(order->symbol);
  const Amount lot = ledger_->lot(traded);
  const std::int64_t lots = order->left() / lot;
  const Amount quantity = random_.below(3) == 0 ? order->left() : lot * (1 + random_.below(lots));
  const bool market = order->type == OrderType::kMarket;
  const bool maker = !market && random_.below(10) < 7;
  Amount price = market ? any_price(traded) : order->price;
  // A taker may do better than its limit.
  const Amount better = maker || market ? 0 : Ledger::tick(traded) * random_.below(5);
  if (order->side == OrderSide::kSell) price += better;
  if (order->side == OrderSide::kBuy && price > better) price -= better;
  return ledger_->fill(number, quantity, price, maker, now) != 0;
}

void Generator::trade_at_market(std::int64_t now) {
  const Instrument& traded = any_instrument();
  const OrderSide side = random_.below(2) == 0 ? OrderSide::kBuy : OrderSide::kSell;
  const std::int64_t number = ledger_->place({traded.symbol, side, OrderType::kMarket, 0, any_quantity(traded)}, now);
  // Several fills at one time: ties.
  while (ledger_->order(number)->live() && fill_some(number, now)) continue;
}

void Generator::replace(std::int64_t now) {
  const Order* const order = ledger_->order(any_live());
  if (order == nullptr || order->type != OrderType::kLimit) return;
  const Instrument& traded = *ledger_->instrument(order->symbol);
  const Amount tick = Ledger::tick(traded);
  const Amount price = order->side == OrderSide::kSell ? order->price + tick : std::max(order->price - tick, tick);
  const Amount less = ledger_->lot(traded) * random_.below(order->left() / ledger_->lot(traded));
  ledger_->replace(order->number, price, order->quantity - less, now);
}

void Generator::move_money(std::int64_t now) {
  const Instrument& traded = any_instrument();
  const Amount amount = (1 + random_.below(1'000)) * (kOne / 10);
  const std::int64_t what = random_.below(3);
  if (ledger_->rules().fee_asset == LedgerRules::FeeAsset::kNone && what == 0) {
    ledger_->charge_fee(traded.base, ledger_->lot(traded), now);
    return;
  }
  if (what == 0 && ledger_->funding(traded.symbol, random_.below(2) == 0 ? amount : -amount, now)) return;
  ledger_->deposit(traded.quote, what == 1 ? -amount : amount, now);
}

void Generator::make_fill(std::int64_t now) {
  if (fill_some(any_live(), now)) return;
  const Instrument& traded = any_instrument();
  const std::int64_t number =
      ledger_->place({traded.symbol, OrderSide::kBuy, OrderType::kMarket, 0, any_quantity(traded)}, now);
  const Order& order = *ledger_->order(number);
  if (order.live()) ledger_->fill(number, order.quantity, any_price(traded), false, now);
}

void Generator::act(std::int64_t now, const Life& life) {
  if (random_.chance(life.burst)) {
    ledger_->burst(any_instrument().symbol, kBurst, now);
    return;
  }
  if (random_.chance(life.bust)) {
    const auto fills = static_cast<std::int64_t>(ledger_->fills().size());
    const std::int64_t recent = std::min<std::int64_t>(fills, 20);
    if (fills > 0 && ledger_->bust(fills - random_.below(recent), now)) return;
  }
  const std::int64_t die = random_.below(100);
  const bool full = ledger_->live_orders().size() >= kManyOrders;
  const Instrument& traded = any_instrument();
  if (die < 35 && !full) return place(now);
  if (die < 70) return make_fill(now);
  if (die < 80) return trade_at_market(now);
  if (die < 87) {
    ledger_->cancel(any_live(), "user requested", now);
  } else if (die < 91) {
    replace(now);
  } else if (die < 94) {
    ledger_->self_trade(traded.symbol, any_quantity(traded), any_price(traded), now);
  } else if (die < 96) {
    ledger_->expire(any_live(), now);
  } else {
    move_money(now);
  }
}

}  // namespace millrace::sim::accounts
