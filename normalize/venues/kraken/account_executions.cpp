#include "normalize/venues/kraken/account_executions.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "normalize/account/decimal_math.h"

namespace millrace::normalize::kraken {

using schemas::Execution;
using schemas::ExecutionKind;
using schemas::OrderStatus;
using schemas::WideDecimal;

namespace {

constexpr std::string_view kVenue = "kraken";

std::string text_or_dash(const std::optional<WideDecimal>& value) { return value ? plain_text(*value) : "-"; }

// Several of the venue's kinds are one of ours, and an order may be amended twice in a microsecond: what tells such
// reports apart follows the state's id. From the row alone, so that it does not depend on what came before.
std::string report_id(std::string_view account, const ExecutionRow& row) {
  const Execution& report = row.report;
  std::string rest = state_id(report, row.time.value_or(0));
  if (report.kind == ExecutionKind::kStatus || report.kind == ExecutionKind::kReplaced) {
    rest += fmt::format("/{}/{}/{}", row.exec_type, text_or_dash(report.quantity), text_or_dash(report.price));
  }
  return event_id(kVenue, account, report.order_id, rest);
}

AccountMeta meta_of(const ExecutionRow& row, bool snapshot) {
  AccountMeta meta;
  meta.venue_time = row.time;
  if (!row.time) meta.flags |= schemas::flag::kBadVenueTime;
  if (snapshot) {
    meta.origin = schemas::Origin::kSnapshot;
    meta.flags |= schemas::flag::kSnapshot;
  }
  return meta;
}

// How far an order in this state has come; an unknown one is behind all others.
int rank(OrderStatus status) noexcept {
  if (is_final(status)) return 4;
  switch (status) {
    case OrderStatus::kPartiallyFilled:
      return 3;
    case OrderStatus::kNew:
      return 2;
    case OrderStatus::kPendingNew:
      return 1;
    default:
      return 0;
  }
}

bool is_fill(const ExecutionRow& row) { return row.report.kind == ExecutionKind::kTrade; }

// The venue sends a snapshot's fills newest first. Told by time, and before the orders, whose rows say where they
// ended up.
void sort_snapshot(std::vector<ExecutionRow>& rows) {
  const auto key = [](const ExecutionRow& row) {
    return is_fill(row) ? std::tuple(0, row.time.value_or(0), row.trade_id)
                        : std::tuple(1, UnixNanos{0}, std::int64_t{0});
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&key](const ExecutionRow& a, const ExecutionRow& b) { return key(a) < key(b); });
}

}  // namespace

std::string fill_id(std::string_view account, std::string_view order_id, std::string_view exec_id) {
  return event_id(kVenue, account, order_id, exec_id);
}

std::string instrument_of(std::string_view symbol) {
  const std::size_t slash = symbol.find('/');
  if (slash == std::string_view::npos) return {};
  return fmt::format("{}-{}", symbol.substr(0, slash), symbol.substr(slash + 1));
}

void AccountExecutions::restore(const ToldBefore& before) {
  for (const ToldOrder& open : before.orders) orders_.restore(open.known.order.order_id, open.known);
  for (const std::string& id : before.fills) fills_.insert(id);
}

const WideDecimal* AccountExecutions::known_total(const std::string& order_id) const {
  const KnownOrder* known = orders_.find(order_id);
  return known != nullptr && known->order.cumulative_quantity ? &*known->order.cumulative_quantity : nullptr;
}

bool AccountExecutions::is_behind(const Execution& report) const {
  const KnownOrder* known = orders_.find(report.order_id);
  if (known == nullptr) return false;
  const auto& total = known->order.cumulative_quantity;
  const bool less = total && report.cumulative_quantity && compare(*report.cumulative_quantity, *total) < 0;
  return less || rank(report.status) < rank(known->order.status);
}

// States only go forward: what is filled or more filled stays so.
void AccountExecutions::keep_ahead(Execution& report) const {
  const KnownOrder* known = orders_.find(report.order_id);
  if (known == nullptr) return;
  if (rank(known->order.status) > rank(report.status)) report.status = known->order.status;
  const auto& total = known->order.cumulative_quantity;
  if (!total || (report.cumulative_quantity && compare(*report.cumulative_quantity, *total) >= 0)) return;
  report.cumulative_quantity = total;
  report.average_price = known->order.average_price;
}

void AccountExecutions::emit(ExecutionRow& row, AccountMeta& meta, AccountSink& out) {
  std::string instrument = instrument_of(row.symbol);
  doubted_.erase(row.report.order_id);
  orders_.complete(row.symbol, instrument, row.report, meta.origin == schemas::Origin::kSnapshot);
  meta.symbol = row.symbol;
  meta.instrument = instrument;
  out.on_execution(meta, row.report);
}

// A fill that leaves the order's total out (the venue's snapshots) adds to what we know.
AccountExecutions::Told AccountExecutions::publish_fill(ExecutionRow& row, bool overtaken, AccountMeta meta,
                                                        AccountSink& out) {
  Execution& report = row.report;
  report.event_id = fill_id(account_, report.order_id, report.execution_id);
  if (!fills_.insert(report.event_id)) {
    out.on_drop("duplicate");
    return {};
  }
  Told told{true, false};
  if (overtaken) {
    keep_ahead(report);
  } else if (const WideDecimal* before = known_total(report.order_id)) {
    const WideDecimal total = add(*before, *report.last_quantity);
    told.mismatch = report.cumulative_quantity && compare(total, *report.cumulative_quantity) != 0;
    if (!report.cumulative_quantity) report.cumulative_quantity = total;
  }
  emit(row, meta, out);
  return told;
}

// States of a snapshot are told again with each: that is what it is for.
AccountExecutions::Told AccountExecutions::publish_state(ExecutionRow& row, bool overtaken, AccountMeta meta,
                                                         AccountSink& out) {
  Execution& report = row.report;
  report.event_id = report_id(account_, row);
  const bool is_new = states_.insert(report.event_id);
  if (!is_new && meta.origin != schemas::Origin::kSnapshot) {
    out.on_drop("duplicate");
    return {};
  }
  if (overtaken) keep_ahead(report);
  const WideDecimal* before = known_total(report.order_id);
  const bool mismatch = before && report.cumulative_quantity && compare(*before, *report.cumulative_quantity) != 0;
  emit(row, meta, out);
  return {is_new, mismatch};
}

AccountExecutions::Told AccountExecutions::publish(AccountMessage& message, Place place, const OnFill& on_fill,
                                                   AccountSink& out) {
  if (message.snapshot) sort_snapshot(message.executions);
  Told all;
  for (ExecutionRow& row : message.executions) {
    AccountMeta meta = meta_of(row, message.snapshot);
    meta.venue_seq = message.sequence;
    const bool overtaken = place == Place::kOvertaken || (place == Place::kUnknown && is_behind(row.report));
    const Told told = is_fill(row) ? publish_fill(row, overtaken, meta, out) : publish_state(row, overtaken, meta, out);
    all.news = all.news || told.news;
    all.mismatch = all.mismatch || told.mismatch;
    if (told.news && is_fill(row)) on_fill(row);
  }
  return all;
}

std::vector<std::string> AccountExecutions::missing_in(const AccountMessage& snapshot) const {
  std::unordered_set<std::string_view> named;
  for (const ExecutionRow& row : snapshot.executions) {
    if (!is_fill(row)) named.insert(row.report.order_id);
  }
  std::vector<std::string> missing = orders_.open_ids();
  std::erase_if(missing, [&named](const std::string& id) { return named.contains(id); });
  std::sort(missing.begin(), missing.end());
  return missing;
}

bool AccountExecutions::on_unknown(const std::string& order_id, AccountSink& out) {
  const KnownOrder* known = orders_.find(order_id);
  if (known == nullptr || known->ended) return false;
  if (doubted_.insert(order_id).second) return true;
  ExecutionRow end;
  end.report = unknown_end(kVenue, account_, order_id, *known);
  AccountMeta meta;
  meta.origin = schemas::Origin::kSnapshot;
  meta.flags = schemas::flag::kSnapshot;
  emit(end, meta, out);
  return false;
}

AccountExecutions::Told AccountExecutions::publish_found(ExecutionRow row, AccountSink& out) {
  doubted_.erase(row.report.order_id);
  const KnownOrder* known = orders_.find(row.report.order_id);
  const WideDecimal* total = known_total(row.report.order_id);
  const bool overtaken = total && compare(*row.report.cumulative_quantity, *total) < 0;
  if (known == nullptr || known->ended || overtaken) {
    out.on_drop("stale");
    return {};
  }
  return publish_state(row, false, meta_of(row, true), out);
}

}  // namespace millrace::normalize::kraken
