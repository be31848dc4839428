#include "tests/ledger/properties.h"

#include <fmt/format.h>

#include <utility>

#include "normalize/account/decimal_math.h"

namespace millrace::ledger {
namespace {

using schemas::Execution;
using schemas::ExecutionKind;
using sim::accounts::Fill;

constexpr std::size_t kMostViolations = 20;

std::string text(const std::optional<schemas::WideDecimal>& value) {
  return value ? normalize::plain_text(*value) : std::string();
}
std::string text(sim::accounts::Amount amount) { return sim::accounts::plain(amount); }

bool is_fill(ExecutionKind kind) {
  return kind == ExecutionKind::kTrade || kind == ExecutionKind::kTradeCorrection ||
         kind == ExecutionKind::kTradeCancel;
}

// What a fill is, without the venue's name of it: fills of one order at one price and of one size are alike.
std::string key_of(const Fill& fill) {
  return fmt::format("{} {} {} {} @ {}", fill.order_id, fill.symbol, name(fill.side), text(fill.quantity),
                     text(fill.price));
}
std::string key_of(const ExecutionRecord& record) {
  const Execution& told = record.execution;
  return fmt::format("{} {} {} {} @ {}", told.order_id, record.symbol,
                     told.side == schemas::Side::kBuy ? "buy" : "sell", text(told.last_quantity),
                     text(told.last_price));
}

std::string fee_text(const std::string& asset, const std::string& fee) { return fee + " " + asset; }

}  // namespace

std::string_view name(Property property) noexcept {
  switch (property) {
    case Property::kFills:
      return "fills: the topic's fills are the ledger's";
    case Property::kStates:
      return "states: orders and balances end in the ledger's state";
    case Property::kContent:
      return "content: no event_id has two contents";
    case Property::kWatermark:
      return "watermark: never ahead of the truth";
    case Property::kVerify:
      return "verify: an independent consumer finds nothing wrong";
  }
  return "";
}

void Properties::violated(Property property, std::string what) {
  if (violations_.size() < kMostViolations) violations_.push_back({property, std::move(what)});
}

void Properties::on_execution(const ExecutionRecord& record) {
  check_content(record);
  const Execution& execution = record.execution;
  if (!is_fill(execution.kind)) return;
  const auto [at, is_new] = told_.try_emplace(execution.event_id);
  Told& told = at->second;
  if (is_new && execution.kind != ExecutionKind::kTradeCancel) ++in_topic_[key_of(record)];
  if (execution.revision <= told.revision) return;
  const bool cancelled = execution.kind == ExecutionKind::kTradeCancel;
  told = {execution.revision, cancelled ? std::string() : key_of(record), execution.fee, execution.fee_asset};
}

void Properties::check_content(const ExecutionRecord& record) {
  const Execution& told = record.execution;
  const Content now{{"kind", std::string(schemas::name(told.kind))},
                    {"symbol", record.symbol},
                    {"side", std::string(told.side == schemas::Side::kUnspecified ? "" : schemas::name(told.side))},
                    {"order_id", told.order_id},
                    {"last_quantity", text(told.last_quantity)},
                    {"last_price", text(told.last_price)},
                    {"fee", is_fill(told.kind) ? text(told.fee) : ""},
                    {"fee_asset", is_fill(told.kind) ? told.fee_asset : ""}};
  Content& before = contents_[fmt::format("{} {}", told.event_id, told.revision)];
  for (const auto& [field, value] : now) {
    std::string& known = before[field];
    if (known.empty()) known = value;
    if (value.empty() || value == known) continue;
    violated(Property::kContent,
             fmt::format("{} revision {} has {} \"{}\" and \"{}\"", told.event_id, told.revision, field, known, value));
  }
}

void Properties::on_commit(const schemas::Recovery& recovery) {
  if (!recovery.watermark) return;
  if (recovery.symbols.empty()) return check_scope("", *recovery.watermark, recovery);
  for (const std::string& symbol : recovery.symbols) check_scope(symbol, *recovery.watermark, recovery);
}

// The topic only grows, so what was found complete once stays so.
void Properties::check_scope(const std::string& symbol, UnixNanos watermark, const schemas::Recovery& recovery) {
  Proven& proven = proven_[symbol];
  const auto& fills = ledger_.fills();
  for (; proven.next < fills.size() && fills[proven.next].time_ns <= watermark; ++proven.next) {
    const Fill& fill = fills[proven.next];
    // What was made void may be in no history any more.
    if (fill.bust_ns != 0 || (!symbol.empty() && fill.symbol != symbol)) continue;
    const std::string key = key_of(fill);
    const auto there = in_topic_.find(key);
    const int have = there == in_topic_.end() ? 0 : there->second;
    if (have >= ++proven.needed[key]) continue;
    violated(Property::kWatermark,
             fmt::format("sweep {} of instance {} ({}) says complete through {}, but fill {} ({}) of {} is not in the "
                         "topic",
                         recovery.sweep, recovery.instance, recovery.trigger, watermark, fill.id, key, fill.time_ns));
  }
}

void Properties::check_fills() {
  std::unordered_map<std::string, int> missing;
  std::multimap<std::string, std::string> fees;
  for (const Fill& fill : ledger_.fills()) {
    const std::string key = key_of(fill);
    fees.emplace(key, fee_text(fill.fee_asset, text(fill.fee)));
    if (fill.bust_ns == 0) ++missing[key];
  }
  for (const auto& [event_id, told] : told_) {
    if (told.fill.empty()) continue;
    if (--missing[told.fill] < 0) {
      violated(Property::kFills,
               fmt::format("{} ({}) is not in the ledger, or twice in the topic", event_id, told.fill));
    }
    check_fee(event_id, told, fees);
  }
  for (const Fill& fill : ledger_.fills()) {
    int& left = missing[key_of(fill)];
    if (fill.bust_ns != 0 || left <= 0) continue;
    --left;
    violated(Property::kFills,
             fmt::format("fill {} ({}) of {} is not in the topic", fill.id, key_of(fill), fill.time_ns));
  }
}

void Properties::check_fee(const std::string& event_id, const Told& told,
                           const std::multimap<std::string, std::string>& fees) {
  if (!told.fee || told.fee_asset.empty()) return;
  const std::string fee = fee_text(told.fee_asset, text(told.fee));
  const auto [from, to] = fees.equal_range(told.fill);
  for (auto at = from; at != to; ++at) {
    if (at->second == fee) return;
  }
  violated(Property::kFills,
           fmt::format("{} has the fee {}, the ledger {}", event_id, fee, from == to ? "none" : from->second));
}

void Properties::check_states() {
  check_orders();
  check_balances();
}

}  // namespace millrace::ledger
