#include "clients/cpp/src/convert.h"

#include <algorithm>

#include "schemas/events/account.h"

namespace millrace {
namespace {

template <class To, class From>
constexpr To same(From value) {
  return static_cast<To>(value);
}

// The public enums mirror the schema's: what a newer schema added, which the decoder makes 255, is "unspecified".
template <class To, To Last, class From>
To known(From value) {
  return static_cast<int>(value) <= static_cast<int>(Last) ? static_cast<To>(value) : To::kUnspecified;
}

static_assert(same<int>(Side::kSell) == same<int>(schemas::Side::kSell));
static_assert(same<int>(Liquidity::kTaker) == same<int>(schemas::Liquidity::kTaker));
static_assert(same<int>(Origin::kHistory) == same<int>(schemas::Origin::kHistory));
static_assert(same<int>(ExecutionKind::kTrade) == same<int>(schemas::ExecutionKind::kTrade));
static_assert(same<int>(ExecutionKind::kCancelled) == same<int>(schemas::ExecutionKind::kCancelled));
static_assert(same<int>(ExecutionKind::kTradeCancel) == same<int>(schemas::ExecutionKind::kTradeCancel));
static_assert(same<int>(ExecutionKind::kTransfer) == same<int>(schemas::ExecutionKind::kTransfer));
static_assert(same<int>(OrderStatus::kFilled) == same<int>(schemas::OrderStatus::kFilled));
static_assert(same<int>(OrderStatus::kExpired) == same<int>(schemas::OrderStatus::kExpired));
static_assert(same<int>(BalanceKind::kDelta) == same<int>(schemas::BalanceKind::kDelta));

}  // namespace

std::string_view name(Side value) noexcept { return schemas::name(same<schemas::Side>(value)); }
std::string_view name(Liquidity value) noexcept { return schemas::name(same<schemas::Liquidity>(value)); }
std::string_view name(Origin value) noexcept { return schemas::name(same<schemas::Origin>(value)); }
std::string_view name(ExecutionKind value) noexcept { return schemas::name(same<schemas::ExecutionKind>(value)); }
std::string_view name(OrderStatus value) noexcept { return schemas::name(same<schemas::OrderStatus>(value)); }
std::string_view name(BalanceKind value) noexcept { return schemas::name(same<schemas::BalanceKind>(value)); }

namespace client {
namespace {

Decimal to_decimal(const schemas::WideDecimal& from) {
  if (!from.text.empty()) return {from.text, false, 0, 0};
  return {schemas::to_text(from.value), true, from.value.mantissa, from.value.exponent};
}

std::optional<Decimal> to_decimal(const std::optional<schemas::WideDecimal>& from) {
  return from ? std::optional(to_decimal(*from)) : std::nullopt;
}

// Of either form; a wide one is zero if all its digits before an exponent are.
bool is_zero(const schemas::WideDecimal& number) {
  if (number.text.empty()) return number.value.mantissa == 0;
  return number.text.substr(0, number.text.find_first_of("eE")).find_first_of("123456789") == std::string::npos;
}

// A status alone does not make a fill incomplete: Kraken reports the last one as partially filled and the end of the
// order apart (sheet kraken, section 5.1). The quantity left decides.
std::optional<bool> completeness(const schemas::Execution& from) {
  if (from.status == schemas::OrderStatus::kFilled) return true;
  if (from.leaves_quantity) return is_zero(*from.leaves_quantity);
  return std::nullopt;
}

Meta to_meta(const schemas::Meta& from, const Record& record) {
  Meta to;
  to.venue = from.stream->venue;
  to.account = from.stream->account;
  to.symbol = from.stream->symbol;
  to.instrument = from.stream->instrument;
  to.origin = known<Origin, Origin::kHistory>(from.origin);
  to.venue_time = from.venue_time;
  to.receive_time = from.receive_time;
  to.publish_time = from.publish_time;
  to.epoch = from.epoch;
  to.seq = from.seq;
  to.position = {record.place.topic, record.place.partition, record.offset};
  return to;
}

}  // namespace

Execution to_execution(const schemas::Decoded<schemas::Execution>& from, const Record& record) {
  const schemas::Execution& body = from.body;
  Execution to;
  to.meta = to_meta(from.meta, record);
  to.kind = known<ExecutionKind, ExecutionKind::kTransfer>(body.kind);
  to.status = known<OrderStatus, OrderStatus::kExpired>(body.status);
  to.order_complete = completeness(body);
  to.event_id = body.event_id;
  to.revision = std::max(body.revision, 1);  // proto3 leaves a zero out, and there is no revision 0
  to.order_id = body.order_id;
  to.client_order_id = body.client_order_id;
  to.execution_id = body.execution_id;
  to.side = known<Side, Side::kSell>(body.side);
  to.order_type = body.order_type;
  to.time_in_force = body.time_in_force;
  to.price = to_decimal(body.price);
  to.stop_price = to_decimal(body.stop_price);
  to.quantity = to_decimal(body.quantity);
  to.last_price = to_decimal(body.last_price);
  to.last_quantity = to_decimal(body.last_quantity);
  to.cumulative_quantity = to_decimal(body.cumulative_quantity);
  to.leaves_quantity = to_decimal(body.leaves_quantity);
  to.average_price = to_decimal(body.average_price);
  to.fee = to_decimal(body.fee);
  to.fee_asset = body.fee_asset;
  to.liquidity = known<Liquidity, Liquidity::kTaker>(body.liquidity);
  to.reason = body.reason;
  to.unseen_order = body.unseen_order;
  return to;
}

Balance to_balance(const schemas::Decoded<schemas::Balance>& from, const Record& record) {
  const schemas::Balance& body = from.body;
  Balance to;
  to.meta = to_meta(from.meta, record);
  to.kind = known<BalanceKind, BalanceKind::kDelta>(body.kind);
  to.asset = body.asset;
  to.wallet = body.wallet;
  to.total = to_decimal(body.total);
  to.available = to_decimal(body.available);
  to.locked = to_decimal(body.locked);
  to.change = to_decimal(body.change);
  to.fee = to_decimal(body.fee);
  to.cause = body.cause;
  to.event_id = body.event_id;
  return to;
}

Recovered to_recovered(const schemas::Decoded<schemas::Recovery>& from) {
  Recovered to;
  to.venue = from.meta.stream->venue;
  to.account = from.meta.stream->account;
  to.symbols = from.body.symbols;
  to.watermark = from.body.watermark.value();
  to.fills_missing = from.body.fills_missing;
  to.late_fills = from.body.late_fills;
  to.trigger = from.body.trigger;
  to.time = from.meta.receive_time;
  return to;
}

}  // namespace client
}  // namespace millrace
