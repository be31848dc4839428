#include "tests/sim/venues/binance_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "tests/sim/market/number.h"

namespace millrace::sim::binance {

namespace {

constexpr int kSpotDecimals = 8;  // spot pads every number to eight decimals, futures to the instrument's own

bool spot(const Source& source) noexcept { return source.product == Product::kSpot; }

void append_price(std::string& out, const Source& source, std::int64_t price) {
  append_fixed(out, price, source.instrument->price_decimals, spot(source) ? kSpotDecimals : 0);
}

void append_quantity(std::string& out, const Source& source, std::int64_t quantity) {
  append_fixed(out, quantity, source.instrument->quantity_decimals, spot(source) ? kSpotDecimals : 0);
}

// ,"key":"price"
void price_field(std::string& out, std::string_view key, const Source& source, std::int64_t price) {
  out.append(",\"").append(key).append("\":\"");
  append_price(out, source, price);
  out += '"';
}

void quantity_field(std::string& out, std::string_view key, const Source& source, std::int64_t quantity) {
  out.append(",\"").append(key).append("\":\"");
  append_quantity(out, source, quantity);
  out += '"';
}

// price x quantity, cut to what is shown of a price.
void turnover_field(std::string& out, std::string_view key, const Source& source, Wide turnover) {
  const auto value = static_cast<std::int64_t>(turnover / power_of_ten(source.instrument->quantity_decimals));
  price_field(out, key, source, value);
}

void open_event(std::string& out, std::string_view event, const Source& source) {
  fmt::format_to(std::back_inserter(out), R"({{"e":"{}","E":{})", event, source.now_ms);
}

void append_symbol(std::string& out, const Source& source) {
  out.append(",\"s\":\"").append(source.instrument->symbol).append("\"");
}

void append_levels(std::string& out, const Source& source, std::span<const Level> levels) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    out += i == 0 ? "[\"" : ",[\"";
    append_price(out, source, levels[i].price);
    out += "\",\"";
    append_quantity(out, source, levels[i].quantity);
    out += "\"]";
  }
}

// What futures payloads end with since 2026: the pair and that it is a USD-M symbol.
void close_event(std::string& out, const Source& source, bool with_pair) {
  if (!spot(source)) {
    if (with_pair) out.append(",\"ps\":\"").append(source.instrument->symbol).append("\"");
    out += ",\"st\":1";
  }
  out += '}';
}

}  // namespace

std::int64_t wire_id(Product product, std::int64_t id) noexcept { return product == Product::kSpot ? id : id * 7 + 3; }

void append_depth(std::string& out, const Source& source, const DepthIds& ids, std::span<const Level> bids,
                  std::span<const Level> asks) {
  open_event(out, "depthUpdate", source);
  if (!spot(source)) fmt::format_to(std::back_inserter(out), R"(,"T":{})", source.now_ms);
  append_symbol(out, source);
  fmt::format_to(std::back_inserter(out), R"(,"U":{},"u":{})", ids.first, ids.last);
  if (!spot(source)) fmt::format_to(std::back_inserter(out), R"(,"pu":{})", ids.previous);
  out += ",\"b\":[";
  append_levels(out, source, bids);
  out += "],\"a\":[";
  append_levels(out, source, asks);
  out += ']';
  close_event(out, source, true);
}

void append_book_ticker(std::string& out, const Source& source, std::int64_t id, const Level& bid, const Level& ask) {
  if (spot(source)) {
    fmt::format_to(std::back_inserter(out), R"({{"u":{})", id);
  } else {
    fmt::format_to(std::back_inserter(out), R"({{"e":"bookTicker","u":{},"E":{},"T":{})", id, source.now_ms,
                   source.now_ms);
  }
  append_symbol(out, source);
  price_field(out, "b", source, bid.price);
  quantity_field(out, "B", source, bid.quantity);
  price_field(out, "a", source, ask.price);
  quantity_field(out, "A", source, ask.quantity);
  close_event(out, source, true);
}

void append_trade(std::string& out, const Source& source, const Print& print) {
  open_event(out, "trade", source);
  if (!spot(source)) fmt::format_to(std::back_inserter(out), R"(,"T":{})", print.time_ns / 1'000'000);
  append_symbol(out, source);
  fmt::format_to(std::back_inserter(out), R"(,"t":{})", print.id);
  price_field(out, "p", source, print.price);
  quantity_field(out, "q", source, print.quantity);
  if (spot(source)) {
    fmt::format_to(std::back_inserter(out), R"(,"T":{},"m":{},"M":true}})", print.time_ns / 1'000'000,
                   print.buyer_is_maker);
  } else {
    fmt::format_to(std::back_inserter(out), R"(,"X":"MARKET","m":{}}})", print.buyer_is_maker);
  }
}

void append_agg_trade(std::string& out, const Source& source, const Print& print) {
  open_event(out, "aggTrade", source);
  append_symbol(out, source);
  fmt::format_to(std::back_inserter(out), R"(,"a":{})", print.id);
  price_field(out, "p", source, print.price);
  quantity_field(out, "q", source, print.quantity);
  if (!spot(source)) quantity_field(out, "nq", source, print.quantity);
  fmt::format_to(std::back_inserter(out), R"(,"f":{},"l":{},"T":{},"m":{})", print.id, print.id,
                 print.time_ns / 1'000'000, print.buyer_is_maker);
  out += spot(source) ? ",\"M\":true}" : ",\"st\":1}";
}

void append_ticker(std::string& out, const Source& source, const Market& market) {
  const Statistics& day = market.statistics;
  const Level bid = market.book.best(Side::kBid).value_or(Level{});
  const Level ask = market.book.best(Side::kAsk).value_or(Level{});
  open_event(out, "24hrTicker", source);
  append_symbol(out, source);
  price_field(out, "p", source, day.last - day.open);
  out += ",\"P\":\"";
  append_fixed(out, day.open == 0 ? 0 : (day.last - day.open) * 100'000 / day.open, 3);
  out += '"';
  price_field(out, "w", source, day.weighted_price);
  if (spot(source)) price_field(out, "x", source, day.open);
  price_field(out, "c", source, day.last);
  quantity_field(out, "Q", source, day.last_quantity);
  if (spot(source)) {
    price_field(out, "b", source, bid.price);
    quantity_field(out, "B", source, bid.quantity);
    price_field(out, "a", source, ask.price);
    quantity_field(out, "A", source, ask.quantity);
  }
  price_field(out, "o", source, day.open);
  price_field(out, "h", source, day.high);
  price_field(out, "l", source, day.low);
  quantity_field(out, "v", source, day.volume);
  turnover_field(out, "q", source, day.turnover);
  fmt::format_to(std::back_inserter(out), R"(,"O":{},"C":{},"F":{},"L":{},"n":{})", source.now_ms - 86'400'000,
                 source.now_ms, day.trades == 0 ? -1 : 1, day.trades == 0 ? -1 : day.trades, day.trades);
  close_event(out, source, false);
}

void Candle::add(const Print& print) {
  if (trades == 0) {
    open = high = low = print.price;
    first_trade = print.id;
  }
  high = std::max(high, print.price);
  low = std::min(low, print.price);
  close = print.price;
  last_trade = print.id;
  ++trades;
  volume += print.quantity;
  const Wide cost = static_cast<Wide>(print.price) * print.quantity;
  turnover += cost;
  if (print.buyer_is_maker) return;
  taker_volume += print.quantity;
  taker_turnover += cost;
}

void append_kline(std::string& out, const Source& source, const Candle& candle, std::string_view interval,
                  bool closed) {
  open_event(out, "kline", source);
  append_symbol(out, source);
  fmt::format_to(std::back_inserter(out), R"(,"k":{{"t":{},"T":{},"s":"{}","i":"{}","f":{},"L":{})", candle.begin_ms,
                 candle.begin_ms + candle.span_ms - 1, source.instrument->symbol, interval, candle.first_trade,
                 candle.last_trade);
  price_field(out, "o", source, candle.open);
  price_field(out, "c", source, candle.close);
  price_field(out, "h", source, candle.high);
  price_field(out, "l", source, candle.low);
  quantity_field(out, "v", source, candle.volume);
  fmt::format_to(std::back_inserter(out), R"(,"n":{},"x":{})", candle.trades, closed);
  turnover_field(out, "q", source, candle.turnover);
  quantity_field(out, "V", source, candle.taker_volume);
  turnover_field(out, "Q", source, candle.taker_turnover);
  out += ",\"B\":\"0\"}";
  close_event(out, source, false);
}

std::int64_t interval_ms(std::string_view interval) noexcept {
  std::int64_t count = 0;
  const auto end = std::from_chars(interval.data(), interval.data() + interval.size(), count).ptr;
  if (end + 1 != interval.data() + interval.size() || count <= 0) return 0;
  switch (*end) {
    case 's':
      return count * 1'000;
    case 'm':
      return count * 60'000;
    case 'h':
      return count * 3'600'000;
    case 'd':
      return count * 86'400'000;
    case 'w':
      return count * 604'800'000;
    default:
      return 0;
  }
}

void append_depth_snapshot(std::string& out, const Source& source, std::int64_t id, const Book& book,
                           std::size_t levels) {
  fmt::format_to(std::back_inserter(out), R"({{"lastUpdateId":{})", id);
  if (!spot(source)) fmt::format_to(std::back_inserter(out), R"(,"E":{},"T":{})", source.now_ms, source.now_ms);
  for (const Side side : {Side::kBid, Side::kAsk}) {
    const Ladder& ladder = book.side(side);
    std::vector<Level> rows;
    for (std::size_t i = 0; i < std::min(levels, ladder.size()); ++i) rows.push_back(ladder.at(i));
    out += side == Side::kBid ? ",\"bids\":[" : "],\"asks\":[";
    append_levels(out, source, rows);
  }
  out += "]}";
}

namespace {

std::string filters(Product product, const Instrument& one) {
  const int shown = product == Product::kSpot ? kSpotDecimals : 0;
  const std::string tick = fixed(1, one.price_decimals, shown);
  const std::string step = fixed(1, one.quantity_decimals, shown);
  const auto notional = product == Product::kSpot ? R"({"filterType":"NOTIONAL","minNotional":"5.00000000"})"
                                                  : R"({"filterType":"MIN_NOTIONAL","notional":"5"})";
  return fmt::format(
      R"([{{"filterType":"PRICE_FILTER","minPrice":"{}","maxPrice":"1000000.00000000","tickSize":"{}"}},)"
      R"({{"filterType":"LOT_SIZE","minQty":"{}","maxQty":"9000.00000000","stepSize":"{}"}},{}])",
      tick, tick, step, step, notional);
}

std::string symbol_row(Product product, const Instrument& one) {
  const std::string head = fmt::format(R"({{"symbol":"{}","status":"TRADING","baseAsset":"{}","quoteAsset":"{}",)",
                                       one.symbol, one.base, one.quote);
  if (product == Product::kSpot) {
    return head + fmt::format(R"("baseAssetPrecision":8,"quotePrecision":8,"quoteAssetPrecision":8,)"
                              R"("orderTypes":["LIMIT","MARKET"],"isSpotTradingAllowed":true,"filters":{}}})",
                              filters(product, one));
  }
  return head + fmt::format(R"("pair":"{}","contractType":"PERPETUAL","deliveryDate":4133404800000,)"
                            R"("onboardDate":1569398400000,"marginAsset":"{}","pricePrecision":{},)"
                            R"("quantityPrecision":{},"filters":{}}})",
                            one.symbol, one.quote, one.price_decimals + 1, one.quantity_decimals,
                            filters(product, one));
}

}  // namespace

std::string exchange_info(Product product, std::span<const Instrument> instruments, std::int64_t now_ms) {
  const int weight = product == Product::kSpot ? 6000 : 2400;
  std::string body = fmt::format(
      R"({{"timezone":"UTC","serverTime":{},"rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE",)"
      R"("intervalNum":1,"limit":{}}}],"exchangeFilters":[],"symbols":[)",
      now_ms, weight);
  for (std::size_t i = 0; i < instruments.size(); ++i) {
    if (i != 0) body += ',';
    body += symbol_row(product, instruments[i]);
  }
  return body + "]}";
}

}  // namespace millrace::sim::binance
