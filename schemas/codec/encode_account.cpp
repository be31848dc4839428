// The messages of accounts, by protozero. Fields stand in the order of their numbers, as generated code lays them.

#include "schemas/codec/add_fields.h"
#include "schemas/codec/encode.h"

namespace millrace::schemas {
namespace {

using namespace wire;

// Not nested: a nested writer takes an empty message back.
void add_scope(pbf_writer& cursor, const CursorScope& scope) {
  std::string bytes;
  pbf_writer writer(bytes);
  add_text(writer, 1, scope.symbol);
  add_time(writer, 2, scope.complete_through);
  cursor.add_message(7, bytes);
}

}  // namespace

void encode(const Meta& meta, const Execution& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_enum(writer, 2, body.kind);
  add_enum(writer, 3, body.status);
  add_text(writer, 4, body.event_id);
  add_int(writer, 5, body.revision);
  add_text(writer, 6, body.order_id);
  add_text(writer, 7, body.client_order_id);
  add_text(writer, 8, body.execution_id);
  add_enum(writer, 9, body.side);
  add_text(writer, 10, body.order_type);
  add_text(writer, 11, body.time_in_force);
  add(writer, 12, body.price);
  add(writer, 13, body.stop_price);
  add(writer, 14, body.quantity);
  add(writer, 15, body.last_price);
  add(writer, 16, body.last_quantity);
  add(writer, 17, body.cumulative_quantity);
  add(writer, 18, body.leaves_quantity);
  add(writer, 19, body.average_price);
  add(writer, 20, body.fee);
  add_text(writer, 21, body.fee_asset);
  add_enum(writer, 22, body.liquidity);
  add_text(writer, 23, body.reason);
  if (body.unseen_order) writer.add_bool(24, true);
}

void encode(const Meta& meta, const Balance& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_enum(writer, 2, body.kind);
  add_text(writer, 3, body.asset);
  add_text(writer, 4, body.wallet);
  add(writer, 5, body.total);
  add(writer, 6, body.available);
  add(writer, 7, body.locked);
  add(writer, 8, body.change);
  add(writer, 9, body.fee);
  add_text(writer, 10, body.cause);
  add_text(writer, 11, body.event_id);
}

void encode(const Meta& meta, const Recovery& body, std::string& out) {
  append_meta(meta, out);
  pbf_writer writer(out);
  add_enum(writer, 2, body.phase);
  add_int(writer, 3, body.instance);
  add_int(writer, 4, body.sweep);
  add_text(writer, 5, body.trigger);
  for (const std::string& symbol : body.symbols) add_element(writer, 6, symbol);
  add_time(writer, 7, body.from);
  add_time(writer, 8, body.to);
  add(writer, 9, body.watermark);
  add_int(writer, 10, body.requests);
  add_int(writer, 11, body.fills_read);
  add_int(writer, 12, body.fills_missing);
  add_int(writer, 13, body.fills_richer);
  add_int(writer, 14, body.late_fills);
  add_text(writer, 15, body.error);
}

void encode(const Cursor& body, std::string& out) {
  pbf_writer writer(out);
  add_text(writer, 1, body.venue);
  add_text(writer, 2, body.account);
  add_text(writer, 3, body.name);
  add_int(writer, 4, body.instance);
  add_text(writer, 5, body.worker);
  add_time(writer, 6, body.time);
  for (const CursorScope& scope : body.scopes) add_scope(writer, scope);
}

}  // namespace millrace::schemas
