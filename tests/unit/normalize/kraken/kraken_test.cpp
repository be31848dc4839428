#include "tests/unit/normalize/kraken/kraken_test.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "normalize/venues/registry.h"

namespace millrace::normalize::kraken {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string level_text(std::int64_t price, std::int64_t quantity, std::pair<int, int> exponents) {
  return schemas::to_plain({price, exponents.first}) + " " + schemas::to_plain({quantity, exponents.second});
}

void rescale(std::map<std::int64_t, std::int64_t>& side, std::pair<int, int> from, std::pair<int, int> to) {
  std::map<std::int64_t, std::int64_t> scaled;
  for (const auto& [price, quantity] : side) {
    scaled[schemas::rescaled({price, from.first}, to.first).value()] =
        schemas::rescaled({quantity, from.second}, to.second).value();
  }
  side = std::move(scaled);
}

void set(std::map<std::int64_t, std::int64_t>& side, const Level& level) {
  if (level.quantity == 0) {
    side.erase(level.price);
  } else {
    side[level.price] = level.quantity;
  }
}

}  // namespace

void Mirror::apply(const BookRecord& record) {
  const std::pair<int, int> sent{record.book.price_exponent, record.book.quantity_exponent};
  if (record.book.kind == schemas::BookKind::kSnapshot) {
    bids.clear();
    asks.clear();
  } else if (sent != exponents) {
    rescale(bids, exponents, sent);
    rescale(asks, exponents, sent);
  }
  exponents = sent;
  for (const Level& level : record.bids) set(bids, level);
  for (const Level& level : record.asks) set(asks, level);
}

std::vector<std::string> Mirror::best(std::size_t count) const {
  std::vector<std::string> lines;
  std::size_t taken = 0;
  for (auto bid = bids.rbegin(); bid != bids.rend() && taken++ < count; ++bid) {
    lines.push_back("bid " + level_text(bid->first, bid->second, exponents));
  }
  taken = 0;
  for (auto ask = asks.begin(); ask != asks.end() && taken++ < count; ++ask) {
    lines.push_back("ask " + level_text(ask->first, ask->second, exponents));
  }
  return lines;
}

bool Mirror::equals(const Book& book) const {
  std::vector<Level> held;
  book.bids.append_all(held);
  book.asks.append_all(held);
  std::vector<Level> mine;
  for (auto bid = bids.rbegin(); bid != bids.rend(); ++bid) mine.push_back({bid->first, bid->second});
  for (const auto& [price, quantity] : asks) mine.push_back({price, quantity});
  return held == mine && exponents == std::pair(book.price_exponent, book.quantity_exponent);
}

void Recorder::on_book(StreamKey, const EventMeta& meta, const schemas::Book& book) {
  log.push_back(book.kind == schemas::BookKind::kSnapshot ? "book snapshot" : "book delta");
  BookRecord& record = books.emplace_back();
  record.meta = meta;
  record.bids.assign(book.bids.begin(), book.bids.end());
  record.asks.assign(book.asks.begin(), book.asks.end());
  record.book = book;
  record.book.bids = record.bids;
  record.book.asks = record.asks;
  mirror.apply(record);
}

void Recorder::on_bbo(StreamKey stream, const EventMeta& meta, const schemas::Bbo& bbo) {
  log.push_back(fmt::format("{}", name(stream.dataset)));
  bbos.emplace_back(meta, bbo);
}

void Recorder::on_trade(StreamKey, const EventMeta& meta, const schemas::Trade& trade) {
  trades.emplace_back(meta, fmt::format("{} {} {} {} {}", trade.trade_id, name(trade.aggressor),
                                        schemas::to_text({trade.price, trade.price_exponent}),
                                        schemas::to_text({trade.quantity, trade.quantity_exponent}), trade.order_type));
  log.push_back("trade " + std::string(trade.trade_id));
}

void Recorder::on_ticker(StreamKey, const EventMeta& meta, const schemas::Ticker& ticker) {
  log.emplace_back("ticker");
  tickers.emplace_back(meta, ticker);
}

void Recorder::on_candle(StreamKey stream, const EventMeta& meta, const schemas::Candle& candle) {
  log.push_back(fmt::format("{}", name(stream.dataset)));
  candles.emplace_back(meta, candle);
}

void Recorder::on_instrument(StreamKey, const EventMeta& meta, const schemas::Instrument& instrument) {
  log.push_back("instrument " + instrument.base + "-" + instrument.quote);
  instruments.emplace_back(meta, instrument);
}

void Recorder::on_gap(StreamKey stream, schemas::GapMark mark) {
  log.push_back(fmt::format("gap {} {}", name(stream.dataset), mark.reason));
  gaps.emplace_back(stream, std::move(mark));
}

void Recorder::on_state(StreamKey stream, schemas::StreamState state, std::string_view reason) {
  states.push_back(fmt::format("{} {} {}", name(stream.dataset), schemas::name(state), reason));
  log.push_back("state " + states.back());
}

void Recorder::on_drop(std::string_view reason) { drops.emplace_back(reason); }

bool Recorder::published_nothing() const {
  return books.empty() && bbos.empty() && trades.empty() && tickers.empty() && candles.empty() && instruments.empty();
}

Connection::Connection(const VenueOptions& options)
    : venue(kraken_venues()[0].make(options)), adapter(venue->connect()) {}

Result<void> Connection::feed(std::string_view text) {
  todo = {};
  const std::string whole = padded(text);
  return adapter->on_frame({std::string_view(whole).substr(0, text.size()), now, false}, out, todo);
}

Result<void> Connection::feed_to(const CaptureLine& line, EventSink& sink) {
  todo = {};
  return adapter->on_frame({line.view(), now, false}, sink, todo);
}

Result<void> Connection::feed_file(std::string_view name) { return feed(fixture(name)); }

void Connection::open(std::vector<Subscription> wanted) {
  todo = {};
  adapter->on_open(wanted, now, out, todo);
}

void Connection::wait(UnixNanos duration) {
  now += duration;
  todo = {};
  adapter->on_time(now, out, todo);
}

void Connection::reconnect(std::vector<Subscription> wanted) {
  adapter->on_close(now, out);
  adapter = venue->connect();
  open(std::move(wanted));
}

Result<void> Connection::reference(std::string_view body) {
  const std::string whole = padded(body);
  RestAnswer answer;
  answer.target = "/0/public/AssetPairs";
  answer.body = std::string_view(whole).substr(0, body.size());
  return venue->on_reference(answer, out);
}

std::string fixture(std::string_view name) {
  std::string text = read_file(fmt::format("{}/tests/fixtures/kraken/{}", MILLRACE_SOURCE_DIR, name));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string padded(std::string_view text) { return std::string(text) + std::string(kFramePadding, '\0'); }

bool CaptureLine::is_book(std::string_view type) const {
  return view().find(R"("channel":"book","type":")" + std::string(type)) != std::string_view::npos;
}

std::string shared_file(std::string_view name) {
  return read_file(fmt::format("{}/../shared/captures/kraken/{}", MILLRACE_SOURCE_DIR, name));
}

std::vector<CaptureLine> capture(std::string_view name) {
  std::vector<CaptureLine> lines;
  simdjson::dom::parser parser;
  std::istringstream file(shared_file(name));
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element one = parser.parse(line);
    lines.push_back({one["t"].error() ? 0 : one["t"].get_int64().value(), padded(one["text"].get_string().value())});
  }
  return lines;
}

}  // namespace millrace::normalize::kraken
