#include "tests/unit/cli/verify_tape.h"

#include <algorithm>
#include <map>

namespace millrace::cli::testing {
namespace {

constexpr std::int64_t kEpoch = 7;

void set_meta(v1::Meta& meta, const std::string& venue, const std::string& symbol, const std::string& instrument,
              std::int64_t seq) {
  meta.set_venue(venue);
  meta.set_symbol(symbol);
  meta.set_instrument(instrument);
  meta.set_epoch(kEpoch);
  meta.set_seq(seq);
  meta.set_receive_time_ns(kStart + seq * 100 * kMillisecond);
  meta.set_publish_time_ns(meta.receive_time_ns());
  meta.set_staleness_ns(seq == 1 ? 0 : 100 * kMillisecond);
  meta.set_origin(v1::ORIGIN_LIVE);
  if (seq == 1) meta.add_gap()->set_kind(v1::GAP_KIND_RESTART);
}

void add_bids(v1::Book& book, const std::vector<Row>& rows) {
  for (const auto& [price, quantity] : rows) {
    book.add_bid_price(price);
    book.add_bid_quantity(quantity);
  }
}

void add_asks(v1::Book& book, const std::vector<Row>& rows) {
  for (const auto& [price, quantity] : rows) {
    book.add_ask_price(price);
    book.add_ask_quantity(quantity);
  }
}

// The example of the venue's documentation, with the checksums printed there.
std::vector<Row> matic_bids(std::int64_t tenth) {
  return {{5666, 483175496356},  {5665, 665822734739},  {5664, 1872491513344}, {5663, 1156392544914},
          {5662, 1400665365711}, {5661, 1745485679807}, {5660, 1809715470000}, {5659, 3364489175666},
          {5658, 14834640000},   {5657, tenth}};
}

std::vector<Row> matic_asks() {
  return {{5668, 441079769741},  {5669, 465540412487},  {5670, 4984489424998}, {5671, 2430641678000},
          {5672, 2978325223475}, {5673, 5723471239278}, {5674, 4506504744000}, {5675, 591276380354},
          {5676, 4251492434778}, {5677, 3630408470220}};
}

v1::Book kraken_book(std::int64_t seq, v1::BookKind kind) {
  v1::Book book;
  set_meta(*book.mutable_meta(), "kraken", "MATIC/USD", "MATIC-USD", seq);
  book.set_kind(kind);
  book.set_price_exponent(-4);
  book.set_quantity_exponent(-8);
  book.set_price_decimals(4);
  book.set_quantity_decimals(8);
  return book;
}

void add_kraken(Tape& tape) {
  auto snapshot = kraken_book(1, v1::BOOK_KIND_SNAPSHOT);
  add_bids(snapshot, matic_bids(60670854372));
  add_asks(snapshot, matic_asks());
  snapshot.set_venue_checksum(2439117997);
  snapshot.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT | v1::FLAG_RESET);
  tape.add(kKrakenBook, "MATIC-USD", snapshot.SerializeAsString());

  auto delta = kraken_book(2, v1::BOOK_KIND_DELTA);
  add_bids(delta, {{5657, 109839475580}});
  delta.set_venue_checksum(2114181697);
  tape.add(kKrakenBook, "MATIC-USD", delta.SerializeAsString());

  auto refresh = kraken_book(3, v1::BOOK_KIND_SNAPSHOT);
  add_bids(refresh, matic_bids(109839475580));
  add_asks(refresh, matic_asks());
  refresh.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT | v1::FLAG_REFRESH);
  tape.add(kKrakenBook, "MATIC-USD", refresh.SerializeAsString());
}

v1::Book binance_book(const std::string& venue, std::int64_t seq, v1::BookKind kind, std::int64_t id) {
  v1::Book book;
  const bool spot = venue == "binance-spot";
  set_meta(*book.mutable_meta(), venue, "BTCUSDT", spot ? "BTC-USDT" : "BTC-USDT-PERP", seq);
  book.mutable_meta()->set_venue_seq(id);
  book.set_kind(kind);
  book.set_price_exponent(-2);
  book.set_quantity_exponent(-5);
  return book;
}

void add_spot(Tape& tape) {
  // A new epoch first says: forget what you had.
  auto empty = binance_book("binance-spot", 1, v1::BOOK_KIND_SNAPSHOT, 0);
  empty.mutable_meta()->clear_venue_seq();
  empty.mutable_meta()->set_flags(v1::FLAG_RESET);
  tape.add(kSpotBook, "BTC-USDT", empty.SerializeAsString());

  auto snapshot = binance_book("binance-spot", 2, v1::BOOK_KIND_SNAPSHOT, 100);
  snapshot.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT);
  add_bids(snapshot, {{6500000, 150000}, {6499900, 20000}, {6400000, 1}});
  add_asks(snapshot, {{6500100, 30000}, {6500200, 40000}});
  tape.add(kSpotBook, "BTC-USDT", snapshot.SerializeAsString());

  // The first update may overlap the REST snapshot; the next ones follow each other.
  auto overlapping = binance_book("binance-spot", 3, v1::BOOK_KIND_DELTA, 105);
  overlapping.set_venue_seq_first(95);
  add_bids(overlapping, {{6500000, 0}});
  tape.add(kSpotBook, "BTC-USDT", overlapping.SerializeAsString());
  auto next = binance_book("binance-spot", 4, v1::BOOK_KIND_DELTA, 110);
  next.set_venue_seq_first(106);
  add_asks(next, {{6500100, 10000}, {6500050, 70000}});
  tape.add(kSpotBook, "BTC-USDT", next.SerializeAsString());
  auto finer = binance_book("binance-spot", 5, v1::BOOK_KIND_DELTA, 112);
  finer.set_venue_seq_first(111);
  finer.set_price_exponent(-3);
  add_bids(finer, {{64999500, 5}});
  tape.add(kSpotBook, "BTC-USDT", finer.SerializeAsString());
  auto refresh = binance_book("binance-spot", 6, v1::BOOK_KIND_SNAPSHOT, 112);
  refresh.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT | v1::FLAG_REFRESH);
  add_bids(refresh, {{6499950, 5}, {6499900, 20000}, {6400000, 1}});
  add_asks(refresh, {{6500050, 70000}, {6500100, 10000}, {6500200, 40000}});
  tape.add(kSpotBook, "BTC-USDT", refresh.SerializeAsString());
}

void add_quote(Tape& tape, std::int64_t seq, std::int64_t id, Row bid, Row ask) {
  v1::Bbo quote;
  set_meta(*quote.mutable_meta(), "binance-spot", "BTCUSDT", "BTC-USDT", seq);
  quote.mutable_meta()->set_venue_seq(id);
  quote.set_price_exponent(-4);
  quote.set_quantity_exponent(-5);
  quote.set_bid_price(bid.first * 100);
  quote.set_bid_quantity(bid.second);
  quote.set_ask_price(ask.first * 100);
  quote.set_ask_quantity(ask.second);
  tape.add(kSpotQuote, "BTC-USDT", quote.SerializeAsString());
}

void add_perpetual(Tape& tape) {
  auto snapshot = binance_book("binance-usdm", 1, v1::BOOK_KIND_SNAPSHOT, 1000);
  snapshot.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT | v1::FLAG_RESET);
  add_bids(snapshot, {{6500000, 150000}});
  add_asks(snapshot, {{6500100, 30000}});
  tape.add(kPerpetualBook, "BTC-USDT-PERP", snapshot.SerializeAsString());
  std::int64_t id = 1000;
  for (std::int64_t seq = 2; seq <= 4; ++seq) {
    auto delta = binance_book("binance-usdm", seq, v1::BOOK_KIND_DELTA, id + 7);
    delta.set_venue_seq_first(seq == 2 ? 998 : id + 3);  // ids of other symbols lie between
    delta.set_venue_seq_prev(seq == 2 ? 990 : id);
    add_bids(delta, {{6500000 - seq, 100 * seq}});
    tape.add(kPerpetualBook, "BTC-USDT-PERP", delta.SerializeAsString());
    id += 7;
  }
  auto refresh = binance_book("binance-usdm", 5, v1::BOOK_KIND_SNAPSHOT, id);
  refresh.mutable_meta()->set_flags(v1::FLAG_SNAPSHOT | v1::FLAG_REFRESH);
  add_bids(refresh, {{6500000, 150000}, {6499998, 200}, {6499997, 300}, {6499996, 400}});
  add_asks(refresh, {{6500100, 30000}});
  tape.add(kPerpetualBook, "BTC-USDT-PERP", refresh.SerializeAsString());
}

void add_trades(Tape& tape) {
  for (std::int64_t seq = 1; seq <= 5; ++seq) {
    v1::Trade trade;
    set_meta(*trade.mutable_meta(), "kraken", "MATIC/USD", "MATIC-USD", seq);
    trade.mutable_meta()->set_venue_seq(kFirstTrade + seq - 1);
    trade.set_trade_id(std::to_string(kFirstTrade + seq - 1));
    trade.set_price(5666);
    tape.add(kTrades, "MATIC-USD", trade.SerializeAsString());
  }
}

// The streams that the heartbeats of a quiet worker name.
struct Quiet {
  std::string venue, dataset, symbol, instrument;
  std::int64_t records;
};

void add_heartbeat(Tape& tape, std::int64_t second, const Quiet& quiet) {
  v1::Heartbeat heartbeat;
  heartbeat.set_venue(quiet.venue);
  heartbeat.set_dataset(quiet.dataset);
  heartbeat.set_time_ns(kStart + second * 1000 * kMillisecond);
  auto& stream = *heartbeat.add_stream();
  stream.set_symbol(quiet.symbol);
  stream.set_instrument(quiet.instrument);
  stream.set_epoch(kEpoch);
  stream.set_next_seq(quiet.records + 1);
  stream.set_acked_offset(quiet.records - 1);
  tape.add("t.ops." + quiet.venue + ".heartbeat.v1", "worker/0", heartbeat.SerializeAsString());
}

const Quiet kQuietTrades{"kraken", "trade", "MATIC/USD", "MATIC-USD", 5};

}  // namespace

Tape quiet_tape() {
  Tape tape = good_tape();
  for (std::int64_t second = 3; second <= 9; ++second) {
    add_heartbeat(tape, second, kQuietTrades);
    add_heartbeat(tape, second, {"kraken", "book", "MATIC/USD", "MATIC-USD", 3});
    add_heartbeat(tape, second, {"binance-spot", "book", "BTCUSDT", "BTC-USDT", 6});
    add_heartbeat(tape, second, {"binance-spot", "bbo", "BTCUSDT", "BTC-USDT", 3});
    add_heartbeat(tape, second, {"binance-usdm", "book", "BTCUSDT", "BTC-USDT-PERP", 5});
  }
  return tape;
}

TapeRecord& Tape::add(const std::string& topic, const std::string& key, const std::string& bytes) {
  const std::int64_t offset = ends[topic]++;
  return records.emplace_back(TapeRecord{topic, 0, offset, key, bytes});
}

void Tape::drop(const TapeRecord& record) { records.erase(records.begin() + (&record - records.data())); }

void Tape::feed(Verifier& verifier) const {
  for (const TapeRecord& record : records) {
    verifier.on_record({record.topic, record.partition, record.offset, record.key, record.value, record.resent});
  }
  for (const auto& [topic, end] : ends) verifier.on_end(topic, 0, end);
}

Report Tape::verify(VerifierOptions options, std::int64_t seconds) const {
  options.prefix = "t";
  Verifier verifier(std::move(options));
  feed(verifier);
  const std::int64_t now = kStart + 2000 * kMillisecond + seconds * 1000 * kMillisecond;
  verifier.on_all_read(now);
  return verifier.finish(now);
}

Tape good_tape() {
  Tape tape;
  add_kraken(tape);
  // Quotes before and after the book that they are compared with: topics come in any relative order.
  add_quote(tape, 1, 105, {6499900, 20000}, {6500100, 30000});
  add_spot(tape);
  add_quote(tape, 2, 108, {6499900, 20000}, {6500050, 1});
  add_quote(tape, 3, 110, {6499900, 20000}, {6500050, 70000});
  add_perpetual(tape);
  add_trades(tape);
  add_heartbeat(tape, 2, kQuietTrades);
  return tape;
}

}  // namespace millrace::cli::testing
