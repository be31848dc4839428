#include "cli/verify/account/order_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cli {
namespace {

std::string place_of(const SeenMeta& meta, const SeenExecution& report) {
  return fmt::format("epoch {} seq {}: order {}", meta.epoch, meta.seq, report.order_id);
}

// Binance spot takes away from an order what self-trade prevention stopped, and fills nothing by it.
bool may_leave_less(const std::string& venue) { return venue.starts_with("binance-"); }

// Nothing is filled, and the order is about to begin or just did.
bool begins(const SeenExecution& report) {
  if (report.kind != ReportKind::kState) return false;
  if (report.cumulative) return is_zero(*report.cumulative);
  return report.word == "PENDING_NEW" || report.word == "NEW";
}

}  // namespace

OrderCheck::Order& OrderCheck::order_of(const SeenMeta& meta, const SeenExecution& report, bool& is_new) {
  std::string key = fmt::format("{}/{}/{}/{}", meta.venue, meta.account, meta.symbol, report.order_id);
  const auto [at, made] = orders_.try_emplace(key);
  is_new = made;
  if (!made) return at->second;
  Order& order = at->second;
  order.venue = meta.venue;
  order.account = meta.account;
  order.symbol = meta.symbol;
  order.id = report.order_id;
  order.begun_ns = meta.receive_time_ns;
  in_order_.push_back(std::move(key));
  if (orders_.size() > most_) {
    orders_.erase(in_order_.front());
    in_order_.pop_front();
    ++forgotten_;
  }
  return order;
}

std::int64_t OrderCheck::on_report(const SeenMeta& meta, const SeenExecution& report, bool news, bool first_told,
                                   std::vector<std::string>& wrong) {
  if (report.order_id.empty() || report.kind == ReportKind::kMoney) return 0;
  bool is_new = false;
  Order& order = order_of(meta, report, is_new);
  if (report.alters()) order.altered = true;
  if (report.adds() && first_told) {
    if (report.last_quantity) order.filled = sum(order.filled, *report.last_quantity);
    order.altered = order.altered || !report.last_quantity;
  }
  if (!news) return 0;
  if (is_new) order.from_beginning = begins(report);
  const std::int64_t compared = check_bounds(meta, report, wrong);
  watch_falls(meta, report, order);
  order.epoch = meta.epoch;
  order.ended = report.ended && !report.end_unknown;
  if (report.quantity) order.quantity = report.quantity;
  if (!report.cumulative) return compared;
  const bool changed = !order.cumulative || compare(*report.cumulative, *order.cumulative) != 0;
  if (changed) order.told_ns = meta.receive_time_ns;
  order.cumulative = report.cumulative;
  return compared;
}

// A quantity of 0 is how some say "none": orders for an amount of money.
std::int64_t OrderCheck::check_bounds(const SeenMeta& meta, const SeenExecution& report,
                                      std::vector<std::string>& wrong) {
  if (!report.cumulative || !report.quantity || is_zero(*report.quantity)) return 0;
  const Amount rest = difference(*report.quantity, *report.cumulative);
  if (is_negative(rest)) {
    wrong.push_back(fmt::format("{} has {} filled of {}", place_of(meta, report), text_of(report.cumulative),
                                text_of(report.quantity)));
    return 1;
  }
  if (!report.leaves) return 1;
  const int against = compare(*report.leaves, rest);
  const bool nothing_left = report.ended && is_zero(*report.leaves);
  const bool less = against < 0 && !is_negative(*report.leaves) && may_leave_less(meta.venue);
  if (against != 0 && !nothing_left && !less) {
    wrong.push_back(fmt::format("{} leaves {}, with {} filled of {}", place_of(meta, report), text_of(report.leaves),
                                text_of(report.cumulative), text_of(report.quantity)));
  }
  return 2;
}

// What is asked for corrects what was told, and the next worker does not know what the last one told.
void OrderCheck::watch_falls(const SeenMeta& meta, const SeenExecution& report, Order& order) {
  const bool comparable = report.cumulative && order.cumulative && order.epoch == meta.epoch &&
                          meta.origin == SeenOrigin::kLive && order.fell.empty();
  if (!comparable || compare(*report.cumulative, *order.cumulative) >= 0) return;
  order.fell = fmt::format("{}: a {} says that {} is filled, after {} was", place_of(meta, report), report.word,
                           text_of(report.cumulative), text_of(order.cumulative));
}

// The parent of an order with legs has no symbol: its fills are those of its legs. Where fills were busted in silence,
// they no longer add up.
void OrderCheck::add_up(const std::function<void(const Sum&)>& handle) const {
  for (const auto& [key, order] : orders_) {
    if (!order.from_beginning || order.altered || order.symbol.empty() || !order.cumulative) continue;
    Sum sum{order.venue, order.account, order.symbol, order.begun_ns, order.told_ns, {}, {}, {}};
    const int against = compare(order.filled, *order.cumulative);
    const std::string about = fmt::format("order {}: its fills add up to {}", order.id, text_of(order.filled));
    if (against < 0) sum.less = fmt::format("{} of {}", about, text_of(*order.cumulative));
    const bool too_many = order.quantity && !is_zero(*order.quantity) && compare(order.filled, *order.quantity) > 0;
    if (too_many) sum.more = fmt::format("{}, its quantity is {}", about, text_of(*order.quantity));
    if (!too_many && order.ended && against > 0) {
      sum.more = fmt::format("{}, and it ended with {}", about, text_of(*order.cumulative));
    }
    if (against == 0) sum.fell = order.fell;
    handle(sum);
  }
}

}  // namespace millrace::cli
