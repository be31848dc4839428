#include "normalize/account/told_orders.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;

constexpr std::size_t kFills = 2'000;  // as many as an adapter remembers
constexpr std::size_t kDoubtful = 1'000;
// REST is asked half a minute after a doubt, and then each minute until it answers.
constexpr schemas::UnixNanos kDoubtLasts = 600'000'000'000;

// Of no order: money moved.
bool is_about_order(const Execution& report) {
  return !report.order_id.empty() && report.kind != ExecutionKind::kFunding && report.kind != ExecutionKind::kFee &&
         report.kind != ExecutionKind::kTransfer;
}

// Is what `report` says of the filled quantity what was known of it, and its own fill? Where either is not told, yes.
bool adds_up(const Execution& known, const Execution& report) {
  if (!known.cumulative_quantity || !report.cumulative_quantity) return true;
  const bool fills = report.kind == ExecutionKind::kTrade && report.last_quantity;
  const auto expected =
      fills ? normalize::add(*known.cumulative_quantity, *report.last_quantity) : *known.cumulative_quantity;
  return compare(expected, *report.cumulative_quantity) == 0;
}

}  // namespace

void ToldOrders::add(const schemas::Meta& meta, const Execution& report) {
  if (meta.origin == schemas::Origin::kReplay || !is_about_order(report)) return;
  if (report.kind == ExecutionKind::kTrade) remember_fill(report.event_id);
  last_received_ = std::max(last_received_, meta.receive_time);
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
  const bool repeated = std::tie(meta.epoch, meta.seq) == std::tie(held.epoch, held.seq);
  KnownOrder& known = held.order.known;
  if (!ends && (known.ended || older)) return;
  if (meta.origin == schemas::Origin::kSnapshot) {
    held.doubtful = false;
  } else if (!older && !repeated && !adds_up(known.order, report)) {
    held.doubtful = true;
  }
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
  for (const Orders::iterator& at : ended_) {
    const Held& held = at->second;
    if (held.doubtful && held.order.received >= last_received_ - kDoubtLasts) before.doubtful.push_back(held.order);
  }
  const std::size_t most = std::min(before.doubtful.size(), kDoubtful);
  before.doubtful.erase(before.doubtful.begin(), before.doubtful.end() - static_cast<std::ptrdiff_t>(most));
  return before;
}

}  // namespace millrace::normalize
