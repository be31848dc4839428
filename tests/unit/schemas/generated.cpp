#include "tests/unit/schemas/generated.h"

#include <stdexcept>

#include "millrace/v1/balance.pb.h"
#include "millrace/v1/bbo.pb.h"
#include "millrace/v1/book.pb.h"
#include "millrace/v1/candle.pb.h"
#include "millrace/v1/claim.pb.h"
#include "millrace/v1/cursor.pb.h"
#include "millrace/v1/execution.pb.h"
#include "millrace/v1/gap.pb.h"
#include "millrace/v1/heartbeat.pb.h"
#include "millrace/v1/instrument.pb.h"
#include "millrace/v1/quarantine.pb.h"
#include "millrace/v1/recovery.pb.h"
#include "millrace/v1/stream_status.pb.h"
#include "millrace/v1/subscription.pb.h"
#include "millrace/v1/ticker.pb.h"
#include "millrace/v1/trade.pb.h"
#include "tests/unit/schemas/generated_body.h"

namespace millrace::schemas::testing {
namespace {

using testing::set_body;  // those of other files, beside the ones below

void set_mark(v1::GapMark& out, const GapMark& mark) {
  out.set_kind(static_cast<v1::GapKind>(mark.kind));
  SET_OPTIONAL(out, from, mark.from);
  SET_OPTIONAL(out, to, mark.to);
  SET_OPTIONAL(out, count, mark.count);
  out.set_reason(mark.reason);
}

void set_meta(v1::Meta& out, const Meta& meta) {
  out.set_venue(meta.stream->venue);
  out.set_symbol(meta.stream->symbol);
  out.set_instrument(meta.stream->instrument);
  out.set_account(meta.stream->account);
  out.set_epoch(meta.epoch);
  out.set_seq(meta.seq);
  SET_OPTIONAL(out, venue_seq, meta.venue_seq);
  SET_OPTIONAL(out, venue_time_ns, meta.venue_time);
  SET_OPTIONAL(out, venue_send_time_ns, meta.venue_send_time);
  out.set_receive_time_ns(meta.receive_time);
  SET_OPTIONAL(out, publish_time_ns, meta.publish_time);
  out.set_staleness_ns(meta.staleness_ns);
  out.set_origin(static_cast<v1::Origin>(meta.origin));
  out.set_flags(static_cast<std::int32_t>(meta.flags));
  for (const auto& mark : meta.gap) set_mark(*out.add_gap(), mark);
}

void set_body(v1::Book& out, const Book& body) {
  out.set_kind(static_cast<v1::BookKind>(body.kind));
  out.set_price_exponent(body.price_exponent);
  out.set_quantity_exponent(body.quantity_exponent);
  for (const auto& level : body.bids) {
    out.add_bid_price(level.price);
    out.add_bid_quantity(level.quantity);
  }
  for (const auto& level : body.asks) {
    out.add_ask_price(level.price);
    out.add_ask_quantity(level.quantity);
  }
  SET_OPTIONAL(out, venue_seq_first, body.venue_seq_first);
  SET_OPTIONAL(out, venue_seq_prev, body.venue_seq_prev);
  SET_OPTIONAL(out, venue_checksum, body.venue_checksum);
  SET_OPTIONAL(out, price_decimals, body.price_decimals);
  SET_OPTIONAL(out, quantity_decimals, body.quantity_decimals);
  SET_OPTIONAL(out, proven_depth, body.proven_depth);
  SET_OPTIONAL(out, depth, body.depth);
}

void set_body(v1::Bbo& out, const Bbo& body) {
  out.set_price_exponent(body.price_exponent);
  out.set_quantity_exponent(body.quantity_exponent);
  if (body.bid) {
    out.set_bid_price(body.bid->price);
    out.set_bid_quantity(body.bid->quantity);
  }
  if (body.ask) {
    out.set_ask_price(body.ask->price);
    out.set_ask_quantity(body.ask->quantity);
  }
}

void set_body(v1::Trade& out, const Trade& body) {
  out.set_trade_id(std::string(body.trade_id));
  out.set_price_exponent(body.price_exponent);
  out.set_quantity_exponent(body.quantity_exponent);
  out.set_price(body.price);
  out.set_quantity(body.quantity);
  out.set_aggressor(static_cast<v1::Side>(body.aggressor));
  SET_OPTIONAL(out, first_trade_id, body.first_trade_id);
  SET_OPTIONAL(out, last_trade_id, body.last_trade_id);
  out.set_order_type(std::string(body.order_type));
}

void set_body(v1::Ticker& out, const Ticker& body) {
  SET_DECIMAL(out, last, body.last);
  SET_DECIMAL(out, last_quantity, body.last_quantity);
  SET_DECIMAL(out, open, body.open);
  SET_DECIMAL(out, high, body.high);
  SET_DECIMAL(out, low, body.low);
  SET_DECIMAL(out, volume, body.volume);
  SET_DECIMAL(out, quote_volume, body.quote_volume);
  SET_DECIMAL(out, vwap, body.vwap);
  SET_DECIMAL(out, change, body.change);
  SET_DECIMAL(out, change_percent, body.change_percent);
  SET_DECIMAL(out, bid, body.bid);
  SET_DECIMAL(out, bid_quantity, body.bid_quantity);
  SET_DECIMAL(out, ask, body.ask);
  SET_DECIMAL(out, ask_quantity, body.ask_quantity);
  SET_OPTIONAL(out, trades, body.trades);
  SET_OPTIONAL(out, open_time_ns, body.open_time);
  SET_OPTIONAL(out, close_time_ns, body.close_time);
}

void set_body(v1::Candle& out, const Candle& body) {
  out.set_interval(std::string(body.interval));
  out.set_open_time_ns(body.open_time);
  SET_OPTIONAL(out, close_time_ns, body.close_time);
  SET_DECIMAL(out, open, body.open);
  SET_DECIMAL(out, high, body.high);
  SET_DECIMAL(out, low, body.low);
  SET_DECIMAL(out, close, body.close);
  SET_DECIMAL(out, volume, body.volume);
  SET_DECIMAL(out, quote_volume, body.quote_volume);
  SET_DECIMAL(out, vwap, body.vwap);
  SET_OPTIONAL(out, trades, body.trades);
  SET_OPTIONAL(out, closed, body.closed);
  SET_DECIMAL(out, taker_buy_volume, body.taker_buy_volume);
  SET_DECIMAL(out, taker_buy_quote_volume, body.taker_buy_quote_volume);
}

void set_body(v1::Instrument& out, const Instrument& body) {
  out.set_kind(static_cast<v1::InstrumentKind>(body.kind));
  out.set_status(static_cast<v1::InstrumentStatus>(body.status));
  out.set_status_text(body.status_text);
  out.set_base(body.base);
  out.set_quote(body.quote);
  out.set_settle(body.settle);
  SET_DECIMAL(out, tick_size, body.tick_size);
  SET_DECIMAL(out, quantity_step, body.quantity_step);
  SET_DECIMAL(out, min_quantity, body.min_quantity);
  SET_DECIMAL(out, min_notional, body.min_notional);
  SET_OPTIONAL(out, price_decimals, body.price_decimals);
  SET_OPTIONAL(out, quantity_decimals, body.quantity_decimals);
  SET_DECIMAL(out, contract_size, body.contract_size);
  SET_OPTIONAL(out, expiry_time_ns, body.expiry_time);
}

void set_body(v1::StreamStatus& out, const StreamStatus& body) {
  out.set_dataset(body.dataset);
  out.set_channel(body.channel);
  out.set_state(static_cast<v1::StreamState>(body.state));
  out.set_reason(body.reason);
  out.set_detail(body.detail);
  out.set_connection(body.connection);
  out.set_worker(body.worker);
  out.set_loss_evidence(static_cast<v1::LossEvidence>(body.loss_evidence));
  out.set_cadence_ns(body.cadence_ns);
  SET_OPTIONAL(out, evidence_depth, body.evidence_depth);
}

void set_body(v1::Gap& out, const Gap& body) {
  out.set_dataset(body.dataset);
  set_mark(*out.mutable_mark(), body.mark);
  out.set_detected_time_ns(body.detected_time);
  SET_OPTIONAL(out, repaired_time_ns, body.repaired_time);
  out.set_repair(body.repair);
}

void set_body(v1::Quarantine& out, const Quarantine& body) {
  out.set_connection(body.connection);
  out.set_error(body.error);
  out.set_where(body.where);
  out.set_frame(body.frame);
  out.set_frame_bytes(body.frame_bytes);
  out.set_suppressed(body.suppressed);
}

void set_body(v1::Heartbeat& out, const Heartbeat& body) {
  out.set_venue(body.venue);
  out.set_dataset(body.dataset);
  out.set_worker(body.worker);
  out.set_thread(body.thread);
  out.set_time_ns(body.time);
  for (const auto& stream : body.streams) {
    auto& beat = *out.add_stream();
    beat.set_symbol(stream.symbol);
    beat.set_instrument(stream.instrument);
    beat.set_epoch(stream.epoch);
    beat.set_next_seq(stream.next_seq);
    beat.set_partition(stream.partition);
    SET_OPTIONAL(beat, acked_offset, stream.acked_offset);
    beat.set_state(static_cast<v1::StreamState>(stream.state));
    beat.set_age_ns(stream.age_ns);
    for (const auto& mark : stream.gap) set_mark(*beat.add_gap(), mark);
  }
}

void set_body(v1::Claim& out, const Claim& body) {
  out.set_worker(body.worker);
  out.set_instance(body.instance);
  out.set_time_ns(body.time);
  for (const auto& venue : body.venues) out.add_venue(venue);
  out.set_streams(body.streams);
}

void set_body(v1::Subscription& out, const Subscription& body) {
  out.set_venue(body.venue);
  out.set_symbol(body.symbol);
  for (const auto& dataset : body.datasets) out.add_dataset(dataset);
  out.set_time_ns(body.time);
  out.set_by(body.by);
}

template <class Message, class Body>
void set_record(Message& out, const Decoded<Body>& record) {
  set_meta(*out.mutable_meta(), record.meta);
  set_body(out, record.body);
}

template <class Message, class Body>
void set_record(Message& out, const Body& record) {
  set_body(out, record);
}

// protoc's class for each alternative of AnyDecoded.
template <class Body>
struct GeneratedOf;
#define GENERATED(Name, Body) \
  template <>                 \
  struct GeneratedOf<Body> {  \
    using type = v1::Name;    \
  };
GENERATED(Book, Decoded<Book>)
GENERATED(Bbo, Decoded<Bbo>)
GENERATED(Trade, Decoded<Trade>)
GENERATED(Ticker, Decoded<Ticker>)
GENERATED(Candle, Decoded<Candle>)
GENERATED(Instrument, Decoded<Instrument>)
GENERATED(StreamStatus, Decoded<StreamStatus>)
GENERATED(Gap, Decoded<Gap>)
GENERATED(Quarantine, Decoded<Quarantine>)
GENERATED(Heartbeat, Heartbeat)
GENERATED(Claim, Claim)
GENERATED(Execution, Decoded<Execution>)
GENERATED(Balance, Decoded<Balance>)
GENERATED(Recovery, Decoded<Recovery>)
GENERATED(Cursor, Cursor)
GENERATED(Subscription, Subscription)
#undef GENERATED

template <std::size_t... Index>
std::unique_ptr<google::protobuf::Message> make_nth(std::size_t wanted, std::index_sequence<Index...>) {
  std::unique_ptr<google::protobuf::Message> out;
  ((Index == wanted
        ? void(out = std::make_unique<typename GeneratedOf<std::variant_alternative_t<Index, AnyDecoded>>::type>())
        : void()),
   ...);
  return out;
}

}  // namespace

std::unique_ptr<google::protobuf::Message> to_generated(const AnyDecoded& record) {
  return std::visit(
      [](const auto& one) -> std::unique_ptr<google::protobuf::Message> {
        auto out = std::make_unique<typename GeneratedOf<std::decay_t<decltype(one)>>::type>();
        set_record(*out, one);
        return out;
      },
      record);
}

std::unique_ptr<google::protobuf::Message> make_generated(MessageType type) {
  // The alternatives of AnyDecoded stand in the order of MessageType.
  return make_nth(static_cast<std::size_t>(type), std::make_index_sequence<std::variant_size_v<AnyDecoded>>());
}

}  // namespace millrace::schemas::testing
