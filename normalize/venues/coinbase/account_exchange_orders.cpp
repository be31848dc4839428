#include "normalize/venues/coinbase/account_exchange_orders.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/account/decimal_math.h"
#include "normalize/venues/coinbase/account_text.h"

namespace millrace::normalize::coinbase {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::Liquidity;
using schemas::OrderStatus;
using schemas::Origin;
using schemas::WideDecimal;
using Type = UserMessage::Type;

bool is_greater(const WideDecimal& a, const WideDecimal& b) { return compare(a, b) > 0; }

bool is_recent(UnixNanos time, UnixNanos now) { return now - time < kRestLag; }

bool was_never_open(const OrderRow& row, const KnownOrder& known) {
  return row.status == OrderStatus::kPendingNew && known.order.status != OrderStatus::kPendingNew;
}

// 5.3: a time in force that ran out is told as a cancel.
bool is_time_in_force(std::string_view cancel_reason) { return cancel_reason.starts_with("101"); }

}  // namespace

std::string exchange_fill_id(std::string_view venue, std::string_view account, std::string_view order_id,
                             std::string_view product, std::int64_t trade_id) {
  return event_id(venue, account, order_id, fmt::format("{}/{}", product, trade_id));
}

bool ExchangeOrders::is_open(std::string_view order_id) const {
  const KnownOrder* const known = orders_.find(order_id);
  return known != nullptr && !known->ended;
}

void ExchangeOrders::restore(const ToldBefore& before) {
  for (const ToldOrder& open : before.orders) orders_.restore(open.known.order.order_id, open.known);
  for (const ToldOrder& ended : before.doubtful) {
    orders_.restore(ended.known.order.order_id, ended.known);
    ended_.insert(ended.known.order.order_id);
  }
  for (const std::string& id : before.fills) told_.insert(id);
}

ExchangeOrders::Report ExchangeOrders::report_of(const UserMessage& message) {
  Report report;
  report.symbol = message.product;
  report.execution.order_id = message.order_id;
  report.execution.client_order_id = message.client_order_id;
  report.execution.order_type = message.order_type;
  report.execution.side = message.side;
  report.meta.venue_seq = message.sequence;
  report.meta.venue_time = message.time;
  report.meta.origin = Origin::kLive;
  if (message.bad_time) report.meta.flags |= schemas::flag::kBadVenueTime;
  return report;
}

// 7: an order state is one of a kind by order and sequence; activate has no sequence.
bool ExchangeOrders::is_repeated(const UserMessage& message) {
  const std::int64_t number = message.sequence ? *message.sequence : message.time.value_or(0);
  return !told_.insert(fmt::format("{}/{}/{}", message.order_id, static_cast<int>(message.type), number));
}

// By the product's sequence (4.1); activate has none, and an end counts whenever it comes.
bool ExchangeOrders::is_overtaken(const UserMessage& message) {
  if (!message.sequence) return false;
  if (sequences_.size() >= kRemembered) {
    std::erase_if(sequences_, [this](const auto& one) { return !is_open(one.first); });
  }
  std::int64_t& last = sequences_.try_emplace(message.order_id, *message.sequence).first->second;
  const bool overtaken = *message.sequence < last;
  last = std::max(last, *message.sequence);
  return overtaken && message.type != Type::kDone;
}

// What a later message said of the order stands.
void ExchangeOrders::keep_ahead(Execution& report) const {
  const KnownOrder* const known = orders_.find(report.order_id);
  if (known == nullptr) return;
  const Execution& order = known->order;
  if (order.status != OrderStatus::kPendingNew) report.status = order.status;
  if (order.price) report.price = order.price;
  if (order.quantity) report.quantity = order.quantity;
  if (order.cumulative_quantity) report.cumulative_quantity = order.cumulative_quantity;
  report.leaves_quantity.reset();
}

ExchangeOrders::Outcome ExchangeOrders::apply(const UserMessage& message, UnixNanos now, AccountSink& out) {
  if (message.type == Type::kMatch) return apply_match(message, now, out);
  Outcome outcome;
  if (is_repeated(message)) {
    out.on_drop("duplicate");
    return outcome;
  }
  Report report = report_of(message);
  Execution& order = report.execution;
  switch (message.type) {
    case Type::kOpen:
      outcome.mismatch = apply_open(message, report);
      break;
    case Type::kDone:
      outcome.mismatch = apply_done(message, report);
      if (outcome.mismatch) outcome.doubtful = message.order_id;
      break;
    case Type::kChange:
      apply_change(message, report);
      break;
    default:  // received; activate: a stop that waits
      order.kind = ExecutionKind::kPendingNew;
      order.status = OrderStatus::kPendingNew;
      order.price = message.price;
      order.stop_price = message.stop_price;
      order.quantity = message.size;
      order.cumulative_quantity = WideDecimal{};
  }
  if (is_overtaken(message)) {
    keep_ahead(order);
    outcome = {};
  }
  const KnownOrder* const known = orders_.find(message.order_id);
  if (order.kind == ExecutionKind::kCancelled && known != nullptr && known->ended &&
      known->order.status == order.status) {
    out.on_drop("duplicate");  // REST told it before
    return outcome;
  }
  publish(std::move(report), message.time.value_or(0), false, out);
  return outcome;
}

// Takes the filled quantity from what remains. True: it is more than the matches that were told.
bool ExchangeOrders::adopt_remaining(const UserMessage& message, Execution& execution) const {
  const KnownOrder* const known = orders_.find(message.order_id);
  if (known == nullptr || !known->order.quantity || !message.remaining) return false;
  const WideDecimal filled = subtract(*known->order.quantity, *message.remaining);
  if (sign(filled) < 0) return false;
  execution.cumulative_quantity = filled;
  return is_greater(filled, known->order.cumulative_quantity.value_or(WideDecimal{}));
}

bool ExchangeOrders::apply_open(const UserMessage& message, Report& report) const {
  Execution& order = report.execution;
  order.kind = ExecutionKind::kNew;
  order.price = message.price;
  const bool mismatch = adopt_remaining(message, order);
  const KnownOrder* const known = orders_.find(message.order_id);
  const WideDecimal told = known != nullptr ? known->order.cumulative_quantity.value_or(WideDecimal{}) : WideDecimal{};
  if (order.cumulative_quantity && is_greater(told, *order.cumulative_quantity)) {
    order.status = known->order.status;  // it comes behind its matches
    order.cumulative_quantity = told;
    return false;
  }
  const bool partly = order.cumulative_quantity && sign(*order.cumulative_quantity) > 0;
  order.status = partly ? OrderStatus::kPartiallyFilled : OrderStatus::kNew;
  order.leaves_quantity = message.remaining;
  return mismatch;
}

// {"type":"done",...,"reason":"filled","side":"sell","remaining_size":"0","cancel_reason":"107:Broker"}: the reason
// alone says how it ended (5.1). The fills themselves were told by their matches.
bool ExchangeOrders::apply_done(const UserMessage& message, Report& report) const {
  Execution& order = report.execution;
  if (message.reason == "filled") {
    order.kind = ExecutionKind::kStatus;
    order.status = OrderStatus::kFilled;
  } else {
    const bool expired = is_time_in_force(message.cancel_reason);
    order.kind = expired ? ExecutionKind::kExpired : ExecutionKind::kCancelled;
    order.status = expired ? OrderStatus::kExpired : OrderStatus::kCancelled;
    order.reason = message.cancel_reason.empty() ? message.reason : message.cancel_reason;
  }
  order.price = message.price;
  return adopt_remaining(message, order);
}

// Sizes of a change are what is on the book (4.1), so the order's quantity is that and what was filled before.
void ExchangeOrders::apply_change(const UserMessage& message, Report& report) const {
  Execution& order = report.execution;
  const KnownOrder* const known = orders_.find(message.order_id);
  order.kind = ExecutionKind::kReplaced;
  order.status = known != nullptr ? known->order.status : OrderStatus::kNew;
  order.price = message.new_price ? message.new_price : message.price;
  order.leaves_quantity = message.new_size;
  order.reason = message.reason;
  if (known != nullptr && known->order.cumulative_quantity && message.new_size) {
    order.quantity = add(*known->order.cumulative_quantity, *message.new_size);
  }
}

// A match that names no role is ours if one of its orders is.
ExchangeOrders::Outcome ExchangeOrders::apply_match(const UserMessage& message, UnixNanos now, AccountSink& out) {
  const bool maker = message.is_maker || (!message.is_taker && orders_.find(message.maker_order_id) != nullptr);
  const bool taker = message.is_taker || (!message.is_maker && orders_.find(message.taker_order_id) != nullptr);
  if (!maker && !taker) {
    out.on_drop("not_for_us");
    return {};
  }
  Outcome outcome;
  if (maker) tell_fill(message, true, now, outcome, out);
  if (taker) tell_fill(message, false, now, outcome, out);
  return outcome;
}

// One side of a match. A match with ourselves has both, and is two executions (5.1).
void ExchangeOrders::tell_fill(const UserMessage& message, bool maker, UnixNanos now, Outcome& outcome,
                               AccountSink& out) {
  Report report = report_of(message);
  Execution& fill = report.execution;
  fill.kind = ExecutionKind::kTrade;
  fill.order_id = maker ? message.maker_order_id : message.taker_order_id;
  fill.side = maker ? message.side : opposite(message.side);
  fill.liquidity = maker ? Liquidity::kMaker : Liquidity::kTaker;
  fill.execution_id = std::to_string(message.trade_id);
  fill.last_price = message.price;
  fill.last_quantity = message.size;
  fill.event_id = exchange_fill_id(venue_, account_, fill.order_id, message.product, message.trade_id);
  const auto& rate = maker ? message.maker_fee_rate : message.taker_fee_rate;
  if (rate) {
    fill.fee = multiply(multiply(*message.price, *message.size), *rate);
    fill.fee_asset = quote_of(message.product);
  }
  if (!told_.insert(fill.event_id)) {
    out.on_drop("duplicate");
    return;
  }
  outcome.filled = true;
  if (!add_up(fill, now)) outcome.doubtful = fill.order_id;
  publish(std::move(report), 0, false, out);
}

// A match that comes behind the order's end is in the venue's own figure already; one that would exceed the quantity
// is, too, or a change of it was lost. One that comes after a row of REST told of more may be in that row.
bool ExchangeOrders::add_up(Execution& fill, UnixNanos now) const {
  fill.status = OrderStatus::kPartiallyFilled;
  const KnownOrder* const known = orders_.find(fill.order_id);
  if (known == nullptr || !known->order.cumulative_quantity) return true;
  const auto& quantity = known->order.quantity;
  WideDecimal filled = add(*known->order.cumulative_quantity, *fill.last_quantity);
  const auto raised = raised_.find(fill.order_id);
  const bool in_row = raised != raised_.end() && is_recent(raised->second, now);
  const bool doubtful = !known->ended && (in_row || (quantity && is_greater(filled, *quantity)));
  if (known->ended || doubtful) filled = *known->order.cumulative_quantity;
  fill.cumulative_quantity = filled;
  if (known->ended) {
    fill.status = known->order.status;
  } else if (quantity && compare(filled, *quantity) == 0) {
    fill.status = OrderStatus::kFilled;
  }
  return !doubtful;
}

// Of an order that ended: the filled quantity that we made of the stream is another.
bool ExchangeOrders::is_corrected(const OrderRow& row) const {
  const KnownOrder* const known = orders_.find(row.id);
  if (known == nullptr || !known->ended || !is_final(row.status)) return false;
  const auto& told = known->order.cumulative_quantity;
  return !told || compare(*told, row.filled) != 0;
}

ExchangeOrders::Outcome ExchangeOrders::apply_row(const OrderRow& row, bool first, UnixNanos now, AccountSink& out) {
  const KnownOrder* const known = orders_.find(row.id);
  const bool corrected = is_corrected(row);
  if (ended_.contains(row.id) && !corrected) return {};  // the stream knows it better by now
  const WideDecimal told = known != nullptr ? known->order.cumulative_quantity.value_or(WideDecimal{}) : WideDecimal{};
  const bool more = is_greater(row.filled, told);
  if (known != nullptr && !corrected) {
    const bool behind = was_never_open(row, *known) || (!is_final(row.status) && is_greater(told, row.filled));
    if (behind || (known->order.status == row.status && !more && !first)) return {};
  }
  Report report;
  report.symbol = row.product;
  report.meta.origin = Origin::kSnapshot;
  report.meta.flags = schemas::flag::kSnapshot;
  report.meta.venue_time = row.done_at;
  Execution& order = report.execution;
  // A cancel is told by nothing else any more; a fill is, by the sweep.
  const bool cancels = known != nullptr && !known->ended && row.status == OrderStatus::kCancelled;
  order.kind = cancels ? ExecutionKind::kCancelled : ExecutionKind::kStatus;
  // REST does not tell expired from cancelled.
  const bool expired = corrected && known->order.status == OrderStatus::kExpired;
  order.status = expired && row.status == OrderStatus::kCancelled ? OrderStatus::kExpired : row.status;
  order.order_id = row.id;
  order.client_order_id = row.client_order_id;
  order.side = row.side;
  order.order_type = row.type;
  order.time_in_force = row.time_in_force;
  order.price = row.price;
  order.stop_price = row.stop_price;
  order.quantity = row.size;
  order.cumulative_quantity = more || corrected ? row.filled : told;
  if (more) {
    if (raised_.size() >= kRemembered)
      std::erase_if(raised_, [&](const auto& one) { return !is_recent(one.second, now); });
    raised_[row.id] = now;
  }
  order.reason = row.status == OrderStatus::kCancelled ? row.done_reason : "";
  publish(std::move(report), row.done_at.value_or(now), true, out);
  return {.filled = false, .mismatch = more && !corrected && (known != nullptr || !first), .doubtful = {}};
}

void ExchangeOrders::apply_gone(const std::string& order_id, UnixNanos now, AccountSink& out) {
  const KnownOrder* const known = orders_.find(order_id);
  if (known == nullptr) return;
  const WideDecimal filled = known->order.cumulative_quantity.value_or(WideDecimal{});
  if (known->ended && (sign(filled) == 0 || known->order.status == OrderStatus::kFilled)) return;
  Report report;
  report.meta.origin = Origin::kSnapshot;
  report.meta.flags = schemas::flag::kSnapshot;
  report.execution.order_id = order_id;
  report.execution.kind = known->ended ? ExecutionKind::kStatus : ExecutionKind::kCancelled;
  report.execution.status = known->ended ? known->order.status : OrderStatus::kCancelled;
  report.execution.reason = "NotFound";
  // Of one that ended, what remained was taken from a quantity that was another by then.
  report.execution.cumulative_quantity = known->ended ? WideDecimal{} : filled;
  publish(std::move(report), now, true, out);
}

// `id_time`: what tells this state from another one alike; fills have their event_id.
void ExchangeOrders::publish(Report report, UnixNanos id_time, bool snapshot, AccountSink& out) {
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

}  // namespace millrace::normalize::coinbase
