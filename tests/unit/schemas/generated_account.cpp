#include "millrace/v1/balance.pb.h"
#include "millrace/v1/cursor.pb.h"
#include "millrace/v1/execution.pb.h"
#include "millrace/v1/recovery.pb.h"
#include "tests/unit/schemas/generated_body.h"

namespace millrace::schemas::testing {

void set_body(v1::Execution& out, const Execution& body) {
  out.set_kind(static_cast<v1::ExecutionKind>(body.kind));
  out.set_status(static_cast<v1::OrderStatus>(body.status));
  out.set_event_id(body.event_id);
  out.set_revision(body.revision);
  out.set_order_id(body.order_id);
  out.set_client_order_id(body.client_order_id);
  out.set_execution_id(body.execution_id);
  out.set_side(static_cast<v1::Side>(body.side));
  out.set_order_type(body.order_type);
  out.set_time_in_force(body.time_in_force);
  SET_DECIMAL(out, price, body.price);
  SET_DECIMAL(out, stop_price, body.stop_price);
  SET_DECIMAL(out, quantity, body.quantity);
  SET_DECIMAL(out, last_price, body.last_price);
  SET_DECIMAL(out, last_quantity, body.last_quantity);
  SET_DECIMAL(out, cumulative_quantity, body.cumulative_quantity);
  SET_DECIMAL(out, leaves_quantity, body.leaves_quantity);
  SET_DECIMAL(out, average_price, body.average_price);
  SET_DECIMAL(out, fee, body.fee);
  out.set_fee_asset(body.fee_asset);
  out.set_liquidity(static_cast<v1::Liquidity>(body.liquidity));
  out.set_reason(body.reason);
  out.set_unseen_order(body.unseen_order);
}

void set_body(v1::Balance& out, const Balance& body) {
  out.set_kind(static_cast<v1::BalanceKind>(body.kind));
  out.set_asset(body.asset);
  out.set_wallet(body.wallet);
  SET_DECIMAL(out, total, body.total);
  SET_DECIMAL(out, available, body.available);
  SET_DECIMAL(out, locked, body.locked);
  SET_DECIMAL(out, change, body.change);
  SET_DECIMAL(out, fee, body.fee);
  out.set_cause(body.cause);
  out.set_event_id(body.event_id);
}

void set_body(v1::Recovery& out, const Recovery& body) {
  out.set_phase(static_cast<v1::RecoveryPhase>(body.phase));
  out.set_instance(body.instance);
  out.set_sweep(body.sweep);
  out.set_trigger(body.trigger);
  for (const auto& symbol : body.symbols) out.add_symbol(symbol);
  out.set_from_ns(body.from);
  out.set_to_ns(body.to);
  SET_OPTIONAL(out, watermark_ns, body.watermark);
  out.set_requests(body.requests);
  out.set_fills_read(body.fills_read);
  out.set_fills_missing(body.fills_missing);
  out.set_fills_richer(body.fills_richer);
  out.set_late_fills(body.late_fills);
  out.set_error(body.error);
}

void set_body(v1::Cursor& out, const Cursor& body) {
  out.set_venue(body.venue);
  out.set_account(body.account);
  out.set_name(body.name);
  out.set_instance(body.instance);
  out.set_worker(body.worker);
  out.set_time_ns(body.time);
  for (const auto& one : body.scopes) {
    auto& scope = *out.add_scope();
    scope.set_symbol(one.symbol);
    scope.set_complete_through_ns(one.complete_through);
  }
}

}  // namespace millrace::schemas::testing
