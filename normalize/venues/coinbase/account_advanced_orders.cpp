#include "normalize/venues/coinbase/account_advanced_orders.h"

#include "normalize/account/decimal_math.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using schemas::WideDecimal;

bool differs(const std::optional<WideDecimal>& now, const std::optional<WideDecimal>& before) {
  return now && before && compare(*now, *before) != 0;
}

bool is_open(OrderStatus status) { return status == OrderStatus::kNew || status == OrderStatus::kPartiallyFilled; }

WideDecimal filled_before(const KnownOrder* known) {
  return known != nullptr ? known->order.cumulative_quantity.value_or(WideDecimal{}) : WideDecimal{};
}

// REST may lag behind the stream.
bool is_older(const AdvancedOrder& order, const KnownOrder& known) {
  if (known.ended) return known.order.status == order.status || !is_final(order.status);
  const bool never_open = order.status == OrderStatus::kPendingNew && known.order.status != OrderStatus::kPendingNew;
  return never_open || (compare(order.filled, filled_before(&known)) < 0 && !is_final(order.status));
}

bool is_same(const AdvancedOrder& order, const KnownOrder& known) {
  return known.order.status == order.status && compare(order.filled, filled_before(&known)) == 0 &&
         !differs(order.price, known.order.price) && !differs(order.quantity, known.order.quantity);
}

// 5.3. An open order whose price or size moved was edited; one that was just filled in part has its fills from REST.
ExecutionKind kind_of(const AdvancedOrder& order, const KnownOrder* known) {
  switch (order.status) {
    case OrderStatus::kPendingNew:
      return ExecutionKind::kPendingNew;
    case OrderStatus::kPendingCancel:
      return ExecutionKind::kPendingCancel;
    case OrderStatus::kCancelled:
      return ExecutionKind::kCancelled;
    case OrderStatus::kExpired:
      return ExecutionKind::kExpired;
    case OrderStatus::kRejected:
      return ExecutionKind::kRejected;
    default:
      break;
  }
  if (!is_open(order.status)) return ExecutionKind::kStatus;
  if (known == nullptr || known->order.status == OrderStatus::kPendingNew) return ExecutionKind::kNew;
  const bool edited = differs(order.price, known->order.price) || differs(order.quantity, known->order.quantity);
  return edited ? ExecutionKind::kReplaced : ExecutionKind::kStatus;
}

// What REST or a snapshot says is a state; but an end that nothing else tells any more is told as one.
ExecutionKind kind_of_snapshot(const AdvancedOrder& order, const KnownOrder* known) {
  return known != nullptr && is_final(order.status) ? kind_of(order, known) : ExecutionKind::kStatus;
}

}  // namespace

// Its fills are told by the sidecar alone.
void AdvancedOrders::restore(const ToldBefore& before) {
  for (const ToldOrder& open : before.orders) orders_.restore(open.known.order.order_id, open.known);
}

bool AdvancedOrders::apply(const AdvancedOrder& order, const Source& source, AccountSink& out) {
  const bool live = source.origin == Origin::kLive;
  const KnownOrder* const known = orders_.find(order.id);
  if (known == nullptr && ended_.contains(order.id)) {
    if (live) out.on_drop("duplicate");
    return false;
  }
  const bool more = compare(order.filled, filled_before(known)) > 0 && (known != nullptr || !source.first);
  if (known != nullptr && (is_older(order, *known) || (!source.tell_all && is_same(order, *known)))) {
    if (live) out.on_drop("duplicate");
    return false;
  }
  Execution report;
  report.kind = live ? kind_of(order, known) : kind_of_snapshot(order, known);
  report.status = order.status;
  report.order_id = order.id;
  report.client_order_id = order.client_order_id;
  report.side = order.side;
  report.order_type = order.type;
  report.time_in_force = order.time_in_force;
  report.price = order.price;
  report.stop_price = order.stop_price;
  report.quantity = order.quantity;
  report.cumulative_quantity = order.filled;
  report.average_price = order.average;
  report.reason = order.reason;
  publish(order.product, std::move(report), source, out);
  return more;
}

void AdvancedOrders::apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out) {
  const KnownOrder* const known = orders_.find(order_id);
  if (known == nullptr || known->ended) return;
  Execution report;
  report.kind = ExecutionKind::kCancelled;
  report.status = OrderStatus::kCancelled;
  report.order_id = order_id;
  report.reason = "NotFound";
  publish({}, std::move(report), {Origin::kSnapshot, now, std::nullopt}, out);
}

// The channel does not say when something happened, only when it was sent: that makes the id.
void AdvancedOrders::publish(std::string symbol, Execution execution, const Source& source, AccountSink& out) {
  std::string instrument = instrument_of(symbol);
  const bool snapshot = source.origin == Origin::kSnapshot;
  orders_.complete(symbol, instrument, execution, snapshot);
  if (is_final(execution.status)) ended_.insert(execution.order_id);
  execution.event_id =
      event_id(venue_, account_, execution.order_id, state_id(execution, source.sent.value_or(source.received)));
  AccountMeta meta;
  meta.symbol = symbol;
  meta.instrument = instrument;
  meta.venue_send_time = source.sent;
  meta.origin = source.origin;
  if (snapshot) meta.flags |= schemas::flag::kSnapshot;
  if (source.bad_time) meta.flags |= schemas::flag::kBadVenueTime;
  out.on_execution(meta, execution);
}

}  // namespace millrace::normalize::coinbase
