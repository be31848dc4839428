#include "normalize/venues/binance/account_orders.h"

#include <fmt/format.h>

#include <algorithm>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::binance {
namespace {

using Number = std::optional<schemas::WideDecimal>;
using schemas::Execution;
using schemas::OrderStatus;

std::string key_of(std::string_view symbol, std::string_view order_id) {
  return fmt::format("{}/{}", symbol, order_id);
}

bool is_more(const Number& a, const Number& b) { return a && b && compare(*a, *b) > 0; }

// The filled quantity that the reports so far explain: what was known before, and this fill.
Number explained(const KnownOrder& known, const Execution& body) {
  const Number& before = known.order.cumulative_quantity;
  return before && body.last_quantity ? Number(add(*before, *body.last_quantity)) : before;
}

// Reports of one connection are ordered, but nothing says so of two, and test nets repeat old ones.
bool is_late(const KnownOrder& known, const Execution& body) {
  return (known.ended && !is_final(body.status)) || is_more(known.order.cumulative_quantity, body.cumulative_quantity);
}

// What Orders then fills in from what is known.
void forget_state(Execution& body) {
  body.status = OrderStatus::kUnspecified;
  body.client_order_id.clear();
  for (Number* const number : {&body.quantity, &body.price, &body.stop_price, &body.cumulative_quantity,
                               &body.average_price, &body.leaves_quantity}) {
    number->reset();
  }
}

AccountMeta meta_of(const OrderReport& report, std::string_view instrument, schemas::Origin origin) {
  AccountMeta meta;
  meta.symbol = report.symbol;
  meta.instrument = instrument;
  meta.venue_time = report.time.happened;
  meta.venue_send_time = report.time.sent;
  meta.origin = origin;
  if (origin == schemas::Origin::kSnapshot) meta.flags |= schemas::flag::kSnapshot;
  if (report.time.bad) meta.flags |= schemas::flag::kBadVenueTime;
  return meta;
}

}  // namespace

void AccountOrders::restore(const ToldBefore& before) {
  for (const ToldOrder& open : before.orders) {
    const std::string key = key_of(open.known.symbol, open.known.order.order_id);
    orders_.restore(key, open.known);
    open_[key] = {open.venue_time.value_or(0), open.received};
  }
  for (const std::string& id : before.fills) told_.insert(id);
}

AccountOrders::Outcome AccountOrders::on_report(OrderReport report, std::string_view instrument, UnixNanos received,
                                                AccountSink& out) {
  report.body.event_id = event_id(venue_, account_, report.body.order_id, report.id);
  if (!told_.insert(report.body.event_id)) {
    out.on_drop("duplicate");
    return {};
  }
  return tell(report, instrument, schemas::Origin::kLive, received, out);
}

bool AccountOrders::is_old(const KnownOrder& known, const std::string& key, const OrderReport& row) const {
  if (is_late(known, row.body)) return true;
  const auto seen = open_.find(key);
  return seen != open_.end() && row.time.happened && *row.time.happened < seen->second.venue_time;
}

AccountOrders::Outcome AccountOrders::on_row(OrderReport row, std::string_view instrument, bool only_changes,
                                             UnixNanos received, AccountSink& out) {
  const std::string key = key_of(row.symbol, row.body.order_id);
  const KnownOrder* const known = orders_.find(key);
  if (known != nullptr && is_old(*known, key, row)) return {};
  if (known != nullptr && only_changes) {
    const Execution& before = known->order;
    const bool same = before.status == row.body.status && same_number(before.quantity, row.body.quantity) &&
                      same_number(before.price, row.body.price) &&
                      same_number(before.cumulative_quantity, row.body.cumulative_quantity);
    if (same) return {};
  }
  row.body.event_id = event_id(venue_, account_, row.body.order_id, row.id);
  return tell(row, instrument, schemas::Origin::kSnapshot, received, out);
}

AccountOrders::Outcome AccountOrders::tell(OrderReport& report, std::string_view instrument, schemas::Origin origin,
                                           UnixNanos received, AccountSink& out) {
  Execution& body = report.body;
  const std::string key = key_of(report.symbol, body.order_id);
  Outcome outcome{true, false};
  if (const KnownOrder* const known = orders_.find(key)) {
    if (is_late(*known, body)) forget_state(body);
    outcome.fill_missing = is_more(body.cumulative_quantity, explained(*known, body));
  }
  // Averages are of this very moment: an earlier one is none.
  const Number average = body.average_price;
  std::string name(instrument);
  std::string order_id = std::exchange(body.order_id, key);
  orders_.complete(report.symbol, name, body, origin == schemas::Origin::kSnapshot);
  body.order_id = std::move(order_id);
  body.average_price = average;
  if (orders_.find(key)->ended) {
    open_.erase(key);
  } else {
    Seen& seen = open_[key];
    seen.venue_time = std::max(seen.venue_time, report.time.happened.value_or(0));
    seen.received = received;
  }
  out.on_execution(meta_of(report, name, origin), body);
  return outcome;
}

std::vector<AccountOrders::Key> AccountOrders::missing(const std::vector<OrderReport>& rows, UnixNanos since) const {
  std::unordered_set<std::string> named;
  for (const OrderReport& row : rows) named.insert(key_of(row.symbol, row.body.order_id));
  std::vector<std::string> keys;
  for (const auto& [key, seen] : open_) {
    if (seen.received < since && !named.contains(key)) keys.push_back(key);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<Key> out;
  for (const std::string& key : keys) {
    const std::size_t slash = key.rfind('/');
    out.push_back({key.substr(0, slash), key.substr(slash + 1)});
  }
  return out;
}

void AccountOrders::give_up(const Key& order, std::string_view instrument, UnixNanos since, UnixNanos now,
                            AccountSink& out) {
  const std::string key = key_of(order.symbol, order.order_id);
  const auto found = open_.find(key);
  const KnownOrder* const known = orders_.find(key);
  if (found == open_.end() || known == nullptr || found->second.received >= since) return;
  OrderReport end;
  end.symbol = order.symbol;
  end.body = unknown_end(venue_, account_, order.order_id, *known);
  tell(end, instrument, schemas::Origin::kSnapshot, now, out);
}

}  // namespace millrace::normalize::binance
