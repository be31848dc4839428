#include "cli/normalize/summary.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "schemas/events/decimal.h"

namespace millrace::cli {
namespace {

using normalize::Dataset;
using normalize::EventMeta;
using normalize::InstrumentId;
using normalize::StreamKey;

bool same_level(const std::optional<schemas::Level>& a, const schemas::Bbo& of_a,
                const std::optional<schemas::Level>& b, const schemas::Bbo& of_b) {
  if (!a || !b) return !a && !b;
  return schemas::equal_value({a->price, of_a.price_exponent}, {b->price, of_b.price_exponent}) &&
         schemas::equal_value({a->quantity, of_a.quantity_exponent}, {b->quantity, of_b.quantity_exponent});
}

bool same(const schemas::Bbo& a, const schemas::Bbo& b) {
  return same_level(a.bid, a, b.bid, b) && same_level(a.ask, a, b.ask, b);
}

boost::json::object counts_json(const std::map<std::string, std::int64_t>& counts) {
  boost::json::object out;
  for (const auto& [word, count] : counts) out[word] = count;
  return out;
}

}  // namespace

Summary::Summary(normalize::Venue& venue) : venue_{venue} { venue_.set_audit(this); }
Summary::~Summary() { venue_.set_audit(nullptr); }

Summary::Instrument& Summary::at(InstrumentId id) {
  if (index(id) >= instruments_.size()) instruments_.resize(index(id) + 1);
  return instruments_[index(id)];
}

Summary::Instrument& Summary::count(StreamKey key) {
  Instrument& instrument = at(key.instrument);
  ++instrument.records[std::string{normalize::name(key.dataset)}];
  return instrument;
}

void Summary::on_book_message(const normalize::BookAudit::Event& event) {
  Instrument& instrument = at(event.instrument);
  if (!instrument.book) instrument.book = std::make_unique<BookFacts>();
  instrument.book->add(event);
}

void Summary::on_bbo(StreamKey key, const EventMeta& meta, const schemas::Bbo& bbo) {
  Instrument& instrument = count(key);
  if (key.dataset != Dataset::kBbo) return;  // our own, not the venue's word
  Quotes& quotes = instrument.quotes[key.dataset];
  ++quotes.count;
  if (meta.venue_seq) quotes.with_id.emplace_back(*meta.venue_seq, bbo);
}

void Summary::on_trade(StreamKey key, const EventMeta& meta, const schemas::Trade& trade) {
  Trades& trades = count(key).trades[key.dataset];
  (meta.origin == schemas::Origin::kSnapshot ? trades.history : trades.live).add(trade);
}

void Summary::begin_frame(std::uint32_t, schemas::UnixNanos) { ++frames_; }
void Summary::on_book(StreamKey key, const EventMeta&, const schemas::Book&) { count(key); }
void Summary::on_ticker(StreamKey key, const EventMeta&, const schemas::Ticker&) { count(key); }
void Summary::on_candle(StreamKey key, const EventMeta&, const schemas::Candle&) { count(key); }
void Summary::on_instrument(StreamKey key, const EventMeta&, const schemas::Instrument&) { count(key); }
void Summary::on_gap(StreamKey, schemas::GapMark) {}  // the audit counts the gaps of books
void Summary::on_state(StreamKey, schemas::StreamState, std::string_view) {}
void Summary::on_drop(std::string_view reason) { ++drops_[std::string{reason}]; }

std::string Summary::channel_of(Dataset dataset) const {
  for (const auto& capability : venue_.capabilities().datasets) {
    if (capability.dataset == dataset) return std::string{capability.channel};
  }
  return std::string{normalize::name(dataset)};
}

// The quote channel names the book update that it belongs to where ids are shared; both must then agree.
boost::json::object Summary::quotes_json(const Quotes& quotes, const BookFacts* book) const {
  std::int64_t named = 0, equal = 0;
  for (const auto& [id, quote] : quotes.with_id) {
    const schemas::Bbo* rebuilt = book ? book->after_update(id) : nullptr;
    named += rebuilt ? 1 : 0;
    equal += rebuilt && same(*rebuilt, quote) ? 1 : 0;
  }
  return {{"count", quotes.count}, {"same_update_id", named}, {"equal_to_book", equal}};
}

boost::json::object Summary::instrument_json(const Instrument& instrument) const {
  boost::json::object out;
  if (instrument.book) out["book"] = instrument.book->json();
  boost::json::array trades, quotes;
  for (const auto& [dataset, found] : instrument.trades) {
    boost::json::object entry{{"channel", channel_of(dataset)}, {"live", found.live.json()}};
    if (!found.history.empty()) entry["history"] = found.history.json();
    trades.push_back(std::move(entry));
  }
  for (const auto& [dataset, found] : instrument.quotes) {
    boost::json::object entry{{"channel", channel_of(dataset)}};
    for (auto& [key, value] : quotes_json(found, instrument.book.get())) entry[key] = value;
    quotes.push_back(std::move(entry));
  }
  if (!trades.empty()) out["trades"] = std::move(trades);
  if (!quotes.empty()) out["quotes"] = std::move(quotes);
  out["records"] = counts_json(instrument.records);
  return out;
}

std::string Summary::text() const {
  boost::json::object instruments;
  for (std::size_t id = 0; id < instruments_.size(); ++id) {
    const Instrument& instrument = instruments_[id];
    if (!instrument.book && instrument.records.empty()) continue;  // reference data alone says nothing here
    const auto& info = venue_.instruments()[InstrumentId{static_cast<std::uint32_t>(id)}];
    instruments[info.symbol] = instrument_json(instrument);
  }
  const boost::json::object summary{{"venue", venue_.venue_name()},
                                    {"frames", frames_},
                                    {"drops", counts_json(drops_)},
                                    {"instruments", std::move(instruments)}};
  return boost::json::serialize(summary) + '\n';
}

}  // namespace millrace::cli
