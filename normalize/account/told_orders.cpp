#include "normalize/account/told_orders.h"

#include <tuple>
#include <utility>

namespace millrace::normalize {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;

constexpr std::size_t kFills = 2'000;  // as many as an adapter remembers

// Of no order: money moved.
bool is_about_order(const Execution& report) {
  return !report.order_id.empty() && report.kind != ExecutionKind::kFunding && report.kind != ExecutionKind::kFee &&
         report.kind != ExecutionKind::kTransfer;
}

}  // namespace

void ToldOrders::add(const schemas::Meta& meta, const Execution& report) {
  if (meta.origin == schemas::Origin::kReplay || !is_about_order(report)) return;
  if (report.kind == ExecutionKind::kTrade) remember_fill(report.event_id);
  const bool ends = is_final(report.status);
  std::pair key(report.order_id, meta.stream->symbol);
  auto at = orders_.find(key);
  if (at == orders_.end()) {
    if (!ends && orders_.size() - ended_.size() >= open_limit_) {
      ++left_out_;
      return;
    }
    at = orders_.emplace(std::move(key), Held{}).first;
  }
  Held& held = at->second;
  const bool older = std::tie(meta.epoch, meta.seq) < std::tie(held.epoch, held.seq);
  KnownOrder& known = held.order.known;
  if (!ends && (known.ended || older)) return;
  held.epoch = meta.epoch;
  held.seq = meta.seq;
  held.order.received = meta.receive_time;
  held.order.venue_time = meta.venue_time;
  known.symbol = meta.stream->symbol;
  known.instrument = meta.stream->instrument;
  known.order.order_id = report.order_id;
  known.order.unseen_order = report.unseen_order;
  Execution told = report;
  carry_order_fields(told, known.order);
  if (ends && !std::exchange(known.ended, true)) end(at);
}

void ToldOrders::remember_fill(const std::string& event_id) {
  fills_.push_back(event_id);
  if (fills_.size() > kFills) fills_.pop_front();
}

// Remembered for a while, as reports that came before may be repeated.
void ToldOrders::end(Orders::iterator at) {
  ended_.push_back(at);
  if (ended_.size() <= ended_limit_) return;
  orders_.erase(ended_.front());
  ended_.pop_front();
}

ToldBefore ToldOrders::before() const {
  ToldBefore before;
  for (const auto& [key, held] : orders_) {
    if (!held.order.known.ended) before.orders.push_back(held.order);
  }
  before.fills.assign(fills_.begin(), fills_.end());
  return before;
}

}  // namespace millrace::normalize
