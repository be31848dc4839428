#include "tests/sim/market/flow.h"

#include <algorithm>

#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

constexpr std::size_t kRecentTrades = 50;
constexpr std::int64_t kWidestSpread = 8;  // ticks; a wider one is closed first

std::int64_t away(Side side, std::int64_t price, std::int64_t ticks) noexcept {
  return side == Side::kBid ? price - ticks : price + ticks;
}

Side other(Side side) noexcept { return side == Side::kBid ? Side::kAsk : Side::kBid; }

}  // namespace

Flow::Flow(std::vector<Instrument> instruments, std::uint64_t seed, std::size_t levels)
    : levels_(std::max<std::size_t>(levels, 12)), engine_(seed) {
  markets_.reserve(instruments.size());
  for (Instrument& instrument : instruments) {
    Market& market = markets_.emplace_back();
    market.instrument = std::move(instrument);
    fill(market);
  }
}

std::uint64_t Flow::random(std::uint64_t below) { return engine_() % below; }

std::int64_t Flow::random_quantity(const Instrument& instrument) {
  const std::int64_t unit = power_of_ten(instrument.quantity_decimals);
  // A third are round numbers, so that trailing zeros occur on the wire.
  if (random(3) == 0) return (1 + static_cast<std::int64_t>(random(40))) * std::max<std::int64_t>(unit / 10, 1);
  return 1 + static_cast<std::int64_t>(random(static_cast<std::uint64_t>(unit) * 3));
}

void Flow::fill(Market& market) {
  // Ids start at a different place for each instrument, as at a venue.
  market.update_id = 1'000'000 + static_cast<std::int64_t>(random(9'000'000));
  const std::int64_t start = market.instrument.start_price;
  for (const Side side : {Side::kBid, Side::kAsk}) {
    std::int64_t price = away(side, start, 1);
    for (std::size_t i = 0; i < levels_ && price > 0; ++i) {
      market.book.set(side, price, random_quantity(market.instrument));
      price = away(side, price, 1 + static_cast<std::int64_t>(random(3)));
    }
  }
  Statistics& day = market.statistics;
  day.open = day.high = day.low = day.last = day.weighted_price = start;
}

std::size_t Flow::pick() { return turn_ ? *turn_ % markets_.size() : random(markets_.size()); }

const Step& Flow::advance(std::size_t instrument, std::int64_t now_ns) {
  Market& market = markets_[instrument];
  step_.instrument = instrument;
  step_.first_id = market.update_id + 1;
  step_.changes.clear();
  step_.print.reset();
  const auto bid = market.book.best(Side::kBid);
  const auto ask = market.book.best(Side::kAsk);
  const bool trades = turn_ && (*turn_)++ / markets_.size() % 5 == 4;
  const auto dice = trades ? 99 : random(100);
  step_.flush = dice < 60;
  if (!bid || !ask) {
    step_.flush = true;  // only at the lowest price there is: nothing to do but refill
  } else if (dice < 55) {
    work_levels(market);
  } else if (dice < 80) {
    move_quote(market);
  } else {
    trade(market, now_ns);
  }
  keep_depth(market, Side::kBid);
  keep_depth(market, Side::kAsk);
  step_.last_id = market.update_id;
  step_.best_changed = bid != market.book.best(Side::kBid) || ask != market.book.best(Side::kAsk);
  return step_;
}

void Flow::change(Market& market, Side side, std::int64_t price, std::int64_t quantity) {
  if (price <= 0) return;
  market.book.set(side, price, quantity);
  ++market.update_id;
  step_.changes.push_back({side, price, quantity});
}

// Orders come, change and go, mostly near the best price.
void Flow::work_levels(Market& market) {
  const auto count = 1 + random(6);
  for (std::uint64_t i = 0; i < count; ++i) touch(market, random(2) == 0 ? Side::kBid : Side::kAsk);
}

void Flow::touch(Market& market, Side side) {
  const Ladder& ladder = market.book.side(side);
  // Half of the changes are among the best ten levels, the rest anywhere.
  const auto reach = std::min<std::size_t>(random(2) == 0 ? 10 : ladder.size(), ladder.size());
  const Level level = ladder.at(random(reach));
  switch (random(4)) {
    case 0:  // a level goes, unless the side grows too thin
      if (ladder.size() > levels_ - 10) return change(market, side, level.price, 0);
      [[fallthrough]];
    case 1:  // a new price next to an old one, further from the other side: never crosses
      return change(market, side, away(side, level.price, 1 + static_cast<std::int64_t>(random(2))),
                    random_quantity(market.instrument));
    default:
      return change(market, side, level.price, random_quantity(market.instrument));
  }
}

void Flow::move_quote(Market& market) {
  const Side side = random(2) == 0 ? Side::kBid : Side::kAsk;
  const Level best = market.book.side(side).at(0);
  const Level opposite = market.book.side(other(side)).at(0);
  const std::int64_t spread = side == Side::kBid ? opposite.price - best.price : best.price - opposite.price;
  const bool improve = spread > kWidestSpread || (spread > 1 && random(3) == 0);
  if (improve) {
    change(market, side, away(side, best.price, -1), random_quantity(market.instrument));
  } else if (random(4) == 0) {
    change(market, side, best.price, 0);
  } else {
    change(market, side, best.price, random_quantity(market.instrument));
  }
}

void Flow::trade(Market& market, std::int64_t now_ns) {
  const Side hit = random(2) == 0 ? Side::kBid : Side::kAsk;
  const Level best = market.book.side(hit).at(0);
  const bool whole = best.quantity == 1 || random(4) == 0;
  const std::int64_t quantity =
      whole ? best.quantity : 1 + static_cast<std::int64_t>(random(static_cast<std::uint64_t>(best.quantity - 1)));
  change(market, hit, best.price, best.quantity - quantity);

  Statistics& day = market.statistics;
  const Print print{++day.trades, best.price, quantity, now_ns, hit == Side::kBid};
  day.high = std::max(day.high, print.price);
  day.low = std::min(day.low, print.price);
  day.last = print.price;
  day.last_quantity = quantity;
  day.volume += quantity;
  day.turnover += static_cast<Wide>(print.price) * quantity;
  day.weighted_price = static_cast<std::int64_t>(day.turnover / day.volume);
  market.recent.push_back(print);
  if (market.recent.size() > kRecentTrades) market.recent.pop_front();
  step_.print = print;
}

// What was traded or taken away comes back behind the last level.
void Flow::keep_depth(Market& market, Side side) {
  const Ladder& ladder = market.book.side(side);
  while (ladder.size() < levels_ - 10) {
    const std::size_t before = ladder.size();
    const std::int64_t last = ladder.size() == 0 ? market.instrument.start_price : ladder.at(ladder.size() - 1).price;
    change(market, side, away(side, last, 1 + static_cast<std::int64_t>(random(3))),
           random_quantity(market.instrument));
    if (ladder.size() == before) return;  // bids at the lowest price there is
  }
}

}  // namespace millrace::sim
