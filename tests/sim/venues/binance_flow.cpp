#include "tests/sim/venues/binance_flow.h"

#include <algorithm>

namespace millrace::sim {

BinanceFlow::BinanceFlow(binance::Product product, std::vector<Instrument> instruments, std::uint64_t seed,
                         std::size_t levels, Limits limits, Clock clock, Outbox& outbox)
    : BinanceVenue(product, instruments, limits, std::move(clock), outbox),
      flow_(std::move(instruments), seed, levels),
      batches_(flow_.markets().size()) {
  for (std::size_t i = 0; i < batches_.size(); ++i) batches_[i].flushed_id = flow_.markets()[i].update_id;
}

std::size_t BinanceFlow::step() {
  const std::size_t instrument = flow_.pick();
  const Step& step = flow_.advance(instrument, now());
  Batch& batch = batches_[instrument];
  if (batch.first_id == 0 && !step.changes.empty()) batch.first_id = step.first_id;
  batch.changes.insert(batch.changes.end(), step.changes.begin(), step.changes.end());

  std::size_t sent = 0;
  if (step.print) sent += send_print(step);
  // Quote and batch of one id come in either order, as at the venue.
  const bool batch_due = step.flush && batch.first_id != 0;
  const bool batch_first = step.last_id % 2 == 0;
  if (batch_due && batch_first) sent += send_batch(instrument);
  if (step.best_changed) sent += send_quote(step);
  if (batch_due && !batch_first) sent += send_batch(instrument);
  return sent;
}

std::size_t BinanceFlow::send_channel(std::size_t instrument, Channel channel, const Tag& tag) {
  std::size_t sent = 0;
  for (const Stream* stream : streams_of(instrument)) {
    if (stream->channel == channel && publish(*stream, text_, tag)) ++sent;
  }
  return sent;
}

std::size_t BinanceFlow::send_quote(const Step& step) {
  const Market& market = flow_.markets()[step.instrument];
  const std::int64_t id = binance::wire_id(product(), step.last_id);
  text_.clear();
  binance::append_book_ticker(text_, source(step.instrument), id, market.book.best(Side::kBid).value_or(Level{}),
                              market.book.best(Side::kAsk).value_or(Level{}));
  return send_channel(step.instrument, Channel::kQuote,
                      {.channel = Channel::kQuote, .symbol = market.instrument.symbol, .first_id = id, .last_id = id});
}

std::size_t BinanceFlow::send_print(const Step& step) {
  const Market& market = flow_.markets()[step.instrument];
  const Print& print = *step.print;
  Tag tag{.channel = Channel::kTrade, .symbol = market.instrument.symbol, .first_id = print.id, .last_id = print.id};
  text_.clear();
  binance::append_trade(text_, source(step.instrument), print);
  std::size_t sent = send_channel(step.instrument, Channel::kTrade, tag);
  tag.channel = Channel::kTradeAgg;
  text_.clear();
  binance::append_agg_trade(text_, source(step.instrument), print);
  sent += send_channel(step.instrument, Channel::kTradeAgg, tag);
  for (const Stream* stream : streams_of(step.instrument)) {
    if (stream->channel == Channel::kCandle) sent += send_kline(*stream, print);
  }
  return sent;
}

// The old candle is closed by the first trade after its end.
std::size_t BinanceFlow::send_kline(const Stream& stream, const Print& print) {
  const auto interval = std::string_view(stream.detail).substr(6);
  const std::int64_t span = binance::interval_ms(interval);
  const std::int64_t begin = print.time_ns / 1'000'000 / span * span;
  binance::Candle& candle = candles_[stream.name];
  const Tag tag{.channel = Channel::kCandle, .symbol = flow_.markets()[stream.instrument].instrument.symbol};
  std::size_t sent = 0;
  if (candle.trades != 0 && candle.begin_ms != begin) {
    text_.clear();
    binance::append_kline(text_, source(stream.instrument), candle, interval, true);
    sent += publish(stream, text_, tag) ? 1 : 0;
  }
  if (candle.begin_ms != begin) {
    candle = {};
    candle.begin_ms = begin;
    candle.span_ms = span;
  }
  candle.add(print);
  text_.clear();
  binance::append_kline(text_, source(stream.instrument), candle, interval, false);
  return sent + (publish(stream, text_, tag) ? 1 : 0);
}

namespace {

// The last quantity of each price that changed, in price order.
void collect(const std::vector<Change>& changes, Side side, const Ladder& ladder, std::vector<Level>& out) {
  out.clear();
  for (const Change& change : changes) {
    if (change.side == side) out.push_back({change.price, ladder.quantity_at(change.price)});
  }
  std::sort(out.begin(), out.end(), [&](const Level& a, const Level& b) { return ladder.better(a.price, b.price); });
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

}  // namespace

std::size_t BinanceFlow::send_batch(std::size_t instrument) {
  const Market& market = flow_.markets()[instrument];
  Batch& batch = batches_[instrument];
  collect(batch.changes, Side::kBid, market.book.side(Side::kBid), bids_);
  collect(batch.changes, Side::kAsk, market.book.side(Side::kAsk), asks_);
  const binance::DepthIds ids{binance::wire_id(product(), batch.first_id),
                              binance::wire_id(product(), market.update_id),
                              binance::wire_id(product(), batch.flushed_id)};
  text_.clear();
  binance::append_depth(text_, source(instrument), ids, bids_, asks_);
  batch.first_id = 0;
  batch.flushed_id = market.update_id;
  batch.changes.clear();
  return send_channel(
      instrument, Channel::kBook,
      {.channel = Channel::kBook, .symbol = market.instrument.symbol, .first_id = ids.first, .last_id = ids.last});
}

void BinanceFlow::on_second() {
  for (std::size_t i = 0; i < flow_.markets().size(); ++i) {
    // A quiet instrument's book does not wait for its next step: at the venue a batch takes 100 ms.
    if (batches_[i].first_id != 0) send_batch(i);
    const Market& market = flow_.markets()[i];
    for (const Stream* stream : streams_of(i)) {
      if (stream->channel != Channel::kTicker || stream->clients.empty()) continue;
      text_.clear();
      binance::append_ticker(text_, source(i), market);
      publish(*stream, text_, {.channel = Channel::kTicker, .symbol = market.instrument.symbol});
    }
  }
}

void BinanceFlow::depth(std::size_t instrument, std::size_t levels, HttpAnswer base, HttpReply reply) {
  const Market& market = flow_.markets()[instrument];
  base.body.clear();
  binance::append_depth_snapshot(base.body, source(instrument), binance::wire_id(product(), market.update_id),
                                 market.book, levels);
  reply(std::move(base));
}

}  // namespace millrace::sim
