#include "tests/support/venue_harness.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace millrace::test {

using normalize::EventMeta;
using normalize::StreamKey;

PaddedText::PaddedText(std::string_view text)
    : buffer_(std::make_unique<char[]>(text.size() + normalize::kFramePadding)), size_(text.size()) {
  std::memcpy(buffer_.get(), text.data(), text.size());
}

Recorded& RecordingSink::add(Recorded::Kind kind, StreamKey stream, const EventMeta& meta) {
  Recorded& event = events.emplace_back();
  event.kind = kind;
  event.symbol = table_[stream.instrument].symbol;
  event.dataset = stream.dataset;
  event.meta = meta;
  return event;
}

void RecordingSink::begin_frame(std::uint32_t /*connection*/, UnixNanos /*receive_time*/) {}

void RecordingSink::on_book(StreamKey stream, const EventMeta& meta, const schemas::Book& book) {
  Recorded& event = add(Recorded::Kind::kBook, stream, meta);
  event.book = book;
  event.bids.assign(book.bids.begin(), book.bids.end());
  event.asks.assign(book.asks.begin(), book.asks.end());
}

void RecordingSink::on_bbo(StreamKey stream, const EventMeta& meta, const schemas::Bbo& bbo) {
  add(Recorded::Kind::kBbo, stream, meta).bbo = bbo;
}

void RecordingSink::on_trade(StreamKey stream, const EventMeta& meta, const schemas::Trade& trade) {
  Recorded& event = add(Recorded::Kind::kTrade, stream, meta);
  event.trade = trade;
  event.trade_id = trade.trade_id;
  event.order_type = trade.order_type;
}

void RecordingSink::on_ticker(StreamKey stream, const EventMeta& meta, const schemas::Ticker& body) {
  add(Recorded::Kind::kTicker, stream, meta).ticker = body;
}

void RecordingSink::on_candle(StreamKey stream, const EventMeta& meta, const schemas::Candle& body) {
  Recorded& event = add(Recorded::Kind::kCandle, stream, meta);
  event.candle = body;
  event.interval = body.interval;
}

void RecordingSink::on_instrument(StreamKey stream, const EventMeta& meta, const schemas::Instrument& body) {
  add(Recorded::Kind::kInstrument, stream, meta).instrument = body;
}

void RecordingSink::on_gap(StreamKey stream, schemas::GapMark mark) {
  gaps.push_back({table_[stream.instrument].symbol, stream.dataset, std::move(mark)});
}

void RecordingSink::on_state(StreamKey stream, schemas::StreamState state, std::string_view reason) {
  states.push_back({table_[stream.instrument].symbol, stream.dataset, state, std::string(reason)});
}

void RecordingSink::clear() {
  events.clear();
  gaps.clear();
  states.clear();
  drops.clear();
}

namespace {

std::unique_ptr<normalize::Venue> venue_or_throw(std::string_view name, const normalize::VenueOptions& options) {
  auto venue = normalize::make_venue(name, options);
  if (!venue) throw std::invalid_argument("no venue " + std::string(name));
  return venue;
}

}  // namespace

VenueHarness::VenueHarness(std::string_view name, const normalize::VenueOptions& options)
    : venue(venue_or_throw(name, options)), out(venue->instruments()) {
  connect();
}

// Connections go before the venue that they refer to.
VenueHarness::~VenueHarness() { connections_.clear(); }

std::size_t VenueHarness::connect() {
  connections_.push_back(venue->connect());
  return connections_.size() - 1;
}

void VenueHarness::open(std::vector<normalize::Subscription> wanted, std::size_t connection) {
  connections_.at(connection)->on_open(wanted, now, out, todo);
}

void VenueHarness::change(std::vector<normalize::Subscription> add, std::vector<normalize::Subscription> remove,
                          std::size_t connection) {
  connections_.at(connection)->change(add, remove, now, out, todo);
}

void VenueHarness::close(std::size_t connection) {
  connections_.at(connection)->on_close(now, out);
  connections_.at(connection).reset();
}

normalize::Result<void> VenueHarness::feed(std::string_view text, std::size_t connection) {
  now += 1'000'000;
  const PaddedText padded(text);
  out.begin_frame(static_cast<std::uint32_t>(connection), now);
  return connections_.at(connection)->on_frame({padded.view(), now, false}, out, todo);
}

normalize::Result<void> VenueHarness::answer(std::string_view target, std::string_view body, int status,
                                             std::size_t connection) {
  now += 1'000'000;
  const PaddedText padded(body);
  out.begin_frame(static_cast<std::uint32_t>(connection), now);
  return connections_.at(connection)->on_rest({target, padded.view(), status, now}, out, todo);
}

normalize::Result<void> VenueHarness::reference(std::string_view body) {
  const PaddedText padded(body);
  return venue->on_reference({"", padded.view(), 200, now}, out);
}

void VenueHarness::wake(UnixNanos at, std::size_t connection) {
  now = at;
  connections_.at(connection)->on_time(now, out, todo);
}

std::string VenueHarness::fixture(std::string_view folder, std::string_view name) {
  const std::string path =
      std::string(MILLRACE_SOURCE_DIR "/tests/fixtures/") + std::string(folder) + "/" + std::string(name);
  std::ifstream file(path);
  if (!file) throw std::invalid_argument("no fixture " + path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void VenueHarness::clear() {
  out.clear();
  todo.clear();
}

}  // namespace millrace::test
