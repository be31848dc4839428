#include "tests/sim/capture/recording.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "tests/sim/market/number.h"

namespace millrace::sim {

namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

std::string_view text_of(const simdjson::simdjson_result<element>& field) {
  std::string_view text;
  return field.get(text) == SUCCESS ? text : std::string_view{};
}

std::int64_t number_of(const simdjson::simdjson_result<element>& field) {
  std::int64_t number = 0;
  return field.get(number) == SUCCESS ? number : 0;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return out;
}

Channel binance_channel(std::string_view detail) {
  if (detail.starts_with("depth")) return Channel::kBook;
  if (detail == "bookTicker") return Channel::kQuote;
  if (detail == "trade") return Channel::kTrade;
  if (detail == "aggTrade") return Channel::kTradeAgg;
  if (detail == "ticker") return Channel::kTicker;
  return detail.starts_with("kline_") ? Channel::kCandle : Channel::kControl;
}

Channel kraken_channel(std::string_view channel) {
  if (channel == "book") return Channel::kBook;
  if (channel == "ticker") return Channel::kQuote;
  if (channel == "trade") return Channel::kTrade;
  return channel == "ohlc" ? Channel::kCandle : Channel::kControl;
}

// Reads a file line by line into a Recording.
class Reader {
 public:
  explicit Reader(std::string_view venue) : kraken_(venue == "kraken") {}

  void add(const std::string& json);
  Recording finish();

 private:
  // The most decimals that a symbol has shown.
  struct Decimals {
    int price = 0, quantity = 0;
  };

  void classify_binance(RecordedLine& line, const element& message);
  void classify_kraken(RecordedLine& line, const element& message);
  void classify_rest(RecordedLine& line, std::string_view request, const element& body);
  void learn_depth(const std::string& symbol, const element& book);
  void learn_decimals(RecordedLine& line);

  bool kraken_;
  simdjson::dom::parser outer_, inner_;
  Recording recording_;
  std::map<std::string, Decimals> decimals_;
};

void Reader::add(const std::string& json) {
  const element outer = outer_.parse(json).value();  // throws simdjson_error
  if (text_of(outer["dir"]) != "in") return;
  RecordedLine line;
  line.time_ns = number_of(outer["t"]);
  line.rest = text_of(outer["via"]) == "rest";
  line.text = text_of(outer["text"]);
  element message;
  if (inner_.parse(line.text).get(message) == SUCCESS) {
    if (line.rest) {
      classify_rest(line, text_of(outer["req"]), message);
    } else if (kraken_) {
      classify_kraken(line, message);
    } else {
      classify_binance(line, message);
    }
  }
  if (line.channel == Channel::kControl) return;
  learn_decimals(line);
  recording_.lines.push_back(std::move(line));
}

void Reader::classify_binance(RecordedLine& line, const element& message) {
  const std::string_view stream = text_of(message["stream"]);
  const auto mark = stream.find('@');
  if (mark == std::string_view::npos) return;
  line.symbol = upper(stream.substr(0, mark));
  line.detail = stream.substr(mark + 1);
  line.channel = binance_channel(line.detail);
  const auto data = message["data"];
  line.last_id = line.channel == Channel::kTrade ? number_of(data["t"]) : number_of(data["u"]);
  line.first_id = line.channel == Channel::kBook ? number_of(data["U"]) : line.last_id;
}

void Reader::classify_kraken(RecordedLine& line, const element& message) {
  if (text_of(message["method"]) == "subscribe") {
    const auto result = message["result"];
    const std::int64_t depth = number_of(result["depth"]);
    if (depth > 0) recording_.kraken_depths[std::string(text_of(result["symbol"]))] = static_cast<int>(depth);
    return;
  }
  line.channel = kraken_channel(text_of(message["channel"]));
  line.snapshot = text_of(message["type"]) == "snapshot";
  element first;
  if (message["data"].at(0).get(first) != SUCCESS) return;
  line.symbol = text_of(first["symbol"]);
  line.first_id = line.last_id = number_of(first["trade_id"]);
  if (line.channel == Channel::kCandle) line.detail = std::to_string(number_of(first["interval"]));
  if (line.channel == Channel::kBook && line.snapshot) learn_depth(line.symbol, first);
}

// Without an ack: the smallest depth there is that holds the larger side.
void Reader::learn_depth(const std::string& symbol, const element& book) {
  static constexpr std::array kDepths{10, 25, 100, 500, 1000};
  simdjson::dom::array bids, asks;
  if (book["bids"].get(bids) != SUCCESS || book["asks"].get(asks) != SUCCESS) return;
  const auto larger = static_cast<int>(std::max(bids.size(), asks.size()));
  const auto fits = std::lower_bound(kDepths.begin(), kDepths.end(), larger);
  recording_.kraken_depths.emplace(symbol, fits == kDepths.end() ? kDepths.back() : *fits);
}

void Reader::classify_rest(RecordedLine& line, std::string_view request, const element& body) {
  const auto mark = request.find('?');
  if (mark == std::string_view::npos || !request.substr(0, mark).ends_with("/depth")) return;
  line.channel = Channel::kBook;
  line.snapshot = true;
  line.symbol = query_value(request.substr(mark + 1), "symbol");
  line.last_id = number_of(body["lastUpdateId"]);
}

// The digits of a number that begins at `at`, quoted or not.
std::string_view number_at(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '"') ++at;
  const auto end = text.find_first_not_of("0123456789.eE+-", at);
  return text.substr(at, end == std::string_view::npos ? end : end - at);
}

// simdjson has turned numbers into doubles, so the text itself is looked at.
void Reader::learn_decimals(RecordedLine& line) {
  if (line.symbol.empty()) return;
  Decimals& most = decimals_[line.symbol];
  const std::string_view text = line.text;
  const auto learn = [&](std::string_view key, int& decimals) {
    for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + key.size())) {
      decimals = std::max(decimals, decimals_in(number_at(text, at + key.size())));
    }
  };
  if (kraken_) {
    if (line.channel != Channel::kBook && line.channel != Channel::kTrade) return;
    learn("\"price\":", most.price);
    return learn("\"qty\":", most.quantity);
  }
  if (line.channel == Channel::kBook) {
    learn("[\"", most.price);
    return learn("\",\"", most.quantity);
  }
}

// "BTCUSDT" -> BTC and USDT: the longest known quote asset that the symbol ends with.
void split_symbol(Instrument& instrument, bool kraken) {
  const std::string& symbol = instrument.symbol;
  if (kraken) {
    const auto slash = symbol.find('/');
    instrument.base = symbol.substr(0, slash);
    instrument.quote = slash == std::string::npos ? "" : symbol.substr(slash + 1);
    return;
  }
  static constexpr std::array<std::string_view, 14> kQuotes{"USDT", "BUSD", "USDC", "TUSD", "FDUSD", "BTC", "ETH",
                                                            "BNB",  "TRY",  "EUR",  "RUB",  "GBP",   "AUD", "USD"};
  for (const std::string_view quote : kQuotes) {
    if (!symbol.ends_with(quote) || symbol.size() == quote.size()) continue;
    instrument.base = symbol.substr(0, symbol.size() - quote.size());
    instrument.quote = quote;
    return;
  }
  instrument.base = symbol;
}

Recording Reader::finish() {
  for (const auto& [symbol, decimals] : decimals_) {
    Instrument instrument;
    instrument.symbol = symbol;
    instrument.price_decimals = decimals.price;
    instrument.quantity_decimals = decimals.quantity;
    split_symbol(instrument, kraken_);
    recording_.instruments.push_back(std::move(instrument));
  }
  return std::move(recording_);
}

}  // namespace

namespace {

// "kline_1m" or minutes -> "candle-1m".
std::string candle_name(const RecordedLine& line) {
  if (line.detail.starts_with("kline_")) return "candle-" + line.detail.substr(6);
  static const std::map<std::string, std::string> kMinutes{
      {"60", "1h"}, {"240", "4h"}, {"1440", "1d"}, {"10080", "1w"}};
  const auto named = kMinutes.find(line.detail);
  return "candle-" + (named == kMinutes.end() ? line.detail + "m" : named->second);
}

}  // namespace

std::vector<std::string> datasets(const Recording& recording) {
  std::set<std::string> names;
  for (const RecordedLine& line : recording.lines) {
    names.insert(line.channel == Channel::kCandle ? candle_name(line) : std::string(name(line.channel)));
  }
  return {names.begin(), names.end()};
}

Recording load_recording(const std::string& file, std::string_view venue) {
  const std::string text = read_text_file(file);
  Reader reader(venue);
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    ++number;
    try {
      if (end > at) reader.add(text.substr(at, end - at));
    } catch (const simdjson::simdjson_error& error) {
      throw std::runtime_error(fmt::format("{}:{}: {}", file, number, error.what()));
    }
    at = end + 1;
  }
  Recording recording = reader.finish();
  if (recording.lines.empty()) throw std::runtime_error(fmt::format("{}: nothing of {} in it", file, venue));
  return recording;
}

}  // namespace millrace::sim
