#include "tests/unit/schemas/samples.h"

#include <gtest/gtest.h>

#include <limits>

#include "schemas/codec/encode.h"
#include "tests/unit/schemas/sample_fill.h"

namespace millrace::schemas::testing {

std::uint64_t Dice::number_below(std::uint64_t limit) {
  if (mode_ == Mode::kEmpty) return 0;
  if (mode_ == Mode::kFull) return limit - 1;
  return engine_() % limit;
}

bool Dice::present() { return number_below(2) == 1; }

std::int64_t Dice::int64() {
  if (mode_ == Mode::kEmpty) return 0;
  if (mode_ == Mode::kFull) return static_cast<std::int64_t>(engine_() >> 20 | 1);
  static constexpr std::int64_t kExtremes[] = {
      0, 1, -1, 63, 64, 127, 128, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  const auto pick = engine_() % 18;
  if (pick < 9) return kExtremes[pick];
  return static_cast<std::int64_t>(engine_()) >> (engine_() % 64);
}

std::int32_t Dice::int32() {
  const auto value = static_cast<std::int32_t>(int64());
  return mode_ == Mode::kFull ? value | 1 : value;
}

std::int32_t Dice::exponent() {
  return static_cast<std::int32_t>(number_below(801)) - (mode_ == Mode::kEmpty ? 0 : 400);
}

std::string Dice::text() {
  static constexpr std::string_view kTexts[] = {
      "", "x", "BTC/USD", "\"quoted\"\n", "Ω≈ç√", "\U0001F4C8 long enough for heap"};
  return std::string(kTexts[number_below(std::size(kTexts))]);
}

std::string Dice::bytes() {
  std::string out(count(300), '\0');
  for (char& c : out) c = static_cast<char>(engine_());
  return out;
}

std::size_t Dice::count(std::size_t most) { return number_below(most + 1); }

namespace {

using testing::fill;  // those of other files, beside the ones below

GapMark mark(Dice& dice) {
  GapMark out;
  out.kind = dice.one_of(GapKind::kRestart);
  maybe(dice, out.from);
  maybe(dice, out.to);
  maybe(dice, out.count);
  out.reason = dice.text();
  return out;
}

std::vector<GapMark> marks(Dice& dice) {
  std::vector<GapMark> out(dice.count(3));
  for (auto& one : out) one = mark(dice);
  return out;
}

void fill(Dice& dice, Meta& meta, DecodedStorage& storage) {
  storage.identity = make_stream_identity(dice.text(), dice.text(), dice.text(), dice.text());
  storage.gap = marks(dice);
  meta.stream = &storage.identity;
  meta.gap = storage.gap;
  meta.epoch = dice.int64();
  meta.seq = dice.int64();
  maybe(dice, meta.venue_seq);
  maybe(dice, meta.venue_time);
  maybe(dice, meta.venue_send_time);
  meta.receive_time = dice.int64();
  maybe(dice, meta.publish_time);
  meta.staleness_ns = dice.int64();
  meta.origin = dice.one_of(Origin::kHistory);
  meta.flags = static_cast<std::uint32_t>(dice.int32());
}

std::vector<Level> levels_of(Dice& dice, std::size_t most) {
  std::vector<Level> out(dice.count(most));
  for (auto& level : out) level = {dice.int64(), dice.int64()};
  return out;
}

void fill(Dice& dice, Book& body, DecodedStorage& storage, std::size_t levels) {
  body.kind = dice.one_of(BookKind::kDelta);
  body.price_exponent = dice.exponent();
  body.quantity_exponent = dice.exponent();
  storage.bids = levels_of(dice, levels);
  storage.asks = levels_of(dice, levels);
  body.bids = storage.bids;
  body.asks = storage.asks;
  for (auto* id : {&body.venue_seq_first, &body.venue_seq_prev, &body.venue_checksum}) maybe(dice, *id);
  for (auto* n : {&body.price_decimals, &body.quantity_decimals, &body.proven_depth, &body.depth}) maybe(dice, *n);
}

void fill(Dice& dice, Bbo& body, DecodedStorage&, std::size_t) {
  body.price_exponent = dice.exponent();
  body.quantity_exponent = dice.exponent();
  for (auto* side : {&body.bid, &body.ask}) maybe(dice, *side, [&] { return Level{dice.int64(), dice.int64()}; });
}

void fill(Dice& dice, Trade& body, DecodedStorage& storage, std::size_t) {
  for (auto& text : storage.text) text = dice.text();
  body.trade_id = storage.text[0];
  body.order_type = storage.text[1];
  body.price_exponent = dice.exponent();
  body.quantity_exponent = dice.exponent();
  body.price = dice.int64();
  body.quantity = dice.int64();
  body.aggressor = dice.one_of(Side::kSell);
  maybe(dice, body.first_trade_id);
  maybe(dice, body.last_trade_id);
}

void fill(Dice& dice, Ticker& body, DecodedStorage&, std::size_t) {
  for (auto* number :
       {&body.last, &body.last_quantity, &body.open, &body.high, &body.low, &body.volume, &body.quote_volume,
        &body.vwap, &body.change, &body.change_percent, &body.bid, &body.bid_quantity, &body.ask, &body.ask_quantity}) {
    maybe(dice, *number);
  }
  for (auto* number : {&body.trades, &body.open_time, &body.close_time}) maybe(dice, *number);
}

void fill(Dice& dice, Candle& body, DecodedStorage& storage, std::size_t) {
  storage.text[0] = dice.text();
  body.interval = storage.text[0];
  body.open_time = dice.int64();
  maybe(dice, body.close_time);
  for (auto* number : {&body.open, &body.high, &body.low, &body.close, &body.volume, &body.quote_volume, &body.vwap,
                       &body.taker_buy_volume, &body.taker_buy_quote_volume}) {
    maybe(dice, *number);
  }
  maybe(dice, body.trades);
  maybe(dice, body.closed, [&] { return dice.present(); });
}

void fill(Dice& dice, Instrument& body, DecodedStorage&, std::size_t) {
  body.kind = dice.one_of(InstrumentKind::kEvent);
  body.status = dice.one_of(InstrumentStatus::kUnknown);
  for (auto* text : {&body.status_text, &body.base, &body.quote, &body.settle}) *text = dice.text();
  for (auto* number :
       {&body.tick_size, &body.quantity_step, &body.min_quantity, &body.min_notional, &body.contract_size}) {
    maybe(dice, *number);
  }
  maybe(dice, body.price_decimals);
  maybe(dice, body.quantity_decimals);
  maybe(dice, body.expiry_time);
}

void fill(Dice& dice, StreamStatus& body, DecodedStorage&, std::size_t) {
  for (auto* text : {&body.dataset, &body.channel, &body.reason, &body.detail, &body.connection, &body.worker}) {
    *text = dice.text();
  }
  body.state = dice.one_of(StreamState::kHalted);
  body.loss_evidence = dice.one_of(LossEvidence::kChecksum);
  body.cadence_ns = dice.int64();
  maybe(dice, body.evidence_depth);
}

void fill(Dice& dice, Gap& body, DecodedStorage&, std::size_t) {
  body.dataset = dice.text();
  body.mark = mark(dice);
  body.detected_time = dice.int64();
  maybe(dice, body.repaired_time);
  body.repair = dice.text();
}

void fill(Dice& dice, Quarantine& body, DecodedStorage&, std::size_t) {
  for (auto* text : {&body.connection, &body.error, &body.where}) *text = dice.text();
  body.frame = dice.bytes();
  body.frame_bytes = dice.int64();
  body.suppressed = dice.int64();
}

template <class Body>
AnyDecoded event(Dice& dice, std::size_t levels) {
  Decoded<Body> out{std::make_shared<DecodedStorage>(), {}, {}};
  fill(dice, out.meta, *out.storage);
  fill(dice, out.body, *out.storage, levels);
  return out;
}

AnyDecoded heartbeat(Dice& dice) {
  Heartbeat out{dice.text(), dice.text(), dice.text(), dice.int32(), dice.int64(), {}};
  out.streams.resize(dice.count(3));
  for (auto& stream : out.streams) {
    stream.symbol = dice.text();
    stream.instrument = dice.text();
    stream.epoch = dice.int64();
    stream.next_seq = dice.int64();
    stream.partition = dice.int32();
    maybe(dice, stream.acked_offset);
    stream.state = dice.one_of(StreamState::kHalted);
    stream.age_ns = dice.int64();
    stream.gap = marks(dice);
  }
  return out;
}

AnyDecoded claim(Dice& dice) {
  Claim out{dice.text(), dice.text(), dice.int64(), {}, dice.int32()};
  out.venues.resize(dice.count(3));
  for (auto& venue : out.venues) venue = dice.text();
  return out;
}

AnyDecoded subscription(Dice& dice) {
  Subscription out{dice.text(), dice.text(), {}, dice.int64(), dice.text()};
  out.datasets.resize(dice.count(3));
  for (auto& dataset : out.datasets) dataset = dice.text();
  return out;
}

template <class Body>
concept Hot = requires(const Meta& meta, const Body& body) {
  encoded_bound(meta, body);
};

template <Hot Body>
std::string encoded_one(const Decoded<Body>& record) {
  constexpr auto kCanary = std::byte{0xA5};
  const std::size_t bound = encoded_bound(record.meta, record.body);
  std::vector<std::byte> buffer(bound + 64, kCanary);
  const std::size_t size = encode(record.meta, record.body, std::span(buffer).first(bound));
  EXPECT_LE(size, bound);
  for (std::size_t i = bound; i < buffer.size(); ++i) EXPECT_EQ(buffer[i], kCanary) << "wrote beyond its buffer";
  return {reinterpret_cast<const char*>(buffer.data()), size};
}

template <class Body>
std::string encoded_one(const Decoded<Body>& record) {
  std::string out;
  encode(record.meta, record.body, out);
  return out;
}

template <class Message>
std::string encoded_one(const Message& record) {
  std::string out;
  encode(record, out);
  return out;
}

}  // namespace

AnyDecoded sample(MessageType type, Dice& dice, std::size_t levels) {
  switch (type) {
    case MessageType::kBook:
      return event<Book>(dice, levels);
    case MessageType::kBbo:
      return event<Bbo>(dice, levels);
    case MessageType::kTrade:
      return event<Trade>(dice, levels);
    case MessageType::kTicker:
      return event<Ticker>(dice, levels);
    case MessageType::kCandle:
      return event<Candle>(dice, levels);
    case MessageType::kInstrument:
      return event<Instrument>(dice, levels);
    case MessageType::kStreamStatus:
      return event<StreamStatus>(dice, levels);
    case MessageType::kGap:
      return event<Gap>(dice, levels);
    case MessageType::kQuarantine:
      return event<Quarantine>(dice, levels);
    case MessageType::kHeartbeat:
      return heartbeat(dice);
    case MessageType::kClaim:
      return claim(dice);
    case MessageType::kExecution:
      return event<Execution>(dice, levels);
    case MessageType::kBalance:
      return event<Balance>(dice, levels);
    case MessageType::kRecovery:
      return event<Recovery>(dice, levels);
    case MessageType::kCursor:
      return cursor_sample(dice);
    case MessageType::kSubscription:
      return subscription(dice);
  }
  throw std::logic_error("no such type");
}

std::string encoded(const AnyDecoded& record) {
  return std::visit([](const auto& one) { return encoded_one(one); }, record);
}

}  // namespace millrace::schemas::testing
