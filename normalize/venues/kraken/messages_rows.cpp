#include <charconv>

#include "normalize/venues/kraken/fields.h"

namespace millrace::normalize::kraken {

namespace {

error_code read_side(od::object& object, schemas::Side& out) noexcept {
  std::string_view side;
  if (const auto error = string_member(object, "side", side)) return error;
  // The venue knows two words; a third would be a trade whose direction we must not guess.
  if (side != "buy" && side != "sell") return simdjson::INCORRECT_TYPE;
  out = side == "buy" ? schemas::Side::kBuy : schemas::Side::kSell;
  return simdjson::SUCCESS;
}

// Kept as text too: what we publish is what was sent.
error_code read_trade_id(od::object& object, TradeRow& out) noexcept {
  if (const auto error = number_member(object, "trade_id", out.trade_id)) return error;
  const char* const end = out.trade_id.data() + out.trade_id.size();
  const auto [stop, failed] = std::from_chars(out.trade_id.data(), end, out.id);
  return failed != std::errc{} || stop != end || out.id < 0 ? simdjson::NUMBER_ERROR : simdjson::SUCCESS;
}

// The order type is for people; all other members make the event and must be there.
Result<void> read_trade(od::object& object, std::size_t row, TradeRow& out) {
  if (const auto error = string_member(object, "symbol", out.symbol)) return data_error(error, row, "symbol");
  if (const auto error = read_side(object, out.side)) return data_error(error, row, "side");
  if (const auto error = number_member(object, "price", out.price)) return data_error(error, row, "price");
  if (const auto error = number_member(object, "qty", out.quantity)) return data_error(error, row, "qty");
  if (const auto error = optional_string(object, "ord_type", out.order_type)) return data_error(error, row, "ord_type");
  if (const auto error = read_trade_id(object, out)) return data_error(error, row, "trade_id");
  if (const auto error = read_time(object, "timestamp", out.time)) return data_error(error, row, "timestamp");
  return {};
}

// Nothing but the symbol is required: what a market without trades lacks is absent.
Result<void> read_ticker(od::object& object, std::size_t row, TickerRow& out) {
  if (const auto error = string_member(object, "symbol", out.symbol)) return data_error(error, row, "symbol");
  struct Member {
    std::string_view key;
    std::string_view* value;
  };
  const Member members[] = {
      {"bid", &out.bid},
      {"bid_qty", &out.bid_quantity},
      {"ask", &out.ask},
      {"ask_qty", &out.ask_quantity},
      {"last", &out.last},
      {"volume", &out.volume},
      {"vwap", &out.vwap},
      {"low", &out.low},
      {"high", &out.high},
      {"change", &out.change},
      {"change_pct", &out.change_percent},
  };
  for (const Member& member : members) {
    if (const auto error = optional_number(object, member.key, *member.value))
      return data_error(error, row, member.key);
  }
  if (const auto error = read_time(object, "timestamp", out.time)) return data_error(error, row, "timestamp");
  return {};
}

// The key of a bar must be readable, unlike the time of an event: without it the bar has no name.
error_code read_begin(od::object& object, schemas::UnixNanos& out) noexcept {
  WireTime time;
  if (const auto error = read_time(object, "interval_begin", time)) return error;
  if (time.bad) return simdjson::NO_SUCH_FIELD;
  out = *time.time;
  return simdjson::SUCCESS;
}

// vwap may be absent: an interval without trades has none.
Result<void> read_candle(od::object& object, std::size_t row, CandleRow& out) {
  if (const auto error = string_member(object, "symbol", out.symbol)) return data_error(error, row, "symbol");
  if (const auto error = number_member(object, "open", out.open)) return data_error(error, row, "open");
  if (const auto error = number_member(object, "high", out.high)) return data_error(error, row, "high");
  if (const auto error = number_member(object, "low", out.low)) return data_error(error, row, "low");
  if (const auto error = number_member(object, "close", out.close)) return data_error(error, row, "close");
  if (const auto error = int_member(object, "trades", out.trades)) return data_error(error, row, "trades");
  if (const auto error = number_member(object, "volume", out.volume)) return data_error(error, row, "volume");
  if (const auto error = optional_number(object, "vwap", out.vwap)) return data_error(error, row, "vwap");
  if (const auto error = read_begin(object, out.begin)) return data_error(error, row, "interval_begin");
  if (const auto error = int_member(object, "interval", out.interval)) return data_error(error, row, "interval");
  WireTime end;
  if (const auto error = read_time(object, "timestamp", end)) return data_error(error, row, "timestamp");
  out.end = end.time;
  return {};
}

}  // namespace

// {"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,
//  "ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}
MILLRACE_FLATTEN Result<void> read_trades(od::object& root, std::vector<TradeRow>& out) {
  out.clear();
  od::array rows;
  if (const auto error = root.find_field_unordered("data").get_array().get(rows)) return field_error(error, "data");
  return for_each_row(rows, "data", [&out](od::object& object, std::size_t row) {
    return read_trade(object, row, out.emplace_back());
  });
}

// {"channel":"ticker","type":"update","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10035,
//  "ask_qty":740.0,"last":0.10035,"volume":997038.98383185,"vwap":0.10148,"low":0.09979,"high":0.10285,
//  "change":-0.00017,"change_pct":-0.17,"timestamp":"2023-09-25T09:04:31.742648Z"}]}
MILLRACE_FLATTEN Result<void> read_tickers(od::object& root, std::vector<TickerRow>& out) {
  out.clear();
  od::array rows;
  if (const auto error = root.find_field_unordered("data").get_array().get(rows)) return field_error(error, "data");
  return for_each_row(rows, "data", [&out](od::object& object, std::size_t row) {
    return read_ticker(object, row, out.emplace_back());
  });
}

// {"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:26:30.524394914Z","data":[{"symbol":"MATIC/USD",
//  "open":0.5624,"high":0.5628,"low":0.5622,"close":0.5627,"trades":12,"volume":30927.68066226,"vwap":0.5626,
//  "interval_begin":"2023-10-04T16:25:00.000000000Z","interval":5,"timestamp":"2023-10-04T16:30:00.000000Z"}]}
Result<void> read_candles(od::object& root, Message& out) {
  out.candles.clear();
  if (const auto error = read_time(root, "timestamp", out.time)) return field_error(error, "timestamp");
  od::array rows;
  if (const auto error = root.find_field_unordered("data").get_array().get(rows)) return field_error(error, "data");
  return for_each_row(rows, "data", [&out](od::object& object, std::size_t row) {
    return read_candle(object, row, out.candles.emplace_back());
  });
}

}  // namespace millrace::normalize::kraken
