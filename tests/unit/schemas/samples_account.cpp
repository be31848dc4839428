#include "tests/unit/schemas/sample_fill.h"

namespace millrace::schemas::testing {

void fill(Dice& dice, Execution& body, DecodedStorage&, std::size_t) {
  body.kind = dice.one_of(ExecutionKind::kTransfer);
  body.status = dice.one_of(OrderStatus::kExpired);
  body.side = dice.one_of(Side::kSell);
  body.liquidity = dice.one_of(Liquidity::kTaker);
  body.revision = dice.int32();
  for (auto* text : {&body.event_id, &body.order_id, &body.client_order_id, &body.execution_id, &body.order_type,
                     &body.time_in_force, &body.fee_asset, &body.reason}) {
    *text = dice.text();
  }
  for (auto* number : {&body.price, &body.stop_price, &body.quantity, &body.last_price, &body.last_quantity,
                       &body.cumulative_quantity, &body.leaves_quantity, &body.average_price, &body.fee}) {
    maybe(dice, *number);
  }
  body.unseen_order = dice.present();
}

void fill(Dice& dice, Balance& body, DecodedStorage&, std::size_t) {
  body.kind = dice.one_of(BalanceKind::kDelta);
  for (auto* text : {&body.asset, &body.wallet, &body.cause, &body.event_id}) *text = dice.text();
  for (auto* number : {&body.total, &body.available, &body.locked, &body.change, &body.fee}) maybe(dice, *number);
}

void fill(Dice& dice, Recovery& body, DecodedStorage&, std::size_t) {
  body.phase = dice.one_of(RecoveryPhase::kFailed);
  for (auto* text : {&body.trigger, &body.error}) *text = dice.text();
  body.symbols.resize(dice.count(3));
  for (auto& symbol : body.symbols) symbol = dice.text();
  for (auto* number : {&body.instance, &body.sweep, &body.from, &body.to, &body.requests, &body.fills_read,
                       &body.fills_missing, &body.fills_richer, &body.late_fills}) {
    *number = dice.int64();
  }
  maybe(dice, body.watermark);
}

AnyDecoded cursor_sample(Dice& dice) {
  Cursor out{dice.text(), dice.text(), dice.text(), dice.int64(), dice.text(), dice.int64(), {}};
  out.scopes.resize(dice.count(3));
  for (auto& scope : out.scopes) scope = {dice.text(), dice.int64()};
  return out;
}

}  // namespace millrace::schemas::testing
