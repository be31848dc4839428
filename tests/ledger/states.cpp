// Where orders and balances have ended, as a consumer of the topics sees it.
#include <fmt/format.h>

#include <map>
#include <utility>

#include "normalize/account/decimal_math.h"
#include "tests/ledger/properties.h"

namespace millrace::ledger {
namespace {

using schemas::OrderStatus;
using schemas::WideDecimal;
using sim::accounts::Order;
using sim::accounts::OrderState;

// What a consumer holds of one order: the last report counts, but an order that has ended has ended.
struct Seen {
  OrderStatus status = OrderStatus::kUnspecified;
  std::optional<WideDecimal> filled;
};

bool has_ended(OrderStatus status) {
  return status == OrderStatus::kFilled || status == OrderStatus::kCancelled || status == OrderStatus::kReplaced ||
         status == OrderStatus::kRejected || status == OrderStatus::kExpired;
}

OrderStatus status_of(const Order& order) {
  switch (order.state) {
    case OrderState::kOpen:
      return order.filled == 0 ? OrderStatus::kNew : OrderStatus::kPartiallyFilled;
    case OrderState::kFilled:
      return OrderStatus::kFilled;
    case OrderState::kCancelled:
      return OrderStatus::kCancelled;
    case OrderState::kReplaced:
      return OrderStatus::kReplaced;
    case OrderState::kRejected:
      return OrderStatus::kRejected;
    case OrderState::kExpired:
      return OrderStatus::kExpired;
  }
  return OrderStatus::kUnspecified;
}

std::map<std::string, Seen> last_of_orders(const Broker& broker) {
  std::map<std::string, Seen> seen;
  for (const ExecutionRecord& record : broker.executions) {
    if (record.origin == schemas::Origin::kReplay) continue;
    Seen& order = seen[record.execution.order_id];
    if (has_ended(order.status) && !has_ended(record.execution.status)) continue;
    if (record.execution.status != OrderStatus::kUnspecified) order.status = record.execution.status;
    if (record.execution.cumulative_quantity) order.filled = record.execution.cumulative_quantity;
  }
  return seen;
}

std::string shown(const std::optional<WideDecimal>& value) { return value ? normalize::plain_text(*value) : "-"; }

}  // namespace

// An order that the stream never told of may be one that was placed and gone while nobody listened: its fills are what
// counts, and they are compared elsewhere.
void Properties::check_orders() {
  const auto seen = last_of_orders(broker_);
  for (const Order& order : ledger_.orders()) {
    const auto found = seen.find(order.id);
    if (found == seen.end()) {
      if (order.live()) violated(Property::kStates, fmt::format("open order {} is not in the topic", order.id));
      continue;
    }
    const OrderStatus wanted = status_of(order);
    const std::string filled = sim::accounts::plain(order.filled);
    const bool expired_by_rest = wanted == OrderStatus::kExpired && !ledger_.rules().rest_tells_expiry;
    const bool status_is =
        found->second.status == wanted || (expired_by_rest && found->second.status == OrderStatus::kCancelled);
    const bool quantity_is = !found->second.filled || shown(found->second.filled) == filled;
    if (status_is && quantity_is) continue;
    violated(Property::kStates,
             fmt::format("order {} ends as {} with {} filled, in the ledger as {} with {} (order {}, updated {})",
                         order.id, schemas::name(found->second.status), shown(found->second.filled),
                         schemas::name(wanted), filled, order.number, order.updated_ns));
  }
}

void Properties::check_balances() {
  std::map<std::string, schemas::Balance> last;
  for (const BalanceRecord& record : broker_.balances) {
    const schemas::Balance& told = record.balance;
    schemas::Balance& held = last[told.asset];
    if (told.kind == schemas::BalanceKind::kDelta) {
      const WideDecimal change = told.change.value_or(WideDecimal{});
      for (auto* const part : {&held.total, &held.available}) {
        if (*part) *part = normalize::add(**part, change);
      }
      continue;
    }
    held.total = told.total;
    if (told.available) held.available = told.available;
    if (told.locked) held.locked = told.locked;
  }
  for (const auto& [asset, truth] : ledger_.balances()) {
    const auto found = last.find(asset);
    if (found == last.end()) {
      if (truth.total != 0) violated(Property::kStates, fmt::format("the balance of {} is not in the topic", asset));
      continue;
    }
    const schemas::Balance& held = found->second;
    const auto is = [](const std::optional<WideDecimal>& value, sim::accounts::Amount amount) {
      return !value || normalize::plain_text(*value) == sim::accounts::plain(amount);
    };
    if (is(held.total, truth.total) && is(held.available, truth.available()) && is(held.locked, truth.locked)) continue;
    violated(Property::kStates,
             fmt::format("{}: total {} available {} locked {}, in the ledger {} {} {}", asset, shown(held.total),
                         shown(held.available), shown(held.locked), sim::accounts::plain(truth.total),
                         sim::accounts::plain(truth.available()), sim::accounts::plain(truth.locked)));
  }
}

}  // namespace millrace::ledger
