#include "normalize/venues/binance/trade_feed.h"

#include <limits>
#include <utility>

#include "schemas/events/time.h"

namespace millrace::normalize::binance {
namespace {

// A trade id that falls back this long after the last one means that the venue counts anew (test nets do each month).
constexpr UnixNanos kIdsBeganAnew = 60 * kSecond;
constexpr std::size_t kMostTradesBeyondHole = 1'000;
constexpr std::int64_t kEverything = std::numeric_limits<std::int64_t>::max();

// `m` says that the buyer was the maker, so the taker, whose side we publish, was the seller.
schemas::Trade body_of(const TradeMessage& trade) {
  schemas::Trade body;
  body.trade_id = trade.id_text;
  body.price_exponent = -trade.decimals.price;
  body.quantity_exponent = -trade.decimals.quantity;
  body.price = trade.price;
  body.quantity = trade.quantity;
  body.aggressor = trade.buyer_is_maker ? schemas::Side::kSell : schemas::Side::kBuy;
  body.first_trade_id = trade.first_id;
  body.last_trade_id = trade.last_id;
  body.order_type = trade.order_type;
  return body;
}

}  // namespace

// A trade of a lower id than one that is held comes by the other connection: then both are past the hole.
void TradeFeed::on_trade(const TradeMessage& trade, StreamKey stream, FeedContext& context) {
  const UnixNanos time = trade.happened.value_or(last_time_);
  const EventMeta meta = meta_of(trade, trade.id);
  if (last_ && trade.id <= *last_) {
    if (trade.id == *last_ || time < last_time_ + kIdsBeganAnew) return context.out.on_drop("duplicate");
    release(kEverything, stream, context);
    context.out.on_gap(stream, {schemas::GapKind::kVenue, {}, {}, {}, "ids_began_anew"});
    last_.reset();
  }
  const bool hole = last_ && trade.id - *last_ > 1;
  const bool both_past = !held_.empty() && trade.id <= held_.rbegin()->first;
  const bool full = held_.size() >= kMostTradesBeyondHole;
  const bool wait = hole && may_be_filled(hole_until_, both_past || full, stream, context);
  if (!hole || (!wait && held_.empty())) {
    publish(trade.id, time, meta, body_of(trade), stream, context);
    return release(trade.id, stream, context);
  }
  hold(trade, time, meta, context);
  if (!wait) release(trade.id, stream, context);
}

void TradeFeed::hold(const TradeMessage& trade, UnixNanos time, EventMeta meta, FeedContext& context) {
  meta.receive_time = context.now;
  const bool is_new = held_
                          .try_emplace(trade.id, Held{std::move(meta), body_of(trade), std::string(trade.id_text),
                                                      std::string(trade.order_type), time})
                          .second;
  if (!is_new) context.out.on_drop("duplicate");
}

std::optional<UnixNanos> TradeFeed::on_time(StreamKey stream, FeedContext& context) {
  if (hole_until_ && context.now >= *hole_until_) release(kEverything, stream, context);
  return hole_until_;
}

void TradeFeed::on_lost(StreamKey stream, FeedContext& context) { release(kEverything, stream, context); }

void TradeFeed::release(std::int64_t up_to, StreamKey stream, FeedContext& context) {
  while (!held_.empty()) {
    const auto first = held_.begin();
    Held& held = first->second;
    if (first->first > up_to && first->first - *last_ > 1) return;
    held.body.trade_id = held.trade_id;
    held.body.order_type = held.order_type;
    publish(first->first, held.time, held.meta, held.body, stream, context);
    held_.erase(first);
  }
  hole_until_.reset();
}

// Futures send some without a quantity (X "NA"): they use up an id and are no trade.
void TradeFeed::publish(std::int64_t id, UnixNanos time, const EventMeta& meta, const schemas::Trade& body,
                        StreamKey stream, FeedContext& context) {
  if (last_ && id - *last_ > 1) {
    const std::int64_t missing = id - *last_ - 1;
    context.out.on_gap(stream, {schemas::GapKind::kVenue, *last_ + 1, id - 1, missing, "trade_id"});
  }
  last_ = id;
  last_time_ = time;
  if (body.quantity == 0) return context.out.on_drop("no_quantity");
  context.out.on_trade(stream, meta, body);
}

}  // namespace millrace::normalize::binance
