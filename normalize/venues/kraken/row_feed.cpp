#include "normalize/venues/kraken/row_feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/json/decimal_scan.h"
#include "normalize/venues/kraken/requests.h"

namespace millrace::normalize::kraken {

namespace {

using schemas::WideDecimal;

std::string place_of(std::size_t row, std::string_view member) { return fmt::format("data[{}].{}", row, member); }

// Reads `text` into `out`; an empty one stays absent. False if it is no number.
bool read_wide(std::string_view text, std::optional<WideDecimal>& out) {
  out.reset();
  if (text.empty()) return true;
  out = schemas::parse_wide_decimal(text);
  return out.has_value();
}

// A number of a row and where it goes.
struct WideMember {
  std::string_view name;
  std::string_view text;
  std::optional<WideDecimal>* value;
};

template <std::size_t N>
Result<void> read_all(const WideMember (&members)[N], std::size_t row) {
  for (const WideMember& member : members) {
    if (!read_wide(member.text, *member.value)) return Error{Errc::kBadNumber, place_of(row, member.name)};
  }
  return {};
}

// Any spelling: "0", "0.00", "0e-8".
bool is_zero(std::string_view number) noexcept {
  std::int64_t mantissa = 1;
  return scan_decimal_slow(number, 0, mantissa) == Scan::kOk && mantissa == 0;
}

// One side of a quote. A side without orders is sent as null or as zeros.
struct QuoteSide {
  std::string_view price, quantity;
  bool empty() const noexcept { return price.empty() || quantity.empty() || is_zero(price) || is_zero(quantity); }
};

// Scans a side that is not empty; the name of the bad member, or nothing.
std::string_view scan_side(const QuoteSide& side, bool ask, Precision& precision, std::optional<Level>& out) {
  bool bad_price = false;
  Level level;
  if (!scan_level(side.price, side.quantity, precision, level, bad_price)) {
    if (ask) return bad_price ? "ask" : "ask_qty";
    return bad_price ? "bid" : "bid_qty";
  }
  out = level;
  return {};
}

}  // namespace

// All rows as numbers, before the first is published.
Result<void> RowFeed::prepare_trades(const Message& message) {
  trades_.clear();
  for (std::size_t i = 0; i < message.trades.size(); ++i) {
    const TradeRow& row = message.trades[i];
    const auto id = venue_.resolve(row.symbol, "data[].symbol");
    if (!id) return id.error();
    ReadyTrade& ready = trades_.emplace_back();
    ready.id = *id;
    ready.row = &row;
    ready.precision = Precision::of(venue_.instruments[*id]);
    bool bad_price = false;
    if (!scan_level(row.price, row.quantity, ready.precision, ready.level, bad_price)) {
      return Error{Errc::kBadNumber, place_of(i, bad_price ? "price" : "qty")};
    }
    ready.precision.remember(venue_.instruments[*id]);
  }
  return {};
}

// Is this the trade after the last one? Declares what is missing before it; drops what was there already.
bool RowFeed::is_next(const ReadyTrade& trade, EventSink& out) {
  TradeMemory& memory = venue_.of(trade.id).trades;
  const std::int64_t id = trade.row->id;
  const auto& time = trade.row->time.time;
  schemas::GapMark mark;
  if (memory.last_id && id <= *memory.last_id) {
    // A repeat is not newer than what we have. A lower id at a later time is a sequence that began anew.
    if (!time || !memory.last_time || *time <= *memory.last_time) {
      out.on_drop("duplicate");
      return false;
    }
    mark.reason = "trade_id_restart";
  } else if (memory.last_id && id > *memory.last_id + 1) {
    mark.from = *memory.last_id + 1;
    mark.to = id - 1;
    mark.count = *mark.to - *mark.from + 1;
    mark.reason = "trade_id";
  }
  mark.kind = schemas::GapKind::kVenue;
  if (!mark.reason.empty()) out.on_gap({trade.id, Dataset::kTrade}, std::move(mark));
  memory.last_id = id;
  if (time) memory.last_time = time;
  return true;
}

// The id goes out twice: as text for consumers, and as venue_seq for those who count.
void RowFeed::publish(const ReadyTrade& trade, bool snapshot, EventSink& out) {
  const StreamKey stream{trade.id, Dataset::kTrade};
  EventMeta meta = meta_of(trade.row->time, snapshot);
  meta.venue_seq = trade.row->id;
  schemas::Trade event;
  event.trade_id = trade.row->trade_id;
  event.price_exponent = -trade.precision.price;
  event.quantity_exponent = -trade.precision.quantity;
  event.price = trade.level.price;
  event.quantity = trade.level.quantity;
  event.aggressor = trade.row->side;
  event.order_type = trade.row->order_type;
  venue_.set_live(stream, out);
  out.on_trade(stream, meta, event);
}

// Trades that a removed subscription still brings must not move the memory of ids: they are dropped before it.
Result<void> RowFeed::on_trades(const Message& message, const StreamFilter& filter, EventSink& out) {
  if (auto done = prepare_trades(message); !done) return done;
  if (message.snapshot) {
    // The order of old trades is not documented; ids tell it.
    const auto before = [](const ReadyTrade& a, const ReadyTrade& b) {
      return a.id != b.id ? a.id < b.id : a.row->id < b.row->id;
    };
    std::sort(trades_.begin(), trades_.end(), before);
  }
  for (const ReadyTrade& trade : trades_) {
    if (!filter.carries({trade.id, Dataset::kTrade})) {
      out.on_drop("unsubscribed");
    } else if (is_next(trade, out)) {
      publish(trade, message.snapshot, out);
    }
  }
  return {};
}

// One record has one exponent for both sides, so both are read at the finer of the two.
Result<void> RowFeed::prepare_bbo(const TickerRow& row, std::size_t number, ReadyTicker& ready) {
  const QuoteSide bid{row.bid, row.bid_quantity};
  const QuoteSide ask{row.ask, row.ask_quantity};
  InstrumentInfo& info = venue_.instruments[ready.stream.instrument];
  Precision precision = Precision::of(info);
  ready.bbo = {};
  // Twice where the second side needs more decimals than the first.
  for (Precision before{-1, -1, false}; before.price != precision.price || before.quantity != precision.quantity;) {
    before = precision;
    std::string_view bad;
    if (!bid.empty()) bad = scan_side(bid, false, precision, ready.bbo.bid);
    if (bad.empty() && !ask.empty()) bad = scan_side(ask, true, precision, ready.bbo.ask);
    if (!bad.empty()) return Error{Errc::kBadNumber, place_of(number, bad)};
  }
  precision.remember(info);
  ready.bbo.price_exponent = -precision.price;
  ready.bbo.quantity_exponent = -precision.quantity;
  return {};
}

// Volumes and averages have more digits than prices and are not computed with: they keep their own exponents.
Result<void> RowFeed::prepare_ticker(const TickerRow& row, std::size_t number, const StreamFilter& filter) {
  const auto id = venue_.resolve(row.symbol, "data[].symbol");
  if (!id) return id.error();
  ReadyTicker& ready = tickers_.emplace_back();
  ready.stream = {*id, filter.ticker_dataset(*id)};
  ready.row = &row;
  if (ready.stream.dataset == Dataset::kBbo) return prepare_bbo(row, number, ready);
  schemas::Ticker& ticker = ready.ticker;
  const WideMember members[] = {
      {"bid", row.bid, &ticker.bid},
      {"bid_qty", row.bid_quantity, &ticker.bid_quantity},
      {"ask", row.ask, &ticker.ask},
      {"ask_qty", row.ask_quantity, &ticker.ask_quantity},
      {"last", row.last, &ticker.last},
      {"volume", row.volume, &ticker.volume},
      {"vwap", row.vwap, &ticker.vwap},
      {"low", row.low, &ticker.low},
      {"high", row.high, &ticker.high},
      {"change", row.change, &ticker.change},
      {"change_pct", row.change_percent, &ticker.change_percent},
  };
  return read_all(members, number);
}

// Quotes have no evidence of loss: what a consumer gets is the latest, each as sent.
Result<void> RowFeed::on_tickers(const Message& message, const StreamFilter& filter, EventSink& out) {
  tickers_.clear();
  for (std::size_t i = 0; i < message.tickers.size(); ++i) {
    if (auto done = prepare_ticker(message.tickers[i], i, filter); !done) return done;
  }
  for (const ReadyTicker& ready : tickers_) {
    if (!filter.carries(ready.stream)) {
      out.on_drop("unsubscribed");
      continue;
    }
    venue_.set_live(ready.stream, out);
    const EventMeta meta = meta_of(ready.row->time, message.snapshot);
    if (ready.stream.dataset == Dataset::kBbo) {
      out.on_bbo(ready.stream, meta, ready.bbo);
    } else {
      out.on_ticker(ready.stream, meta, ready.ticker);
    }
  }
  return {};
}

// An interval that we have no dataset for is an error: its rows would have no stream.
Result<void> RowFeed::prepare_candle(const CandleRow& row, std::size_t number) {
  const auto id = venue_.resolve(row.symbol, "data[].symbol");
  if (!id) return id.error();
  const auto dataset = candle_of(row.interval);
  if (!dataset) return Error{Errc::kBadNumber, place_of(number, "interval")};
  ReadyCandle& ready = candles_.emplace_back();
  ready.stream = {*id, *dataset};
  schemas::Candle& candle = ready.candle;
  candle.interval = candle_interval(*dataset);
  candle.open_time = row.begin;
  candle.close_time = row.end;
  candle.trades = row.trades;
  const WideMember members[] = {
      {"open", row.open, &candle.open},    {"high", row.high, &candle.high},       {"low", row.low, &candle.low},
      {"close", row.close, &candle.close}, {"volume", row.volume, &candle.volume}, {"vwap", row.vwap, &candle.vwap},
  };
  return read_all(members, number);
}

// A bar comes again with each trade in it; which one is final the venue does not say, and neither do we.
Result<void> RowFeed::on_candles(const Message& message, const StreamFilter& filter, EventSink& out) {
  candles_.clear();
  for (std::size_t i = 0; i < message.candles.size(); ++i) {
    if (auto done = prepare_candle(message.candles[i], i); !done) return done;
  }
  for (const ReadyCandle& ready : candles_) {
    if (!filter.carries(ready.stream)) {
      out.on_drop("unsubscribed");
      continue;
    }
    venue_.set_live(ready.stream, out);
    out.on_candle(ready.stream, meta_of(message.time, message.snapshot), ready.candle);
  }
  return {};
}

}  // namespace millrace::normalize::kraken
