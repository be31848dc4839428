#include "schemas/codec/json.h"

#include "schemas/codec/json_meta.h"
#include "schemas/codec/json_writer.h"

namespace millrace::schemas {
namespace {

void write_side(JsonWriter& json, std::string_view key, std::span<const Level> levels, const Book& body) {
  json.open_array(key);
  for (const Level& level : levels) {
    json.element_pair({level.price, body.price_exponent}, {level.quantity, body.quantity_exponent});
  }
  json.close_array();
}

}  // namespace

void to_json(const Meta& meta, const Book& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "book", meta);
  json.text("kind", name(body.kind));
  write_side(json, "bids", body.bids, body);
  write_side(json, "asks", body.asks, body);
  json.integer("venue_seq_first", body.venue_seq_first);
  json.integer("venue_seq_prev", body.venue_seq_prev);
  json.integer("venue_checksum", body.venue_checksum);
  json.integer("price_decimals", body.price_decimals);
  json.integer("quantity_decimals", body.quantity_decimals);
  json.integer("proven_depth", body.proven_depth);
  json.integer("depth", body.depth);
  json.finish();
}

void to_json(const Meta& meta, const Bbo& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "bbo", meta);
  if (body.bid) {
    json.decimal("bid_price", Decimal{body.bid->price, body.price_exponent});
    json.decimal("bid_quantity", Decimal{body.bid->quantity, body.quantity_exponent});
  }
  if (body.ask) {
    json.decimal("ask_price", Decimal{body.ask->price, body.price_exponent});
    json.decimal("ask_quantity", Decimal{body.ask->quantity, body.quantity_exponent});
  }
  json.finish();
}

void to_json(const Meta& meta, const Trade& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "trade", meta);
  json.text("trade_id", body.trade_id);
  json.decimal("price", Decimal{body.price, body.price_exponent});
  json.decimal("quantity", Decimal{body.quantity, body.quantity_exponent});
  json.text("aggressor", name(body.aggressor));
  json.integer("first_trade_id", body.first_trade_id);
  json.integer("last_trade_id", body.last_trade_id);
  json.text("order_type", body.order_type);
  json.finish();
}

void to_json(const Meta& meta, const Ticker& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "ticker", meta);
  json.decimal("last", body.last);
  json.decimal("last_quantity", body.last_quantity);
  json.decimal("open", body.open);
  json.decimal("high", body.high);
  json.decimal("low", body.low);
  json.decimal("volume", body.volume);
  json.decimal("quote_volume", body.quote_volume);
  json.decimal("vwap", body.vwap);
  json.decimal("change", body.change);
  json.decimal("change_percent", body.change_percent);
  json.decimal("bid", body.bid);
  json.decimal("bid_quantity", body.bid_quantity);
  json.decimal("ask", body.ask);
  json.decimal("ask_quantity", body.ask_quantity);
  json.integer("trades", body.trades);
  json.integer("open_time_ns", body.open_time);
  json.integer("close_time_ns", body.close_time);
  json.finish();
}

void to_json(const Meta& meta, const Candle& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "candle", meta);
  json.text("interval", body.interval);
  json.integer("open_time_ns", body.open_time);
  json.integer("close_time_ns", body.close_time);
  json.decimal("open", body.open);
  json.decimal("high", body.high);
  json.decimal("low", body.low);
  json.decimal("close", body.close);
  json.decimal("volume", body.volume);
  json.decimal("quote_volume", body.quote_volume);
  json.decimal("vwap", body.vwap);
  json.integer("trades", body.trades);
  if (body.closed) json.boolean("closed", *body.closed);
  json.decimal("taker_buy_volume", body.taker_buy_volume);
  json.decimal("taker_buy_quote_volume", body.taker_buy_quote_volume);
  json.finish();
}

void to_json(const Meta& meta, const Instrument& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "instrument", meta);
  json.text("kind", name(body.kind));
  json.text("status", name(body.status));
  json.text("status_text", body.status_text);
  json.text("base", body.base);
  json.text("quote", body.quote);
  json.text("settle", body.settle);
  json.decimal("tick_size", body.tick_size);
  json.decimal("quantity_step", body.quantity_step);
  json.decimal("min_quantity", body.min_quantity);
  json.decimal("min_notional", body.min_notional);
  json.integer("price_decimals", body.price_decimals);
  json.integer("quantity_decimals", body.quantity_decimals);
  json.decimal("contract_size", body.contract_size);
  json.integer("expiry_time_ns", body.expiry_time);
  json.finish();
}

void to_json(const Meta& meta, const StreamStatus& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "stream_status", meta);
  json.text("dataset", body.dataset);
  json.text("channel", body.channel);
  json.text("state", name(body.state));
  json.text("reason", body.reason);
  json.text("detail", body.detail);
  json.text("connection", body.connection);
  json.text("worker", body.worker);
  json.text("loss_evidence", name(body.loss_evidence));
  json.integer("cadence_ns", body.cadence_ns);
  json.integer("evidence_depth", body.evidence_depth);
  json.finish();
}

void to_json(const Meta& meta, const Gap& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "gap", meta);
  json.text("dataset", body.dataset);
  json.open_object("mark");
  write_mark(json, body.mark);
  json.close_object();
  json.integer("detected_time_ns", body.detected_time);
  json.integer("repaired_time_ns", body.repaired_time);
  json.text("repair", body.repair);
  json.finish();
}

void to_json(const Meta& meta, const Quarantine& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "quarantine", meta);
  json.text("connection", body.connection);
  json.text("error", body.error);
  json.text("where", body.where);
  json.text("frame", body.frame);
  json.integer("frame_bytes", body.frame_bytes);
  json.integer("suppressed", body.suppressed);
  json.finish();
}

void to_json(const Heartbeat& body, std::string& out) {
  JsonWriter json(out);
  json.text("type", "heartbeat");
  json.text("venue", body.venue);
  json.text("dataset", body.dataset);
  json.text("worker", body.worker);
  json.integer("thread", std::int64_t{body.thread});
  json.integer("time_ns", body.time);
  json.open_array("stream");
  for (const StreamBeat& stream : body.streams) {
    json.element_object();
    json.text("symbol", stream.symbol);
    json.text("instrument", stream.instrument);
    json.integer("epoch", stream.epoch);
    json.integer("next_seq", stream.next_seq);
    json.integer("partition", std::int64_t{stream.partition});
    json.integer("acked_offset", stream.acked_offset);
    json.text("state", name(stream.state));
    json.integer("age_ns", stream.age_ns);
    write_marks(json, stream.gap);
    json.close_object();
  }
  json.close_array();
  json.finish();
}

void to_json(const Claim& body, std::string& out) {
  JsonWriter json(out);
  json.text("type", "claim");
  json.text("worker", body.worker);
  json.text("instance", body.instance);
  json.integer("time_ns", body.time);
  json.texts("venue", body.venues);
  json.integer("streams", std::int64_t{body.streams});
  json.finish();
}

void to_json(const Subscription& body, std::string& out) {
  JsonWriter json(out);
  json.text("type", "subscription");
  json.text("venue", body.venue);
  json.text("symbol", body.symbol);
  json.texts("dataset", body.datasets);
  json.integer("time_ns", body.time);
  json.text("by", body.by);
  json.finish();
}

}  // namespace millrace::schemas
