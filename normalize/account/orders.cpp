#include "normalize/account/orders.h"

#include <fmt/format.h>

#include <utility>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;

// What `report` says goes into `held`; what it leaves out comes from there.
template <class Member>
void carry(Member& report, Member& held, const Member& absent = {}) {
  if (report == absent) {
    report = held;
  } else {
    held = report;
  }
}

bool begins(const Execution& report) {
  return report.kind == ExecutionKind::kPendingNew || report.kind == ExecutionKind::kNew ||
         report.kind == ExecutionKind::kRejected;
}

}  // namespace

void carry_order_fields(Execution& report, Execution& held) {
  carry(report.client_order_id, held.client_order_id);
  carry(report.side, held.side);
  carry(report.order_type, held.order_type);
  carry(report.time_in_force, held.time_in_force);
  carry(report.price, held.price);
  carry(report.stop_price, held.stop_price);
  carry(report.quantity, held.quantity);
  carry(report.cumulative_quantity, held.cumulative_quantity);
  carry(report.average_price, held.average_price);
  carry(report.status, held.status);
}

bool is_final(OrderStatus status) noexcept {
  switch (status) {
    case OrderStatus::kFilled:
    case OrderStatus::kCancelled:
    case OrderStatus::kReplaced:
    case OrderStatus::kRejected:
    case OrderStatus::kExpired:
      return true;
    default:
      return false;
  }
}

void Orders::complete(std::string& symbol, std::string& instrument, Execution& report, bool snapshot) {
  auto [at, is_new] = orders_.try_emplace(report.order_id);
  KnownOrder& known = at->second;
  if (is_new) known.order.unseen_order = !snapshot && !begins(report);
  carry(symbol, known.symbol);
  carry(instrument, known.instrument);
  carry_order_fields(report, known.order);
  report.unseen_order = known.order.unseen_order;
  if (!report.leaves_quantity && is_final(report.status)) {
    report.leaves_quantity = schemas::WideDecimal{};
  } else if (!report.leaves_quantity && report.quantity && report.cumulative_quantity) {
    report.leaves_quantity = subtract(*report.quantity, *report.cumulative_quantity);
  }
  if (is_final(report.status) && !std::exchange(known.ended, true)) end(at->first);
}

// A report of an order that was forgotten makes it known again, as unseen.
void Orders::end(const std::string& order_id) {
  ended_.push_back(order_id);
  if (ended_.size() <= ended_limit_) return;
  orders_.erase(ended_.front());
  ended_.pop_front();
}

const KnownOrder* Orders::find(std::string_view order_id) const {
  const auto found = orders_.find(std::string(order_id));
  return found != orders_.end() ? &found->second : nullptr;
}

std::vector<std::string> Orders::open_ids() const {
  std::vector<std::string> open;
  for (const auto& [id, known] : orders_) {
    if (!known.ended) open.push_back(id);
  }
  return open;
}

Execution unknown_end(std::string_view venue, std::string_view account, const std::string& order_id,
                      const KnownOrder& known) {
  Execution end;
  end.kind = ExecutionKind::kStatus;
  end.status = OrderStatus::kCancelled;
  end.order_id = order_id;
  end.reason = kUnknownToVenue;
  end.cumulative_quantity = known.order.cumulative_quantity;
  const std::string state = state_id(end, 0);
  end.event_id = event_id(venue, account, order_id, fmt::format("{}/{}", state, kUnknownToVenue));
  return end;
}

std::string event_id(std::string_view venue, std::string_view account, std::string_view order_id,
                     std::string_view rest) {
  return fmt::format("{}/{}/{}/{}", venue, account, order_id, rest);
}

std::string state_id(const Execution& report, schemas::UnixNanos venue_time) {
  return fmt::format("{}/{}/{}", name(report.kind), venue_time,
                     report.cumulative_quantity ? plain_text(*report.cumulative_quantity) : "-");
}

}  // namespace millrace::normalize
