#include "normalize/venues/binance/message_reader.h"

// Candles, tickers and replies: a few a second, so they may take a general form and allocate.
namespace millrace::normalize::binance {
namespace {

using OptionalWide = std::optional<schemas::WideDecimal>;

template <class Body>
struct WideField {
  char key;
  OptionalWide Body::*member;
};

using schemas::Candle;
using schemas::Ticker;
constexpr WideField<Candle> kCandleFields[] = {{'o', &Candle::open},
                                               {'c', &Candle::close},
                                               {'h', &Candle::high},
                                               {'l', &Candle::low},
                                               {'v', &Candle::volume},
                                               {'q', &Candle::quote_volume},
                                               {'V', &Candle::taker_buy_volume},
                                               {'Q', &Candle::taker_buy_quote_volume}};
constexpr WideField<Ticker> kTickerFields[] = {
    {'p', &Ticker::change},        {'P', &Ticker::change_percent}, {'w', &Ticker::vwap}, {'c', &Ticker::last},
    {'Q', &Ticker::last_quantity}, {'o', &Ticker::open},           {'h', &Ticker::high}, {'l', &Ticker::low},
    {'v', &Ticker::volume},        {'q', &Ticker::quote_volume},   {'b', &Ticker::bid},  {'B', &Ticker::bid_quantity},
    {'a', &Ticker::ask},           {'A', &Ticker::ask_quantity}};

template <class Body, std::size_t N>
OptionalWide* wide_member(const WideField<Body> (&fields)[N], char key, Body& body) noexcept {
  for (const auto& field : fields) {
    if (field.key == key) return &(body.*field.member);
  }
  return nullptr;
}

}  // namespace

// An open time that cannot be read fails the message, unlike other times: it is the bar's name.
bool MessageReader::read_candle(od::object& object) {
  CandleMessage& candle = decoder.candle;
  candle = {};
  std::optional<schemas::UnixNanos> open_time;
  MessageReader bar_reader{decoder, prefix.empty() ? "k." : "data.k."};
  const auto on_bar = [&](const char* key, od::value& value) {
    if (key[1] != '"') return true;
    const std::string_view name(key, 1);
    if (OptionalWide* const member = wide_member(kCandleFields, key[0], candle.body)) {
      *member = bar_reader.wide(value, name);
      return member->has_value();
    }
    const char* text = nullptr;
    switch (key[0]) {
      case 't':
        read_time(value, candle, open_time);
        return true;
      case 'T':
        read_time(value, candle, candle.body.close_time);
        return true;
      case 'n':
        return bar_reader.read_integer(value, name, candle.body.trades.emplace());
      case 'x':
        return value.get_bool().get(candle.body.closed.emplace()) == simdjson::SUCCESS ||
               bar_reader.fail(Errc::kWrongType, "x");
      case 'i':
        if (!bar_reader.read_text(value, name, text)) return false;
        candle.body.interval = text_to_quote(text);
        return true;
      default:
        return true;
    }
  };
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (!is(key, "k")) return key[1] != '"' || read_common(key, value, candle);
    od::object bar;
    if (const auto code = value.get_object().get(bar)) return fail(code, "k");
    return bar_reader.each_field(bar, on_bar);
  });
  if (!read) return false;
  if (candle.symbol.empty()) return fail(Errc::kMissingField, "s");
  if (candle.body.interval.empty()) return fail(Errc::kMissingField, "k.i");
  if (!open_time) return fail(candle.bad_time ? Errc::kBadTime : Errc::kMissingField, "k.t");
  candle.body.open_time = *open_time;
  return true;
}

// The price is the one member that must be there; what else a market without trades leaves out is absent.
bool MessageReader::read_ticker(od::object& object) {
  TickerMessage& ticker = decoder.ticker;
  ticker = {};
  const bool read = each_field(object, [&](const char* key, od::value& value) {
    if (key[1] != '"') return true;
    if (OptionalWide* const member = wide_member(kTickerFields, key[0], ticker.body)) {
      *member = wide(value, std::string_view(key, 1));
      return member->has_value();
    }
    switch (key[0]) {
      case 'O':
        read_time(value, ticker, ticker.body.open_time);
        return true;
      case 'C':
        read_time(value, ticker, ticker.body.close_time);
        return true;
      case 'n':
        return read_integer(value, "n", ticker.body.trades.emplace());
      default:
        return read_common(key, value, ticker);
    }
  });
  if (!read) return false;
  if (ticker.symbol.empty()) return fail(Errc::kMissingField, "s");
  if (!ticker.body.last) return fail(Errc::kMissingField, "c");
  return true;
}

// The two interfaces answer in two forms (web-socket-streams.md has "code" and "msg"; the API form nests them in
// "error").
bool MessageReader::read_reply(od::object& object) {
  Reply& reply = decoder.reply;
  reply = {};
  return each_field(object, [&](const char* key, od::value& value) {
    if (is(key, "id")) {
      std::int64_t id = 0;
      if (value.get_int64().get(id) == simdjson::SUCCESS) reply.id = id;
    } else if (is(key, "error") || is(key, "code")) {
      reply.refused = true;
      if (reply.text.empty()) reply.text = token_of(value.raw_json_token()).text;
    } else if (is(key, "msg")) {
      reply.text = token_of(value.raw_json_token()).text;
    }
    return true;
  });
}

}  // namespace millrace::normalize::binance
