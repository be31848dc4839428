#include "schemas/codec/decode.h"

#include <protozero/exception.hpp>

#include "schemas/codec/fields.h"
#include "schemas/codec/json.h"

namespace millrace::schemas {
namespace {

using fields::Bytes;
using fields::Exponent;
using fields::Fixed;
using fields::read_nth;
using fields::Reader;
using fields::Sint;

// The fields after Meta, for messages that have one.
template <class Body, class Handle>
void for_each_after_meta(Reader reader, Decoded<Body>& out, Handle&& handle) {
  fields::for_each(reader, [&](Reader& field) {
    if (field.tag() == 1) return fields::read_meta(field, out.meta, out.storage->identity, out.storage->gap);
    return handle(field);
  });
}

// One number column of the levels, and how far it is filled. Prices and quantities arrive as two columns of one array
// of levels; each grows it as far as it needs, and unequal ends are refused.
template <std::int64_t Level::*Column>
struct ColumnOf {
  std::vector<Level>& levels;
  std::size_t count = 0;

  void put(std::int64_t value) {
    if (count == levels.size()) levels.emplace_back();
    levels[count++].*Column = value;
  }
};

// Packed or, as old writers do, one value a field.
template <std::int64_t Level::*Column>
bool read(Reader& reader, ColumnOf<Column>& column) {
  std::int64_t single = 0;
  if (fields::read(reader, Sint{single})) {
    column.put(single);
    return true;
  }
  if (reader.wire_type() != fields::WireType::length_delimited) return false;
  const auto values = reader.get_packed_sint64();
  for (auto at = values.begin(); at != values.end(); ++at) column.put(*at);
  return true;
}

// Levels are appended to the storage column by column; the spans are set last, when nothing moves any more.
void read_body(Reader reader, Decoded<Book>& out) {
  ColumnOf<&Level::price> bid_price{out.storage->bids};
  ColumnOf<&Level::quantity> bid_quantity{out.storage->bids};
  ColumnOf<&Level::price> ask_price{out.storage->asks};
  ColumnOf<&Level::quantity> ask_quantity{out.storage->asks};
  Book& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.kind, Exponent{body.price_exponent}, Exponent{body.quantity_exponent}, bid_price,
                    bid_quantity, ask_price, ask_quantity, body.venue_seq_first, body.venue_seq_prev,
                    body.venue_checksum, body.price_decimals, body.quantity_decimals, body.proven_depth, body.depth);
  });
  if (bid_price.count != bid_quantity.count || ask_price.count != ask_quantity.count) throw fields::Malformed{};
  body.bids = out.storage->bids;
  body.asks = out.storage->asks;
}

// A side has both its numbers or neither. Generated code would accept half a side, and a reader would take its zero for
// a price.
std::optional<Level> level_of(const std::optional<std::int64_t>& price, const std::optional<std::int64_t>& quantity) {
  if (price.has_value() != quantity.has_value()) throw fields::Malformed{};
  if (!price) return std::nullopt;
  return Level{*price, *quantity};
}

void read_body(Reader reader, Decoded<Bbo>& out) {
  std::optional<std::int64_t> bid_price, bid_quantity, ask_price, ask_quantity;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, Exponent{out.body.price_exponent}, Exponent{out.body.quantity_exponent}, Sint{bid_price},
                    Sint{bid_quantity}, Sint{ask_price}, Sint{ask_quantity});
  });
  out.body.bid = level_of(bid_price, bid_quantity);
  out.body.ask = level_of(ask_price, ask_quantity);
}

// Texts go into the storage and are seen through views, as the struct has them.
void read_body(Reader reader, Decoded<Trade>& out) {
  std::string& trade_id = out.storage->text[0];
  std::string& order_type = out.storage->text[1];
  Trade& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, trade_id, Exponent{body.price_exponent}, Exponent{body.quantity_exponent},
                    Sint{body.price}, Sint{body.quantity}, body.aggressor, body.first_trade_id, body.last_trade_id,
                    order_type);
  });
  body.trade_id = trade_id;
  body.order_type = order_type;
}

void read_body(Reader reader, Decoded<Ticker>& out) {
  Ticker& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.last, body.last_quantity, body.open, body.high, body.low, body.volume,
                    body.quote_volume, body.vwap, body.change, body.change_percent, body.bid, body.bid_quantity,
                    body.ask, body.ask_quantity, body.trades, Fixed{body.open_time}, Fixed{body.close_time});
  });
}

void read_body(Reader reader, Decoded<Candle>& out) {
  Candle& body = out.body;
  std::string& interval = out.storage->text[0];
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, interval, Fixed{body.open_time}, Fixed{body.close_time}, body.open, body.high, body.low,
                    body.close, body.volume, body.quote_volume, body.vwap, body.trades, body.closed,
                    body.taker_buy_volume, body.taker_buy_quote_volume);
  });
  body.interval = interval;
}

void read_body(Reader reader, Decoded<Instrument>& out) {
  Instrument& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.kind, body.status, body.status_text, body.base, body.quote, body.settle,
                    body.tick_size, body.quantity_step, body.min_quantity, body.min_notional, body.price_decimals,
                    body.quantity_decimals, body.contract_size, Fixed{body.expiry_time});
  });
}

void read_body(Reader reader, Decoded<StreamStatus>& out) {
  StreamStatus& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.dataset, body.channel, body.state, body.reason, body.detail, body.connection,
                    body.worker, body.loss_evidence, body.cadence_ns, body.evidence_depth);
  });
}

void read_body(Reader reader, Decoded<Gap>& out) {
  Gap& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.dataset, body.mark, Fixed{body.detected_time}, Fixed{body.repaired_time},
                    body.repair);
  });
}

void read_body(Reader reader, Decoded<Quarantine>& out) {
  Quarantine& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.connection, body.error, body.where, Bytes{body.frame}, body.frame_bytes,
                    body.suppressed);
  });
}

// Appends one stream of a heartbeat.
struct Streams {
  std::vector<StreamBeat>& out;
};

// Heartbeats of a large worker have thousands of these: built in place.
bool read(Reader& reader, Streams streams) {
  if (reader.wire_type() != fields::WireType::length_delimited) return false;
  StreamBeat& stream = streams.out.emplace_back();
  fields::for_each(reader.get_message(), [&](Reader& field) {
    return read_nth(field, 1, stream.symbol, stream.instrument, stream.epoch, stream.next_seq, stream.partition,
                    stream.acked_offset, stream.state, stream.age_ns, stream.gap);
  });
  return true;
}

void read_body(Reader reader, Heartbeat& out) {
  fields::for_each(reader, [&](Reader& field) {
    return read_nth(field, 1, out.venue, out.dataset, out.worker, out.thread, Fixed{out.time}, Streams{out.streams});
  });
}

void read_body(Reader reader, Claim& out) {
  fields::for_each(reader, [&](Reader& field) {
    return read_nth(field, 1, out.worker, out.instance, Fixed{out.time}, out.venues, out.streams);
  });
}

void read_body(Reader reader, Subscription& out) {
  fields::for_each(reader, [&](Reader& field) {
    return read_nth(field, 1, out.venue, out.symbol, out.datasets, Fixed{out.time}, out.by);
  });
}

// Absent is 0, as generated code reads it: the struct's default is for who makes one.
void read_body(Reader reader, Decoded<Execution>& out) {
  Execution& body = out.body;
  body.revision = 0;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.kind, body.status, body.event_id, body.revision, body.order_id, body.client_order_id,
                    body.execution_id, body.side, body.order_type, body.time_in_force, body.price, body.stop_price,
                    body.quantity, body.last_price, body.last_quantity, body.cumulative_quantity, body.leaves_quantity,
                    body.average_price, body.fee, body.fee_asset, body.liquidity, body.reason, body.unseen_order);
  });
}

void read_body(Reader reader, Decoded<Balance>& out) {
  Balance& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.kind, body.asset, body.wallet, body.total, body.available, body.locked, body.change,
                    body.fee, body.cause, body.event_id);
  });
}

void read_body(Reader reader, Decoded<Recovery>& out) {
  Recovery& body = out.body;
  for_each_after_meta(reader, out, [&](Reader& field) {
    return read_nth(field, 2, body.phase, body.instance, body.sweep, body.trigger, body.symbols, Fixed{body.from},
                    Fixed{body.to}, Fixed{body.watermark}, body.requests, body.fills_read, body.fills_missing,
                    body.fills_richer, body.late_fills, body.error);
  });
}

// Appends one scope of a cursor.
struct Scopes {
  std::vector<CursorScope>& out;
};

bool read(Reader& reader, Scopes scopes) {
  if (reader.wire_type() != fields::WireType::length_delimited) return false;
  CursorScope& scope = scopes.out.emplace_back();
  fields::for_each(reader.get_message(),
                   [&](Reader& field) { return read_nth(field, 1, scope.symbol, Fixed{scope.complete_through}); });
  return true;
}

void read_body(Reader reader, Cursor& out) {
  fields::for_each(reader, [&](Reader& field) {
    return read_nth(field, 1, out.venue, out.account, out.name, out.instance, out.worker, Fixed{out.time},
                    Scopes{out.scopes});
  });
}

// The identity is encoded anew once its four texts are there, since the record may be written out again.
template <class Body>
AnyDecoded decode_event(Reader reader) {
  Decoded<Body> out{std::make_shared<DecodedStorage>(), {}, {}};
  read_body(reader, out);
  auto& identity = out.storage->identity;
  identity = make_stream_identity(std::move(identity.venue), std::move(identity.symbol), std::move(identity.instrument),
                                  std::move(identity.account));
  out.meta.stream = &identity;
  out.meta.gap = out.storage->gap;
  return out;
}

template <class Message>
AnyDecoded decode_plain(Reader reader) {
  Message out;
  read_body(reader, out);
  return out;
}

// No default: a new message type without a decoder is a compiler's warning, which is an error here.
AnyDecoded decode_as(MessageType type, Reader reader) {
  switch (type) {
    case MessageType::kBook:
      return decode_event<Book>(reader);
    case MessageType::kBbo:
      return decode_event<Bbo>(reader);
    case MessageType::kTrade:
      return decode_event<Trade>(reader);
    case MessageType::kTicker:
      return decode_event<Ticker>(reader);
    case MessageType::kCandle:
      return decode_event<Candle>(reader);
    case MessageType::kInstrument:
      return decode_event<Instrument>(reader);
    case MessageType::kStreamStatus:
      return decode_event<StreamStatus>(reader);
    case MessageType::kGap:
      return decode_event<Gap>(reader);
    case MessageType::kQuarantine:
      return decode_event<Quarantine>(reader);
    case MessageType::kHeartbeat:
      return decode_plain<Heartbeat>(reader);
    case MessageType::kClaim:
      return decode_plain<Claim>(reader);
    case MessageType::kExecution:
      return decode_event<Execution>(reader);
    case MessageType::kBalance:
      return decode_event<Balance>(reader);
    case MessageType::kRecovery:
      return decode_event<Recovery>(reader);
    case MessageType::kCursor:
      return decode_plain<Cursor>(reader);
    case MessageType::kSubscription:
      return decode_plain<Subscription>(reader);
  }
  throw fields::Malformed{};
}

template <class Body>
void append_json(const Decoded<Body>& record, std::string& out) {
  to_json(record.meta, record.body, out);
}

template <class Message>
void append_json(const Message& record, std::string& out) {
  to_json(record, out);
}

}  // namespace

// Exceptions stay inside: protozero throws on a short or overlong field, and a record of Kafka may be anything.
std::optional<AnyDecoded> decode(MessageType type, std::string_view bytes) {
  try {
    return decode_as(type, Reader(bytes.data(), bytes.size()));
  } catch (const protozero::exception&) {
    return std::nullopt;
  } catch (const fields::Malformed&) {
    return std::nullopt;
  }
}

void to_json(const AnyDecoded& record, std::string& out) {
  std::visit([&out](const auto& one) { append_json(one, out); }, record);
}

}  // namespace millrace::schemas
