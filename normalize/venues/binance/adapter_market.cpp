#include <algorithm>

#include "normalize/venues/binance/binance_adapter.h"

// Quotes, trades, candles and tickers: decoded message to event.
namespace millrace::normalize::binance {
namespace {

// A trade id that falls back this long after the last one means that the venue counts anew (test nets do each month).
constexpr UnixNanos kIdsBeganAnew = 60'000'000'000;

EventMeta meta_of(const Header& header) noexcept {
  EventMeta meta;
  meta.venue_time = header.happened;
  meta.venue_send_time = header.sent;
  if (header.bad_time) meta.flags |= schemas::flag::kBadVenueTime;
  return meta;
}

// A side without orders is sent as zeros.
std::optional<schemas::Level> side_of(const schemas::Level& level) noexcept {
  return level.quantity > 0 ? std::optional(level) : std::nullopt;
}

bool same(const schemas::Bbo& a, const schemas::Bbo& b) noexcept {
  return a.bid == b.bid && a.ask == b.ask && a.price_exponent == b.price_exponent &&
         a.quantity_exponent == b.quantity_exponent;
}

}  // namespace

// Decimals only rise. A reader of the stream sees the exponent of each message anyway; what must not happen is that the
// book falls back to a coarser one.
void BinanceAdapter::commit(InstrumentId id, Decimals decimals) {
  InstrumentInfo& info = venue_.instruments()[id];
  info.price_decimals = std::max(info.price_decimals, decimals.price);
  info.quantity_decimals = std::max(info.quantity_decimals, decimals.quantity);
}

// Spot sends no event time with bookTicker, futures send both E and T (web-socket-streams.md; USD-M, Individual Symbol
// Book Ticker Streams).
Result<void> BinanceAdapter::on_quote(EventSink& out) {
  const Quote& quote = decoder_.quote;
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(quote, Dataset::kBbo, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (quote.bid.quantity < 0 || quote.ask.quantity < 0) return Error{Errc::kBadNumber, "quantity"};
  const schemas::Bbo bbo{-quote.decimals.price, -quote.decimals.quantity, side_of(quote.bid), side_of(quote.ask)};
  // Ids rise per symbol. Conflated, so a hole says nothing; a step back is an old quote, from the other connection.
  if (state->quote_id && quote.u <= *state->quote_id) {
    const bool again = quote.u == *state->quote_id;
    if (!again || same(bbo, state->quote)) {
      out.on_drop(again ? "duplicate" : "stale");
      return {};
    }
  }
  state->quote_id = quote.u;
  state->quote = bbo;
  commit(id, quote.decimals);
  mark_live({id, Dataset::kBbo}, "data", out);
  EventMeta meta = meta_of(quote);
  meta.venue_seq = quote.u;
  if (bbo.bid && bbo.ask && bbo.bid->price >= bbo.ask->price) meta.flags |= schemas::flag::kCrossed;
  out.on_bbo({id, Dataset::kBbo}, meta, bbo);
  return {};
}

// Ids rise by one per symbol: a hole is a loss, also across a reconnect; an id that was there is the other
// connection's.
bool BinanceAdapter::follows(InstrumentState& state, StreamKey stream, EventSink& out) const {
  const TradeMessage& trade = decoder_.trade;
  const std::size_t kind = stream.dataset == Dataset::kTradeAgg ? 1 : 0;
  std::optional<std::int64_t>& last = state.trade_id[kind];
  const UnixNanos time = trade.happened.value_or(state.trade_time[kind]);
  schemas::GapMark gap{schemas::GapKind::kVenue, std::nullopt, std::nullopt, std::nullopt, "trade_id"};
  if (last && trade.id <= *last) {
    if (trade.id == *last || time < state.trade_time[kind] + kIdsBeganAnew) {
      out.on_drop("duplicate");
      return false;
    }
    gap.reason = "ids_began_anew";
    out.on_gap(stream, std::move(gap));
  } else if (last && trade.id - *last > 1) {
    gap.from = *last + 1;
    gap.to = trade.id - 1;
    gap.count = trade.id - *last - 1;
    out.on_gap(stream, std::move(gap));
  }
  last = trade.id;
  state.trade_time[kind] = time;
  return true;
}

// `m` says that the buyer was the maker, so the taker, whose side we publish, was the seller.
Result<void> BinanceAdapter::on_trade(MessageKind kind, EventSink& out) {
  const TradeMessage& trade = decoder_.trade;
  const Dataset dataset = kind == MessageKind::kAggTrade ? Dataset::kTradeAgg : Dataset::kTrade;
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(trade, dataset, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (trade.quantity < 0) return Error{Errc::kBadNumber, "q"};
  if (trade.id < 0) return Error{Errc::kBadNumber, kind == MessageKind::kAggTrade ? "a" : "t"};
  mark_live({id, dataset}, "data", out);
  if (!follows(*state, {id, dataset}, out)) return {};
  commit(id, trade.decimals);
  if (trade.quantity == 0) {  // futures send some (X "NA"); they use up an id and are no trade
    out.on_drop("no_quantity");
    return {};
  }
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
  EventMeta meta = meta_of(trade);
  meta.venue_seq = trade.id;
  out.on_trade({id, dataset}, meta, body);
  return {};
}

// Candles and tickers have no id but their sending time, which the other connection's copy shares.
bool BinanceAdapter::already_sent(InstrumentState& state, Dataset dataset, const Header& header, EventSink& out) {
  auto& last = state.last_sent[static_cast<std::size_t>(dataset)];
  if (!header.sent) return false;
  if (last && *header.sent <= *last) {
    out.on_drop(*header.sent == *last ? "duplicate" : "stale");
    return true;
  }
  last = header.sent;
  return false;
}

// The stream of a candle is named by its interval, which the message carries; one that we have no dataset for is no
// error, as recordings may have any.
Result<void> BinanceAdapter::on_candle(EventSink& out) {
  const CandleMessage& candle = decoder_.candle;
  // Case counts: 1m is a minute, 1M a month.
  const auto dataset = dataset_from_name(std::string("candle-").append(candle.body.interval));
  if (!dataset) {
    out.on_drop("unknown_type");
    return {};
  }
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(candle, *dataset, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (already_sent(*state, *dataset, candle, out)) return {};
  mark_live({id, *dataset}, "data", out);
  out.on_candle({id, *dataset}, meta_of(candle), candle.body);
  return {};
}

Result<void> BinanceAdapter::on_ticker(EventSink& out) {
  const TickerMessage& ticker = decoder_.ticker;
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(ticker, Dataset::kTicker, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (already_sent(*state, Dataset::kTicker, ticker, out)) return {};
  mark_live({id, Dataset::kTicker}, "data", out);
  out.on_ticker({id, Dataset::kTicker}, meta_of(ticker), ticker.body);
  return {};
}

}  // namespace millrace::normalize::binance
