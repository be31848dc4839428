#include "tests/sim/venues/kraken_messages.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "schemas/events/time.h"
#include "tests/sim/market/number.h"

namespace millrace::sim::kraken {

namespace {

// A mantissa at full precision is its decimal text without point and leading zeros.
void append_digits(std::string& out, const Ladder& ladder) {
  char digits[24];
  for (std::size_t i = 0; i < std::min<std::size_t>(10, ladder.size()); ++i) {
    for (const std::int64_t value : {ladder.at(i).price, ladder.at(i).quantity}) {
      out.append(digits, std::to_chars(digits, std::end(digits), value).ptr);
    }
  }
}

void append_rows(std::string& out, std::string_view key, const Instrument& instrument, std::span<const Level> rows) {
  out.append("\"").append(key).append("\":[");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += i == 0 ? "{\"price\":" : ",{\"price\":";
    append_fixed(out, rows[i].price, instrument.price_decimals);
    out += ",\"qty\":";
    append_fixed(out, rows[i].quantity, instrument.quantity_decimals);
    out += '}';
  }
  out += ']';
}

void open_message(std::string& out, std::string_view channel, std::string_view type) {
  out.append("{\"channel\":\"").append(channel).append("\",\"type\":\"").append(type).append("\",");
}

void append_value(std::string& out, std::string_view key, std::int64_t mantissa, int decimals) {
  out.append(",\"").append(key).append("\":");
  append_fixed(out, mantissa, decimals);
}

}  // namespace

std::uint32_t checksum(const Book& book) {
  std::string text;
  text.reserve(512);
  append_digits(text, book.side(Side::kAsk));
  append_digits(text, book.side(Side::kBid));
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

void append_book(std::string& out, std::string_view type, const Instrument& instrument, std::span<const Level> bids,
                 std::span<const Level> asks, std::uint32_t checksum, std::int64_t now_ns) {
  open_message(out, "book", type);
  out.append("\"data\":[{\"symbol\":\"").append(instrument.symbol).append("\",");
  append_rows(out, "bids", instrument, bids);
  out += ',';
  append_rows(out, "asks", instrument, asks);
  fmt::format_to(std::back_inserter(out), ",\"checksum\":{},\"timestamp\":\"", checksum);
  append_rfc3339(out, now_ns);
  out += "\"}]}";
}

void append_ticker(std::string& out, std::string_view type, const Market& market, std::int64_t now_ns) {
  const Instrument& instrument = market.instrument;
  const int price = instrument.price_decimals;
  const int quantity = instrument.quantity_decimals;
  const Level bid = market.book.best(Side::kBid).value_or(Level{});
  const Level ask = market.book.best(Side::kAsk).value_or(Level{});
  const Statistics& day = market.statistics;
  open_message(out, "ticker", type);
  out.append("\"data\":[{\"symbol\":\"").append(instrument.symbol).append("\"");
  append_value(out, "bid", bid.price, price);
  append_value(out, "bid_qty", bid.quantity, quantity);
  append_value(out, "ask", ask.price, price);
  append_value(out, "ask_qty", ask.quantity, quantity);
  append_value(out, "last", day.last, price);
  append_value(out, "volume", day.volume, quantity);
  append_value(out, "vwap", day.weighted_price, price);
  append_value(out, "low", day.low, price);
  append_value(out, "high", day.high, price);
  append_value(out, "change", day.last - day.open, price);
  append_value(out, "change_pct", day.open == 0 ? 0 : (day.last - day.open) * 10'000 / day.open, 2);
  out += ",\"timestamp\":\"";
  append_rfc3339(out, now_ns);
  out += "\"}]}";
}

void append_trades(std::string& out, std::string_view type, const Instrument& instrument,
                   std::span<const Print> prints) {
  open_message(out, "trade", type);
  out += "\"data\":[";
  for (std::size_t i = 0; i < prints.size(); ++i) {
    const Print& print = prints[i];
    out.append(i == 0 ? "" : ",").append("{\"symbol\":\"").append(instrument.symbol);
    out.append("\",\"side\":\"").append(print.buyer_is_maker ? "sell" : "buy").append("\"");
    append_value(out, "price", print.price, instrument.price_decimals);
    append_value(out, "qty", print.quantity, instrument.quantity_decimals);
    fmt::format_to(std::back_inserter(out), ",\"ord_type\":\"{}\",\"trade_id\":{},\"timestamp\":\"",
                   print.id % 3 == 0 ? "market" : "limit", print.id);
    append_rfc3339(out, print.time_ns);
    out += "\"}";
  }
  out += "]}";
}

void Bar::add(const Print& print) {
  const std::int64_t span = minutes * kMinute;
  const std::int64_t begin = print.time_ns / span * span;
  if (begin != begin_ns || trades == 0) {
    *this = Bar{minutes, begin, print.price, print.price, print.price, print.price, 0, 0, 0};
  }
  high = std::max(high, print.price);
  low = std::min(low, print.price);
  close = print.price;
  volume += print.quantity;
  turnover += static_cast<Wide>(print.price) * print.quantity;
  ++trades;
}

void append_ohlc(std::string& out, std::string_view type, const Instrument& instrument, const Bar& bar,
                 std::int64_t now_ns) {
  const int price = instrument.price_decimals;
  open_message(out, "ohlc", type);
  out += "\"timestamp\":\"";
  append_rfc3339(out, now_ns, 9);
  out.append("\",\"data\":[{\"symbol\":\"").append(instrument.symbol).append("\"");
  append_value(out, "open", bar.open, price);
  append_value(out, "high", bar.high, price);
  append_value(out, "low", bar.low, price);
  append_value(out, "close", bar.close, price);
  fmt::format_to(std::back_inserter(out), ",\"trades\":{}", bar.trades);
  append_value(out, "volume", bar.volume, instrument.quantity_decimals);
  append_value(out, "vwap", bar.volume == 0 ? 0 : static_cast<std::int64_t>(bar.turnover / bar.volume), price);
  out += ",\"interval_begin\":\"";
  append_rfc3339(out, bar.begin_ns, 9);
  fmt::format_to(std::back_inserter(out), "\",\"interval\":{},\"timestamp\":\"", bar.minutes);
  append_rfc3339(out, bar.begin_ns + bar.minutes * kMinute);
  out += "\"}]}";
}

namespace {

// "1e-08": increments below 1e-4 come with an exponent (section 2).
std::string increment(int decimals) { return decimals > 4 ? fmt::format("1e-{:02}", decimals) : fixed(1, decimals); }

void append_pair(std::string& out, const Instrument& instrument) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"symbol":"{}","base":"{}","quote":"{}","status":"online","qty_precision":{},"qty_increment":{},)"
                 R"("price_precision":{},"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.5,)"
                 R"("tick_size":{},"price_increment":{},"qty_min":{}}})",
                 instrument.symbol, instrument.base, instrument.quote, instrument.quantity_decimals,
                 increment(instrument.quantity_decimals), instrument.price_decimals,
                 increment(instrument.price_decimals), increment(instrument.price_decimals),
                 increment(instrument.quantity_decimals));
}

}  // namespace

void append_instruments(std::string& out, std::span<const Instrument> instruments) {
  open_message(out, "instrument", "snapshot");
  out += "\"data\":{\"assets\":[";
  std::set<std::string_view> assets;
  for (const Instrument& instrument : instruments) assets.insert({instrument.base, instrument.quote});
  std::string_view comma;
  for (const std::string_view asset : assets) {
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"id":"{}","status":"enabled","precision":10,"precision_display":5,"borrowable":false}})",
                   comma, asset);
    comma = ",";
  }
  out += "],\"pairs\":[";
  comma = "";
  for (const Instrument& instrument : instruments) {
    out += comma;
    append_pair(out, instrument);
    comma = ",";
  }
  out += "]}}";
}

void append_status(std::string& out, std::uint64_t connection_id) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"channel":"status","type":"update","data":[{{"api_version":"v2","connection_id":{},)"
                 R"("system":"online","version":"2.0.10"}}]}})",
                 connection_id);
}

}  // namespace millrace::sim::kraken
