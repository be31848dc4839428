// Every message of the market and of operations that is off the hot path. Fields stand in the order of their numbers,
// as generated code lays them.

#include "schemas/codec/add_fields.h"
#include "schemas/codec/encode.h"

namespace millrace::schemas {
namespace {

using namespace wire;

void add_stream(pbf_writer& heartbeat, const StreamBeat& stream) {
  std::string bytes;  // not nested: a nested writer takes an empty message back
  pbf_writer writer(bytes);
  add_text(writer, 1, stream.symbol);
  add_text(writer, 2, stream.instrument);
  add_int(writer, 3, stream.epoch);
  add_int(writer, 4, stream.next_seq);
  add_int(writer, 5, stream.partition);
  add_optional_int(writer, 6, stream.acked_offset);
  add_enum(writer, 7, stream.state);
  add_int(writer, 8, stream.age_ns);
  for (const GapMark& mark : stream.gap) add_gap_mark(writer, 9, mark);
  heartbeat.add_message(6, bytes);
}

}  // namespace

// The array stands in the order of the field numbers 2 to 15.
void encode(const Meta& meta, const Ticker& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  const std::optional<WideDecimal>* const numbers[] = {
      &body.last,   &body.last_quantity, &body.open, &body.high,        &body.low,
      &body.volume, &body.quote_volume,  &body.vwap, &body.change,      &body.change_percent,
      &body.bid,    &body.bid_quantity,  &body.ask,  &body.ask_quantity};
  pbf_tag_type field = 2;
  for (const auto* number : numbers) add(writer, field++, *number);
  add_optional_int(writer, 16, body.trades);
  add(writer, 17, body.open_time);
  add(writer, 18, body.close_time);
}

void encode(const Meta& meta, const Candle& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_text(writer, 2, body.interval);
  add_time(writer, 3, body.open_time);
  add(writer, 4, body.close_time);
  add(writer, 5, body.open);
  add(writer, 6, body.high);
  add(writer, 7, body.low);
  add(writer, 8, body.close);
  add(writer, 9, body.volume);
  add(writer, 10, body.quote_volume);
  add(writer, 11, body.vwap);
  add_optional_int(writer, 12, body.trades);
  if (body.closed) writer.add_bool(13, *body.closed);
  add(writer, 14, body.taker_buy_volume);
  add(writer, 15, body.taker_buy_quote_volume);
}

void encode(const Meta& meta, const Instrument& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_enum(writer, 2, body.kind);
  add_enum(writer, 3, body.status);
  add_text(writer, 4, body.status_text);
  add_text(writer, 5, body.base);
  add_text(writer, 6, body.quote);
  add_text(writer, 7, body.settle);
  add(writer, 8, body.tick_size);
  add(writer, 9, body.quantity_step);
  add(writer, 10, body.min_quantity);
  add(writer, 11, body.min_notional);
  add_optional_int(writer, 12, body.price_decimals);
  add_optional_int(writer, 13, body.quantity_decimals);
  add(writer, 14, body.contract_size);
  add(writer, 15, body.expiry_time);
}

void encode(const Meta& meta, const StreamStatus& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_text(writer, 2, body.dataset);
  add_text(writer, 3, body.channel);
  add_enum(writer, 4, body.state);
  add_text(writer, 5, body.reason);
  add_text(writer, 6, body.detail);
  add_text(writer, 7, body.connection);
  add_text(writer, 8, body.worker);
  add_enum(writer, 9, body.loss_evidence);
  add_int(writer, 10, body.cadence_ns);
  add_optional_int(writer, 11, body.evidence_depth);
}

void encode(const Meta& meta, const Gap& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_text(writer, 2, body.dataset);
  add_gap_mark(writer, 3, body.mark);
  add_time(writer, 4, body.detected_time);
  add(writer, 5, body.repaired_time);
  add_text(writer, 6, body.repair);
}

void encode(const Meta& meta, const Quarantine& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_text(writer, 2, body.connection);
  add_text(writer, 3, body.error);
  add_text(writer, 4, body.where);
  add_bytes(writer, 5, body.frame);
  add_int(writer, 6, body.frame_bytes);
  add_int(writer, 7, body.suppressed);
}

void encode(const Heartbeat& body, std::string& out) {
  pbf_writer writer(out);
  add_text(writer, 1, body.venue);
  add_text(writer, 2, body.dataset);
  add_text(writer, 3, body.worker);
  add_int(writer, 4, body.thread);
  add_time(writer, 5, body.time);
  for (const StreamBeat& stream : body.streams) add_stream(writer, stream);
}

void encode(const Claim& body, std::string& out) {
  pbf_writer writer(out);
  add_text(writer, 1, body.worker);
  add_text(writer, 2, body.instance);
  add_time(writer, 3, body.time);
  for (const std::string& venue : body.venues) add_element(writer, 4, venue);
  add_int(writer, 5, body.streams);
}

void encode(const Subscription& body, std::string& out) {
  pbf_writer writer(out);
  add_text(writer, 1, body.venue);
  add_text(writer, 2, body.symbol);
  for (const std::string& dataset : body.datasets) add_element(writer, 3, dataset);
  add_time(writer, 4, body.time);
  add_text(writer, 5, body.by);
}

}  // namespace millrace::schemas
