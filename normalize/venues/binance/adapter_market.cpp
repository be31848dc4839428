#include <algorithm>

#include "normalize/venues/binance/binance_adapter.h"

// Quotes, trades, candles and tickers: decoded message to event.
namespace millrace::normalize::binance {
namespace {

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
  EventMeta meta = meta_of(quote, quote.u);
  if (bbo.bid && bbo.ask && bbo.bid->price >= bbo.ask->price) meta.flags |= schemas::flag::kCrossed;
  out.on_bbo({id, Dataset::kBbo}, meta, bbo);
  return {};
}

Result<void> BinanceAdapter::on_trade(MessageKind kind, UnixNanos now, EventSink& out, Commands& todo) {
  const TradeMessage& trade = decoder_.trade;
  const Dataset dataset = kind == MessageKind::kAggTrade ? Dataset::kTradeAgg : Dataset::kTrade;
  InstrumentId id{};
  std::optional<Error> error;
  InstrumentState* const state = accept(trade, dataset, out, id, error);
  if (state == nullptr) return error ? Result<void>(*std::move(error)) : Result<void>();
  if (trade.quantity < 0) return Error{Errc::kBadNumber, "q"};
  if (trade.id < 0) return Error{Errc::kBadNumber, kind == MessageKind::kAggTrade ? "a" : "t"};
  const StreamKey stream{id, dataset};
  mark_live(stream, "data", out);
  commit(id, trade.decimals);
  TradeFeed& feed = dataset == Dataset::kTradeAgg ? state->trade_agg : state->trade;
  FeedContext surroundings = context(id, now, out, todo);
  feed.on_trade(trade, stream, surroundings);
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
