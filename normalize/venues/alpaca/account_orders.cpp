#include "normalize/venues/alpaca/account_orders.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::alpaca {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::Origin;
using schemas::WideDecimal;

bool is_greater(const WideDecimal& a, const WideDecimal& b) { return compare(a, b) > 0; }

// Why: the venue's word, else which order this one goes on as, or was before (5: "replaced" and its chain), else the
// event where it is the only thing that tells a refusal from a status.
std::string reason_of(const TradeUpdate& update) {
  if (!update.reason.empty()) return update.reason;
  if (update.kind == ExecutionKind::kReplaced && !update.order.replaced_by.empty()) {
    return "replaced_by " + update.order.replaced_by;
  }
  if (update.kind == ExecutionKind::kNew && !update.order.replaces.empty()) return "replaces " + update.order.replaces;
  return update.kind == ExecutionKind::kStatus || update.event == "restated" ? update.event : std::string();
}

// REST may lag behind the stream.
bool is_behind(const OrderRow& row, const KnownOrder& known, const WideDecimal& told) {
  const bool never_open = row.status == OrderStatus::kPendingNew && known.order.status != OrderStatus::kPendingNew;
  return never_open || (!is_final(row.status) && is_greater(told, row.filled));
}

// An event that comes late, or once more (8), does not take back what was filled meanwhile: of an open order the filled
// quantity falls with a bust only, which is an event of its own.
void keep_ahead(const KnownOrder& known, Execution& order) {
  const auto& told = known.order.cumulative_quantity;
  if (!told || is_final(order.status) || compare(*order.cumulative_quantity, *told) >= 0) return;
  order.cumulative_quantity = told;
  order.average_price = known.order.average_price;
  const bool began = order.status == OrderStatus::kPendingNew || order.status == OrderStatus::kNew;
  if (began || order.status == OrderStatus::kPartiallyFilled) order.status = known.order.status;
}

ExecutionKind kind_of_end(OrderStatus status) {
  switch (status) {
    case OrderStatus::kCancelled:
      return ExecutionKind::kCancelled;
    case OrderStatus::kExpired:
      return ExecutionKind::kExpired;
    case OrderStatus::kRejected:
      return ExecutionKind::kRejected;
    case OrderStatus::kReplaced:
      return ExecutionKind::kReplaced;
    default:
      return ExecutionKind::kStatus;  // a fill is told by the sweep
  }
}

}  // namespace

std::string fill_id(std::string_view venue, std::string_view account, std::string_view order_id,
                    const WideDecimal& cumulative) {
  return event_id(venue, account, order_id, plain_text(cumulative));
}

// Fills have the order's total: one that comes again changes nothing.
void AlpacaOrders::restore(const ToldBefore& before) {
  for (const ToldOrder& open : before.orders) orders_.restore(open.known.order.order_id, open.known);
}

AlpacaOrders::Report AlpacaOrders::report_of(const OrderRow& row) {
  Report report;
  report.symbol = row.symbol;
  Execution& order = report.execution;
  order.order_id = row.id;
  order.client_order_id = row.client_order_id;
  order.side = row.side;
  order.order_type = row.type;
  order.time_in_force = row.time_in_force;
  order.price = row.price;
  order.stop_price = row.stop_price;
  order.quantity = row.quantity;
  order.status = row.status;
  order.cumulative_quantity = row.filled;
  if (sign(row.filled) > 0) order.average_price = row.average;
  return report;
}

AlpacaOrders::Report AlpacaOrders::report_of(const TradeUpdate& update) const {
  Report report = report_of(update.order);
  report.execution.kind = update.kind;
  report.execution.status = update.status;
  report.execution.execution_id = update.execution_id;
  report.execution.reason = reason_of(update);
  report.meta.venue_time = update.time;
  report.meta.origin = Origin::kLive;
  if (update.bad_time) report.meta.flags |= schemas::flag::kBadVenueTime;
  return report;
}

AlpacaOrders::Outcome AlpacaOrders::apply(const TradeUpdate& update, AccountSink& out) {
  const std::string id = update.execution_id.empty() ? std::to_string(update.time.value_or(0)) : update.execution_id;
  if (!told_.insert(fmt::format("{}/{}/{}", update.order.id, update.event, id))) {
    out.on_drop("duplicate");
    return {};
  }
  Report report = report_of(update);
  if (update.kind == ExecutionKind::kTradeCancel || update.kind == ExecutionKind::kTradeCorrection) {
    return {.filled = true, .mismatch = !tell_correction(update, std::move(report), out)};
  }
  if (!update.legs.empty()) return tell_legs(update, out);
  if (update.kind == ExecutionKind::kTrade) {
    report.execution.last_price = update.price;
    report.execution.last_quantity = update.quantity;
    return tell_fill(std::move(report), update.order.filled, out);
  }
  const KnownOrder* const known = orders_.find(update.order.id);
  if (known != nullptr && known->ended && !is_final(report.execution.status)) {
    out.on_drop("duplicate");  // an old event once more, under another execution id
    return {};
  }
  if (known != nullptr) keep_ahead(*known, report.execution);
  publish(std::move(report), update.time.value_or(0), false, out);
  return {};
}

// `cumulative`: the order's filled quantity after this fill. The same one under another execution id is another fill,
// of which the order object says too much: what it should be is known from REST.
AlpacaOrders::Outcome AlpacaOrders::tell_fill(Report report, const WideDecimal& cumulative, AccountSink& out) {
  Execution& fill = report.execution;
  Outcome outcome{.filled = true, .mismatch = false};
  fill.event_id = fill_id(venue_, account_, fill.order_id, cumulative);
  if (!told_.insert(fill.event_id)) {
    out.on_drop("duplicate");
    return {.filled = false, .mismatch = !fill.execution_id.empty()};
  }
  remember(fill.execution_id, fill.event_id);
  if (const KnownOrder* const known = orders_.find(fill.order_id); known != nullptr) {
    const WideDecimal told = known->order.cumulative_quantity.value_or(WideDecimal{});
    outcome.mismatch = is_greater(cumulative, add(told, *fill.last_quantity));
    if (is_greater(told, cumulative)) {  // overtaken by a later fill
      fill.cumulative_quantity = told;
      fill.average_price.reset();
      fill.status = known->order.status;
    }
  }
  publish(std::move(report), 0, false, out);
  return outcome;
}

// An options order with legs (5): each leg is an order of its own, with fills of its own; the parent has no symbol.
AlpacaOrders::Outcome AlpacaOrders::tell_legs(const TradeUpdate& update, AccountSink& out) {
  Outcome outcome{.filled = true, .mismatch = false};
  for (const LegFill& leg : update.legs) {
    const auto row = std::find_if(update.order.legs.begin(), update.order.legs.end(),
                                  [&leg](const OrderRow& order) { return order.id == leg.order_id; });
    if (row == update.order.legs.end()) {  // without its filled quantity a fill has no id: REST has it
      outcome.mismatch = true;
      continue;
    }
    Report report = report_of(*row);
    report.symbol = leg.symbol;
    report.execution.kind = ExecutionKind::kTrade;
    report.execution.execution_id = leg.execution_id;
    report.execution.last_price = leg.price;
    report.execution.last_quantity = leg.quantity;
    report.meta.venue_time = leg.time ? leg.time : update.time;
    report.meta.origin = Origin::kLive;
    outcome.mismatch = tell_fill(std::move(report), row->filled, out).mismatch || outcome.mismatch;
  }
  Report parent = report_of(update);
  parent.execution.kind = ExecutionKind::kStatus;
  parent.execution.reason.clear();
  publish(std::move(parent), update.time.value_or(0), false, out);
  return outcome;
}

// The fill that is meant keeps its event_id. It is named by previous_execution_id; a fill from before we listened is
// not known by that, and gets an id of its own. False: REST may know more.
bool AlpacaOrders::tell_correction(const TradeUpdate& update, Report report, AccountSink& out) {
  const std::string& meant = update.previous_execution_id.empty() ? update.execution_id : update.previous_execution_id;
  Execution& correction = report.execution;
  correction.last_price = update.price;
  correction.last_quantity = update.quantity;
  const auto told = by_execution_.find(meant);
  if (told != by_execution_.end()) {
    correction.event_id = told->second.event_id;
    correction.revision = ++told->second.revision;
  } else {
    correction.event_id = event_id(venue_, account_, correction.order_id, "execution/" + meant);
    correction.revision = 3;
  }
  publish(std::move(report), 0, false, out);
  if (told == by_execution_.end()) return false;
  const ToldFill corrected = told->second;
  remember(update.execution_id, corrected.event_id);
  if (!update.execution_id.empty()) by_execution_[update.execution_id].revision = corrected.revision;
  return true;
}

void AlpacaOrders::remember(const std::string& execution_id, const std::string& event_id) {
  if (execution_id.empty() || !by_execution_.try_emplace(execution_id, ToldFill{event_id}).second) return;
  executions_.push_back(execution_id);
  if (executions_.size() <= kFills) return;
  by_execution_.erase(executions_.front());
  executions_.pop_front();
}

AlpacaOrders::Outcome AlpacaOrders::apply_row(const OrderRow& row, bool first, UnixNanos now, AccountSink& out) {
  const KnownOrder* const known = orders_.find(row.id);
  if (ended_.contains(row.id)) return {};  // the stream knows it better by now
  const WideDecimal told = known != nullptr ? known->order.cumulative_quantity.value_or(WideDecimal{}) : WideDecimal{};
  const bool more = is_greater(row.filled, told);
  if (known != nullptr && (is_behind(row, *known, told) || (known->order.status == row.status && !more && !first))) {
    return {};
  }
  Report report = report_of(row);
  report.execution.kind = known != nullptr ? kind_of_end(row.status) : ExecutionKind::kStatus;
  if (!row.replaced_by.empty()) report.execution.reason = "replaced_by " + row.replaced_by;
  report.meta.origin = Origin::kSnapshot;
  report.meta.flags = schemas::flag::kSnapshot;
  report.meta.venue_time = row.updated_at;
  publish(std::move(report), row.updated_at.value_or(now), true, out);
  return {.filled = false, .mismatch = more && (known != nullptr || !first)};
}

void AlpacaOrders::apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out) {
  const KnownOrder* const known = orders_.find(order_id);
  if (known == nullptr || known->ended) return;
  Report report;
  report.meta.origin = Origin::kSnapshot;
  report.meta.flags = schemas::flag::kSnapshot;
  report.execution.order_id = order_id;
  report.execution.kind = ExecutionKind::kCancelled;
  report.execution.status = OrderStatus::kCancelled;
  report.execution.reason = "order not found";
  publish(std::move(report), now, true, out);
}

// `id_time`: what tells this state from another one alike; fills have their event_id.
void AlpacaOrders::publish(Report report, UnixNanos id_time, bool snapshot, AccountSink& out) {
  Execution& execution = report.execution;
  std::string instrument = instrument_of(report.symbol);
  orders_.complete(report.symbol, instrument, execution, snapshot);
  if (is_final(execution.status)) ended_.insert(execution.order_id);
  if (execution.event_id.empty()) {
    execution.event_id = event_id(venue_, account_, execution.order_id, state_id(execution, id_time));
  }
  report.meta.symbol = report.symbol;
  report.meta.instrument = instrument;
  out.on_execution(report.meta, execution);
}

}  // namespace millrace::normalize::alpaca
