// JSON of the messages of accounts.

#include "schemas/codec/json.h"
#include "schemas/codec/json_meta.h"
#include "schemas/codec/json_writer.h"

namespace millrace::schemas {

void to_json(const Meta& meta, const Execution& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "execution", meta);
  json.text("kind", name(body.kind));
  json.text("status", name(body.status));
  json.text("event_id", body.event_id);
  json.integer("revision", std::int64_t{body.revision});
  json.text("order_id", body.order_id);
  json.text("client_order_id", body.client_order_id);
  json.text("execution_id", body.execution_id);
  json.text("side", name(body.side));
  json.text("order_type", body.order_type);
  json.text("time_in_force", body.time_in_force);
  json.decimal("price", body.price);
  json.decimal("stop_price", body.stop_price);
  json.decimal("quantity", body.quantity);
  json.decimal("last_price", body.last_price);
  json.decimal("last_quantity", body.last_quantity);
  json.decimal("cumulative_quantity", body.cumulative_quantity);
  json.decimal("leaves_quantity", body.leaves_quantity);
  json.decimal("average_price", body.average_price);
  json.decimal("fee", body.fee);
  json.text("fee_asset", body.fee_asset);
  json.text("liquidity", name(body.liquidity));
  json.text("reason", body.reason);
  json.boolean("unseen_order", body.unseen_order);
  json.finish();
}

void to_json(const Meta& meta, const Balance& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "balance", meta);
  json.text("kind", name(body.kind));
  json.text("asset", body.asset);
  json.text("wallet", body.wallet);
  json.decimal("total", body.total);
  json.decimal("available", body.available);
  json.decimal("locked", body.locked);
  json.decimal("change", body.change);
  json.decimal("fee", body.fee);
  json.text("cause", body.cause);
  json.text("event_id", body.event_id);
  json.finish();
}

void to_json(const Meta& meta, const Recovery& body, std::string& out) {
  JsonWriter json(out);
  write_meta(json, "recovery", meta);
  json.text("phase", name(body.phase));
  json.integer("instance", body.instance);
  json.integer("sweep", body.sweep);
  json.text("trigger", body.trigger);
  json.texts("symbol", body.symbols);
  json.integer("from_ns", body.from);
  json.integer("to_ns", body.to);
  json.integer("watermark_ns", body.watermark);
  json.integer("requests", body.requests);
  json.integer("fills_read", body.fills_read);
  json.integer("fills_missing", body.fills_missing);
  json.integer("fills_richer", body.fills_richer);
  json.integer("late_fills", body.late_fills);
  json.text("error", body.error);
  json.finish();
}

void to_json(const Cursor& body, std::string& out) {
  JsonWriter json(out);
  json.text("type", "cursor");
  json.text("venue", body.venue);
  json.text("account", body.account);
  json.text("name", body.name);
  json.integer("instance", body.instance);
  json.text("worker", body.worker);
  json.integer("time_ns", body.time);
  json.open_array("scope");
  for (const CursorScope& scope : body.scopes) {
    json.element_object();
    json.text("symbol", scope.symbol);
    json.integer("complete_through_ns", scope.complete_through);
    json.close_object();
  }
  json.close_array();
  json.finish();
}

}  // namespace millrace::schemas
